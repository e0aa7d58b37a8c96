"""Lines of bounded length with their numbers and offsets, so that one endless line cannot fill memory."""

import io
from dataclasses import dataclass

from workbench.corpora.base import RECORD_LIMIT

_PIECE = 64 * 1024


@dataclass(frozen=True)
class Line:
    """One line, its end included."""

    number: int
    """From 1."""
    offset: int
    """Bytes before it in the file."""
    data: bytes | None
    """None when it was over `RECORD_LIMIT` and was thrown away."""


class Lines:
    """Reads a stream line by line, and takes lines back to read them again."""

    def __init__(self, stream: io.BufferedReader, offset: int) -> None:
        self._stream = stream
        self._again = io.BytesIO()
        self._offset = offset
        self.number = 0
        """Of the line read last."""

    def next(self) -> Line | None:
        """Read one line; None at the end."""
        data = self._readline(RECORD_LIMIT)
        if not data:
            return None
        size, kept, piece = len(data), True, data
        while len(piece) >= _PIECE and piece[-1:] != b"\n" and (piece := self._readline(_PIECE)):
            size, kept = size + len(piece), False
        self.number += 1
        line = Line(self.number, self._offset, data if kept else None)
        self._offset += size
        return line

    def take_back(self, first: Line, data: bytes) -> None:
        """Go back to `first`; `data` is everything from there to here."""
        self._again = io.BytesIO(data + self._again.read())
        self.number = first.number - 1
        self._offset = first.offset

    def _readline(self, limit: int) -> bytes:
        return self._again.readline(limit) or self._stream.readline(limit)
