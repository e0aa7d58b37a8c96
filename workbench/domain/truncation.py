"""How many tokens of a query and a document a model reads when both do not fit."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Strategy(StrEnum):
    """What gives way when a pair is too long."""

    BALANCED = "balanced"
    """The longer side, down to half of the room; the odd token is the document's. What Elasticsearch does."""
    LONGEST_FIRST = "longest-first"
    """The longer side, token by token; the odd token is the longer side's. What Hugging Face does with a pair."""
    HEAD_ONLY = "head-only"
    """Each side's end; query and document are read apart and have a budget each. What bi-encoders do."""


class Kept(NamedTuple):
    """Tokens of a pair that are left after truncation."""

    query: int
    document: int


@dataclass(frozen=True)
class Window:
    """What a model reads at once."""

    budget: int
    """Tokens at most, special tokens included; with `HEAD_ONLY`, of each side."""
    special: int
    """Special tokens that are put around a pair; with `HEAD_ONLY`, around one text."""
    strategy: Strategy

    @property
    def room(self) -> int:
        """Tokens that fit beside the special ones."""
        return max(self.budget - self.special, 0)

    def kept(self, query: int, document: int) -> Kept:
        """Share the room.

        Args:
            query: Tokens of the query.
            document: Tokens of the document.
        """
        if self.strategy is Strategy.HEAD_ONLY:
            return Kept(min(query, self.room), min(document, self.room))
        if query + document <= self.room:
            return Kept(query, document)
        if self.strategy is Strategy.BALANCED:
            return _balanced(query, document, self.room)
        return _longest_first(query, document, self.room)

    def fits(self, query: int) -> int:
        """How many tokens a document may have and still be read to its end, whatever is cut off the query."""
        if self.strategy is Strategy.HEAD_ONLY:
            return self.room
        half = self.room // 2
        if self.strategy is Strategy.LONGEST_FIRST and query > self.room - half:
            return half
        return self.room - min(query, half)


def _balanced(query: int, document: int, room: int) -> Kept:
    half = room // 2
    kept = min(query, half if document > half else room - document)
    return Kept(kept, min(document, room - kept))


def _longest_first(query: int, document: int, room: int) -> Kept:
    half = room // 2
    if query > document:
        kept = min(document, half)
        return Kept(room - kept, kept)
    kept = min(query, half)
    return Kept(kept, room - kept)
