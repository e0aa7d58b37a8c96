"""Profiles that lead to clusters of a few documents, which go down and come back as a test wants it."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace
from pathlib import Path

from tests.fakes.engines import LengthReranker, ListRetriever, documents
from workbench.config.settings import Settings
from workbench.domain.deployment import ModelKind, ModelState, ModelStatus
from workbench.domain.errors import BadInputError, UnavailableError, WorkbenchError
from workbench.domain.exchange import Exchange, Finding
from workbench.domain.ranking import Aside, PairScore, Retrieval
from workbench.domain.scores import ScoreSpace
from workbench.domain.tuning import Boosts, Choice, Chosen, Tuning
from workbench.engines.base import Opened, Reranker
from workbench.services.kept import Kept
from workbench.services.session import Session
from workbench.ui.app import WorkbenchApp

STAGES = Choice("first stage", ("bm25", "rrf", "template shop"), "bm25")
ENDPOINTS = Choice(
    "endpoint",
    (".rerank-v1-elasticsearch", "the-one-with-a-name-longer-than-a-line-has-room-for"),
    ".rerank-v1-elasticsearch",
)
ODD = Finding("blank", "2 of 12 candidates have no body.", "Set another field in the profile.", ("d1", "d2"))
FAR = Finding("window", "The window is small.", "Raise the depth.")
DOWN = UnavailableError("prod refused the connection.", "Start it, or check its address.")


class Index(ListRetriever):
    """An index that says what it was asked; it finds `word` in all of its documents."""

    name = "elasticsearch"
    reads = ("body",)
    choices = (STAGES, ENDPOINTS)
    patience = 0.01

    def __init__(self, name: str, count: int, cluster: "Cluster") -> None:
        super().__init__(documents(count))
        self.corpus = name
        self.cluster = cluster

    async def search(self, query: str, depth: int, boosts: Boosts | None = None, chosen: Chosen = ()) -> Retrieval:
        self.cluster.asked += 1
        await self.cluster.answering.wait()
        if self.cluster.down:
            raise self.cluster.down
        found = await super().search(query, depth, boosts, chosen)
        stage = dict(chosen).get("first stage", "bm25")
        if stage == "rrf":
            rows = tuple(replace(row, score=1 / (60 + row.rank)) for row in found.candidates)
            found = replace(found, candidates=rows)
        body = json.dumps({"retriever": {"standard": {"query": {"match": {"body": query}}}}, "size": depth})
        answer = json.dumps({"took": 3, "hits": {"total": {"value": found.total}}})
        exchange = Exchange("first stage", "POST", f"/{self.corpus}/_search", body, 200, answer, 3.0, 8.0)
        return replace(
            found, notes=(), request=body, ranking=stage, exchanges=(exchange,), findings=self.cluster.findings
        )


class Endpoint(LengthReranker):
    """Reranks over the cluster: counts are estimates, and there is one more exchange."""

    way = "retriever"
    warnings = ()
    model = ".rerank-v1-elasticsearch"

    def __init__(self, cluster: "Cluster") -> None:
        super().__init__(ModelKind.CROSS_ENCODER)
        self.space = ScoreSpace.ES
        self.cluster = cluster

    async def score(self, query: str, found: Retrieval) -> AsyncGenerator[PairScore | Aside, None]:  # type: ignore[override]
        if self.cluster.broken:
            raise self.cluster.broken
        async for pair in super().score(query, found):
            yield replace(pair, tokens=replace(pair.tokens, exact=False))
        yield Aside(Exchange("rerank", "POST", "/x/_search", "{}", 200, "{}", 20.0, 26.0))


class Cluster:
    """The `Engines` of one profile."""

    model = ".rerank-v1-elasticsearch"

    def __init__(self, profile: str, indices: Mapping[str, int], default: str = "") -> None:
        self.profile = profile
        self.indices = indices
        self.default = default
        self.marks: tuple[str, ...] = ()
        self.accent = ""
        self.findings: tuple[Finding, ...] = ()
        self.down: WorkbenchError | None = None
        """Why nothing can be asked; None when it can."""
        self.broken: WorkbenchError | None = None
        """Why nothing can be reranked."""
        self.answering = asyncio.Event()
        """Cleared, it keeps the cluster from answering."""
        self.answering.set()
        self.asked = 0
        self.file = Path("own.json")
        """Of the query template."""

    def template(self, chosen: Chosen) -> Path | None:
        return self.file

    async def open(self, name: str) -> Opened:
        await self.answering.wait()
        if self.down:
            raise self.down
        name = name or self.default
        if not name:
            raise BadInputError(f"{self.profile} names no index.", "Name one.")
        if name not in self.indices:
            raise UnavailableError(f"no such index [{name}].", "Choose another.")
        return Opened(Index(name, self.indices[name], self), self.indices[name], ())

    async def names(self) -> tuple[str, ...]:
        await self.answering.wait()
        if self.down:
            raise self.down
        return tuple(self.indices)

    async def rerankers(self, model: str = "") -> AsyncGenerator[ModelStatus | Reranker, None]:
        if self.down:
            raise self.down
        yield ModelStatus(model or self.model, ModelState.READY, self.profile)
        yield Endpoint(self)

    async def close(self) -> None:
        return None


class Machine(Cluster):
    """This machine, which has corpora instead of indices."""

    model = "small"

    def __init__(self, corpora: Mapping[str, int]) -> None:
        super().__init__("", corpora)

    async def open(self, name: str) -> Opened:
        retriever = ListRetriever(documents(self.indices[name]))
        retriever.corpus = name
        return Opened(retriever, self.indices[name], ())

    async def rerankers(self, model: str = "") -> AsyncGenerator[ModelStatus | Reranker, None]:
        yield LengthReranker()


class World:
    """All profiles there are, and apps over them."""

    def __init__(self, data: Path) -> None:
        self.here = Machine({"help-center": 5, "notes": 3})
        self.prod = Cluster("prod", {"articles": 12, "logs": 4}, "articles")
        self.staging = Cluster("staging", {"drafts": 6, "old": 2})
        self.data = data

    def other(self, profile: str) -> Cluster:
        for one in (self.here, self.prod, self.staging):
            if one.profile == profile:
                return one
        raise BadInputError(f"There is no profile {profile}.", "`workbench profile list` names those there are.")

    def app(
        self, place: str = "prod:articles", query: str = "word", profiles: tuple[str, ...] = ("prod", "staging")
    ) -> WorkbenchApp:
        """A new app, not yet running."""
        session = Session(self.here, Tuning(), Kept(self.data), self.other, lambda: profiles)
        app = WorkbenchApp(session, replace(Settings(), corpus=place), query)
        app.animation_level = "none"
        return app
