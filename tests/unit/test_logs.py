"""The log file holds what a message leaves out, and never stands in the way."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from workbench.cli import main as command
from workbench.cli.main import SURPRISE, main
from workbench.config.logs import log_error, start_log
from workbench.domain.errors import UnavailableError


@pytest.fixture(autouse=True)
def own_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(logging, "raiseExceptions", True)
    logger = logging.getLogger("workbench")
    before = list(logger.handlers), logger.propagate
    yield tmp_path / "home" / "logs" / "workbench.log"
    for handler in set(logger.handlers) - set(before[0]):
        handler.close()
        logger.removeHandler(handler)
    logger.propagate = before[1]


def test_the_detail_of_an_error_is_written_down_and_no_file_before_that(tmp_path: Path) -> None:
    path = start_log(tmp_path / "logs")
    assert not path.parent.exists()
    log_error(UnavailableError("It is down.", "Wait.", "the server said 503"))
    assert "It is down." in path.read_text() and "the server said 503" in path.read_text()


def test_a_log_that_cannot_be_written_keeps_nobody_from_working(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "logs").write_text("a file where the folder should be")
    start_log(tmp_path / "logs")
    log_error(UnavailableError("It is down."))
    assert capsys.readouterr().err == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
def test_a_log_on_a_full_disk_prints_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "workbench.log").symlink_to("/dev/full")
    start_log(tmp_path / "logs")
    log_error(UnavailableError("It is down."))
    assert capsys.readouterr().err == ""


def test_a_mistake_of_ours_is_one_message_and_its_traceback_is_in_the_log(
    own_log: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(name: str) -> None:
        raise ZeroDivisionError("by mistake")

    monkeypatch.setattr(command, "import_module", fail)
    assert main(["locate", "logs"]) == SURPRISE
    said = capsys.readouterr().err
    assert "by mistake" in said and str(own_log) in said and "Traceback" not in said
    assert "Traceback" in own_log.read_text()
