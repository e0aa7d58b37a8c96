"""What a cluster's profile leads to: indices that are opened one after another, and what reranks in them."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.elastic import FakeElastic, Index, fake_elastic
from workbench.config.profile import Profile
from workbench.domain.deployment import ModelState, ModelStatus
from workbench.domain.errors import BadInputError
from workbench.domain.ranking import Aside, PairScore
from workbench.domain.scores import ScoreSpace
from workbench.engines.base import Reranker
from workbench.engines.elasticsearch.engines import ClusterEngines
from workbench.engines.elasticsearch.failures import ClusterError
from workbench.engines.elasticsearch.rerankers import ElasticReranker
from workbench.engines.elasticsearch.templates import starter

ARTICLES = {"1": {"title": "Hot laptop", "body": "A laptop gets hot."}, "2": {"title": "Bag", "body": "A laptop bag."}}
PAGES = {"1": {"heading": "Hot", "content": "hot"}}


@pytest.fixture
def server() -> Iterator[FakeElastic]:
    with fake_elastic(ARTICLES, indices=[Index("pages", PAGES)], version="9.2.0") as server:
        yield server


@asynccontextmanager
async def engines_of(server: FakeElastic, folder: Path, local: Any = None, **profile: Any) -> AsyncIterator[Any]:
    settings = {"endpoint": "my-reranker", **profile}
    engines = ClusterEngines(Profile("here", hosts=(server.url,), **settings), folder, "local", local)
    try:
        yield engines
    finally:
        await engines.close()


async def reranker_of(engines: ClusterEngines) -> ElasticReranker:
    (*_, last) = [item async for item in engines.rerankers()]
    assert isinstance(last, ElasticReranker)
    return last


async def test_candidates_are_reranked_where_they_were_found_whatever_was_opened_since(
    server: FakeElastic, tmp_path: Path
) -> None:
    server.cluster.refuses = {"_pit"}
    async with engines_of(server, tmp_path) as engines:
        first = (await engines.open("articles")).retriever
        reranker = await reranker_of(engines)
        await engines.open("pages")
        items = [item async for item in reranker.score("laptop", await first.search("laptop", 9))]
    assert {item.id for item in items if isinstance(item, PairScore)} == {"1", "2"}
    asked = server.asked("/_search")[-1]
    assert asked.path == "/articles/_search"
    assert asked.body["retriever"]["text_similarity_reranker"]["field"] == "body"


async def test_opening_forgets_what_the_cluster_once_lacked(server: FakeElastic, tmp_path: Path) -> None:
    server.cluster.refuses = {"retriever"}
    async with engines_of(server, tmp_path) as engines:
        await (await engines.open("articles")).retriever.search("laptop", 9)
        assert "query" in server.asked("/_search")[-1].body
        server.cluster.refuses = set()
        await (await engines.open("articles")).retriever.search("laptop", 9)
        assert "retriever" in server.asked("/_search")[-1].body


async def test_endpoints_that_cannot_be_listed_keep_nobody_from_searching_and_are_an_error_of_the_reranking(
    server: FakeElastic, tmp_path: Path
) -> None:
    server.fail("/_inference/rerank/_all", status=500, body="<html>")
    async with engines_of(server, tmp_path) as engines:
        found = await (await engines.open("articles")).retriever.search("laptop", 9)
        assert len(found.candidates) == 2
        with pytest.raises(ClusterError, match="500"):
            await reranker_of(engines)
        server.mend()
        assert (await reranker_of(engines)).by((("rerank", "inference"),)).space is ScoreSpace.LOGIT


async def test_endpoints_that_may_not_be_listed_are_none(server: FakeElastic, tmp_path: Path) -> None:
    server.cluster.forbidden = {"monitor_inference"}
    async with engines_of(server, tmp_path) as engines:
        choices = {choice.name: choice.options for choice in (await engines.open("articles")).retriever.choices}
        assert (await reranker_of(engines)).space is ScoreSpace.ES, "they are shown as they come"
    assert choices["endpoint"] == ("my-reranker",)


@pytest.mark.parametrize(
    ("others", "there"), [((), "There is none at all."), (("own", "wide"), "There are: own, wide.")]
)
async def test_a_template_that_is_not_there_is_not_replaced_in_silence(
    server: FakeElastic, tmp_path: Path, others: tuple[str, ...], there: str
) -> None:
    for other in others:
        (tmp_path / f"{other}.json").write_text(starter())
    async with engines_of(server, tmp_path, template="missing") as engines:
        with pytest.raises(BadInputError) as failed:
            await engines.open("articles")
    assert failed.value.message == f"There is no query template missing.json in {tmp_path}."
    assert failed.value.hint == f"{there} `template` in the profile names one."


async def test_a_template_that_is_broken_keeps_an_index_closed_until_it_is_mended(
    server: FakeElastic, tmp_path: Path
) -> None:
    file = tmp_path / "mine.json"
    file.write_text('{"query": {}')
    async with engines_of(server, tmp_path, template="mine") as engines:
        with pytest.raises(BadInputError, match=r"mine\.json, line 1: is no JSON"):
            await engines.open("articles")
        file.write_text(starter())
        retriever = (await engines.open("articles")).retriever
        assert (await retriever.search("laptop", 9)).ranking == "template mine"


async def test_chunks_that_a_profile_names_and_the_server_does_not_know_are_told(tmp_path: Path) -> None:
    with fake_elastic(ARTICLES, version="9.1.0") as server:
        async with engines_of(server, tmp_path, chunks=3) as engines:
            opened = await engines.open("articles")
            assert "chunks" not in {choice.name for choice in opened.retriever.choices}
            reranker, found = await reranker_of(engines), await opened.retriever.search("laptop", 9)
            items = [item async for item in reranker.score("laptop", found)]
    rules = [finding.rule for item in items if isinstance(item, Aside) for finding in item.findings]
    assert rules == ["one-field-read", "chunks-not-known"]


async def test_leaving_a_model_of_this_machine_ends_what_makes_it_ready(server: FakeElastic, tmp_path: Path) -> None:
    ended = []

    async def local() -> AsyncGenerator[ModelStatus | Reranker, None]:
        try:
            while True:
                yield ModelStatus("local", ModelState.PREPARING)
        finally:
            ended.append("local")

    async with engines_of(server, tmp_path, local, rerank="local") as engines, aclosing(engines.rerankers()) as items:
        await anext(items)
    assert ended == ["local"]
