"""How long documents are in tokens, against a budget."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import ceil
from typing import NamedTuple

from workbench.domain.truncation import Window

PERCENTILES = (50, 75, 90, 95, 99, 100)
"""Those that are shown."""
WANTED = 95
"""Per cent of the documents that a budget should fit."""


class Bin(NamedTuple):
    """A bar of a histogram."""

    low: int
    """Tokens at least."""
    high: int | None
    """Tokens at most; None where there is no limit."""
    documents: int


@dataclass(frozen=True)
class Lengths:
    """Token counts of some documents, read with a query of some length."""

    tokens: Sequence[int]
    """Per document, ascending."""
    query: int
    """Tokens of the query."""
    window: Window

    @property
    def fit(self) -> int:
        """Tokens a document may have and still be read to its end."""
        return self.window.fits(self.query)

    @property
    def cut(self) -> int:
        """How many documents do not fit."""
        return len(self.tokens) - bisect_right(self.tokens, self.fit)

    @property
    def query_cut(self) -> int:
        """Beside how many documents the query is not read to its end."""
        cut = bisect_left(self.tokens, True, key=lambda tokens: self.window.kept(self.query, tokens).query < self.query)
        return len(self.tokens) - cut

    @property
    def kept_query(self) -> int:
        """How many of the query's tokens are read beside the longest document: the least there is."""
        return self.window.kept(self.query, self.percentile(100)).query

    @property
    def blank(self) -> int:
        """How many documents have no token at all."""
        return bisect_right(self.tokens, 0)

    def percentile(self, percent: float) -> int:
        """The smallest length that at least so many per cent of the documents do not exceed; 0 without documents.

        Args:
            percent: Over 0, up to 100.
        """
        return self.tokens[ceil(len(self.tokens) * percent / 100) - 1] if self.tokens else 0

    def budget_for(self, percent: float = WANTED) -> int:
        """The smallest budget with which so many per cent of the documents are read to their end."""
        return budget_to_fit(self.window, self.query, self.percentile(percent))

    def bins(self, number: int, limit: int, edge: int | None = None) -> tuple[Bin, ...]:
        """Count the documents by length, for a plot.

        Args:
            number: How many bars at most, 2 or more; all are equally wide, but the last takes what is longer too.
            limit: Tokens that the bars should reach.
            edge: A length below the limit with which a bar ends; the first bar may then be narrower.
        """
        width = max(ceil((limit + 1) / (number if edge is None else number - 1)), 1)
        first = 0 if edge is None else (edge + 1) % width
        starts = [*([0] if first else []), *range(first, limit + 1, width)]
        ends = [start - 1 for start in starts[1:]]
        places = [*(bisect_left(self.tokens, start) for start in starts), len(self.tokens)]
        documents = (after - before for before, after in pairwise(places))
        return tuple(map(Bin, starts, [*ends, None], documents))


def budget_to_fit(window: Window, query: int, document: int) -> int:
    """The smallest budget with which a document is read to its end beside a query: the inverse of `Window.fits`.

    Args:
        window: Its strategy and special tokens count, its budget does not.
        query: Tokens of the query.
        document: Tokens of the document.
    """
    budgets = range(window.special, window.special + query + document + 1)
    return budgets[bisect_left(budgets, document, key=lambda budget: replace(window, budget=budget).fits(query))]
