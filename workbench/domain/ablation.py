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
    """A sentence of a document, or a term of a query."""

    span: Span
    """Characters of the text it was taken from."""
    read: Read
    score: float | None = None
    """Of the pair without this part, in the reranker's own score space; None until it is known."""


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

    def share(self, part: Part) -> float | None:
        """What a part adds to the score: the whole less what is left without it. None until both are known."""
        return None if self.score is None or part.score is None else self.score - part.score

    @property
    def broken(self) -> tuple[Part, ...]:
        """Parts that the model did not read and that change the score all the same; there must be none."""
        return tuple(part for part in self.parts if part.read is Read.NOT and self.share(part) not in (None, 0.0))

    @property
    def checked(self) -> int:
        """Parts beyond the cut whose share is known."""
        return sum(part.read is Read.NOT and self.share(part) is not None for part in self.parts)

    def scored(self, index: int, score: float) -> "Ablation":
        """The same with one more score."""
        parts = list(self.parts)
        parts[index] = replace(parts[index], score=score)
        return replace(self, parts=tuple(parts))
