"""A retriever and a reranker small enough to see through, for tests of what is built on them."""

import asyncio
from collections.abc import AsyncGenerator, Sequence

from workbench.domain.deployment import ModelKind
from workbench.domain.documents import Document
from workbench.domain.errors import WorkbenchError
from workbench.domain.ranking import Candidate, Explanation, Highlights, PairScore, Retrieval
from workbench.domain.scores import ScoreSpace
from workbench.domain.tokens import TokenCount
from workbench.domain.tuning import Boosts, Choice, Chosen


def documents(count: int) -> list[Document]:
    """`d1`, `d2`, … each with a body one word longer than the one before."""
    return [Document.of(f"d{n}", f"Document {n}", "word " * n) for n in range(1, count + 1)]


class ListRetriever:
    """Ranks its documents in the order given, scores falling by one; a query of nothing finds nothing."""

    name = "list"
    corpus = "test"
    fields = (("title", 2.0), ("body", 1.0))
    reads = ("title", "body")
    choices: tuple[Choice, ...] = ()
    patience = 0.0

    def __init__(self, documents: Sequence[Document], error: WorkbenchError | None = None) -> None:
        self.documents = documents
        self.error = error
        self.closed = False

    async def search(self, query: str, depth: int, boosts: Boosts | None = None, chosen: Chosen = ()) -> Retrieval:
        if self.error:
            raise self.error
        found = self.documents if query.strip() else []
        rows = [Candidate(n, one, float(len(found) - n + 1)) for n, one in enumerate(found[:depth], start=1)]
        return Retrieval(tuple(rows), len(found), 0.5, 0.25, ("a note",))

    async def document(self, id: str) -> Document | None:
        return next((one for one in self.documents if one.id == id), None)

    async def highlight(self, query: str, document: Document) -> Highlights:
        return Highlights()

    async def explain(
        self, query: str, id: str, boosts: Boosts | None = None, chosen: Chosen = ()
    ) -> Explanation | None:
        return None

    async def close(self) -> None:
        self.closed = True


class LengthReranker:
    """Scores a document by the length of its body; can fail, or wait, after some documents."""

    model = "length"
    space = ScoreSpace.COSINE
    warnings = ("the cache is full",)
    way = ""

    def __init__(self, kind: ModelKind = ModelKind.BI_ENCODER, fail_after: int = -1, stall_after: int = -1) -> None:
        self.kind = kind
        if kind is ModelKind.CROSS_ENCODER:
            self.space = ScoreSpace.LOGIT
        self.fail_after = fail_after
        self.stall_after = stall_after
        self.stopped = False
        self.closed = False

    async def load(self) -> None:
        return None

    def by(self, chosen: Chosen) -> "LengthReranker":
        return self

    async def score(self, query: str, found: Retrieval) -> AsyncGenerator[PairScore, None]:
        try:
            for index, row in enumerate(found.candidates):
                if index == self.fail_after:
                    raise WorkbenchError("The model broke.", "Mend it.")
                if index == self.stall_after:
                    await asyncio.Event().wait()
                length = len(row.document.body)
                tokens = TokenCount(1, length, 1, min(length, 8), 10, 8)
                yield PairScore(row.document.id, float(length), tokens, 0.1, 1.0)
        finally:
            self.stopped = True

    async def close(self) -> None:
        self.closed = True
