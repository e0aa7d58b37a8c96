"""Standard streams, which may be closed, or lead to a disk that is full."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from workbench.domain.errors import UnavailableError


def open_closed() -> None:
    """Have nothing to read where standard input is closed, and nobody who listens where standard error is."""
    sys.stdin = sys.stdin or os.fdopen(os.open(os.devnull, os.O_RDONLY))
    sys.stderr = sys.stderr or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")


class Output:
    """A stream that says so when it cannot be written; but for that it is the stream.

    Args:
        stream: Standard output; None where it is closed.

    Raises:
        UnavailableError: It is closed or cannot be written; not where its reader went away.
    """

    def __init__(self, stream: TextIO | None) -> None:
        if stream is None:
            raise UnavailableError("Standard output cannot be written: it is closed.")
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a text."""
        with self._told():
            return self._stream.write(text)

    def flush(self) -> None:
        """Write what is held back."""
        with self._told():
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            raise
        except OSError as error:
            # Else the interpreter would complain of it as well, when it flushes.
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())
            raise UnavailableError(f"Standard output cannot be written: {error.strerror}.") from error
