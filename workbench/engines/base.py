"""What the rest of the house knows about engines: two protocols."""

from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

from workbench.domain.deployment import ModelKind
from workbench.domain.documents import Document
from workbench.domain.ranking import Candidate, Explanation, Highlights, PairScore, Retrieval
from workbench.domain.scores import ScoreSpace
from workbench.domain.tuning import Boosts


class Retriever(Protocol):
    """Finds candidates for a query. Errors are `IndexUnavailableError`, or `BadInputError` for a corpus that
    does not exist; a query never is one."""

    name: str
    """The engine's name, such as `embedded`."""
    corpus: str
    fields: Boosts
    """Searched fields and their boosts."""

    async def search(self, query: str, depth: int, boosts: Boosts | None = None) -> Retrieval:
        """Rank the corpus and return the first `depth` candidates with their text; by its own boosts if None."""
        ...

    async def document(self, id: str) -> Document | None:
        """Read one document, None when the corpus has no such id."""
        ...

    async def highlight(self, query: str, document: Document) -> Highlights:
        """Find where the query matches in one document."""
        ...

    async def explain(self, query: str, id: str, boosts: Boosts | None = None) -> Explanation | None:
        """Take one document's score apart, None when it does not match; by its own boosts if None."""
        ...

    async def close(self) -> None:
        """Let go of files and threads; never waits for a search that is under way."""
        ...


class Reranker(Protocol):
    """Scores candidates against a query, one by one. Errors are `ModelUnavailableError`."""

    model: str
    kind: ModelKind
    space: ScoreSpace
    """Of the scores it gives."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person should know, such as a cache that cannot be written; scores are right all the same."""
        ...

    async def load(self) -> None:
        """Read the model from disk, if that has not happened yet; the first score would do it too."""
        ...

    def score(self, query: str, candidates: Sequence[Candidate]) -> AsyncGenerator[PairScore, None]:
        """Yield a score per candidate, in rank order, as they are computed.

        A score depends on its own pair alone. Closing the iterator stops the work between two documents.
        """
        ...

    async def close(self) -> None:
        """Let go of the model; never waits for a document that is being scored."""
        ...
