"""The log file: what an error message leaves out, for whoever looks into it."""

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

from workbench.domain.errors import WorkbenchError

LOG_BYTES = 500_000

_log = logging.getLogger("workbench")


def start_log(folder: Path) -> Path:
    """Send our log to a file; the file and its folder are made by the first line that is written.

    Args:
        folder: Where the file goes.

    Returns:
        The file's path.
    """
    path = folder / "workbench.log"
    handler = _LateFileHandler(path, maxBytes=LOG_BYTES, backupCount=1, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    _log.addHandler(handler)
    _log.propagate = False
    return path


def log_error(error: WorkbenchError) -> None:
    """Write down an error with what its message leaves out."""
    _log.warning("%s%s", error.message, f"\n{error.detail}" if error.detail else "")


def log_surprise(error: BaseException) -> None:
    """Write down an error that nobody expected, with where it came from."""
    _log.error("%r", error, exc_info=error)


class _LateFileHandler(RotatingFileHandler):
    def emit(self, record: logging.LogRecord) -> None:
        try:
            Path(self.baseFilename).parent.mkdir(parents=True, exist_ok=True)
        except OSError:
            return  # A log that cannot be written must not keep anyone from working.
        super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the library's name
        """Say nothing: standard error may be the app's screen."""
