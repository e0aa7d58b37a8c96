"""The model store: from nothing to a model that loads, through every way in which that can go wrong."""

import hashlib
import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.hub import FakeHub, fake_hub
from tests.fakes.published_models import BI, CROSS, GRAPH, WEIGHTS, catalog_text, published_files
from tests.fakes.tiny_models import tiny_cross_encoder
from workbench.domain.deployment import ModelKind, ModelState, ModelStatus, PreparedModel
from workbench.domain.errors import BadInputError, ModelUnavailableError, StoppedError
from workbench.models.catalog import Catalog, bundled_catalog
from workbench.models.quantize import open_session
from workbench.models.store import REPORT_EVERY, ModelStore

ABSENT, DOWNLOADING, VERIFYING = ModelState.ABSENT, ModelState.DOWNLOADING, ModelState.VERIFYING
PREPARING, READY, FAILED = ModelState.PREPARING, ModelState.READY, ModelState.FAILED
ENSURE = """
import sys, threading
from pathlib import Path
from workbench.models.catalog import Catalog
from workbench.models.store import ModelStore

root, catalog, model = sys.argv[1:]
store = ModelStore(Path(root), Catalog.of(Path(catalog).read_text()))
store.ensure(model, lambda status: print(status.state, flush=True), threading.Event())
"""


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return published_files(tmp_path_factory.mktemp("published"))


