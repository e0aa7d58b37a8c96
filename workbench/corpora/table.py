"""What readers of one file of records share: finding the columns, counting, and making documents."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from io import BufferedReader
from itertools import islice
from pathlib import Path

from workbench.corpora.base import Columns, Record, Skipped
from workbench.corpora.columns import EXPECTED, UnfitError, choose
from workbench.corpora.stream import UnreadableError, open_utf8, reason
from workbench.domain.errors import BadInputError
from workbench.domain.text import single_line

Row = Mapping[str, object]

_PEEKED_ROWS = 100
_PEEKED_BYTES = 4 * 1024 * 1024


class TableReader(ABC):
    """Reads one file of rows whose values have names."""

    kind: str
    ignored = 0
    judged_root: Path | None = None

    def __init__(self, path: Path, columns: Columns) -> None:
        """Look at the first rows to find the columns.

        Raises:
            BadInputError: The file cannot be read, holds no row, or its columns are unclear.
        """
        self.source = single_line(path.name)
        self.line: int | None = None
        self.number = 0
        self.bytes_read = 0
        self._path = path
        try:
            self.total_bytes = path.stat().st_size
            with self._open() as stream:
                names = self._names(stream)
        except (OSError, UnreadableError) as error:
            raise BadInputError(f"{self.source}: {reason(error)}", "Choose another file.") from error
        self._chosen = choose(names, columns, self.source)

    def records(self) -> Iterator[Record]:
        """Read every row of the file."""
        self.bytes_read = 0
        try:
            with self._open() as stream:
                for row in self._rows(stream):
                    if isinstance(row, Skipped):
                        yield row
                        continue
                    try:
                        record: Record = self._chosen.document(row, self.number)
                    except UnfitError as error:
                        record = self._skip(str(error))
                    yield record
        except (OSError, UnreadableError) as error:
            self.line = None
            yield self._skip(reason(error))
        self.bytes_read = self.total_bytes

    @abstractmethod
    def _rows(self, stream: BufferedReader) -> Iterator[Row | Skipped]:
        """Read rows, setting `line` and `number` to each one's own before it is given."""

    def _names(self, stream: BufferedReader) -> list[str]:
        """Collect the column names of the first rows, in order of appearance."""
        names: dict[str, None] = {}
        problem = ""
        for row in islice(self._rows(stream), _PEEKED_ROWS):
            if isinstance(row, Skipped):
                problem = problem or f"has no record at its beginning; the first problem is: {row}"
            else:
                names.update(dict.fromkeys(row))
            if self.bytes_read > _PEEKED_BYTES:
                break
        if not names:
            raise BadInputError(f"{self.source} {problem or 'is empty'}", f"Its records need {EXPECTED}.")
        return list(names)

    def _open(self) -> BufferedReader:
        stream, self._start = open_utf8(self._path, self._count)
        return stream

    def _count(self, size: int) -> None:
        self.bytes_read += size

    def _skip(self, reason: str) -> Skipped:
        return Skipped.of(self.source, self.line, reason)
