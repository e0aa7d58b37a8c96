"""JSON Lines: one JSON object on each line."""

import json
from collections.abc import Iterator
from io import BufferedReader

from workbench.corpora.base import Skipped
from workbench.corpora.lines import Lines
from workbench.corpora.stream import TOO_LARGE, not_utf8
from workbench.corpora.table import Row, TableReader


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is not JSON")


DECODER = json.JSONDecoder(parse_constant=_refuse)
"""Refuses NaN and the infinities, which are not JSON."""


class JsonlReader(TableReader):
    """Reads a `.jsonl` file."""

    kind = "jsonl"

    def _rows(self, stream: BufferedReader) -> Iterator[Row | Skipped]:
        lines = Lines(stream, self._start)
        while line := lines.next():
            self.line = self.number = line.number
            if line.data is None:
                yield self._skip(TOO_LARGE)
                continue
            try:
                text = line.data.decode().strip()
                if not text:
                    continue
                value = DECODER.decode(text)
            except UnicodeDecodeError as error:
                yield self._skip(not_utf8(line.offset + error.start))
            except (ValueError, RecursionError) as error:
                yield self._skip(broken(error))
            else:
                yield value if isinstance(value, dict) else self._skip(no_object(value))


def broken(error: ValueError | RecursionError) -> str:
    """Say why a text is not JSON."""
    if isinstance(error, json.JSONDecodeError):
        return f"broken JSON: {error.msg} (character {error.pos + 1})"
    if isinstance(error, RecursionError):
        return "JSON nested too deep"
    # Of a number with too many digits, Python says after the semicolon what a programmer may do.
    return f"broken JSON: {str(error).partition(';')[0]}"


def no_object(value: object) -> str:
    """Say that a record is JSON but has no columns."""
    names = {str: "a string", list: "a list", bool: "true or false", type(None): "null"}
    return f"{names.get(type(value), 'a number')} where an object was expected"
