"""The hub as a source: complete files, resumed where interrupted, and errors that say what to do."""

import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.hub import FakeHub, fake_hub
from workbench.domain.deployment import Progress
from workbench.domain.errors import ModelUnavailableError, StoppedError
from workbench.models.hub import ATTEMPTS, Hub
from workbench.models.source import ModelFile

BIG = random.Random(5).randbytes(50_000)
SMALL = b'{"small": true}'
REPOSITORY = "owner/model"
GRAPH, TOKENIZER = f"{REPOSITORY}/onnx/model.onnx", f"{REPOSITORY}/tokenizer.json"
FILES = (ModelFile("onnx/model.onnx"), ModelFile("tokenizer.json"))


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    with fake_hub({GRAPH: BIG, TOKENIZER: SMALL}) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setattr("workbench.models.hub.PAUSE", 0)
        for name in ("HF_TOKEN", "HF_HUB_OFFLINE"):
            monkeypatch.delenv(name, raising=False)
        yield server


class Fetched:
    """One call of the source, and what it reported."""

    def __init__(self, folder: Path, stop: threading.Event | None = None) -> None:
        self.reports: list[Progress | None] = []
        stop = stop or threading.Event()
        self.files = Hub(REPOSITORY).fetch("m", FILES, folder, self.reports.append, stop)
        self.graph = (folder / "onnx/model.onnx").read_bytes()
        self.tokenizer = (folder / "tokenizer.json").read_bytes()

    @property
    def algorithms(self) -> list[str | None]:
        assert self.files
        return [file.checksum and file.checksum.algorithm for file in self.files]


def refusal(folder: Path) -> ModelUnavailableError:
    with pytest.raises(ModelUnavailableError) as caught:
        Fetched(folder)
    return caught.value


def interrupt(hub: FakeHub, folder: Path, after: int) -> Path:
    """Stop a download after some bytes; the part file it leaves."""
    stop = threading.Event()
    hub.hold_after = after

    def stop_once_some_arrived(progress: Progress | None) -> None:
        if progress and progress.done:
            stop.set()
            hub.go.set()

    with pytest.raises(StoppedError):
        Hub(REPOSITORY).fetch("m", FILES, folder, stop_once_some_arrived, stop)
    hub.hold_after = None
    (part,) = folder.rglob("*.part")
    return part


def test_files_arrive_with_the_size_and_hash_that_the_hub_declares(hub: FakeHub, tmp_path: Path) -> None:
    fetched = Fetched(tmp_path)
    assert (fetched.graph, fetched.tokenizer) == (BIG, SMALL)
    assert fetched.algorithms == ["sha256", "git-blob"]
    assert fetched.files and [file.size for file in fetched.files] == [len(BIG), len(SMALL)]
    assert not list(tmp_path.rglob("*.part"))


