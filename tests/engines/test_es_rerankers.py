"""Reranking on a cluster, inside the search and by the inference API."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.elastic import Endpoint as Made
from tests.fakes.elastic import FakeElastic, fake_elastic
from tests.fakes.elastic.model import logit
from tests.fakes.model_repository import VOCABULARY, write_package
from workbench.config.profile import Profile
from workbench.domain.capabilities import DEFAULT_ENDPOINT
from workbench.domain.comparison import RerankerInfo
from workbench.domain.deployment import TokenizerFile, TokenizerKind
from workbench.domain.errors import BadInputError
from workbench.domain.exchange import Finding
from workbench.domain.ranking import Aside, PairScore, Reranked, Retrieval
from workbench.domain.score_view import elasticsearch_score, elasticsearch_score_inverse, score_table
from workbench.domain.scores import ScoreSpace
from workbench.domain.tokens import ELASTIC, ESTIMATE, Reader, TokenCount
from workbench.engines.base import Reranker
from workbench.engines.elasticsearch.connection import Connection
from workbench.engines.elasticsearch.endpoints import Endpoint, rerank_endpoints
from workbench.engines.elasticsearch.failures import ClusterError
from workbench.engines.elasticsearch.fields import Index, describe
from workbench.engines.elasticsearch.first_stage import Searched
from workbench.engines.elasticsearch.hits import Names, read_hits
from workbench.engines.elasticsearch.rerankers import ElasticReranker
from workbench.engines.elasticsearch.token_counts import TokenCounts, trusted
from workbench.engines.tokenizer import open_reader

QUERY = "laptop gets hot"
ENDPOINTS = (Endpoint("my-reranker", "elasticsearch", ".rerank-v1"), Endpoint("hosted", "cohere", "rerank-v3.5"))
SOURCES: Mapping[str, dict[str, Any]] = {
    f"d{n}": {"title": f"Guide {n}", "body": " ".join(["laptop"] * (1 + n % 3) + ["gets hot"] * (n % 2) + [f"part{n}"])}
    for n in range(1, 24)
}


@pytest.fixture
def server() -> Iterator[FakeElastic]:
    with fake_elastic(SOURCES, version="9.2.0", endpoints=["my-reranker", Made("hosted", "cohere")]) as fake:
        yield fake


@pytest.fixture
async def bench(server: FakeElastic) -> AsyncIterator["Bench"]:
    bench = Bench(server)
    yield bench
    await bench.connection.close()


class Bench:
    """A first stage over the fake, and what comes of reranking it."""

    def __init__(self, server: FakeElastic, timeout: float = 5.0) -> None:
        self.server = server
        self.connection = Connection(Profile("test", hosts=(server.url,), timeout=timeout))
        self.index: Index | None = None

    def reranker(self, **how: Any) -> ElasticReranker:
        how = {"endpoint": "my-reranker", "endpoints": ENDPOINTS, **how}
        return ElasticReranker(self.connection, **how)

    async def found(self, depth: int = 20, reads: tuple[str, ...] = ("body",), *, snapshot: bool = True) -> Retrieval:
        index = self.index = self.index or await describe(self.connection, "articles")
        query = {"multi_match": {"query": QUERY, "fields": ["title", "body"]}}
        request = {"retriever": {"standard": {"query": query}}, "size": depth, "_source": ["title", "body"]}
        pit = ""
        if snapshot:
            pit = (await self.connection.ask("snapshot", "POST", "/articles/_pit?keep_alive=1m")).body["id"]
        answer = await self.connection.ask("first stage", "POST", "/articles/_search", request)
        names = Names()
        rows = read_hits(answer.body, index.title, index.field, names).candidates
        rows = tuple(replace(row, document=row.document.narrowed(reads)) for row in rows)
        return Retrieval(rows, 99, 0.0, 0.0, searched=Searched(index, request, pit, names))

    async def scores(self, reranker: ElasticReranker, found: Retrieval, query: str = QUERY) -> "Told":
        told = Told()
        async for item in reranker.score(query, found):
            told.take(item)
        return told


class Told:
    """What a reranker said, sorted."""

    def __init__(self) -> None:
        self.pairs: dict[str, PairScore] = {}
        self.asides: list[Aside] = []

    def take(self, item: PairScore | Aside) -> None:
        if isinstance(item, Aside):
            self.asides.append(item)
        else:
            assert item.id not in self.pairs
            self.pairs[item.id] = item

    @property
    def order(self) -> list[str]:
        return sorted(self.pairs, key=lambda id: -self.pairs[id].score)

    @property
    def rules(self) -> list[str]:
        return [finding.rule for aside in self.asides for finding in aside.findings]

    def finding(self, rule: str) -> Finding:
        return next(one for aside in self.asides for one in aside.findings if one.rule == rule)


def sent(server: FakeElastic) -> dict[str, Any]:
    """The last request that reranked inside a search."""
    bodies = [asked.body for asked in server.asked("_search", "POST")]
    return next(body for body in reversed(bodies) if "text_similarity_reranker" in body["retriever"])


def searched(found: Retrieval) -> Searched:
    assert isinstance(found.searched, Searched)
    return found.searched


def body_of(id: str) -> str:
    return str(SOURCES[id]["body"])


# What both ways give.


async def test_both_ways_give_the_same_order(bench: Bench) -> None:
    found = await bench.found()
    inside = await bench.scores(bench.reranker(), found)
    apart = await bench.scores(bench.reranker(way="inference"), found)
    assert inside.order == apart.order != [row.document.id for row in found.candidates]
    assert len(inside.order) == 20
    assert inside.rules == apart.rules == []


async def test_the_inference_way_gives_logits_and_the_retriever_way_maps_them(bench: Bench) -> None:
    found = await bench.found()
    by_search, by_inference = bench.reranker(), bench.reranker(way="inference")
    assert (by_search.space, by_inference.space) == (ScoreSpace.ES, ScoreSpace.LOGIT)
    mapped = (await bench.scores(by_search, found)).pairs
    for id, pair in (await bench.scores(by_inference, found)).pairs.items():
        assert pair.score == logit(QUERY, body_of(id))
        assert mapped[id].score == pytest.approx(elasticsearch_score(pair.score), rel=1e-6)
        assert elasticsearch_score_inverse(mapped[id].score) == pytest.approx(pair.score, abs=1e-6)
    assert min(pair.score for pair in mapped.values()) >= 0


async def test_before_8_17_2_hits_hold_logits() -> None:
    with fake_elastic(SOURCES, version="8.17.0") as server:
        bench = Bench(server)
        found, reranker = await bench.found(), bench.reranker()
        await reranker.load()
        assert reranker.space is ScoreSpace.LOGIT
        told = await bench.scores(reranker, found)
        await bench.connection.close()
    assert {id: pair.score for id, pair in told.pairs.items()} == {
        row.document.id: pytest.approx(logit(QUERY, row.document.body)) for row in found.candidates
    }
    assert "raw-scores" in told.rules and "negative-scores" not in told.rules


async def test_negative_scores_of_an_unknown_version_are_logits_from_then_on() -> None:
    with fake_elastic(SOURCES, version="8.17.0", forbidden={"monitor"}) as server:
        bench = Bench(server)
        found, reranker = await bench.found(), bench.reranker(min_score=-9.0)
        await reranker.load()
        assert reranker.space is ScoreSpace.ES
        told = await bench.scores(reranker, found)
        again = await bench.scores(reranker.by(()), found)
        assert reranker.by(()).space is ScoreSpace.LOGIT
        await bench.connection.close()
    logits = {row.document.id: pytest.approx(logit(QUERY, row.document.body)) for row in found.candidates}
    assert min(pair.score for pair in told.pairs.values()) < 0
    for one in (told, again):
        assert {id: pair.score for id, pair in one.pairs.items()} == logits
        assert [aside.space for aside in one.asides if aside.space] == [ScoreSpace.LOGIT]
        assert "raw logits" in one.finding("negative-scores").message


@pytest.mark.parametrize("way", ["retriever", "inference"])
async def test_scores_of_a_service_that_nobody_knows_are_shown_as_they_come(bench: Bench, way: str) -> None:
    reranker = bench.reranker(endpoints=(), way=way)
    await reranker.load()
    assert reranker.space is (ScoreSpace.ES if way == "retriever" else ScoreSpace.RELEVANCE)
    for id, pair in (await bench.scores(reranker, await bench.found())).pairs.items():
        own = logit(QUERY, body_of(id))
        shown = elasticsearch_score(own) if way == "retriever" else own
        assert pair.score == pytest.approx(shown, abs=1e-6)


@pytest.mark.parametrize("way", ["retriever", "inference"])
async def test_a_hosted_services_scores_are_its_own_either_way(bench: Bench, way: str) -> None:
    reranker = bench.reranker(endpoint="hosted", way=way)
    await reranker.load()
    assert reranker.space is ScoreSpace.RELEVANCE
    for id, pair in (await bench.scores(reranker, await bench.found())).pairs.items():
        assert pair.score == pytest.approx(logit(QUERY, body_of(id)), abs=1e-6)


async def test_a_hosted_services_scores_have_no_other_name(bench: Bench) -> None:
    found = await bench.found(1)
    tokens = TokenCount(1, 1, 1, 1, 512, 1)
    row = Reranked(1, found.candidates[0], 0.7, 0.7, tokens, 1)
    info = RerankerInfo("hosted", ElasticReranker.kind, ScoreSpace.RELEVANCE, ScoreSpace.RELEVANCE, None)
    assert score_table([row], info) == {ScoreSpace.RELEVANCE: [0.7]}


async def test_what_a_person_chooses_makes_another_reranker(bench: Bench) -> None:
    first: Reranker = bench.reranker()
    assert (first.model, first.way, first.space) == ("my-reranker", "retriever", ScoreSpace.ES)
    other = first.by((("rerank", "inference"), ("endpoint", "hosted"), ("min score", "-2"), ("chunks", "3")))
    assert isinstance(other, ElasticReranker)
    assert (other.model, other.way, other.space) == ("hosted", "inference", ScoreSpace.RELEVANCE)
    assert (other.min_score, other.chunks) == (-2.0, 3)
    off = other.by((("min score", "off"), ("chunks", "off"), ("first stage", "rrf")))
    assert isinstance(off, ElasticReranker)
    assert (off.model, off.way, off.min_score, off.chunks) == ("hosted", "inference", None, 0)


async def test_a_threshold_drops_the_same_documents_either_way(bench: Bench) -> None:
    found = await bench.found()
    ways = [bench.reranker(way=way, min_score=2.0) for way in ("retriever", "inference")]
    inside, apart = [await bench.scores(reranker, found) for reranker in ways]
    expected = {row.document.id for row in found.candidates if logit(QUERY, row.document.body) >= 2}
    assert set(inside.pairs) == set(apart.pairs) == expected
    assert 0 < len(expected) < 20
    assert inside.rules == apart.rules == ["dropped-out"]
    assert "below min_score 2" in str(inside.finding("dropped-out"))
    assert str(inside.finding("dropped-out")) == str(apart.finding("dropped-out"))


async def test_a_threshold_between_0_and_1_is_asked_about_where_it_leaves_nothing(bench: Bench) -> None:
    found = await bench.found()
    reranker = bench.reranker(min_score=0.5, way="inference")
    assert (await bench.scores(reranker, found)).rules == ["dropped-out"]
    cold = replace(found, candidates=tuple(row for row in found.candidates if logit(QUERY, row.document.body) < 0.5))
    assert cold.candidates
    assert (await bench.scores(reranker, cold)).rules == ["dropped-out", "min-score-space"]


async def test_a_depth_that_nothing_fills_is_not_too_deep(bench: Bench) -> None:
    found = await bench.found(500)
    assert len(found.candidates) < 100 < searched(found).body["size"]
    assert (await bench.scores(bench.reranker(), found)).rules == []


async def test_a_threshold_that_an_older_server_does_not_hold_to_is_held_to_here() -> None:
    with fake_elastic(SOURCES, version="8.18.1") as server:
        bench = Bench(server)
        told = await bench.scores(bench.reranker(min_score=2.0), await bench.found())
        await bench.connection.close()
    assert told.pairs and all(elasticsearch_score_inverse(pair.score) >= 2 - 1e-5 for pair in told.pairs.values())
    assert told.rules == ["min-score-not-repaired", "dropped-out"]


ALIKE = [{"_id": "a"}, {"_id": " a"}, {"_id": "b", "_routing": "1"}, {"_id": "b", "_routing": "2"}, {"_id": "c"}]
BODIES = ["laptop gets hot", "laptop", "hot", "gets part", "nothing"]


def alike(*scores: float | None) -> dict[str, Any]:
    """Hits of documents that are easily taken for one another, best first; None for one that is not found."""
    rows = [{**one, "_index": "articles", "fields": {"body": [body]}} for one, body in zip(ALIKE, BODIES, strict=True)]
    hits = [{**row, "_score": score} for row, score in zip(rows, scores, strict=True) if score is not None]
    return {"took": 1, "hits": {"hits": sorted(hits, key=lambda hit: -hit["_score"])}}


@pytest.mark.parametrize("way", ["retriever", "inference"])
@pytest.mark.parametrize("left_out", [None, 0, 2])
async def test_documents_whose_ids_look_alike_and_one_id_on_two_shards_keep_their_own_scores(
    bench: Bench, way: str, left_out: int | None
) -> None:
    own = [logit(QUERY, body) for body in BODIES]
    mapped = [None if place == left_out else elasticsearch_score(score) for place, score in enumerate(own)]
    bench.server.fail("_search", status=200, body=alike(9.0, 8.0, 7.0, 6.0, 5.0), times=1)
    bench.server.fail("_search", status=200, body=alike(*mapped))
    found = await bench.found(snapshot=False)
    told = await bench.scores(bench.reranker(way=way), found)
    assert len({row.document.id for row in found.candidates}) == 5
    for place, (row, score) in enumerate(zip(found.candidates, own, strict=True)):
        if way == "retriever":
            assert (row.document.id in told.pairs) == (place != left_out)
            score = elasticsearch_score(score)
        if row.document.id in told.pairs:
            assert told.pairs[row.document.id].score == pytest.approx(score)
    assert "from-elsewhere" not in told.rules


@pytest.mark.parametrize("way", ["retriever", "inference"])
async def test_documents_without_the_field_drop_out_and_are_told(bench: Bench, way: str) -> None:
    bench.server.index("articles").put("bare", {"title": "laptop gets hot hot hot"})
    found = await bench.found(24)
    assert "bare" in [row.document.id for row in found.candidates]
    told = await bench.scores(bench.reranker(way=way), found)
    assert set(told.pairs) == {row.document.id for row in found.candidates} - {"bare"}
    assert told.finding("dropped-out").ids == ("bare",)
    assert "1 without text in body" in str(told.finding("dropped-out"))


async def test_the_title_is_read_when_only_the_title_is_given(bench: Bench) -> None:
    told = await bench.scores(bench.reranker(), await bench.found(reads=("title",)))
    assert sent(bench.server)["retriever"]["text_similarity_reranker"]["field"] == "title"
    apart = await bench.scores(bench.reranker(way="inference"), await bench.found(reads=("title",)))
    assert told.order == apart.order and len(told.order) == 20


async def test_an_index_whose_only_text_is_its_title_is_read(bench: Bench) -> None:
    bench.index = replace(await describe(bench.connection, "articles"), field="title")
    told = await bench.scores(bench.reranker(), await bench.found())
    assert len(told.pairs) == 20 and told.rules == []
    assert {pair.tokens.document for pair in told.pairs.values()} == {3}


async def test_the_retriever_way_reads_one_of_two_fields_and_says_so(bench: Bench) -> None:
    found = await bench.found(reads=("title", "body"))
    inside = await bench.scores(bench.reranker(), found)
    assert inside.rules == ["one-field-read"]
    pair = inside.pairs["d2"]
    assert pair.score == pytest.approx(elasticsearch_score(logit(QUERY, body_of("d2"))), rel=1e-6)
    text = next(row.document.text for row in found.candidates if row.document.id == "d2")
    assert pair.tokens.kept_text_end == len(text), "an offset into the text as it is shown"
    apart = await bench.scores(bench.reranker(way="inference"), found)
    assert apart.rules == [] and apart.pairs["d2"].score == logit(QUERY, text)


@pytest.mark.parametrize("way", ["retriever", "inference"])
async def test_tokens_are_estimates_of_what_was_read(way: str) -> None:
    with fake_elastic({"long": {"title": "", "body": "laptop " * 2000}}, version="9.2.0") as server:
        bench = Bench(server)
        tokens = (await bench.scores(bench.reranker(way=way), await bench.found())).pairs["long"].tokens
        await bench.connection.close()
    assert not tokens.exact and tokens.truncated
    assert (tokens.query, tokens.document, tokens.kept_document, tokens.budget) == (4, 2667, 505, 512)
    assert tokens.kept_text_end == 378 * 7 + 3, "in the middle of a word"


async def test_what_the_first_stage_said_is_not_said_again(bench: Bench) -> None:
    found = replace(await bench.found(), findings=(Finding("one-field-read", "…", "…"),))
    found = replace(found, candidates=(await bench.found(reads=("title", "body"))).candidates)
    assert (await bench.scores(bench.reranker(), found)).rules == []


@pytest.mark.parametrize("way", ["retriever", "inference"])
async def test_no_candidates_and_blank_queries_are_not_sent(bench: Bench, way: str) -> None:
    found = await bench.found()
    before = len(bench.server.requests)
    assert (await bench.scores(bench.reranker(way=way), replace(found, candidates=()))).asides == []
    with pytest.raises(ClusterError, match="blank"):
        await bench.scores(bench.reranker(way=way), found, query=" \n")
    assert len(bench.server.requests) == before


# Inside the search.


async def test_the_first_stage_is_wrapped_as_it_was_at_the_same_point_in_time(bench: Bench) -> None:
    found = await bench.found(15)
    await bench.scores(bench.reranker(min_score=-3.0), found)
    body = sent(bench.server)
    assert body["retriever"]["text_similarity_reranker"] == {
        "retriever": searched(found).body["retriever"],
        "field": "body",
        "inference_id": "my-reranker",
        "inference_text": QUERY,
        "rank_window_size": 15,
        "min_score": -3.0,
    }
    assert (body["size"], body["_source"], body["pit"]["id"]) == (15, False, searched(found).snapshot)


async def test_a_plain_first_stage_is_wrapped_too(bench: Bench) -> None:
    found = await bench.found()
    query = searched(found).body["retriever"]["standard"]["query"]
    plain = replace(searched(found), body={"query": query, "size": 20})
    told = await bench.scores(bench.reranker(), replace(found, searched=plain))
    assert len(told.pairs) == 20


async def test_both_lists_are_of_the_same_state_of_the_index(bench: Bench) -> None:
    found = await bench.found(30)
    bench.server.index("articles").put("late", {"title": "", "body": QUERY * 5})
    told = await bench.scores(bench.reranker(), found)
    assert set(told.pairs) == {row.document.id for row in found.candidates}


async def test_without_a_point_in_time_what_came_later_is_told_and_left_out(bench: Bench) -> None:
    found = await bench.found(30, snapshot=False)
    bench.server.index("articles").put("late", {"title": "", "body": f"{QUERY} " * 5})
    told = await bench.scores(bench.reranker(), found)
    assert "late" not in told.pairs and told.finding("from-elsewhere").ids == ("late",)


async def test_a_point_in_time_that_has_gone_is_done_without_and_told(bench: Bench) -> None:
    found = await bench.found()
    bench.server.cluster.advance(600)
    told = await bench.scores(bench.reranker(), found)
    assert len(told.pairs) == 20 and told.rules == ["snapshot-gone"]


async def test_the_servers_time_is_spread_over_the_pairs_and_the_network_is_apart(bench: Bench) -> None:
    bench.server.cluster.took = 2
    told = await bench.scores(bench.reranker(), await bench.found())
    (aside,) = told.asides
    assert aside.infer_ms == 0
    assert sum(pair.infer_ms for pair in told.pairs.values()) == pytest.approx(2)
    assert aside.exchange and aside.exchange.took_ms == 2 and aside.exchange.purpose == "rerank"
    assert all(pair.tokenize_ms == 0 for pair in told.pairs.values())


async def test_chunks_are_asked_for_where_the_version_has_them(bench: Bench) -> None:
    bench.server.index("articles").put("long", {"title": "", "body": "filler " * 900 + QUERY})
    found = await bench.found(30)
    whole = await bench.scores(bench.reranker(), found)
    told = await bench.scores(bench.reranker(chunks=2), found)
    assert sent(bench.server)["retriever"]["text_similarity_reranker"]["chunk_rescorer"] == {"size": 2}
    assert told.pairs["long"].score > whole.pairs["long"].score, "its end was read"
    assert (told.pairs["long"].tokens.document, told.pairs["long"].tokens.kept_document) == (1204, 800)
    assert told.rules == []


async def test_chunks_that_the_version_does_not_have_are_left_out_and_told() -> None:
    with fake_elastic(SOURCES, version="9.1.0") as server:
        bench = Bench(server)
        told = await bench.scores(bench.reranker(chunks=2), await bench.found())
        await bench.connection.close()
        assert "chunk_rescorer" not in sent(server)["retriever"]["text_similarity_reranker"]
    assert len(told.pairs) == 20 and told.rules == ["chunks-not-known"]


async def test_a_server_that_turns_out_not_to_know_chunks_is_asked_without_them_from_then_on(bench: Bench) -> None:
    bench.server.cluster.refuses.add("chunk_rescorer")
    found, reranker = await bench.found(), bench.reranker(chunks=2)
    first = await bench.scores(reranker, found)
    asked = len(bench.server.asked("_search"))
    again = await bench.scores(reranker, found)
    assert len(first.pairs) == len(again.pairs) == 20
    assert first.rules == ["chunks-not-known"]
    assert len(bench.server.asked("_search")) == asked + 1


async def test_a_server_without_the_retriever_says_which_way_there_is(bench: Bench) -> None:
    bench.server.cluster.refuses.add("text_similarity_reranker")
    with pytest.raises(ClusterError) as failed:
        await bench.scores(bench.reranker(), await bench.found())
    assert "rerank` to inference" in failed.value.hint


async def test_what_is_odd_about_a_request_is_told_before_it_is_sent(bench: Bench) -> None:
    found = await bench.found(reads=("title", "body"))
    before = len(bench.server.requests)
    async with aclosing(bench.reranker().score(QUERY, found)) as items:
        first = await anext(items)
    assert isinstance(first, Aside) and [one.rule for one in first.findings] == ["one-field-read"]
    assert [asked.path for asked in bench.server.requests[before:]] == ["/"]


async def test_the_server_may_take_as_long_as_we_wait_to_say_why_it_gave_up(server: FakeElastic) -> None:
    bench = Bench(server, timeout=0.5)
    found = await bench.found()
    server.fail("_search", status=408, body=error("Model download task is currently running"), delay=0.8)
    with pytest.raises(ClusterError, match="download"):
        await bench.scores(bench.reranker(), found)
    await bench.connection.close()


async def test_candidates_of_another_engine_are_refused_in_words(bench: Bench) -> None:
    found = replace(await bench.found(), searched=None)
    with pytest.raises(ClusterError, match="not of a cluster"):
        await bench.scores(bench.reranker(), found)


@pytest.mark.parametrize("body", [{}, {"hits": 3}, []], ids=["empty", "no hits", "a list"])
async def test_an_answer_that_holds_no_hits_is_a_failure_and_no_empty_list(bench: Bench, body: Any) -> None:
    found = await bench.found()
    bench.server.fail("_search", status=200, body=body)
    with pytest.raises(ClusterError, match="something other than hits"):
        await bench.scores(bench.reranker(), found)


async def test_odd_hits_give_no_scores_and_it_is_said_that_documents_are_missing(bench: Bench) -> None:
    found = await bench.found()
    odd = [{"_id": "d1"}, {"_score": 3}, None, {"_id": "d2", "_score": "x"}]
    bench.server.fail("_search", status=200, body={"hits": {"hits": odd}})
    told = await bench.scores(bench.reranker(), found)
    assert told.pairs == {} and "for no reason" in str(told.finding("dropped-out"))


async def test_failed_shards_and_an_early_end_are_told(bench: Bench) -> None:
    found = await bench.found(1)
    hits = {"hits": [{"_index": "articles", "_id": found.candidates[0].document.id, "_score": 99.0}]}
    body = {"took": 1, "timed_out": True, "_shards": {"total": 2, "failed": 1}, "hits": hits}
    bench.server.fail("_search", status=200, body=body)
    assert (await bench.scores(bench.reranker(), found)).rules == ["shards-failed", "timed-out"]


# By the inference API.


async def test_scores_land_a_batch_at_a_time_in_rank_order(bench: Bench) -> None:
    found = await bench.found(23)
    items = bench.reranker(way="inference").score(QUERY, found)
    shape = ["answer" if isinstance(item, Aside) else item.id async for item in items]
    ids = [row.document.id for row in found.candidates]
    assert shape == ["answer", *ids[:10], "answer", *ids[10:20], "answer", *ids[20:], "answer"]
    sizes = [len(asked.body["input"]) for asked in bench.server.asked("_inference/rerank/", "POST")]
    assert sizes == [10, 10, 3]


async def test_the_texts_are_not_sent_back_and_no_more_is_asked_for_than_there_is(bench: Bench) -> None:
    told = await bench.scores(bench.reranker(way="inference"), await bench.found(3))
    (asked,) = bench.server.asked("_inference/rerank/my-reranker?timeout=5000ms", "POST")
    assert {key: asked.body[key] for key in ("query", "top_n", "return_documents")} == {
        "query": QUERY, "top_n": 3, "return_documents": False,
    }  # fmt: skip
    assert told.asides[0].exchange and '"text"' not in told.asides[0].exchange.answer


@pytest.mark.parametrize("version", ["8.17.0", "8.19.4", "9.1.2"])
async def test_older_versions_are_told_so_in_their_own_form(version: str) -> None:
    with fake_elastic(SOURCES, version=version) as server:
        bench = Bench(server)
        told = await bench.scores(bench.reranker(way="inference"), await bench.found())
        await bench.connection.close()
        last = server.asked("_inference/rerank/", "POST")[-1].body
    assert last["task_settings"] == {"return_documents": False} and "top_n" not in last
    assert len(told.pairs) == 20


async def test_a_hosted_service_of_an_older_version_is_sent_nothing_it_may_not_know() -> None:
    with fake_elastic(SOURCES, version="8.19.0", endpoints=[Made("hosted", "cohere")]) as server:
        bench = Bench(server)
        told = await bench.scores(bench.reranker(way="inference", endpoint="hosted"), await bench.found(5))
        await bench.connection.close()
        assert set(server.asked("_inference/rerank/", "POST")[-1].body) == {"query", "input"}
    assert len(told.pairs) == 5


async def test_the_time_of_each_batch_is_spread_over_its_pairs(bench: Bench) -> None:
    told = await bench.scores(bench.reranker(way="inference"), await bench.found())
    walls = [aside.exchange.wall_ms for aside in told.asides if aside.exchange]
    assert len(walls) == 2
    assert sum(pair.infer_ms for pair in told.pairs.values()) == pytest.approx(sum(walls))
    assert sum(aside.exchange.network_ms for aside in told.asides if aside.exchange) == 0, "it is in there already"


@pytest.mark.parametrize("least", [3.0, 99.0])
async def test_the_time_of_a_batch_that_a_threshold_leaves_nothing_of_is_counted(bench: Bench, least: float) -> None:
    told = await bench.scores(bench.reranker(way="inference", min_score=least), await bench.found(23))
    walls = [aside.exchange.wall_ms for aside in told.asides if aside.exchange]
    spent = [*(pair.infer_ms for pair in told.pairs.values()), *(aside.infer_ms for aside in told.asides)]
    assert len(walls) == 3 and sum(spent) == pytest.approx(sum(walls))


async def test_the_time_of_a_search_that_a_threshold_leaves_nothing_of_is_counted(bench: Bench) -> None:
    bench.server.cluster.took = 2
    told = await bench.scores(bench.reranker(min_score=99.0), await bench.found())
    assert (told.pairs, sum(aside.infer_ms for aside in told.asides)) == ({}, 2)


async def test_chunks_are_not_the_inference_ways(bench: Bench) -> None:
    told = await bench.scores(bench.reranker(way="inference", chunks=2), await bench.found(3))
    assert told.rules == ["chunks-not-known"]


@pytest.mark.parametrize(
    "answer",
    [{}, {"rerank": []}, {"rerank": [None, {"index": 99, "relevance_score": 1}, {"index": 0}]}, []],
    ids=["empty", "no scores", "odd scores", "a list"],
)
async def test_an_answer_without_scores_is_an_error(bench: Bench, answer: Any) -> None:
    bench.server.fail("_inference/rerank/", status=200, body=answer)
    with pytest.raises(ClusterError, match="without scores"):
        await bench.scores(bench.reranker(way="inference"), await bench.found(3))


async def test_scores_that_a_service_leaves_out_are_told(bench: Bench) -> None:
    entries = [{"index": 1, "relevance_score": 0.9}, {"index": 0, "relevance_score": -1.5}]
    bench.server.fail("_inference/rerank/", status=200, body={"rerank": entries})
    found = await bench.found(3)
    told = await bench.scores(bench.reranker(way="inference"), found)
    first, second, third = (row.document.id for row in found.candidates)
    assert {id: pair.score for id, pair in told.pairs.items()} == {second: 0.9, first: -1.5}
    assert told.finding("dropped-out").ids == (third,)


# When it fails.


async def test_a_failed_batch_leaves_those_before_it_standing(bench: Bench) -> None:
    bench.server.fail("_inference/rerank/", status=409, body=error("must be deployed to use"), skip=1)
    told = Told()
    with pytest.raises(ClusterError, match="not deployed"):
        async for item in bench.reranker(way="inference").score(QUERY, await bench.found()):
            told.take(item)
    assert len(told.pairs) == 10
    assert [aside.exchange.status for aside in told.asides if aside.exchange] == [200, 409]


def error(reason: str, **more: Any) -> dict[str, Any]:
    return {"error": {"type": "status_exception", "reason": reason, **more}}


@pytest.mark.parametrize("way", ["retriever", "inference"])
@pytest.mark.parametrize(
    ("arrange", "says"),
    [
        (lambda server: setattr(server.cluster, "stage", "starting"), "still starting"),
        (lambda server: setattr(server.cluster, "stage", "stopping"), r"is \[stopping\]"),
        (lambda server: setattr(server.cluster, "stage", "absent"), r"model \[\.rerank-v1\]"),
        (lambda server: setattr(server.cluster, "licence", "basic"), "licence"),
        (lambda server: server.cluster.endpoints.pop("my-reranker"), "no inference endpoint my-reranker"),
    ],
    ids=["408", "409", "404 model", "403 licence", "404 endpoint"],
)
async def test_the_deepest_reason_is_told_and_the_request_is_not_repeated(
    bench: Bench, way: str, arrange: Callable[[FakeElastic], Any], says: str
) -> None:
    found = await bench.found()
    arrange(bench.server)
    before = len(bench.server.asked("", "POST"))
    with pytest.raises(ClusterError, match=says) as failed:
        await bench.scores(bench.reranker(way=way), found)
    assert failed.value.hint
    assert len(bench.server.asked("", "POST")) == before + 1


@pytest.mark.parametrize("way", ["retriever", "inference"])
async def test_a_cluster_without_room_says_so(bench: Bench, way: str) -> None:
    found = await bench.found()
    bench.server.cluster.stage, bench.server.cluster.room = "starting", False
    with pytest.raises(ClusterError, match="no room for the model") as failed:
        await bench.scores(bench.reranker(way=way), found)
    assert "no suitable nodes" in failed.value.reason and failed.value.status == 429


async def test_a_busy_cluster_is_asked_again(bench: Bench) -> None:
    busy = error("Rejected inference request waiting for an allocation. Too many pending requests")
    bench.server.fail("_inference/rerank/", status=429, body=busy, times=1)
    assert len((await bench.scores(bench.reranker(way="inference"), await bench.found())).pairs) == 20


@pytest.mark.parametrize("way", ["retriever", "inference"])
async def test_a_failure_shows_what_was_sent_and_what_came_back(bench: Bench, way: str) -> None:
    found = await bench.found()
    bench.server.cluster.endpoints.clear()
    told = Told()
    with pytest.raises(ClusterError):
        async for item in bench.reranker(way=way).score(QUERY, found):
            told.take(item)
    exchange = told.asides[-1].exchange
    assert exchange and exchange.status == 404 and "Inference endpoint not found" in exchange.answer


@pytest.mark.parametrize("way", ["retriever", "inference"])
async def test_a_cancelled_request_ends_on_the_wire(bench: Bench, way: str) -> None:
    found = await bench.found()
    path = "_search" if way == "retriever" else "_inference/rerank/"
    bench.server.fail(path, hang=True)
    before = len(bench.server.asked(path, "POST"))
    task = asyncio.create_task(bench.scores(bench.reranker(way=way), found))
    await until(lambda: len(bench.server.asked(path, "POST")) > before)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: len(bench.server.abandoned) == 1)


async def test_closing_between_two_batches_sends_no_more(bench: Bench) -> None:
    async with aclosing(bench.reranker(way="inference").score(QUERY, await bench.found())) as items:
        async for item in items:
            if isinstance(item, PairScore):
                break
    assert len(bench.server.asked("_inference/rerank/", "POST")) == 1


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - what happens on the wire sets no event here
            await asyncio.sleep(0.01)


async def test_without_the_right_to_ask_for_the_version_it_is_unknown(bench: Bench) -> None:
    found, reranker = await bench.found(), bench.reranker(chunks=2)
    bench.server.fail("/", status=403, body=error("action [cluster:monitor/main] is unauthorized"), method="GET")
    await reranker.load()
    told = await bench.scores(reranker, found)
    assert (reranker.space, len(told.pairs), told.rules) == (ScoreSpace.ES, 20, [])


async def test_a_serverless_project_has_everything_whatever_its_version_says() -> None:
    with fake_elastic(SOURCES, version="8.11.0", flavour="serverless") as server:
        bench = Bench(server)
        told = await bench.scores(bench.reranker(chunks=2, min_score=-9.0), await bench.found())
        apart = await bench.scores(bench.reranker(way="inference"), await bench.found())
        await bench.connection.close()
    assert told.order == apart.order and told.rules == apart.rules == []


# Tokens, counted exactly.


@pytest.fixture
def elastic(tmp_path: Path) -> Reader:
    path = write_package(tmp_path) / VOCABULARY
    return open_reader(TokenizerFile(".rerank-v1", TokenizerKind.ELASTIC, path, ELASTIC))


@pytest.mark.parametrize("way", ["retriever", "inference"])
async def test_with_a_tokenizer_tokens_are_those_of_what_was_read(way: str, elastic: Reader) -> None:
    body = "laptop " * 600 + "gets hot"
    with fake_elastic({"long": {"title": "hot", "body": body}, **SOURCES}, version="9.2.0") as server:
        bench = Bench(server)
        reranker = bench.reranker(way=way, counts=TokenCounts(lambda: elastic))
        told = await bench.scores(reranker, await bench.found(30, reads=("title", "body")))
        assert await reranker.reader() is elastic and reranker.warnings == ()
        await bench.connection.close()
    assert all(pair.tokens.exact for pair in told.pairs.values())
    start, text = (5, body) if way == "retriever" else (0, f"hot\n\n{body}")
    of_pair = elastic.read(QUERY, text).count
    tokens = told.pairs["long"].tokens
    assert tokens == replace(of_pair, kept_text_end=start + of_pair.kept_text_end)
    assert (tokens.query, tokens.kept_query, tokens.kept_document, tokens.truncated) == (3, 3, 506, True)


async def test_of_chunks_that_the_server_chooses_only_those_of_a_short_text_are_known(
    bench: Bench, elastic: Reader
) -> None:
    bench.server.index("articles").put("long", {"title": "", "body": "laptop " * 900})
    reranker = bench.reranker(chunks=1, counts=TokenCounts(lambda: elastic))
    pairs = (await bench.scores(reranker, await bench.found(30))).pairs
    assert (pairs["long"].tokens.document, pairs["long"].tokens.kept_document) == (900, 400)
    assert not pairs["long"].tokens.exact and pairs["d2"].tokens.exact


async def test_a_tokenizer_is_opened_once_and_the_scores_do_not_wait_for_one_that_takes_long(
    bench: Bench, elastic: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.engines.elasticsearch.token_counts.PATIENCE", 0.0)
    go, opened = threading.Event(), []

    def slowly() -> Reader:
        go.wait()
        opened.append(1)
        return elastic

    counts = TokenCounts(slowly)
    reranker, found = bench.reranker(counts=counts), await bench.found()
    await reranker.load()
    early = await bench.scores(reranker, found)
    assert len(early.pairs) == 20 and not any(pair.tokens.exact for pair in early.pairs.values())
    go.set()
    assert await reranker.by((("rerank", "inference"),)).reader() is elastic
    late = await bench.scores(reranker.by(()), found)
    assert all(pair.tokens.exact for pair in late.pairs.values()) and opened == [1]


async def test_a_tokenizer_that_cannot_be_opened_is_told_and_tokens_are_estimated(bench: Bench) -> None:
    def fail() -> Reader:
        raise BadInputError("x.vocab.json: it is not JSON", "Fetch it anew.")

    reranker = bench.reranker(counts=TokenCounts(fail))
    told = await bench.scores(reranker, await bench.found())
    assert len(told.pairs) == 20 and not any(pair.tokens.exact for pair in told.pairs.values())
    assert reranker.warnings == ("Token counts are estimates. x.vocab.json: it is not JSON Fetch it anew.",)
    assert await reranker.reader() is ESTIMATE


async def test_a_tokenizer_that_could_not_be_opened_is_tried_again_when_the_model_is_made_ready_or_after_a_while(
    bench: Bench, elastic: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[int] = []

    def third() -> Reader:
        tries.append(1)
        if len(tries) < 3:
            raise BadInputError("The repository cannot be reached.", "Try again.")
        return elastic

    reranker, found = bench.reranker(counts=TokenCounts(third)), await bench.found()
    await bench.scores(reranker, found)
    await bench.scores(reranker, found)
    assert len(tries) == 1, "not with every query"
    await reranker.load()
    assert not (await reranker.reader()).tokenizer.exact and len(tries) == 2
    monkeypatch.setattr("workbench.engines.elasticsearch.token_counts.AGAIN", 0.0)
    await reranker.load()
    told = await bench.scores(reranker, found)
    assert all(pair.tokens.exact for pair in told.pairs.values()) and reranker.warnings == ()
    await bench.scores(reranker, found)
    assert len(tries) == 3, "one that was opened is kept"


async def test_one_that_failed_is_tried_again_by_a_query_after_a_while(
    bench: Bench, elastic: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.engines.elasticsearch.token_counts.AGAIN", 0.0)
    tries: list[int] = []

    def second() -> Reader:
        tries.append(1)
        if len(tries) < 2:
            raise BadInputError("The repository cannot be reached.", "Try again.")
        return elastic

    reranker, found = bench.reranker(counts=TokenCounts(second)), await bench.found()
    assert await bench.scores(reranker, found) and reranker.warnings
    told = await bench.scores(reranker, found)
    assert all(pair.tokens.exact for pair in told.pairs.values()) and reranker.warnings == ()


ELASTICS = Endpoint("elastics", "elasticsearch", ".rerank-v1")
DEPLOYED = Endpoint("deployed", "elasticsearch", "ms-marco")
HOSTED = Endpoint("hosted", "cohere", "rerank-v3.5")
UNSEEN = Endpoint("unseen")
EXACT, DOUBTED, GUESSED = "exact", "doubted", "guessed"


@pytest.mark.parametrize(
    ("endpoint", "named", "own", "of", "counts", "says"),
    [
        # Elastic's vocabulary with Elastic's model, whoever named it.
        (ELASTICS, ELASTICS, True, ".rerank-v1", EXACT, ""),
        (ELASTICS, DEPLOYED, True, ".rerank-v1", EXACT, ""),
        (ELASTICS, ELASTICS, False, ".rerank-v1", EXACT, ""),
        (Endpoint(DEFAULT_ENDPOINT), UNSEEN, False, ".rerank-v1", EXACT, ""),
        # A stand-in.
        (ELASTICS, ELASTICS, True, "", DOUBTED, "spm stands in for the tokenizer of .rerank-v1"),
        (ELASTICS, ELASTICS, False, "", DOUBTED, "stands in"),
        (DEPLOYED, DEPLOYED, True, ".rerank-v1", DOUBTED, "stands in for the tokenizer of ms-marco"),
        # Another model than the one that it was named for.
        (DEPLOYED, ELASTICS, True, ".rerank-v1", GUESSED, "not named for"),
        (ELASTICS, DEPLOYED, True, "", GUESSED, "not named for"),
        (HOSTED, ELASTICS, True, ".rerank-v1", GUESSED, "not named for"),
        (HOSTED, HOSTED, False, ".rerank-v1", GUESSED, "not named for"),
        (HOSTED, HOSTED, False, "", GUESSED, "not named for"),
        (DEPLOYED, DEPLOYED, False, "", GUESSED, "not named for"),
        # What the profile says of its own endpoint.
        (DEPLOYED, DEPLOYED, True, "", EXACT, ""),
        (HOSTED, HOSTED, True, "", EXACT, ""),
        (UNSEEN, UNSEEN, True, "", EXACT, "Which model unseen has could not be looked up"),
        # Nobody said it of an endpoint that nobody can look at.
        (UNSEEN, UNSEEN, False, ".rerank-v1", DOUBTED, "could not be looked up"),
        (UNSEEN, Endpoint("other"), True, ".rerank-v1", DOUBTED, "could not be looked up"),
    ],
)
async def test_a_tokenizer_is_exact_for_the_model_that_it_is_of_and_anything_else_is_said(
    elastic: Reader, endpoint: Endpoint, named: Endpoint, own: bool, of: str, counts: str, says: str
) -> None:
    reader = replace(elastic, of=of)
    reader.tokenizer.id = reader.of or "spm"
    found = trusted(reader, endpoint, named, own)
    assert (found.tokenizer.exact, found.tokenizer.id == "estimate") == (counts == EXACT, counts == GUESSED)
    assert says in " ".join(found.tokenizer.notes)
    assert (found is reader) == (not says)
    assert found.count("a", ["b"])[0].exact == (counts == EXACT)


@pytest.mark.parametrize("endpoint", ["deployed", "elastics"])
async def test_scores_and_reader_count_alike_and_what_is_not_exact_is_told(
    bench: Bench, elastic: Reader, endpoint: str
) -> None:
    bench.server.cluster.endpoints[endpoint] = Made(endpoint)
    counts = TokenCounts(lambda: elastic, own=False)
    reranker = bench.reranker(endpoint=endpoint, endpoints=(DEPLOYED, ELASTICS), counts=counts)
    told, reader = await bench.scores(reranker, await bench.found()), await reranker.reader()
    assert {pair.tokens.exact for pair in told.pairs.values()} == {reader.tokenizer.exact} == {endpoint == "elastics"}
    assert reranker.warnings == (() if endpoint == "elastics" else reader.tokenizer.notes)
    assert bench.reranker().warnings == () and await bench.reranker().reader() is ESTIMATE, "nobody named one"


# What is not read from its start.


async def test_with_chunks_the_reader_says_that_the_server_picks_what_is_read(bench: Bench, elastic: Reader) -> None:
    counts = TokenCounts(lambda: elastic)
    reader = await bench.reranker(chunks=2, counts=counts).reader()
    assert reader.picks == "With `chunks` the server picks what is read of a text. Set `chunks` to off."
    assert reader.tokenizer.notes[-1] == reader.picks
    assert not reader.tokenizer.exact
    reranker = bench.reranker(chunks=2, counts=counts)
    assert await reranker.by((("chunks", "off"),)).reader() is elastic
    assert await reranker.by((("rerank", "inference"),)).reader() is elastic, "this way reads from the start"
    with bench.connection.without("chunk_rescorer"):
        assert await reranker.reader() is elastic, "a server that does not know them does not"


@pytest.mark.parametrize("way", ["retriever", "inference"])
async def test_an_endpoint_that_reads_in_chunks_cuts_nothing_off(
    server: FakeElastic, elastic: Reader, way: str
) -> None:
    server.cluster.endpoints["whole"] = Made(
        "whole", service_settings={"model_id": ".rerank-v1", "num_threads": 1, "long_document_strategy": "chunk"}
    )
    server.index("articles").put("long", {"title": "", "body": "laptop " * 900})
    bench = Bench(server)
    endpoints = await rerank_endpoints(bench.connection)
    reranker = bench.reranker(endpoint="whole", endpoints=endpoints, way=way, counts=TokenCounts(lambda: elastic))
    reader = await reranker.reader()
    assert "long_document_strategy" in reader.picks and not reader.tokenizer.exact
    pairs = (await bench.scores(reranker, await bench.found(30))).pairs
    tokens = pairs["long"].tokens
    assert (tokens.truncated, tokens.exact, tokens.kept_text_end) == (False, False, 900 * 7 - 1)
    assert pairs["d2"].tokens.exact
    assert not (await bench.reranker(endpoints=endpoints).reader()).picks
    await bench.connection.close()


# Any text.


@pytest.mark.parametrize("endpoint", ["my-reranker", "hosted", "unknown"])
@pytest.mark.parametrize("way", ["retriever", "inference"])
async def test_a_candidates_own_text_scores_what_the_candidate_did(bench: Bench, way: str, endpoint: str) -> None:
    bench.server.cluster.endpoints["unknown"] = Made("unknown", "cohere")
    found = await bench.found(reads=("body",))
    reranker = bench.reranker(way=way, endpoint=endpoint)
    told = await bench.scores(reranker, found)
    texts = {row.document.id: row.document.text for row in found.candidates}
    scores = [pair async for pair in reranker.score_texts(QUERY, list(texts.values()))]
    assert [pair.id for pair in scores] == [str(place) for place in range(20)]
    for id, pair in zip(texts, scores, strict=True):
        assert pair.score == pytest.approx(told.pairs[id].score, rel=1e-6)
        assert pair.tokens == told.pairs[id].tokens


async def test_texts_are_scored_whatever_the_threshold_and_as_an_older_server_shows_them() -> None:
    with fake_elastic(SOURCES, version="8.17.0") as server:
        bench = Bench(server)
        reranker = bench.reranker(min_score=100.0)
        await reranker.load()
        (pair,) = [pair async for pair in reranker.score_texts(QUERY, ["nothing of it"])]
        await bench.connection.close()
    assert pair.score == logit(QUERY, "nothing of it") < 0


@pytest.mark.parametrize(
    ("query", "texts", "says"), [(" ", ["a"], "query is blank"), (QUERY, ["a", "\n"], "Text 2 of 2")]
)
async def test_blank_texts_are_refused_before_anything_is_sent(
    bench: Bench, query: str, texts: list[str], says: str
) -> None:
    with pytest.raises(ClusterError, match=says):
        [pair async for pair in bench.reranker().score_texts(query, texts)]
    assert not bench.server.requests
    assert [pair async for pair in bench.reranker().score_texts(QUERY, [])] == []


async def test_scores_of_texts_come_in_batches_and_may_be_left(bench: Bench) -> None:
    async with aclosing(bench.reranker().score_texts(QUERY, [f"part {n}" for n in range(35)])) as scores:
        assert (await anext(scores)).id == "0"
    assert len(bench.server.asked("_inference/rerank/", "POST")) == 1


async def test_a_text_that_gets_no_score_is_an_error(bench: Bench) -> None:
    bench.server.fail("_inference/rerank/", status=200, body={"rerank": [{"index": 0, "relevance_score": 1.0}]})
    with pytest.raises(ClusterError, match="scored 1 of 2 texts"):
        [pair async for pair in bench.reranker().score_texts(QUERY, ["a", "b"])]
