"""How candidates are read, really or as a person tries it, and what that would cut off them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from workbench.domain.comparison import Comparison
from workbench.domain.lengths import Lengths
from workbench.domain.ranking import Candidate
from workbench.domain.tokens import Reader
from workbench.domain.truncation import Strategy, Window

BUDGETS = (64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096, 6144, 8192)
"""Budgets that are tried, in tokens."""
FIELDS = (("title", "body"), ("title",), ("body",))
"""Fields that are tried."""


@dataclass(frozen=True)
class Manner:
    """Who reads, through what window, and which fields."""

    reader: Reader
    reads: tuple[str, ...]
    """Fields of a document that are put together."""

    @property
    def window(self) -> Window:
        """What is read at once."""
        return self.reader.window

    def stepped(self, step: int) -> "Manner":
        """The same with the next larger or smaller budget; itself at an end."""
        budget = self.window.budget
        found = [other for other in BUDGETS if (other - budget) * step > 0]
        return (
            self._with(replace(self.window, budget=min(found, key=lambda other: abs(other - budget))))
            if found
            else self
        )

    def turned(self) -> "Manner":
        """The same with the next strategy, and the special tokens that go with it."""
        strategies = tuple(Strategy)
        strategy = strategies[(strategies.index(self.window.strategy) + 1) % len(strategies)]
        special = len(self.reader.tokenizer.framing(pair=strategy is not Strategy.HEAD_ONLY))
        return self._with(Window(self.window.budget, special, strategy))

    def refielded(self) -> "Manner":
        """The same with the next choice of fields."""
        found = [fields for fields in FIELDS if set(fields) == set(self.reads)]
        at = FIELDS.index(found[0]) if found else -1
        return replace(self, reads=FIELDS[(at + 1) % len(FIELDS)])

    def _with(self, window: Window) -> "Manner":
        return replace(self, reader=replace(self.reader, window=window))


@dataclass(frozen=True)
class Counted:
    """Tokens of a query and of the candidates of a list, however much of them is read."""

    query: int
    documents: Mapping[str, int]
    """By document id."""

    def lengths(self, window: Window) -> Lengths:
        """The documents' lengths against a window."""
        return Lengths(sorted(self.documents.values()), self.query, window)


@dataclass(frozen=True)
class Listed:
    """A candidate of the list at the side."""

    id: str
    rank: int
    title: str
    """Untrusted; the id where there is none."""
    tokens: int | None
    """None while nobody has counted them."""
    kept: int | None

    @property
    def cut(self) -> bool:
        """Whether it was not read to its end."""
        return self.tokens is not None and self.kept is not None and self.kept < self.tokens


def listed(comparison: Comparison, counted: Counted | None, window: Window | None) -> tuple[Listed, ...]:
    """List the candidates in the fullest order there is, each with what is read of it."""
    found = []
    for rank, document in enumerate((row.document for row in in_order(comparison)), start=1):
        tokens = counted.documents.get(document.id) if counted else None
        kept = None
        if counted and window and tokens is not None:
            kept = window.kept(counted.query, tokens).document
        found.append(Listed(document.id, rank, document.title or document.id, tokens, kept))
    return tuple(found)


def in_order(comparison: Comparison) -> tuple[Candidate, ...]:
    """The candidates as reranked, or as the first stage ranked them."""
    return tuple(row.candidate for row in comparison.reranked) or comparison.bm25


def cut_said(rows: tuple[Listed, ...], size: int, exact: bool, tried: bool = False) -> str:
    """Count what was cut; empty while that is not known.

    Args:
        rows: The candidates.
        size: How many of them are the top.
        exact: Whether a tokenizer counted.
        tried: Whether it is a what-if.
    """
    if not rows or any(row.tokens is None for row in rows):
        return ""
    about, top = "" if exact else "≈", min(size, len(rows))
    cut, in_top = sum(row.cut for row in rows), sum(row.cut for row in rows[:top])
    verb = "would be" if tried else "was" if cut == 1 or not cut else "were"
    said = f"{about}{cut} of {len(rows)}" if cut else f"{about}none of {len(rows)}"
    return f"{said} candidates {verb} cut" + (f", {in_top} of the top {top}" if cut else "")


def counted_already(comparison: Comparison) -> Counted | None:
    """What the reranker itself counted; None unless it counted all candidates."""
    rows = comparison.reranked
    if not rows or len(rows) < len(comparison.bm25):
        return None
    return Counted(rows[0].tokens.query, {row.candidate.document.id: row.tokens.document for row in rows})
