"""Whether what a model did not read of a document would have changed its rank."""

from dataclasses import dataclass
from enum import StrEnum

from workbench.domain.documents import Span


class Effect(StrEnum):
    """What the unread part of a document would have done."""

    HARMLESS = "harmless"
    """No piece of it scores higher than what was read."""
    SUPPRESSED = "suppressed"
    """A piece scores higher, but the rows that are compared stay as they are."""
    DECISIVE = "decisive"
    """A piece scores higher, and the rows that are compared would be others or in another order."""


@dataclass(frozen=True)
class Piece:
    """A part of a document that the model did not read, scored by itself."""

    span: Span
    """Characters of the text that the model was given."""
    tokens: int
    score: float
    """In the reranker's own score space."""


@dataclass(frozen=True)
class Verdict:
    """What the unread part of one document would have changed."""

    id: str
    """The document's."""
    effect: Effect
    score: float
    """Of what was read, in the reranker's own score space."""
    pieces: tuple[Piece, ...]
    """At least one, in text order."""
    rank: int
    """Reranked rank."""
    rank_with_best: int
    """Reranked rank if the document had its best piece's score; never worse than `rank`."""

    @property
    def best(self) -> Piece:
        """The piece with the highest score; the first of equals."""
        return max(self.pieces, key=lambda piece: piece.score)


@dataclass(frozen=True)
class Counterfactual:
    """The verdicts on a reranked list; later values hold more."""

    candidates: int
    cut: int
    """Candidates whose document was not read to its end."""
    size: int
    """Rows that are compared."""
    pairs: int
    """How many pieces have to be scored in all."""
    scored: int = 0
    verdicts: tuple[Verdict, ...] = ()
    """In reranked order; one for each document whose pieces are all scored."""
    order: tuple[str, ...] = ()
    """Ids in the order of the best of what was read and every piece; empty until all are scored."""
    done: bool = False

    def of(self, id: str | None) -> Verdict | None:
        """Find a document's verdict."""
        return next((verdict for verdict in self.verdicts if verdict.id == id), None)

    def number(self, effect: Effect) -> int:
        """How many documents have this effect."""
        return sum(verdict.effect is effect for verdict in self.verdicts)
