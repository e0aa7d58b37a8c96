"""Reranks on a cluster: inside the search, or by the inference API with the candidates that were found."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TypeVar

from workbench.domain.deployment import ModelKind
from workbench.domain.exchange import Finding
from workbench.domain.ranking import Aside, Candidate, PairScore, Retrieval
from workbench.domain.request_check import Plan, check_plan
from workbench.domain.rerank_check import check_reranked
from workbench.domain.score_view import elasticsearch_score, elasticsearch_score_inverse
from workbench.domain.scores import ScoreSpace
from workbench.domain.tokens import ESTIMATE, WORDS_PER_TOKEN, Reader, TokenCount
from workbench.domain.tuning import Choice, Chosen
from workbench.engines.base import ENDPOINT
from workbench.engines.elasticsearch.connection import Connection
from workbench.engines.elasticsearch.endpoints import Endpoint
from workbench.engines.elasticsearch.failures import ClusterError
from workbench.engines.elasticsearch.first_stage import OFF, Searched
from workbench.engines.elasticsearch.hits import cut_short, hits_of, score_of
from workbench.engines.elasticsearch.rerank_calls import CHUNKS, MAPPED, rerank_search, rerank_texts
from workbench.engines.elasticsearch.token_counts import ESTIMATES, TokenCounts, trusted

BATCH = 10
"""Pairs in one call of the inference API: as many as a person waits for together, and as are lost when one fails."""
WAY, MIN_SCORE, BEST_CHUNKS = "rerank", "min score", "chunks"
"""Names of the settings that are for reranking."""
_THRESHOLDS = (-5.0, -2.0, 0.0, 1.0, 2.0, 5.0)
"""Logits to choose from."""
_COUNTS = (1, 2, 3, 5)
"""Chunks to choose from."""
_CHUNK_TOKENS = int(300 / WORDS_PER_TOKEN)
"""Of a chunk at most, as the server cuts them unless it is told otherwise."""
_ROUNDING = 1e-5
"""How far a logit may be off after it went through the 32 bits of a hit's score."""

Items = AsyncGenerator[PairScore | Aside, None]
_Answer = TypeVar("_Answer")


def rerank_choices(connection: Connection, endpoints: Sequence[Endpoint]) -> Iterator[Choice]:
    """The settings that `ElasticReranker.by` knows, at first as the profile has them.

    Args:
        connection: To the cluster, whose `server` has been asked.
        endpoints: Those that are known.
    """
    profile = connection.profile
    yield Choice(WAY, ("retriever", "inference"), profile.rerank)
    ids = tuple(dict.fromkeys((profile.endpoint, *(endpoint.id for endpoint in endpoints))))
    yield Choice(ENDPOINT, ids, profile.endpoint)
    own = () if profile.min_score is None else (profile.min_score,)
    scores = tuple(f"{score:g}" for score in sorted({*_THRESHOLDS, *own}))
    yield Choice(MIN_SCORE, (OFF, *scores), f"{own[0]:g}" if own else OFF)
    if not connection.lacks(CHUNKS):
        counts = tuple(str(count) for count in sorted({*_COUNTS, profile.chunks} - {0}))
        yield Choice(BEST_CHUNKS, (OFF, *counts), str(profile.chunks) if profile.chunks else OFF)


