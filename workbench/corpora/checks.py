"""What no corpus may hold, whatever it was read from: documents without an id, with one already seen, empty or huge."""

from array import array
from collections.abc import Iterable, Iterator

from workbench.corpora.base import BODY_LIMIT, Reader, Record, Skipped
from workbench.domain.documents import Document


def checked(records: Iterable[Record], reader: Reader | None = None) -> Iterator[Record]:
    """Turn documents that cannot be indexed into skips.

    Args:
        records: What `reader.records()` gives.
        reader: Asked for the file and line of a document that is turned down; without it only the reason is told.
    """
    seen = _Seen()
    for record in records:
        if isinstance(record, Document) and (problem := _problem(record, seen)):
            source, line = (reader.source, reader.line) if reader else ("", None)
            record = Skipped.of(source, line, problem)
        yield record


def _problem(document: Document, seen: "_Seen") -> str:
    if not document.id:
        return "no id"
    if not document.title and not document.body:
        return f"empty document {document.id[:100]!r}"
    if len(document.body) > BODY_LIMIT:
        return f"a body of {len(document.body):,} characters, over the limit of {BODY_LIMIT:,}"
    if not seen.add(hash(document.id)):
        return f"duplicate id {document.id[:100]!r}"
    return ""


class _Seen:
    """A set of 64-bit numbers in 8 to 32 bytes each; a `set` takes about 90.

    Open addressing with linear probing; zero marks a free place.
    """

    def __init__(self) -> None:
        self._places = array("q", bytes(8 * 1024))
        self._used = 0

    def add(self, number: int) -> bool:
        """Put a number in; false when it was there."""
        if 2 * self._used >= len(self._places):
            old = self._places
            self._places = array("q", bytes(16 * len(old)))
            for kept in old:
                if kept:
                    self._place(kept)
        if not self._place(number or 1):
            return False
        self._used += 1
        return True

    def _place(self, number: int) -> bool:
        places = self._places
        mask = len(places) - 1
        at = number & mask
        while (held := places[at]) != number:
            if not held:
                places[at] = number
                return True
            at = at + 1 & mask
        return False
