"""How long documents are in tokens, against a budget."""

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.domain.truncation import Window


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
        return sum(tokens > self.fit for tokens in self.tokens)
