"""One query through both stages on a cluster."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.elastic import FakeElastic, fake_elastic
from tests.fakes.elastic.model import logit
from tests.fakes.model_repository import VOCABULARY, write_package
from workbench.config.profile import Profile
from workbench.domain.comparison import Comparison
from workbench.domain.deployment import TokenizerFile, TokenizerKind
from workbench.domain.scores import ScoreSpace
from workbench.domain.tokens import ELASTIC
from workbench.domain.tuning import Choice, Tuning
from workbench.engines.elasticsearch.connection import Connection
from workbench.engines.elasticsearch.endpoints import rerank_endpoints
from workbench.engines.elasticsearch.fields import describe
from workbench.engines.elasticsearch.rerankers import ElasticReranker
from workbench.engines.elasticsearch.retriever import ElasticRetriever
from workbench.engines.elasticsearch.token_counts import TokenCounts
from workbench.engines.tokenizer import open_reader
from workbench.services.compare import compare

QUERY = "laptop hot"
SOURCES: Mapping[str, Mapping[str, Any]] = {
    f"d{n}": {"title": "laptop " * (n % 2), "body": f"{'laptop ' * (n % 4)}hot {n}"} for n in range(1, 13)
} | {
    "bare": {"title": "laptop hot laptop hot"},
    "empty": {"title": "hot laptop", "body": None},
}
WAYS = pytest.mark.parametrize("way", ["retriever", "inference"])


@pytest.fixture
def server() -> Iterator[FakeElastic]:
    with fake_elastic(SOURCES, version="9.2.0") as fake:
        yield fake


@dataclass
class Bench:
    """Both stages, opened."""

    server: FakeElastic
    retriever: ElasticRetriever
    reranker: ElasticReranker
    connection: Connection

    async def stages(self, way: str, **settings: str) -> list[Comparison]:
        chosen = {"rerank": way} | {name.replace("_", " "): value for name, value in settings.items()}
        choices = tuple(Choice(name, (value,), value) for name, value in chosen.items())
        self.retriever.choices = choices
        tuning = Tuning(20, 5, reads=("body",), boosts=self.retriever.fields, choices=choices)
        return [stage async for stage in compare(QUERY, self.retriever, self.reranker, tuning)]


@asynccontextmanager
async def opened(server: FakeElastic) -> AsyncIterator[Bench]:
    connection = Connection(Profile("test", hosts=(server.url,), timeout=5.0))
    index = await describe(connection, "articles")
    endpoints = await rerank_endpoints(connection)
    retriever = ElasticRetriever(connection, index)
    reranker = ElasticReranker(connection, "my-reranker", endpoints)
    await reranker.load()
    yield Bench(server, retriever, reranker, connection)
    await connection.close()


@pytest.fixture
async def bench(server: FakeElastic) -> AsyncIterator[Bench]:
    async with opened(server) as bench:
        yield bench


@WAYS
async def test_shifts_are_right_when_documents_drop_out(bench: Bench, way: str) -> None:
    last = (await bench.stages(way))[-1]
    assert last.error is None and last.done
    before = {row.document.id: row.rank for row in last.bm25}
    assert len(before) == 14 and before["bare"] < 5, "it was high in the first list"
    assert len(last.reranked) == 12
    assert {"bare", "empty"} == before.keys() - {row.candidate.document.id for row in last.reranked}
    assert [row.rank for row in last.reranked] == list(range(1, 13))
    for row in last.reranked:
        assert row.shift == before[row.candidate.document.id] - row.rank
    wanted = sorted(last.reranked, key=lambda row: -logit(QUERY, row.candidate.document.body))
    assert [row.rank for row in wanted] == list(range(1, 13))
    assert last.shift and last.shift.left >= 1


@WAYS
async def test_what_drops_out_is_told_once(bench: Bench, way: str) -> None:
    last = (await bench.stages(way))[-1]
    (finding,) = last.findings
    assert finding.rule == "missing-field" and set(finding.ids) == {"bare", "empty"}
    assert last.warnings == (str(finding),)


@WAYS
async def test_way_model_and_space_are_named(bench: Bench, way: str) -> None:
    info = (await bench.stages(way))[-1].reranker
    assert info and (info.model, info.way, info.weight) == ("my-reranker", way, None)
    assert info.score_space is (ScoreSpace.ES if way == "retriever" else ScoreSpace.LOGIT)


async def test_a_list_whose_scores_prove_to_be_logits_is_called_so() -> None:
    with fake_elastic(SOURCES, version="8.17.0", forbidden={"monitor"}) as server:
        server.index("articles").put("cold", {"title": "laptop", "body": "nothing of it"})
        async with opened(server) as bench:
            stages = await bench.stages("retriever")
    assert stages[0].reranker and stages[0].reranker.score_space is ScoreSpace.ES
    assert stages[-1].reranked[-1].score < 0
    assert stages[-1].reranker and stages[-1].reranker.raw_space is stages[-1].reranker.score_space is ScoreSpace.LOGIT


async def test_both_ways_make_the_same_list(bench: Bench) -> None:
    inside, apart = (await bench.stages("retriever"))[-1], (await bench.stages("inference"))[-1]
    assert [row.candidate for row in inside.reranked] == [row.candidate for row in apart.reranked]
    assert inside.shift == apart.shift


@WAYS
async def test_a_threshold_drops_documents_and_says_so(bench: Bench, way: str) -> None:
    last = (await bench.stages(way, min_score="2"))[-1]
    assert 0 < len(last.reranked) < 12
    assert [finding.rule for finding in last.findings] == ["missing-field", "dropped-out"]


async def test_the_inference_way_counts_up_as_batches_land(bench: Bench) -> None:
    assert [stage.scored for stage in await bench.stages("inference")] == [*range(13), 12]


@WAYS
async def test_what_was_sent_and_how_long_it_took_is_there(bench: Bench, way: str) -> None:
    bench.server.cluster.took = 0
    last = (await bench.stages(way))[-1]
    purposes = [exchange.purpose for exchange in last.exchanges]
    assert purposes == ["snapshot", "first stage", *["rerank"] * (1 if way == "retriever" else 2)]
    waits = sum(exchange.wall_ms for exchange in last.exchanges)
    told = last.latency
    assert told.retrieve + told.fetch + told.rerank + told.network == pytest.approx(waits), "nothing counts twice"


@WAYS
@pytest.mark.parametrize(
    "arrange",
    [
        lambda server: setattr(server.cluster, "stage", "starting"),
        lambda server: setattr(server.cluster, "licence", "basic"),
        lambda server: server.cluster.endpoints.clear(),
        lambda server: server.fail("/_search", status=500, body="<html>", skip=1),
        lambda server: server.fail("/_search", status=200, body='{"took": 1, "hits"', skip=1, close=True),
    ],
    ids=["408", "licence", "no endpoint", "no JSON", "cut"],
)
async def test_a_failed_rerank_keeps_the_first_list(
    bench: Bench, way: str, arrange: Callable[[FakeElastic], object]
) -> None:
    arrange(bench.server)
    if way == "inference":
        bench.server.faults = [replace(one, path="/_inference/rerank", skip=0) for one in bench.server.faults]
    last = (await bench.stages(way))[-1]
    assert last.error and last.error.stage == "rerank" and last.error.message and last.error.hint
    assert len(last.bm25) == 14 and last.reranked == ()
    assert last.exchanges[-1].purpose == "rerank"


async def test_a_batch_that_fails_keeps_the_count_of_those_before(bench: Bench) -> None:
    bench.server.fail("_inference/rerank/my-reranker", status=409, body={"error": {"reason": "gone"}}, skip=1)
    last = (await bench.stages("inference"))[-1]
    assert last.error and last.scored == 10 and last.done


@WAYS
async def test_why_counts_are_not_exact_is_told_once(bench: Bench, way: str, tmp_path: Path) -> None:
    path = write_package(tmp_path) / VOCABULARY
    reader = open_reader(TokenizerFile("v3-base", TokenizerKind.ELASTIC, path, ELASTIC))
    reader = replace(reader, of="")
    bench.reranker = ElasticReranker(
        bench.connection,
        "my-reranker",
        await rerank_endpoints(bench.connection),
        counts=TokenCounts(lambda: reader),
    )
    last = (await bench.stages(way))[-1]
    assert not any(row.tokens.exact for row in last.reranked)
    assert [said for said in last.warnings if "stands in" in said] == [
        "v3-base stands in for the tokenizer of .rerank-v1."
    ]
