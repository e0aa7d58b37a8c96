"""What each part of a query or a document does to a score: what it is without that part."""

from dataclasses import dataclass, replace
from enum import StrEnum

from workbench.domain.documents import Span


class Read(StrEnum):
    """How much of a part the model read."""

    WHOLE = "read"
    PARTLY = "partly read"
    NOT = "not read"


@dataclass(frozen=True)
class Part:
    """A sentence of a document, or a term of a query; several where there are too many to leave out one by one."""

    span: Span
    """Characters of the text it was taken from."""
    read: Read
    score: float | None = None
    """Of the pair without this part, in the reranker's own score space; None until it is known."""
    holds: int = 1
    """How many sentences or terms it is."""
    moves: bool = False
    """Not read, and yet the model is fed other tokens without it: it has a part in where the cut falls, or in how the
    text before the cut falls into tokens."""


@dataclass(frozen=True)
class Ablation:
    """A score and what becomes of it without each part; later values hold more."""

    of: str
    """`sentences` of the document or `terms` of the query."""
    text: str
    """What the spans refer to: the document's text as the model was given it, or the query."""
    parts: tuple[Part, ...]
    score: float | None = None
    """Of the whole pair, in the reranker's own score space."""
    done: bool = False
    exact: bool = True
    """False when no tokenizer of the model counted: how much of a part was read is an estimate."""

    def share(self, part: Part) -> float | None:
        """What a part adds to the score: the whole less what is left without it. None until both are known."""
        return None if self.score is None or part.score is None else self.score - part.score

    @property
    def beyond(self) -> tuple[Part, ...]:
        """Parts that cannot change the score, as the model is fed the same without them, and whose share is known."""
        if not self.exact:
            return ()
        unread = (part for part in self.parts if part.read is Read.NOT and not part.moves)
        return tuple(part for part in unread if self.share(part) is not None)

    @property
    def broken(self) -> tuple[Part, ...]:
        """Parts that cannot change the score and change it all the same; there must be none."""
        return tuple(part for part in self.beyond if self.share(part) != 0.0)

    @property
    def checked(self) -> int:
        """Parts that cannot change the score and whose share is known."""
        return len(self.beyond)

    def scored(self, index: int, score: float) -> "Ablation":
        """The same with one more score."""
        return self._with(index, replace(self.parts[index], score=score))

    def moved(self, index: int) -> "Ablation":
        """The same with a part that the model is fed other tokens without."""
        return self._with(index, replace(self.parts[index], moves=True))

    def _with(self, index: int, part: Part) -> "Ablation":
        return replace(self, parts=(*self.parts[:index], part, *self.parts[index + 1 :]))