def test_a_repository_that_moved_is_followed_with_its_hashes(
    hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.moved = True
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    fetched = Fetched(tmp_path)
    assert (fetched.graph, fetched.tokenizer) == (BIG, SMALL)
    assert fetched.algorithms == ["sha256", "git-blob"]
    moved = [headers for _, url, headers in hub.requests if url.startswith(f"{hub.url}/moved")]
    assert all(headers["Authorization"] for headers in moved)


def test_progress_counts_all_files_and_ends_at_the_total(hub: FakeHub, tmp_path: Path) -> None:
    first, *progress = Fetched(tmp_path).reports
    total = len(BIG) + len(SMALL)
    assert first is None
    assert progress[-1] == Progress(total, total, "bytes")
    done = [each.done for each in progress if each]
    assert done == sorted(done)


def test_progress_is_not_invented_when_the_server_tells_no_size(hub: FakeHub, tmp_path: Path) -> None:
    hub.declare = hub.length = False
    fetched = Fetched(tmp_path)
    assert fetched.graph == BIG
    assert set(fetched.reports) == {None}
    assert fetched.algorithms == [None, None]


def test_an_interrupted_download_goes_on_where_it_stopped(hub: FakeHub, tmp_path: Path) -> None:
    kept = interrupt(hub, tmp_path, after=20_000).stat().st_size
    assert 0 < kept < len(BIG)
    fetched = Fetched(tmp_path)
    assert fetched.graph == BIG
    assert hub.bodies(GRAPH)[-1]["Range"] == f"bytes={kept}-"
    assert fetched.reports[1] and fetched.reports[1].done > kept


def test_a_server_that_cannot_resume_sends_it_all_again(hub: FakeHub, tmp_path: Path) -> None:
    interrupt(hub, tmp_path, after=20_000)
    hub.ranges = False
    assert Fetched(tmp_path).graph == BIG


def test_a_server_that_resumes_in_the_wrong_place_is_asked_for_it_all(hub: FakeHub, tmp_path: Path) -> None:
    interrupt(hub, tmp_path, after=20_000)
    hub.misplaced = True
    assert Fetched(tmp_path).graph == BIG
    assert ["Range" in headers for headers in hub.bodies(GRAPH)[1:]] == [True, False]


def test_a_part_of_another_version_is_not_continued(hub: FakeHub, tmp_path: Path) -> None:
    interrupt(hub, tmp_path, after=20_000)
    hub.files[GRAPH] = BIG[::-1]
    assert Fetched(tmp_path).graph == BIG[::-1]
    assert "Range" not in hub.bodies(GRAPH)[-1]


def test_a_part_longer_than_the_file_is_thrown_away(hub: FakeHub, tmp_path: Path) -> None:
    part = interrupt(hub, tmp_path, after=20_000)
    part.write_bytes(bytes(len(BIG) + 1))
    assert Fetched(tmp_path).graph == BIG


def test_complete_files_are_not_fetched_again(hub: FakeHub, tmp_path: Path) -> None:
    Fetched(tmp_path)
    before = len(hub.bodies(GRAPH))
    assert Fetched(tmp_path).graph == BIG
    assert len(hub.bodies(GRAPH)) == before


def test_a_connection_that_breaks_is_picked_up_again(hub: FakeHub, tmp_path: Path) -> None:
    hub.drops = [8192, 8192]
    assert Fetched(tmp_path).graph == BIG
    assert [headers.get("Range") for headers in hub.bodies(GRAPH)] == [None, "bytes=8192-", "bytes=16384-"]


def test_a_body_that_stays_truncated_is_refused(hub: FakeHub, tmp_path: Path) -> None:
    hub.length = False
    hub.replace = {GRAPH: BIG[:9000]}
    assert "broke" in refusal(tmp_path).message
    assert not (tmp_path / "onnx/model.onnx").exists()


def test_a_body_without_end_is_cut_off_and_refused(hub: FakeHub, tmp_path: Path) -> None:
    hub.replace = {GRAPH: BIG * 100}
    refusal(tmp_path)
    assert not list(tmp_path.rglob("*.part"))


def test_attempts_are_counted(hub: FakeHub, tmp_path: Path) -> None:
    hub.drops = [4096] * 10
    refusal(tmp_path)
    assert len(hub.bodies(GRAPH)) == ATTEMPTS


def test_the_token_goes_to_the_hub_and_not_to_its_storage(
    hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    Fetched(tmp_path)
    for _, url, headers in hub.requests:
        assert headers.get("Authorization") == ("Bearer hf_secret" if url.startswith(hub.url) else None)
    assert any(url.startswith(hub.storage) for _, url, _ in hub.requests)


@pytest.mark.parametrize(
    ("status", "says"),
    [(401, "set HF_TOKEN"), (403, "refuses access"), (404, "has no onnx/model.onnx"), (429, "too many"), (503, "503")],
)
def test_a_refusal_says_what_to_do(hub: FakeHub, tmp_path: Path, status: int, says: str) -> None:
    hub.status = status
    error = refusal(tmp_path)
    assert says in error.message
    assert "127.0.0.1" in error.message


def test_a_host_that_nobody_knows(hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://nobody.invalid")
    monkeypatch.setenv("NO_PROXY", "*")
    assert refusal(tmp_path).message == "the name nobody.invalid cannot be resolved"


def test_a_server_that_speaks_no_tls(hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", hub.url.replace("http:", "https:"))
    assert "no secure connection" in refusal(tmp_path).message


def test_a_port_where_nobody_listens(hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://user:secret@127.0.0.1:9")
    assert refusal(tmp_path).message == "127.0.0.1:9 cannot be reached"


@pytest.mark.parametrize("endpoint", ["ftp://user:secret@somewhere", "somewhere", "http://", "http://user:secret@["])
def test_an_endpoint_that_is_no_address(
    hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, endpoint: str
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", endpoint)
    assert "secret" not in refusal(tmp_path).message
    assert "secret" not in Hub(REPOSITORY).name


@pytest.mark.parametrize("token", ["hf_sécret", "hf_s\ncret"])
def test_a_token_that_cannot_be_one_is_not_quoted(
    hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv("HF_TOKEN", token)
    error = refusal(tmp_path)
    assert "HF_TOKEN" in error.message
    assert "cret" not in error.message + error.detail


@pytest.mark.parametrize(("name", "value"), [("ALL_PROXY", "nonsense://x"), ("SSL_CERT_FILE", "/nowhere/ca.pem")])
def test_network_settings_that_cannot_be_used(
    hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    assert "settings cannot be used" in refusal(tmp_path).message


def test_offline_means_offline(hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert refusal(tmp_path).message == "HF_HUB_OFFLINE is set"
    assert not hub.requests


def test_a_stop_before_the_start_asks_for_nothing(hub: FakeHub, tmp_path: Path) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(StoppedError):
        Fetched(tmp_path, stop)
    assert not hub.requests