@pytest.fixture
def hub(published: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    with fake_hub(published) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setattr("workbench.models.hub.PAUSE", 0)
        for name in ("HF_TOKEN", "HF_HUB_OFFLINE", "WORKBENCH_MODELS"):
            monkeypatch.delenv(name, raising=False)
        yield server


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models", Catalog.of(catalog_text()))


class Run:
    """One call of `ensure`, and what it reported."""

    def __init__(self, store: ModelStore, id: str) -> None:
        self.statuses: list[ModelStatus] = []
        self.error: ModelUnavailableError | None = None
        self.model: PreparedModel | None = None
        try:
            self.model = store.ensure(id, self.statuses.append, threading.Event())
        except ModelUnavailableError as error:
            self.error = error

    @property
    def states(self) -> list[ModelState]:
        """Without repetitions."""
        states = [status.state for status in self.statuses]
        return [state for state, before in zip(states, [None, *states], strict=False) if state is not before]


def loads(model: PreparedModel | None) -> bool:
    assert model
    assert json.loads(model.tokenizer.read_bytes())["model"]["type"] == "WordPiece"
    return "input_ids" in {each.name for each in open_session(model.onnx).get_inputs()}


def content(root: Path) -> list[str]:
    """What a model's folder holds, names that are random shortened."""
    return sorted(path.name.partition("-")[0] for path in root.iterdir())


def spawn(store: ModelStore, id: str, catalog: Path) -> "subprocess.Popen[str]":
    catalog.write_text(catalog_text())
    return subprocess.Popen(
        [sys.executable, "-c", ENSURE, str(store.root), str(catalog), id],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )


@pytest.mark.parametrize(
    ("id", "kind", "output"),
    [(CROSS, ModelKind.CROSS_ENCODER, "logits"), (BI, ModelKind.BI_ENCODER, "last_hidden_state")],
)
def test_a_model_from_the_hub_ends_up_ready_to_load(
    hub: FakeHub, store: ModelStore, id: str, kind: ModelKind, output: str
) -> None:
    assert store.status(id) == ModelStatus(id, ABSENT, next=f"workbench models download {id}")
    run = Run(store, id)
    assert run.states == [DOWNLOADING, VERIFYING, PREPARING, READY]
    model = run.model
    assert model and loads(model) and (model.id, model.kind, model.window) == (id, kind, 64)
    assert open_session(model.onnx).get_outputs()[0].name == output
    assert store.status(id) == ModelStatus(id, READY)
    assert store.prepared(id) == model
    assert content(store.root / id) == ["manifest.json", "prepared"]


def test_a_ready_model_asks_nobody(hub: FakeHub, store: ModelStore) -> None:
    first = Run(store, CROSS)
    hub.requests.clear()
    second = Run(store, CROSS)
    assert second.model == first.model
    assert second.states == [READY]
    assert not hub.requests


def test_looking_creates_nothing(store: ModelStore) -> None:
    assert store.prepared(CROSS) is None
    assert store.status(CROSS).state is ABSENT
    assert store.remove(CROSS) == 0
    assert not store.root.exists()


def test_an_unknown_model_is_wrong_usage(store: ModelStore) -> None:
    for call in (store.status, store.prepared, store.remove, store.card):
        with pytest.raises(BadInputError, match="no model"):
            call("tiny-crss")


def test_a_folder_of_ones_own_comes_first(
    hub: FakeHub, store: ModelStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny_cross_encoder(tmp_path / "mine" / CROSS)
    monkeypatch.setenv("WORKBENCH_MODELS", str(tmp_path / "mine"))
    assert loads(Run(store, CROSS).model)
    assert not hub.requests
    assert loads(Run(store, BI).model)
    assert hub.requests


def test_a_folder_that_lacks_a_file_is_named_among_the_reasons(
    hub: FakeHub, store: ModelStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tiny_cross_encoder(tmp_path / "mine" / CROSS) / "tokenizer.json").unlink()
    monkeypatch.setenv("WORKBENCH_MODELS", str(tmp_path / "mine"))
    hub.status = 503
    run = Run(store, CROSS)
    assert run.error
    assert "has no readable tiny-cross/tokenizer.json" in run.error.message
    assert "answers 503" in run.error.message


def test_a_wrong_hash_is_refused_with_file_source_and_both_hashes(hub: FakeHub, store: ModelStore) -> None:
    wrong = bytes(len(hub.files[GRAPH]))
    hub.replace = {GRAPH: wrong}
    run = Run(store, CROSS)
    assert run.states == [DOWNLOADING, VERIFYING, FAILED]
    assert run.error
    for part in ("onnx/model.onnx", "owner/cross", *(_sha256(each)[:12] for each in (wrong, hub.files[GRAPH]))):
        assert part in run.error.message
    assert store.prepared(CROSS) is None
    assert not list(store.root.rglob("model.onnx"))
    hub.replace = {}
    assert loads(Run(store, CROSS).model)


def test_the_catalogs_hash_outranks_what_a_hub_declares(hub: FakeHub, tmp_path: Path) -> None:
    store = ModelStore(tmp_path, Catalog.of(catalog_text(sha256="0" * 64)))
    run = Run(store, BI)
    assert run.error and "expected 000000000000…" in run.error.message


def test_a_file_that_is_no_model_is_refused(hub: FakeHub, store: ModelStore) -> None:
    hub.files[GRAPH] = b"<html>" * 1000
    run = Run(store, CROSS)
    assert run.states == [DOWNLOADING, VERIFYING, PREPARING, FAILED]
    assert content(store.root / CROSS) == ["download"]


def test_a_failure_is_remembered_until_it_works(hub: FakeHub, store: ModelStore) -> None:
    hub.status = 404
    run = Run(store, CROSS)
    assert store.status(CROSS) == run.statuses[-1]
    assert run.statuses[-1].reason and run.statuses[-1].next
    hub.status = 200
    Run(store, CROSS)
    assert store.status(CROSS).state is READY


def test_a_stop_keeps_what_was_fetched(hub: FakeHub, store: ModelStore, monkeypatch: pytest.MonkeyPatch) -> None:
    # Else the first bytes may come too early to be told, and the hub holds the rest until they are.
    monkeypatch.setattr("workbench.models.store.REPORT_EVERY", 0)
    hub.hold_after = 8192
    stop = threading.Event()
    statuses: list[ModelStatus] = []

    def stop_once_some_arrived(status: ModelStatus) -> None:
        statuses.append(status)
        if status.progress and status.progress.done:
            stop.set()
            hub.go.set()

    with pytest.raises(StoppedError):
        store.ensure(BI, stop_once_some_arrived, stop)
    hub.hold_after = None
    assert [status.state for status in (statuses[0], statuses[-1])] == [DOWNLOADING, ABSENT]
    assert loads(Run(store, BI).model)
    assert hub.bodies(WEIGHTS)[-1]["Range"]


def test_a_damaged_model_is_made_again(hub: FakeHub, store: ModelStore) -> None:
    model = Run(store, CROSS).model
    assert model
    model.onnx.write_bytes(model.onnx.read_bytes()[:-1])
    assert store.status(CROSS).state is ABSENT
    assert loads(Run(store, CROSS).model)


@pytest.mark.parametrize("written", [b"", b"null", b'{"folder": 3}', b"\xff"])
def test_a_damaged_manifest_is_no_model(hub: FakeHub, store: ModelStore, written: bytes) -> None:
    Run(store, CROSS)
    (store.root / CROSS / "manifest.json").write_bytes(written)
    assert store.prepared(CROSS) is None
    assert loads(Run(store, CROSS).model)
    assert content(store.root / CROSS) == ["manifest.json", "prepared"]


def test_a_new_catalog_hash_makes_the_model_anew_with_another_fingerprint(hub: FakeHub, tmp_path: Path) -> None:
    old = Run(ModelStore(tmp_path, Catalog.of(catalog_text())), BI).model
    hub.files[WEIGHTS] = hub.files[WEIGHTS][:-4] + b"\0\0\0\0"
    store = ModelStore(tmp_path, Catalog.of(catalog_text(_sha256(hub.files[WEIGHTS]))))
    assert store.prepared(BI) is None
    new = Run(store, BI).model
    assert old and new and loads(new)
    assert old.fingerprint != new.fingerprint


def test_removing_frees_the_bytes(hub: FakeHub, store: ModelStore) -> None:
    model = Run(store, CROSS).model
    assert model
    size = model.onnx.stat().st_size + model.tokenizer.stat().st_size
    assert store.remove(CROSS) >= size
    assert not (store.root / CROSS).exists()
    assert store.status(CROSS).state is ABSENT


def test_progress_is_not_reported_more_often_than_anyone_can_read(hub: FakeHub, store: ModelStore) -> None:
    started = time.monotonic()
    run = Run(store, BI)
    most = (time.monotonic() - started) / REPORT_EVERY + 1
    within = [status for status in run.statuses if status.progress and status.progress.done != status.progress.total]
    assert len(within) <= most


def test_a_folder_that_cannot_be_written_to(hub: FakeHub, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    run = Run(ModelStore(tmp_path / "file" / "models", Catalog.of(catalog_text())), CROSS)
    assert run.states[-1] is FAILED
    assert run.error and "cannot be written to" in run.error.message


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="permissions do not bind this user")
def test_a_read_only_cache(hub: FakeHub, store: ModelStore) -> None:
    model = Run(store, CROSS).model
    store.root.chmod(0o500)
    try:
        assert Run(store, CROSS).model == model
        run = Run(store, BI)
    finally:
        store.root.chmod(0o700)
    assert run.error and "cannot be written to" in run.error.message


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk(hub: FakeHub, store: ModelStore) -> None:
    part = store.root / CROSS / "download/onnx" / f"model.onnx.{_sha256(hub.files[GRAPH])[:16]}.part"
    part.parent.mkdir(parents=True)
    part.symlink_to("/dev/full")
    run = Run(store, CROSS)
    assert run.error and "no space left" in run.error.message


def test_who_comes_second_waits_and_finds_it_ready(hub: FakeHub, store: ModelStore) -> None:
    hub.hold_after = 8192
    runs: list[Run] = []
    threads = [threading.Thread(target=lambda: runs.append(Run(store, BI))) for _ in range(2)]
    threads[0].start()
    hub.held.wait()
    assert ModelStore(store.root, store.catalog).status(BI).state is DOWNLOADING
    with pytest.raises(ModelUnavailableError, match="being fetched"):
        store.remove(BI)
    threads[1].start()
    hub.go.set()
    for thread in threads:
        thread.join()
    assert runs[0].model == runs[1].model and loads(runs[0].model)
    assert len(hub.bodies(WEIGHTS)) == 1


def test_who_waits_can_stop(hub: FakeHub, store: ModelStore) -> None:
    hub.hold_after = 8192
    first = threading.Thread(target=Run, args=(store, BI))
    first.start()
    hub.held.wait()
    stop = threading.Event()
    statuses: list[ModelStatus] = []

    def stop_once_told(status: ModelStatus) -> None:
        statuses.append(status)
        stop.set()

    with pytest.raises(StoppedError):
        store.ensure(BI, stop_once_told, stop)
    assert statuses[0] == ModelStatus(BI, DOWNLOADING)
    hub.go.set()
    first.join()


def test_two_processes_share_the_work(hub: FakeHub, store: ModelStore, tmp_path: Path) -> None:
    processes = [spawn(store, BI, tmp_path / f"{each}.toml") for each in range(2)]
    outputs = [process.communicate()[0].split() for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert [output[-1] for output in outputs] == ["ready", "ready"]
    assert len(hub.bodies(WEIGHTS)) == 1
    assert loads(store.prepared(BI))


@pytest.mark.parametrize("id", [CROSS, BI])
def test_killed_at_any_moment_nothing_half_made_is_seen(
    hub: FakeHub, store: ModelStore, tmp_path: Path, id: str
) -> None:
    # One model spends its time on the way here, the other being prepared.
    hub.delay = 0.002 if id == CROSS else 0
    catalog = tmp_path / "catalog.toml"
    started = time.monotonic()
    assert spawn(store, id, catalog).communicate()[0].split()[-1] == "ready"
    duration = time.monotonic() - started
    store.remove(id)
    moments = random.Random(13)
    kills = 0
    while kills < 10:
        process = spawn(store, id, catalog)
        deadline = time.monotonic() + moments.uniform(0.1, 1.0) * duration
        while time.monotonic() < deadline and process.poll() is None:
            if model := store.prepared(id):
                assert loads(model)
        if process.poll() is None:
            process.kill()
            kills += 1
        process.communicate()
        if model := store.prepared(id):
            assert loads(model)
            store.remove(id)
    assert loads(Run(store, id).model)
    assert "manifest.json" in content(store.root / id)


def test_the_default_model_loads() -> None:
    root = os.environ.get("WORKBENCH_TEST_MODEL_ROOT")
    if not root:
        pytest.skip("WORKBENCH_TEST_MODEL_ROOT names no folder of prepared models")
    store = ModelStore(Path(root))
    model = store.ensure(bundled_catalog().default.id, lambda status: None, threading.Event())
    assert loads(model)
    assert model.onnx.stat().st_size < 30_000_000


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
