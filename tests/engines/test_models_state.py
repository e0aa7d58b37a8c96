"""What one process knows of a model's state, every other one can tell."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.fakes.published_models import CROSS, catalog_text
from tests.fakes.tiny_models import tiny_cross_encoder
from workbench.domain.deployment import ModelState, ModelStatus
from workbench.domain.errors import ModelUnavailableError, StoppedError
from workbench.models.catalog import Catalog
from workbench.models.store import ModelStore

ABSENT = ModelStatus(CROSS, ModelState.ABSENT, next=f"workbench models download {CROSS}")
STATUS = """
import sys
from pathlib import Path
from workbench.models.catalog import Catalog
from workbench.models.store import ModelStore

root, catalog, model = sys.argv[1:]
print(ModelStore(Path(root), Catalog.of(catalog)).status(model).state)
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.delenv("WORKBENCH_MODELS", raising=False)
    return tmp_path / "models"


@pytest.fixture
def at_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The model's files, so that an attempt succeeds."""
    tiny_cross_encoder(tmp_path / "mine" / CROSS)
    monkeypatch.setenv("WORKBENCH_MODELS", str(tmp_path / "mine"))


def store(root: Path) -> ModelStore:
    """As a process that has just started has it."""
    return ModelStore(root, Catalog.of(catalog_text()))


def state_file(root: Path) -> Path:
    return root / f"{CROSS}.state.json"


def fail(root: Path) -> ModelStatus:
    told: list[ModelStatus] = []
    with pytest.raises(ModelUnavailableError, match="HF_HUB_OFFLINE is set"):
        store(root).ensure(CROSS, told.append, threading.Event())
    return told[-1]


def elsewhere(root: Path) -> str:
    """The state as another process tells it."""
    return subprocess.run(
        [sys.executable, "-c", STATUS, str(root), catalog_text(), CROSS],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


def test_what_one_process_does_the_others_see(root: Path, at_hand: None) -> None:
    seen: dict[str, str] = {}

    def look(status: ModelStatus) -> None:
        if status.state not in seen:
            seen[status.state] = elsewhere(root)

    store(root).ensure(CROSS, look, threading.Event())
    assert seen == {state: state for state in ("downloading", "verifying", "preparing", "ready")}
    assert not state_file(root).exists()


def test_why_it_failed_is_known_to_the_next_process(root: Path) -> None:
    failed = fail(root)
    assert store(root).status(CROSS) == failed
    assert failed.state is ModelState.FAILED and failed.reason and failed.next


def test_a_model_that_works_at_last_has_no_failure(root: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    fail(root)
    request.getfixturevalue("at_hand")
    store(root).ensure(CROSS, lambda status: None, threading.Event())
    assert not state_file(root).exists()
    store(root).remove(CROSS)
    assert store(root).status(CROSS) == ABSENT


def test_a_stopped_attempt_clears_the_failure_and_is_none_itself(root: Path, at_hand: None) -> None:
    state_file(root).parent.mkdir()
    state_file(root).write_text('{"state": "failed", "reason": "It was.", "next": null}')
    stop = threading.Event()
    with pytest.raises(StoppedError):
        store(root).ensure(CROSS, lambda status: stop.set(), stop)
    assert store(root).status(CROSS) == ABSENT


@pytest.mark.parametrize("fetched", [True, False])
def test_removing_forgets_the_failure(root: Path, fetched: bool) -> None:
    fail(root)
    if not fetched:
        (root / CROSS / "download").rmdir()
        (root / CROSS).rmdir()
    store(root).remove(CROSS)
    assert store(root).status(CROSS) == ABSENT
    assert not state_file(root).exists()


@pytest.mark.parametrize(
    "written",
    [
        b"",
        b"\xff",
        b"null",
        b"[]",
        b"[" * 100_000,
        b'{"state": "failed"}',
        b'{"state": "failed", "reason": 3, "next": null}',
        b'{"state": ["failed"], "reason": null, "next": null}',
        b'{"state": "lost", "reason": null, "next": null}',
        b'{"state": "ready", "reason": null, "next": null}',
    ],
)
def test_nonsense_is_ignored(root: Path, written: bytes) -> None:
    root.mkdir()
    state_file(root).write_bytes(written)
    assert store(root).status(CROSS) == ABSENT


def test_what_a_dead_process_was_doing_is_not_believed(root: Path) -> None:
    root.mkdir()
    state_file(root).write_text('{"state": "preparing", "reason": null, "next": null}')
    assert store(root).status(CROSS) == ABSENT


def test_a_reason_cannot_reach_the_terminal(root: Path) -> None:
    root.mkdir()
    state_file(root).write_text(json.dumps({"state": "failed", "reason": "\x1b[2J\nGone.", "next": None}))
    reason = store(root).status(CROSS).reason
    assert reason and reason.endswith("Gone.") and reason.isprintable()


def test_where_nothing_can_be_noted_all_else_goes_on(root: Path, request: pytest.FixtureRequest) -> None:
    state_file(root).mkdir(parents=True)
    fail(root)
    assert store(root).status(CROSS) == ABSENT
    request.getfixturevalue("at_hand")
    assert store(root).ensure(CROSS, lambda status: None, threading.Event()) == store(root).prepared(CROSS)
    store(root).remove(CROSS)
    assert [path.name for path in root.iterdir() if path.suffix == ".new"] == []
