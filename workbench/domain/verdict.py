"""Whether what a model did not read of a document would have changed its rank."""

from dataclasses import dataclass
from enum import StrEnum

from workbench.domain.documents import Span


class Effect(StrEnum):
    """What the unread part of a document would have done."""

    HARMLESS = "harmless"
    """No piece of it scores higher than what was read."""
    SUPPRESSED = "suppressed"
    """A piece scores higher, but the document would not rise among the rows that are compared or into them."""
    DECISIVE = "decisive"
    """A piece scores higher, and with its score the document would rise among the compared rows or into them."""


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
    """Reranked documents that were looked at."""
    cut: int
    """Those of them that were not read to their end."""
    size: int
    """Rows that are compared."""
    pairs: int
    """How many pieces have to be scored in all."""
    scored: int = 0
    verdicts: tuple[Verdict, ...] = ()
    """In reranked order; one for each document whose pieces are all scored, none for one without pieces."""
    order: tuple[str, ...] = ()
    """Ids in the order of the best of what was read and every piece; empty until all are scored."""
    done: bool = False
    note: str = ""
    """What was not read and cannot be scored either, because the window has no room for it; a sentence."""
    exact: bool = True
    """False when no tokenizer of the model counted: what was read and how it is cut up are estimates."""

    def of(self, id: str | None) -> Verdict | None:
        """Find a document's verdict."""
        return next((verdict for verdict in self.verdicts if verdict.id == id), None)

    def number(self, effect: Effect) -> int:
        """How many documents have this effect."""
        return sum(verdict.effect is effect for verdict in self.verdicts)


@dataclass(frozen=True)
class PairVerdict:
    """What the unread part of a document that is in no list would have scored; later values hold more.

    Without a list there are no ranks, and nothing can be decisive.
    """

    cut: bool
    """Whether the document was not read to its end."""
    pairs: int
    """What has to be scored in all: the document as it is read, and every piece."""
    score: float | None = None
    """Of what was read, in the reranker's own score space; None until it is known, or where there is no text."""
    pieces: tuple[Piece, ...] = ()
    """Those that are scored, in text order."""
    done: bool = False
    note: str = ""
    """As in `Counterfactual`."""
    exact: bool = True
    """As in `Counterfactual`."""

    @property
    def scored(self) -> int:
        """How many pairs are scored."""
        return len(self.pieces) + (self.score is not None)

    @property
    def best(self) -> Piece | None:
        """The piece with the highest score so far, the first of equals; None where there is none."""
        return max(self.pieces, key=lambda piece: piece.score, default=None)

    @property
    def effect(self) -> Effect | None:
        """Harmless or suppressed; None until all is scored."""
        if not self.done:
            return None
        best, score = self.best, self.score
        return Effect.SUPPRESSED if best and score is not None and best.score > score else Effect.HARMLESS
