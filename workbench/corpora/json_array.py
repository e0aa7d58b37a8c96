"""A JSON file that holds one array of objects, read through a window so that its size does not matter."""

import codecs
import re
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path

from workbench.corpora.base import RECORD_LIMIT, Skipped
from workbench.corpora.jsonl import DECODER, broken, no_object
from workbench.corpora.stream import TOO_LARGE, UnreadableError, not_utf8, open_utf8
from workbench.corpora.table import Row, TableReader

_PIECE = 256 * 1024
_SPACE = re.compile(r"\s*")
_BETWEEN = re.compile(r"[\s,]*")
_MARK = re.compile(r'["\[\]{},]')
_INSIDE = re.compile(r'(?:[^"\\]++|\\.)*+', re.DOTALL)
_BREAKS_OFF = "breaks off"
_NOT_UTF8 = re.compile("[\udc80-\udcff]")


class JsonArrayReader(TableReader):
    """Reads a `.json` file."""

    kind = "json"

    def _rows(self, stream: BufferedReader) -> Iterator[Row | Skipped]:
        window = _Window(stream, self._start)
        self.number = 0
        if not (window.pass_over(_SPACE) and window.take("[")):
            self.line = None
            yield self._skip("not an array of objects")
            return
        while window.pass_over(_BETWEEN) and not window.take("]"):
            self.number += 1
            self.line = window.line
            row = window.record()
            yield row if isinstance(row, dict) else self._skip(f"record {self.number}: {row}")
            if row == _BREAKS_OFF:
                return
        self.line = window.line
        if not window.closed:
            yield self._skip(f"the array breaks off after record {self.number}")
        elif window.pass_over(_SPACE):
            yield self._skip("what follows the end of the array was not read")


def holds_array(path: Path) -> bool:
    """Whether a JSON file begins as an array; false as well when it cannot be read."""
    try:
        stream, _ = open_utf8(path)
        with stream:
            return stream.read(_PIECE).lstrip().startswith(b"[")
    except (OSError, UnreadableError):
        return False


class _Window:
    """The part of a file that is in memory, and a place in it."""

    def __init__(self, stream: BufferedReader, offset: int) -> None:
        self.line = 1
        self.closed = False
        """Whether the array's end has been taken."""
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._offset = offset
        self._text = ""
        self._at = 0
        self._dirty = False

    def pass_over(self, pattern: re.Pattern[str]) -> bool:
        """Go past what matches, across windows; false when that is the end of the file."""
        while True:
            found = pattern.match(self._text, self._at)
            self._advance(found.end() if found else self._at)
            if self._at < len(self._text):
                return True
            if not self._more():
                return False

    def take(self, bracket: str) -> bool:
        """Go past a bracket if it stands here."""
        if not self._text.startswith(bracket, self._at):
            return False
        self._advance(self._at + 1)
        self.closed = bracket == "]"
        return True

    def record(self) -> dict[str, object] | str:
        """Read the record that begins here, or say why it cannot be read and go past it."""
        try:
            value, end = DECODER.raw_decode(self._text, self._at)
            if isinstance(value, dict):
                return self._finish(value, end)
        except (ValueError, RecursionError):
            pass  # Broken, or not all of it is in the window.
        search, at, whole = _RecordEnd(), self._at, True
        while (found := search.find(self._text, at)) is None:
            if len(self._text) - self._at > RECORD_LIMIT:
                self._advance(len(self._text))
                whole = False
            at = len(self._text) - self._at
            if not self._more():
                self._advance(len(self._text))
                return _BREAKS_OFF
        if not whole:
            self._advance(found)
            return TOO_LARGE
        try:
            value = DECODER.decode(self._text[self._at : found])
        except (ValueError, RecursionError) as error:
            value = broken(error)
        else:
            value = value if isinstance(value, dict) else no_object(value)
        return self._finish(value, found)

    def _finish(self, value: dict[str, object] | str, end: int) -> dict[str, object] | str:
        if self._dirty and (bad := _NOT_UTF8.search(self._text, self._at, end)):
            value = not_utf8(self._offset + _size(self._text[: bad.start()]))
        self._advance(end)
        return value

    def _advance(self, to: int) -> None:
        self.line += self._text.count("\n", self._at, to)
        self._at = to

    def _more(self) -> bool:
        """Drop what has been passed and read a piece; false at the end of the file."""
        data = self._stream.read(_PIECE)
        piece = self._decoder.decode(data, not data)
        self._dirty = self._dirty or _is_dirty(piece)
        self._offset += _size(self._text[: self._at])
        self._text = self._text[self._at :] + piece
        self._at = 0
        return bool(data or piece)


class _RecordEnd:
    """Finds where a record ends without understanding it; takes the text in pieces."""

    def __init__(self) -> None:
        self._depth = 0
        self._quoted = self._escaped = False

    def find(self, text: str, at: int) -> int | None:
        """Look for the end from `at` on; None when the record goes on after `text`."""
        while True:
            if self._quoted:
                inside = _INSIDE.match(text, at + self._escaped)
                at = inside.end() if inside else at
                self._escaped = text.startswith("\\", at)
                if self._escaped or at >= len(text):
                    return None
                self._quoted = False
                at += 1
            mark = _MARK.search(text, at)
            if mark is None:
                return None
            at = mark.end()
            match mark[0]:
                case '"':
                    self._quoted = True
                case "[" | "{":
                    self._depth += 1
                case "," if not self._depth:
                    return mark.start()
                case "]" if not self._depth:
                    return mark.start()
                case "]" | "}":
                    self._depth -= 1
                    if self._depth <= 0:
                        return at


def _is_dirty(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogateescape"))