class ElasticReranker:
    """A `Reranker` on a cluster.

    Asked by way `retriever`, the model reads one field as it is in the index, and the scores are those of the hits.
    By way `inference` it is given the candidates' text, a few at a time. The scores of a hosted service are its own
    either way; where nobody may know whether it is one, hits are taken to be as the cluster's own models make them.
    """

    kind = ModelKind.CROSS_ENCODER

    def __init__(
        self,
        connection: Connection,
        endpoint: str,
        endpoints: Sequence[Endpoint] = (),
        way: str = "retriever",
        min_score: float | None = None,
        chunks: int = 0,
        counts: TokenCounts = ESTIMATES,
    ) -> None:
        """Nothing is asked yet.

        Args:
            connection: To the cluster.
            endpoint: Id of the inference endpoint.
            endpoints: Those that are known, so that their scores are called what they are.
            way: `retriever` or `inference`.
            min_score: The model's own score below which a document is dropped; None drops none.
            chunks: Best chunks of a text that are read instead of its start; 0 for its start.
            counts: Counts tokens with the tokenizer that was named, if any.
        """
        self.model = endpoint
        self.way = way
        self.min_score = min_score
        self.chunks = chunks
        self._connection = connection
        self._endpoints = endpoints
        self._endpoint = self._known(endpoint)
        self._counts = counts
        self.space = self._space()

    @property
    def warnings(self) -> tuple[str, ...]:
        """Why counts are not exact though a tokenizer is named."""
        opened = self._counts.opened
        reader = self._trusted(opened)
        named = opened is not ESTIMATE and not reader.tokenizer.exact
        return self._counts.warnings or (reader.tokenizer.notes if named else ())

    async def load(self) -> None:
        """Find out who answers, for the space of the scores; the model itself is the cluster's to load.

        Raises:
            ClusterError: Nobody does.
        """
        self._counts.begin(again=True)
        await self._connection.server()
        self.space = self._space()

    def by(self, chosen: Chosen) -> "ElasticReranker":
        """The reranker with this way, endpoint, threshold and number of chunks; what is not named stays."""
        said = dict(chosen)
        score, chunks = said.get(MIN_SCORE), said.get(BEST_CHUNKS)
        return ElasticReranker(
            self._connection,
            said.get(ENDPOINT, self.model),
            self._endpoints,
            said.get(WAY, self.way),
            self.min_score if score is None else None if score == OFF else float(score),
            self.chunks if chunks is None else 0 if chunks == OFF else int(chunks),
            self._counts,
        )

    async def score(self, query: str, found: Retrieval) -> Items:
        """Yield a score for each candidate that comes back, all at once or a batch at a time.

        Tokens are counted while the server works. A batch that fails leaves the scores before it standing.

        Raises:
            ClusterError: The cluster refused, or did not answer.
        """
        if not found.candidates:
            return
        _check_query(query)
        work = await self._work(query, found)
        if odd := work.new(check_plan(work.plan)):
            yield Aside(findings=odd)
        async with aclosing(self._by_inference(work) if self.way == "inference" else self._by_retriever(work)) as items:
            try:
                async for item in items:
                    yield item
            except ClusterError as error:
                yield Aside(error.exchange)
                raise

    async def score_texts(self, query: str, texts: Sequence[str]) -> AsyncGenerator[PairScore, None]:
        """Score texts by the inference API, whatever the way is, each from its start; see `Reranker.score_texts`.

        Raises:
            ClusterError: The query or a text is blank; the cluster refused, or did not answer.
        """
        _check_query(query)
        for place, text in enumerate(texts, start=1):
            if not text.strip():
                wrong = f"Text {place:,} of {len(texts):,} is blank, and no model reads a blank text."
                raise ClusterError(wrong, "Leave it out.")
        await self._connection.server()
        for start in range(0, len(texts), BATCH):
            batch = texts[start : start + BATCH]
            asking = rerank_texts(self._connection, self._endpoint, query, batch)
            (scores, exchange), counts = await self._counted(query, batch, asking)
            if len(scores) < len(batch):
                wrong = f"The endpoint scored {len(scores)} of {len(batch)} texts."
                raise ClusterError(wrong, "Look at its answer in the log, and try again.", exchange=exchange)
            for at, count in enumerate(counts):
                score = elasticsearch_score(scores[at]) if self.space is ScoreSpace.ES else scores[at]
                yield PairScore(str(start + at), score, count, 0.0, exchange.wall_ms / len(batch))

    async def reader(self) -> Reader:
        """How the model reads, by the tokenizer that was named for it; else, or when it cannot be opened, an estimate.

        Waits for a tokenizer that has to be fetched first. Where the server picks what is read of a text, the reader
        says so in `picks`, and its counts are not exact.
        """
        reader = self._trusted(await self._counts.reader())
        return replace(reader.noted(self._picks, exact=False), picks=self._picks) if self._picks else reader

    async def close(self) -> None:
        """There is nothing to let go of; the connection is not its own."""

    def _known(self, id: str) -> Endpoint:
        return next((one for one in self._endpoints if one.id == id), Endpoint(id))

    def _trusted(self, reader: Reader) -> Reader:
        return trusted(reader, self._endpoint, self._known(self._connection.profile.endpoint), self._counts.own)

    @property
    def _picks_chunks(self) -> bool:
        return self.way == "retriever" and self.chunks > 0 and not self._connection.lacks(CHUNKS)

    @property
    def _picks(self) -> str:
        """Why a text is not read from its start."""
        if self._picks_chunks:
            return f"With `{BEST_CHUNKS}` the server picks what is read of a text. Set `{BEST_CHUNKS}` to off."
        if self._endpoint.chunked:
            whole = f"{self.model} reads a long text in chunks (its long_document_strategy is chunk)"
            return f"{whole}, so nothing is cut off at its budget. Choose another endpoint."
        return ""

    def _space(self) -> ScoreSpace:
        if self._endpoint.hosted:
            return ScoreSpace.RELEVANCE
        if self.way == "inference":
            return ScoreSpace.LOGIT if self._endpoint.logits else ScoreSpace.RELEVANCE
        return ScoreSpace.LOGIT if self._connection.lacks(MAPPED) else ScoreSpace.ES

    async def _work(self, query: str, found: Retrieval) -> "_Work":
        first = found.searched
        if not isinstance(first, Searched):
            raise ClusterError("The candidates are not of a cluster, so none can rerank them.", "Search again.")
        index = first.index
        documents = [row.document for row in found.candidates]
        given = {index.title: any(one.title for one in documents), index.field: any(one.body for one in documents)}
        reads = tuple(name for name in given if name and given[name])
        plan = Plan(
            query,
            first.body["size"],
            self.way,
            index.title if reads == (index.title,) else index.field,
            index.mapping,
            self.model,
            self.min_score,
            self.chunks,
            await self._connection.server(),
            reads,
            self._endpoint.logits,
            len(found.candidates),
        )
        one = ("body",) if plan.read == index.field else ("title",)
        return _Work(plan, found, first, one if self.way == "retriever" else ("title", "body"))

    async def _by_retriever(self, work: "_Work") -> Items:
        """One search, whose hits are the candidates in their new order."""
        texts = {row.document.id: work.text(row) for row in work.found.candidates}
        asking = rerank_search(self._connection, work.plan, work.first)
        (answer, left_out), counted = await self._counted(work.plan.query, list(texts.values()), asking)
        counts = dict(zip(texts, counted, strict=True))
        rows, hits = {row.document.id: row for row in work.found.candidates}, hits_of(answer.body)
        scores = [(id, score_of(hit)) for id, hit in zip(work.first.names.of(hits), hits, strict=True)]
        if any(score is not None and score < 0 for _, score in scores):
            with self._connection.without(MAPPED):  # The mapping leaves none below 0, whatever version this is.
                self.space = self._space()
        kept = [(id, score) for id, score in scores if score is not None and self._passes(self._own(score))]
        back = [(rows[id], score) for id, score in kept if id in rows]
        took = answer.exchange.wall_ms if answer.exchange.took_ms is None else answer.exchange.took_ms
        findings = work.new((*left_out, *cut_short(answer.body), *work.checked(kept)))
        yield Aside(answer.exchange, findings, 0.0 if back else took, self.space)
        for row, score in back:
            shown = self._own(score) if self.space is ScoreSpace.RELEVANCE else score
            tokens = self._tokens(work, row, counts[row.document.id])
            yield PairScore(row.document.id, shown, tokens, 0.0, took / len(back))

    async def _by_inference(self, work: "_Work") -> Items:
        """Batches in rank order; what is blank is not sent, for the model refuses it."""
        rows = [row for row in work.found.candidates if work.text(row).strip()]
        kept: list[tuple[str, float]] = []
        for start in range(0, len(rows), BATCH):
            batch = rows[start : start + BATCH]
            texts = [work.text(row) for row in batch]
            asking = rerank_texts(self._connection, self._endpoint, work.plan.query, texts)
            (scores, exchange), counts = await self._counted(work.plan.query, texts, asking)
            passing = [(at, score) for at, score in sorted(scores.items()) if self._passes(score)]
            yield Aside(exchange, (), 0.0 if passing else exchange.wall_ms)
            for at, score in passing:
                row, tokens = batch[at], self._tokens(work, batch[at], counts[at])
                kept.append((row.document.id, score))
                yield PairScore(row.document.id, score, tokens, 0.0, exchange.wall_ms / len(passing))
        kept.sort(key=lambda pair: -pair[1])
        yield Aside(None, work.new(work.checked(kept)))

    def _own(self, score: float) -> float:
        """The model's own score, out of that of a hit."""
        return score if self._connection.lacks(MAPPED) else elasticsearch_score_inverse(score)

    def _passes(self, score: float) -> bool:
        """Whether the model's own score reaches the threshold, which not every version holds hits to."""
        return self.min_score is None or score >= self.min_score - _ROUNDING

    async def _counted(
        self, query: str, texts: Sequence[str], asking: Awaitable[_Answer]
    ) -> tuple[_Answer, list[TokenCount]]:
        """Count the tokens of texts while the server is asked."""
        counting = asyncio.create_task(self._counts.count(query, texts, self._trusted))
        try:
            return await asking, await counting
        finally:
            counting.cancel()

    def _tokens(self, work: "_Work", row: Candidate, count: TokenCount) -> TokenCount:
        """What was read of a document, when all of it that could be was counted."""
        read, text = work.text(row), row.document.text
        if self._picks_chunks:
            kept = min(count.document, self.chunks * _CHUNK_TOKENS)
            exact = count.exact and kept == count.document
            return replace(count, kept_document=kept, kept_text_end=len(text), exact=exact)
        if self._endpoint.chunked and count.kept_document < count.document:
            end = text.find(read) + len(read)
            return replace(count, kept_document=count.document, kept_text_end=end, exact=False)
        return replace(count, kept_text_end=text.find(read) + count.kept_text_end)


