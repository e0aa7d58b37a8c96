"""What the rest of the house knows about engines: three protocols."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from workbench.domain.deployment import ModelKind, ModelStatus
from workbench.domain.documents import Document, Query
from workbench.domain.ranking import Aside, Explanation, Highlights, PairScore, Retrieval
from workbench.domain.scores import ScoreSpace
from workbench.domain.tokens import Reader
from workbench.domain.tuning import Boosts, Choice, Chosen

FIRST_STAGE, ENDPOINT = "first stage", "endpoint"
"""Names of the settings by which an engine lets a person choose what ranks the candidates, and what reranks them."""


class Retriever(Protocol):
    """Finds candidates for a query. Errors are `UnavailableError`, or `BadInputError` for what a person named or wrote
    that is not there or cannot be used; a query never is one."""

    name: str
    """The engine's name, such as `embedded`."""
    corpus: str
    fields: Boosts
    """Searched fields and their boosts."""
    reads: tuple[str, ...]
    """Fields that a reranker is given at first."""
    choices: tuple[Choice, ...]
    """Settings that only this engine knows."""
    patience: float
    """Seconds that typing must rest before it is asked; 0 for an engine on this machine."""

    async def search(self, query: str, depth: int, boosts: Boosts | None = None, chosen: Chosen = ()) -> Retrieval:
        """Rank the corpus and return the first `depth` candidates with their text.

        Args:
            query: What a person typed.
            depth: How many candidates at most.
            boosts: Of the fields; its own if None.
            chosen: Of its own settings; what is not named is as in `choices`.
        """
        ...

    async def document(self, id: str) -> Document | None:
        """Read one document, None when the corpus has no such id."""
        ...

    async def highlight(self, query: str, document: Document) -> Highlights:
        """Find where the query matches in one document."""
        ...

    async def explain(
        self, query: str, id: str, boosts: Boosts | None = None, chosen: Chosen = ()
    ) -> Explanation | None:
        """Take one document's score apart, None when it does not match; arguments as in `search`."""
        ...

    async def close(self) -> None:
        """Let go of files and threads; never waits for a search that is under way."""
        ...


class Reranker(Protocol):
    """Scores candidates against a query, one by one. Errors are `UnavailableError`."""

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

    @property
    def way(self) -> str:
        """How the model is asked, such as `retriever`; empty where there is one way only."""
        ...

    def by(self, chosen: Chosen) -> "Reranker":
        """The reranker that the engine's own settings ask for; itself where they do not matter."""
        ...

    def score(self, query: str, found: Retrieval) -> AsyncGenerator[PairScore | Aside, None]:
        """Yield a score per candidate as they are computed, and what else there is to say.

        A candidate that gets no score drops out of the reranked list. A score depends on its own pair alone.
        Closing the iterator stops the work between two documents.

        Args:
            query: What a person typed.
            found: The candidates, each with those fields alone that the model is given.
        """
        ...

    def score_texts(self, query: str, texts: Sequence[str]) -> AsyncGenerator[PairScore, None]:
        """Score any texts, such as parts of a document, in order; each gets what a candidate with this text would.

        The id of a score is the text's place, counted from 0. Closing the iterator stops the work between two texts.

        Args:
            query: What a person typed.
            texts: None of them blank.
        """
        ...

    async def reader(self) -> Reader:
        """How the model reads, exactly as it is fed; an estimate where no tokenizer of it is at hand."""
        ...

    async def close(self) -> None:
        """Let go of the model; never waits for a document that is being scored."""
        ...


@dataclass(frozen=True)
class Opened:
    """A corpus or an index that is open."""

    retriever: Retriever
    documents: int
    queries: tuple[Query, ...]
    """Sample queries that came with it."""


class Engines(Protocol):
    """What a profile leads to: where to search, and what reranks there. Nothing is opened before it is asked for."""

    @property
    def profile(self) -> str:
        """The profile's name; empty for this machine."""
        ...

    @property
    def model(self) -> str:
        """The model or inference endpoint that reranks."""
        ...

    @property
    def marks(self) -> tuple[str, ...]:
        """What must never be overlooked, such as a connection whose certificate nobody checks."""
        ...

    @property
    def accent(self) -> str:
        """A colour by which the profile is known, such as `#d14`; empty for the theme's own."""
        ...

    def template(self, chosen: Chosen) -> Path | None:
        """The file of the query template that is chosen, or of a new one; None where there can be none.

        Raises:
            WorkbenchError: A new one cannot be written.
        """
        ...

    async def open(self, name: str) -> Opened:
        """Open a corpus or an index; the profile's own where the name is empty."""
        ...

    async def names(self) -> tuple[str, ...]:
        """What could be opened."""
        ...

    def rerankers(self, model: str = "") -> AsyncGenerator["ModelStatus | Reranker", None]:
        """Make a model ready: tell its states, and last give the reranker, loaded.

        Args:
            model: What the setting `ENDPOINT` chose; empty for the usual one.
        """
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
