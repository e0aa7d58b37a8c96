"""The log file: what an error message leaves out, for whoever looks into it."""

import logging
from contextlib import suppress
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
    logging.raiseExceptions = False  # A disk that is full would fill the terminal instead.
    path = folder / "workbench.log"
    _log.addHandler(_LateFile(path))
    _log.propagate = False
    return path


def log_error(error: WorkbenchError) -> None:
    """Write down an error with what its message leaves out."""
    _log.warning("%s%s", error.message, f"\n{error.detail}" if error.detail else "")


def log_surprise(error: BaseException) -> None:
    """Write down an error that nobody expected, with where it came from."""
    _log.error("%r", error, exc_info=error)


class _LateFile(logging.Handler):
    """Makes the file, and imports what writes it, when there is something to write."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._file: logging.Handler | None = None

    def emit(self, record: logging.LogRecord) -> None:
        try:
            if self._file is None:
                self._file = self._open()
            self._file.emit(record)
        except OSError:
            pass  # A log that cannot be written must not keep anyone from working.

    def close(self) -> None:
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
        super().close()

    def _open(self) -> logging.Handler:
        from logging.handlers import RotatingFileHandler

        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = RotatingFileHandler(self._path, maxBytes=LOG_BYTES, backupCount=1, encoding="utf-8")
        file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        return file
