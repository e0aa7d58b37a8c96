"""Tables as text: comma- and tab-separated values with a header row."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from workbench.corpora.base import RECORD_LIMIT, Columns, Skipped
from workbench.corpora.lines import Line, Lines
from workbench.corpora.stream import TOO_LARGE, not_utf8
from workbench.corpora.table import Row, TableReader
from workbench.domain.errors import BadInputError

_ALWAYS_READ_AGAIN = 1024 * 1024
DELIMITERS = {".csv": ",", ".tsv": "\t"}


class DelimitedReader(TableReader):
    """Reads a `.csv` or `.tsv` file."""

    def __init__(self, path: Path, columns: Columns) -> None:
        suffix = path.suffix.lower()
        self.kind = suffix.removeprefix(".")
        self._delimiter = DELIMITERS[suffix]
        super().__init__(path, columns)

    def _rows(self, stream: io.BufferedReader) -> Iterator[Row | Skipped]:
        table = self._table(stream)
        header = next(table, None)
        if not isinstance(header, list):
            if header is not None:
                yield header
            return
        for self.number, row in enumerate(table, 1):
            if isinstance(row, Skipped):
                yield row
            elif len(row) != len(header):
                columns = "1 column" if len(row) == 1 else f"{len(row)} columns"
                yield self._skip(f"{columns} where the header has {len(header)}")
            else:
                yield dict(zip(header, row, strict=True))

    def _names(self, stream: io.BufferedReader) -> list[str]:
        header = next(self._table(stream), None)
        if isinstance(header, list):
            return header
        problem = f"the header row cannot be read: {header}" if header else f"{self.source} is empty"
        raise BadInputError(problem, "The first row has to name the columns, for example: id,title,body")

    def _table(self, stream: io.BufferedReader) -> Iterator[list[str] | Skipped]:
        """Read rows as lists; after a broken one, go on with the line that follows its first."""
        csv.field_size_limit(RECORD_LIMIT)
        lines = Lines(stream, self._start)
        # Crafted rows could make every quote swallow the rest of the file, which is then read again and again.
        may_read_again = 2 * min(self.total_bytes, RECORD_LIMIT) + _ALWAYS_READ_AGAIN
        while True:
            feed = _Feed(lines)
            try:
                for row in csv.reader(feed, delimiter=self._delimiter, strict=True):
                    self.line = feed.line
                    if feed.problem:
                        yield self._skip(feed.problem)
                    elif row:
                        yield row
                    feed.begin()
                return
            except csv.Error as error:
                self.line = feed.line
                may_read_again -= feed.swallowed
                if may_read_again >= 0:
                    feed.take_back()
                lost = "" if lines.number == self.line else f"; lost with it: the lines up to {lines.number}"
                yield self._skip((feed.problem or _quoting(error)) + lost)


class _Feed:
    """Hands lines to the csv module and remembers those of the record under way."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self.begin()

    def begin(self) -> None:
        """Forget the lines of the last record."""
        self.problem = ""
        self._first: Line | None = None
        self._second: Line | None = None
        self._rest = io.BytesIO()

    @property
    def line(self) -> int | None:
        """Number of the record's first line."""
        return self._first.number if self._first else None

    @property
    def swallowed(self) -> int:
        """Bytes of the record after its first line."""
        return self._rest.tell()

    def take_back(self) -> None:
        """Let the lines after the first be read again."""
        if self._second:
            self._lines.take_back(self._second, self._rest.getvalue())

    def __iter__(self) -> "_Feed":
        return self

    def __next__(self) -> str:
        line = self._lines.next()
        if line is None:
            raise StopIteration
        if line.data is None:
            self._first, self._second, self.problem = self._first or line, None, TOO_LARGE
            raise csv.Error
        if self._first is None:
            self._first = line
        else:
            self._second = self._second or line
            self._rest.write(line.data)
            if self.swallowed > RECORD_LIMIT:
                self.problem = f"{TOO_LARGE}; is a quote never closed?"
                raise csv.Error
        try:
            return line.data.decode()
        except UnicodeDecodeError as error:
            self.problem = self.problem or not_utf8(line.offset + error.start)
            return line.data.decode(errors="replace")


def _quoting(error: csv.Error) -> str:
    text = str(error)
    return "a quote is never closed" if "end of data" in text else f"broken quoting: {text}"
