"""The engine that needs no server: BM25 over a corpus indexed on this machine."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from workbench.domain.documents import Document, Span
from workbench.domain.errors import IndexUnavailableError
from workbench.domain.ranking import Candidate, Explanation, Highlights, Retrieval
from workbench.domain.tuning import Boosts, Choice, Chosen
from workbench.engines.analyzer import tokens
from workbench.engines.corpus_layout import current_generation
from workbench.engines.query_syntax import parse
from workbench.engines.request import described, written

if TYPE_CHECKING:
    from workbench.engines.index_reader import IndexReader

_P = ParamSpec("_P")
_T = TypeVar("_T")


class EmbeddedRetriever:
    """A `Retriever` over an index on disk, opened by the first question in a thread of its own.

    It goes on answering from what it has opened when the corpus is replaced or removed.
    """

    name = "embedded"
    reads: tuple[str, ...] = ("title", "body")
    choices: tuple[Choice, ...] = ()
    patience = 0.0

    def __init__(self, root: Path, corpus: str, fields: Boosts = (("title", 2.0), ("body", 1.0))) -> None:
        """Touches no disk.

        Args:
            root: The folder of all corpora.
            corpus: A name below it.
            fields: `title`, `body` or both, with their boosts.
        """
        self.corpus = corpus
        self.fields = fields
        self._root = root
        self._reader: IndexReader | None = None
        self._thread = ThreadPoolExecutor(1, "embedded")

    async def search(self, query: str, depth: int, boosts: Boosts | None = None, chosen: Chosen = ()) -> Retrieval:
        """Rank the corpus and return the first `depth` candidates with their text.

        Raises:
            IndexUnavailableError: The index cannot be used.
        """
        return await self._run(self._search, query, depth, boosts or self.fields)

    async def document(self, id: str) -> Document | None:
        """Read one document, None when the corpus has no such id."""
        return await self._run(self._document, id)

    async def highlight(self, query: str, document: Document) -> Highlights:
        """Find where the query's terms stand in one document; of a phrase, each of its terms."""
        return await self._run(_highlight, query, document)

    async def explain(
        self, query: str, id: str, boosts: Boosts | None = None, chosen: Chosen = ()
    ) -> Explanation | None:
        """Take one document's score apart, None when it does not match."""
        return await self._run(self._explain, query, id, boosts or self.fields)

    async def close(self) -> None:
        """Let go of files and the thread; never waits for a search that is under way."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._reader = None

    async def _run(self, work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        try:
            future = self._thread.submit(work, *args, **kwargs)
        except RuntimeError as error:
            raise IndexUnavailableError(f"“{self.corpus}” has been closed.", "", str(error)) from error
        return await asyncio.wrap_future(future)

    def _open(self) -> "IndexReader":
        from workbench.engines.index_reader import IndexReader

        while not self._reader:
            generation = current_generation(self._root, self.corpus)
            try:
                self._reader = IndexReader(self._root, self.corpus)
            except IndexUnavailableError:
                # A build that ended just now may have taken the old files away.
                if current_generation(self._root, self.corpus) == generation:
                    raise
        return self._reader

    def _search(self, query: str, depth: int, boosts: Boosts) -> Retrieval:
        reader = self._open()
        started = perf_counter()
        parsed = parse(query)
        asked = described(parsed, boosts)
        hits, total = reader.answer(asked, depth)
        found = perf_counter()
        documents = [reader.read(hit) for hit in hits]
        fetched = perf_counter()
        wanted = parsed.terms_of("title")
        candidates = tuple(
            Candidate(rank, document, hit.score, _spans(document.title, wanted))
            for rank, (hit, document) in enumerate(zip(hits, documents, strict=True), 1)
        )
        request = written(self.name, self.corpus, depth, boosts, asked)
        retrieve_ms, fetch_ms = (found - started) * 1000, (fetched - found) * 1000
        return Retrieval(candidates, total, retrieve_ms, fetch_ms, parsed.notes, request)

    def _document(self, id: str) -> Document | None:
        reader = self._open()
        hit = reader.find(id)
        return reader.read(hit) if hit else None

    def _explain(self, query: str, id: str, boosts: Boosts) -> Explanation | None:
        return self._open().explain(parse(query), id, boosts)


def _highlight(query: str, document: Document) -> Highlights:
    parsed = parse(query)
    return Highlights(_spans(document.title, parsed.terms_of("title")), _spans(document.body, parsed.terms_of("body")))


def _spans(text: str, wanted: frozenset[str]) -> tuple[Span, ...]:
    return tuple((start, end) for term, start, end, _ in tokens(text) if term in wanted)
