"""What every reader of documents gives: records, how far it has come, and where the last record stood."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from workbench.domain.documents import Document
from workbench.domain.text import single_line

RECORD_LIMIT = 16 * 1024 * 1024
"""Bytes of one line, record or file of text; a larger one is skipped without being held in memory."""
BODY_LIMIT = 10_000_000
"""Characters of one document's body."""


@dataclass(frozen=True)
class Columns:
    """The columns a person named; None is found by its usual names."""

    id: str | None = None
    title: str | None = None
    body: str | None = None


@dataclass(frozen=True)
class Skipped:
    """Input that did not become a document, already sanitised. Make it with `Skipped.of`."""

    source: str
    """The file's name as shown; may be empty."""
    line: int | None
    """From 1; None when it concerns the file as a whole."""
    reason: str

    @classmethod
    def of(cls, source: str, line: int | None, reason: str) -> "Skipped":
        """Sanitise untrusted parts into a skip."""
        return cls(single_line(source, 300), line, single_line(reason, 500))

    def __str__(self) -> str:
        place = [self.source] if self.source else []
        place += [] if self.line is None else [str(self.line)]
        return ": ".join([":".join(place), self.reason] if place else [self.reason])


Record = Document | Skipped


class Reader(Protocol):
    """A stream of documents from what a person pointed at."""

    @property
    def kind(self) -> str:
        """What it reads, said to the person: `folder`, `jsonl` and so on."""
        ...

    @property
    def total_bytes(self) -> int | None:
        """Size of all that will be read; None when unknown."""
        ...

    @property
    def bytes_read(self) -> int:
        """Grows to `total_bytes` while `records` runs."""
        ...

    @property
    def ignored(self) -> int:
        """Files of other kinds that were passed over so far."""
        ...

    @property
    def judged_root(self) -> Path | None:
        """Where `read_judged` may look."""
        ...

    @property
    def source(self) -> str:
        """Name of the file that the latest record came from."""
        ...

    @property
    def line(self) -> int | None:
        """Line at which the latest record began, where its file has lines of records."""
        ...

    def records(self) -> Iterator[Record]:
        """Read everything once; what cannot be read is a `Skipped`, never an exception."""
        ...