def _check_query(query: str) -> None:
    if not query.strip():
        raise ClusterError("The query is blank, and no model reads a blank query.", "Type what to search for.")


@dataclass(frozen=True)
class _Work:
    """One query with its candidates, on their way to the model."""

    plan: Plan
    found: Retrieval
    first: Searched
    fields: tuple[str, ...]
    """Of a document that the model is given, `title` and `body`."""

    def text(self, row: Candidate) -> str:
        """What the model is given."""
        return row.document.narrowed(self.fields).text

    def checked(self, scores: Sequence[tuple[str, float]]) -> tuple[Finding, ...]:
        """What is odd about what came back, best score first."""
        rows = [replace(row, document=row.document.narrowed(self.fields)) for row in self.found.candidates]
        return check_reranked(self.plan, rows, scores)

    def new(self, findings: Sequence[Finding]) -> tuple[Finding, ...]:
        """Those that the first stage has not told, each rule once."""
        told = {finding.rule: finding.ids for finding in self.found.findings}
        expected = {*told.get("missing-field", ()), *told.get("blank-document", ())}
        found = {finding.rule: finding for finding in findings if finding.rule not in told}
        if "dropped-out" in found and expected.issuperset(found["dropped-out"].ids):
            del found["dropped-out"]
        return tuple(found.values())
