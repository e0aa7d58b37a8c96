"""Candidates from a cluster: what is asked, what comes back, and what is odd about it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.elastic import FakeElastic, Index, fake_elastic
from tests.fakes.noida import noida
from workbench.config.profile import Profile
from workbench.domain.contributions import contributions
from workbench.domain.documents import Document
from workbench.domain.errors import BadInputError
from workbench.domain.tuning import Choice
from workbench.engines.elasticsearch import snapshot
from workbench.engines.elasticsearch.connection import Connection
from workbench.engines.elasticsearch.failures import ClusterError
from workbench.engines.elasticsearch.fields import describe
from workbench.engines.elasticsearch.first_stage import Searched, first_stages
from workbench.engines.elasticsearch.hits import TEXT_LIMIT
from workbench.engines.elasticsearch.retriever import ElasticRetriever

DOCUMENTS = {
    "hot": {"title": "Hot laptop", "body": "A laptop gets hot while it is charging.", "lang": "en"},
    "bag": {"title": "Laptop bag", "body": "Carry it  everywhere.\n\nA hot seller.", "lang": "en"},
    "heiss": {"title": "Laptop", "body": "Hot heißt heiß.", "lang": "de"},
    "cat": {"title": "Cats", "body": "Nothing about machines.", "lang": "en"},
}
ENGLISH = {"type": "text", "analyzer": "english"}
PLAIN = {"properties": {"title": ENGLISH, "body": ENGLISH, "lang": {"type": "keyword"}}}
MEANING = {"type": "semantic_text", "inference_id": "my-elser"}
MEANT = {"properties": {**PLAIN["properties"], "meaning": MEANING}}
UNKNOWN_RETRIEVER = {
    "error": {"type": "parsing_exception", "reason": "[bool] unknown field [retriever]"},
    "status": 400,
}
STAGES = Choice("first stage", ("bm25", "rrf", "linear"), "bm25")
Chosen = tuple[tuple[str, str], ...]


def chosen(**settings: str) -> Chosen:
    return tuple((name.replace("_", " "), option) for name, option in settings.items())


@asynccontextmanager
async def retriever_of(
    url: str,
    index: str = "articles",
    choices: tuple[Choice, ...] = (),
    templates: dict[str, Path] | None = None,
    **profile: Any,
) -> AsyncIterator[ElasticRetriever]:
    connection = Connection(Profile("here", hosts=(url,), **profile))
    try:
        await connection.server()
        retriever = ElasticRetriever(connection, await describe(connection, index), choices, templates or {})
        yield retriever
        await retriever.close()
    finally:
        await connection.close()


@pytest.fixture
def server() -> Iterator[FakeElastic]:
    with fake_elastic(indices=[Index("articles", DOCUMENTS, PLAIN)]) as server:
        yield server


@pytest.fixture
def meant() -> Iterator[FakeElastic]:
    documents = {id: {**source, "meaning": source["body"]} for id, source in DOCUMENTS.items()}
    with fake_elastic(indices=[Index("articles", documents, MEANT)]) as server:
        yield server


def ids(found: Any) -> list[str]:
    return [row.document.id for row in found.candidates]


def searches(server: FakeElastic) -> list[Any]:
    return [asked.body for asked in server.asked("/_search")]


def reply(server: FakeElastic, body: Any) -> None:
    """Let every search be answered so; text is sent as it is."""
    text = body if isinstance(body, str) else json.dumps(body)
    server.fail("/_search", status=200, body=text, headers={"Content-Type": "application/json"})


async def until(holds: Callable[[], bool]) -> None:
    for _ in range(1_000):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("It never came to be.")


def answered(*hits: Any, **more: Any) -> dict[str, Any]:
    total = {"value": len(hits), "relation": "eq"}
    shards = {"total": 1, "successful": 1, "failed": 0}
    return {"took": 2, "timed_out": False, "_shards": shards, "hits": {"total": total, "hits": list(hits)}} | more


# Searching ------------------------------------------------------------------------------------------


async def test_a_search_gives_candidates_in_rank_order_with_everything_known_about_them(server: FakeElastic) -> None:
    async with retriever_of(server.url, choices=(STAGES,)) as retriever:
        found = await retriever.search("hot laptop", 10)
    assert ids(found)[0] == "hot" and set(ids(found)) == {"hot", "bag", "heiss"}
    assert [row.rank for row in found.candidates] == [1, 2, 3]
    assert [row.score for row in found.candidates] == sorted((row.score for row in found.candidates), reverse=True)
    first = found.candidates[0]
    assert first.document == Document("hot", "Hot laptop", "A laptop gets hot while it is charging.")
    assert first.title_spans == ((0, 3), (4, 10))
    assert (found.total, found.fetch_ms, found.ranking) == (3, 0.0, "bm25")
    assert [(one.purpose, one.status) for one in found.exchanges] == [("snapshot", 200), ("first stage", 200)]
    assert found.retrieve_ms == found.exchanges[0].wall_ms + 3.0
    assert (found.notes, found.findings) == ((), ())


async def test_the_request_shown_is_the_one_sent_but_for_the_snapshot(server: FakeElastic) -> None:
    async with retriever_of(server.url) as retriever:
        found = await retriever.search("hot", 7, (("title", 0.0), ("body", 1.5)))
    (sent,) = searches(server)
    assert sent.pop("pit")["keep_alive"] == "2m"
    assert json.loads(found.request) == sent
    assert found.request.startswith("{\n  ")
    assert (sent["size"], sent["fields"], sent["_source"]) == (7, ["title", "body"], False)
    assert sent["retriever"]["standard"]["query"]["multi_match"]["fields"] == ["body^1.5"]


async def test_nothing_is_sent_for_a_query_of_nothing(server: FakeElastic) -> None:
    async with retriever_of(server.url) as retriever:
        found = await retriever.search("  ", 10)
    assert (found.candidates, found.total, found.notes) == (
        (),
        0,
        ("The query is empty; there is nothing to search for.",),
    )
    assert not server.asked("/_search") and not server.asked("/_pit")


async def test_aliases_data_streams_patterns_and_lists_are_searched_too() -> None:
    indices = [
        Index("a", {"1": DOCUMENTS["hot"]}, PLAIN, aliases=["both"]),
        Index("b", {"2": DOCUMENTS["bag"]}, PLAIN, aliases=["both"]),
        Index(".ds-stream-1", {"3": DOCUMENTS["heiss"]}, PLAIN, data_stream="stream"),
    ]
    with fake_elastic(indices=indices) as server:
        for name, expected in (("both", {"1", "2"}), ("stream", {"3"}), ("a,stream", {"1", "3"}), ("b*", {"1", "2"})):
            async with retriever_of(server.url, name) as retriever:
                assert set(ids(await retriever.search("laptop", 9))) == expected, name
                document = await retriever.document(min(expected))
                assert document and document.body
                assert await retriever.explain("laptop", min(expected))


async def test_one_id_in_two_indices_is_two_documents() -> None:
    indices = [Index("a", {"1": DOCUMENTS["hot"]}, PLAIN), Index("b", {"1": DOCUMENTS["bag"]}, PLAIN)]
    with fake_elastic(indices=indices) as server:
        async with retriever_of(server.url, "a,b") as retriever:
            found = await retriever.search("laptop", 9)
            assert sorted(ids(found)) == ["1 (a)", "1 (b)"]
            for row in found.candidates:
                assert await retriever.document(row.document.id) == row.document
                explanation = await retriever.explain("laptop", row.document.id)
                assert explanation and explanation.value == pytest.approx(row.score, rel=1e-6)


async def test_a_document_keeps_its_name_whatever_else_is_found() -> None:
    indices = [
        Index("a", {"1": DOCUMENTS["hot"], "2": DOCUMENTS["cat"]}, PLAIN),
        Index("b", {"1": DOCUMENTS["heiss"], "2": DOCUMENTS["bag"]}, PLAIN),
    ]
    with fake_elastic(indices=indices) as server:
        async with retriever_of(server.url, "a,b") as retriever:

            async def names(query: str) -> dict[str, str]:
                found = await retriever.search(query, 9)
                return {row.document.title: row.document.id for row in found.candidates}

            assert await names("charging") == {"Hot laptop": "1"}
            assert await names("laptop") == {"Hot laptop": "1", "Laptop": "1 (b)", "Laptop bag": "2"}
            assert await names("heiß") == {"Laptop": "1 (b)"}
            assert await names("machines") == {"Cats": "2 (a)"}
            for name, title in {"1": "Hot laptop", "1 (b)": "Laptop", "2": "Laptop bag", "2 (a)": "Cats"}.items():
                document = await retriever.document(name)
                assert document and document.title == title, "a list before may still show it"


async def test_one_id_on_two_shards_leads_to_the_one_document_that_is_meant(server: FakeElastic) -> None:
    hits = [{"_index": "articles", "_id": "1", "_routing": way, "_score": 1.0} for way in ("left", "right")]
    async with retriever_of(server.url) as retriever:
        reply(server, answered(*hits))
        found = await retriever.search("hot", 9)
        for name, way in zip(ids(found), ("left", "right"), strict=True):
            await retriever.document(name)
            assert {"term": {"_routing": way}} in searches(server)[-1]["query"]["bool"]["filter"]


async def test_a_filter_narrows_what_is_found_and_changes_no_score(server: FakeElastic) -> None:
    filters = {"english": {"term": {"lang": "en"}}}
    async with retriever_of(server.url, filters=filters) as retriever:
        all_of_them = await retriever.search("laptop", 9)
        found = await retriever.search("laptop", 9, None, chosen(filter="english"))
        assert set(ids(found)) == {"hot", "bag"} < set(ids(all_of_them))
        scores = {row.document.id: row.score for row in all_of_them.candidates}
        assert all(row.score == scores[row.document.id] for row in found.candidates)
        explanation = await retriever.explain("laptop", "hot", None, chosen(filter="english"))
        assert explanation and [part.term for part in contributions(explanation) if part.counted] == ["laptop"]
        assert await retriever.explain("laptop", "heiss", None, chosen(filter="english")) is None


async def test_a_count_that_is_not_complete_says_so(server: FakeElastic) -> None:
    body = answered({"_index": "a", "_id": "1", "_score": 1.0})
    body["hits"]["total"] = {"value": 10_000, "relation": "gte"}
    async with retriever_of(server.url) as retriever:
        reply(server, body)
        found = await retriever.search("hot", 3)
    assert (found.total, found.notes) == (
        10_000,
        ("At least 10,000 documents match; the server did not count further.",),
    )


async def test_shards_that_failed_and_time_that_ran_out_are_findings(server: FakeElastic) -> None:
    body = answered(timed_out=True, _shards={"total": 3, "successful": 1, "failed": 2})
    async with retriever_of(server.url) as retriever:
        reply(server, body)
        found = await retriever.search("hot", 3)
    assert {finding.rule for finding in found.findings} == {"shards-failed", "timed-out"}


async def test_what_a_model_would_miss_is_a_finding() -> None:
    documents = {
        "none": {"title": "hot"},
        "two": {"title": "hot", "body": ["first hot one", "second"]},
        "blank": {"title": "hot", "body": " \n"},
        "null": {"title": "hot", "body": None},
    }
    with fake_elastic(indices=[Index("articles", documents, PLAIN)]) as server:
        async with retriever_of(server.url) as retriever:
            found = await retriever.search("hot", 9)
    about = {finding.rule: set(finding.ids) for finding in found.findings}
    assert about == {"missing-field": {"none", "null"}, "several-values": {"two"}, "blank-document": {"blank"}}
    bodies = {row.document.id: row.document.body for row in found.candidates}
    assert bodies == {"none": "", "two": "first hot one", "blank": "", "null": ""}


# First stages ---------------------------------------------------------------------------------------


async def test_what_can_rank_depends_on_the_index_the_version_and_the_templates() -> None:
    documents, templates = {"1": {"title": "t", "body": "b"}}, ("mine",)
    only = {"properties": {"content": MEANING}}
    indices = [Index("plain", documents, PLAIN), Index("meant", documents, MEANT), Index("only", {}, only)]
    expected = {
        ("8.19.0", "plain"): ("bm25", "template mine"),
        ("8.19.0", "meant"): ("bm25", "rrf", "linear", "template mine"),
        ("8.17.0", "meant"): ("bm25", "rrf", "template mine"),
        ("8.19.0", "only"): ("semantic", "template mine"),
    }
    for (version, name), stages in expected.items():
        with fake_elastic(indices=indices, version=version) as server:
            connection = Connection(Profile("here", hosts=(server.url,)))
            await connection.server()
            assert first_stages(await describe(connection, name), connection, templates) == stages, (version, name)
            await connection.close()


@pytest.mark.parametrize("kind", ["rrf", "linear"])
async def test_a_hybrid_mixes_bm25_with_the_semantic_field(meant: FakeElastic, kind: str) -> None:
    async with retriever_of(meant.url, choices=(STAGES,)) as retriever:
        found = await retriever.search('"gets hot" laptop', 3, None, chosen(first_stage=kind))
        assert (found.ranking, len(found.candidates)) == (kind, 3)
        asked = json.loads(found.request)["retriever"][kind]
        assert asked["rank_window_size"] == 3
        assert "gets hot laptop" in json.dumps(asked) and '"semantic"' in json.dumps(asked)
        assert found.candidates[0].title_spans
        for row in found.candidates:
            explanation = await retriever.explain('"gets hot" laptop', row.document.id, None, chosen(first_stage=kind))
            assert explanation and explanation.value == pytest.approx(row.score, rel=1e-4)
            parts = contributions(explanation)
            assert {part.field for part in parts} <= {"bm25", "semantic"} and parts


async def test_an_index_of_meaning_alone_is_searched_by_meaning() -> None:
    documents = {id: {"content": source["body"]} for id, source in DOCUMENTS.items()}
    with fake_elastic(indices=[Index("articles", documents, {"properties": {"content": MEANING}})]) as server:
        async with retriever_of(server.url) as retriever:
            found = await retriever.search("hot laptop", 2)
            assert (found.ranking, len(found.candidates)) == ("semantic", 2)
            assert await retriever.highlight("hot", found.candidates[0].document)


@pytest.mark.parametrize("kind", ["rrf", "linear"])
async def test_a_hybrid_that_the_server_does_not_know_becomes_bm25_and_says_so(meant: FakeElastic, kind: str) -> None:
    meant.cluster.refuses = {kind}
    async with retriever_of(meant.url, choices=(STAGES,)) as retriever:
        found = await retriever.search("hot", 3, None, chosen(first_stage=kind))
        assert found.ranking == "bm25"
        assert ids(found)
        assert [finding.rule for finding in found.findings] == ["stage-not-known"]
        before = len(meant.asked("/_search"))
        await retriever.search("hot", 3, None, chosen(first_stage=kind))
        assert len(meant.asked("/_search")) == before + 1


async def test_a_server_without_retrievers_is_sent_queries_from_then_on(server: FakeElastic) -> None:
    async with retriever_of(server.url) as retriever:
        wanted = await retriever.search("hot laptop", 9)
        server.cluster.refuses = {"retriever"}
        found = await retriever.search("hot laptop", 9)
        assert [(row.document, row.score) for row in found.candidates] == [
            (row.document, row.score) for row in wanted.candidates
        ]
        assert "retriever" not in searches(server)[-1]
        before = len(server.asked("/_search"))
        await retriever.search("hot laptop", 9)
        assert len(server.asked("/_search")) == before + 1
        assert "query" in json.loads(found.request)
        assert await retriever.explain("hot", "hot")


async def test_a_mistake_in_a_template_does_not_count_as_something_the_server_lacks(
    server: FakeElastic, tmp_path: Path
) -> None:
    file = tmp_path / "mine.json"
    file.write_text('{"query": {"bool": {"retriever": {"match": {"body": "{{query}}"}}}}}', "utf-8")
    async with retriever_of(server.url, templates={"mine": file}) as retriever:
        server.fail("/_search", status=400, body=UNKNOWN_RETRIEVER, times=2)
        with pytest.raises(ClusterError, match="unknown field"):
            await retriever.search("hot", 9, None, chosen(first_stage="template mine"))
        await retriever.search("hot", 9)
    assert ["retriever" in body for body in searches(server)] == [True, False, True]


async def test_any_other_refusal_is_an_error(server: FakeElastic) -> None:
    filters = {"wrong": {"bogus": {"lang": "en"}}}
    async with retriever_of(server.url, filters=filters) as retriever:
        with pytest.raises(ClusterError) as failed:
            await retriever.search("hot", 3, None, chosen(filter="wrong"))
        assert failed.value.status == 400 and len(server.asked("/_search")) == 1


async def test_a_template_ranks_in_the_place_of_bm25_and_counts_as_it_is_now(
    server: FakeElastic, tmp_path: Path
) -> None:
    file = tmp_path / "mine.json"
    file.write_text('{"query": {"match": {"{{field}}": {"query": "{{query}}", "boost": "{{boost.title}}"}}}}', "utf-8")
    async with retriever_of(
        server.url, templates={"mine": file}, filters={"en": {"term": {"lang": "en"}}}
    ) as retriever:
        mine = chosen(first_stage="template mine", filter="en")
        found = await retriever.search("hot", 9, None, mine)
        assert (found.ranking, set(ids(found))) == ("template mine", {"hot", "bag"})
        asked = json.loads(found.request)["retriever"]["standard"]
        assert asked["query"] == {"match": {"body": {"query": "hot", "boost": 2.0}}}
        explanation = await retriever.explain("hot", "hot", None, mine)
        assert explanation and explanation.value == pytest.approx(found.candidates[ids(found).index("hot")].score)
        file.write_text('{"retriever": {"standard": {"query": {"match": {"title": "{{query}}"}}}}}', "utf-8")
        assert ids(await retriever.search("hot", 9, None, mine)) == ["hot"]
        file.write_text('{"sort": []}', "utf-8")
        with pytest.raises(BadInputError, match=r"mine\.json, line 1"):
            await retriever.search("hot", 9, None, mine)
        with pytest.raises(BadInputError, match="There is no query template gone"):
            await retriever.search("hot", 9, None, chosen(first_stage="template gone"))


async def test_a_query_that_a_template_gets_as_it_is_was_not_read_as_plain_words(
    server: FakeElastic, tmp_path: Path
) -> None:
    file = tmp_path / "mine.json"
    file.write_text('{"query": {"match": {"body": "{{query}}"}}}', "utf-8")
    async with retriever_of(server.url, templates={"mine": file}) as retriever:
        mine = chosen(first_stage="template mine")
        odd = 'nothing:hot "laptop'
        assert "plain words" in str((await retriever.search(odd, 9)).notes)
        found = await retriever.search(odd, 9, None, mine)
        assert found.candidates and found.notes == ()
        assert "The query is empty" in str((await retriever.search(" ", 9, None, mine)).notes)


# Snapshots ------------------------------------------------------------------------------------------


async def test_searches_see_one_state_of_the_index_until_it_is_old(
    server: FakeElastic, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with retriever_of(server.url) as retriever:
        first = await retriever.search("hot", 9)
        server.index("articles").put("new", {"title": "hot", "body": "hot hot"})
        again = await retriever.search("hot", 9)
        assert ids(again) == ids(first)
        monkeypatch.setattr(snapshot, "FRESH", -1.0)
        assert "new" in ids(await retriever.search("hot", 9))


async def test_a_snapshot_goes_by_the_name_that_its_last_search_gave_it(server: FakeElastic) -> None:
    async with retriever_of(server.url) as retriever:
        opened = "pit-1"
        for last in (opened, "pit-2", "pit-3"):
            found = await retriever.search("hot", 9)
            assert searches(server)[-1]["pit"]["id"] == last
            assert isinstance(found.searched, Searched) and found.searched.snapshot not in ("", last)
        await retriever.explain("hot", "hot")
        assert searches(server)[-1]["pit"]["id"] == found.searched.snapshot == "pit-4"
        await retriever.explain("hot", "bag")
        assert searches(server)[-1]["pit"]["id"] == "pit-5"


async def test_a_snapshot_that_is_gone_is_replaced(server: FakeElastic) -> None:
    async with retriever_of(server.url) as retriever:
        first = await retriever.search("hot", 9)
        server.cluster.pits.clear()
        again = await retriever.search("hot", 9)
        assert ids(again) == ids(first) and again.findings == ()
        server.cluster.pits.clear()
        assert await retriever.explain("hot", "hot")


async def test_searches_that_supersede_one_another_open_one_snapshot_between_them(server: FakeElastic) -> None:
    server.fail("/_pit", method="POST", delay=0.2, times=1)
    async with retriever_of(server.url) as retriever:
        search = asyncio.create_task(retriever.search("hot", 9))
        await until(lambda: bool(server.asked("/_pit")))
        for _ in range(4):
            search.cancel()
            await asyncio.wait([search])
            assert search.cancelled()
            search = asyncio.create_task(retriever.search("hot", 9))
            await asyncio.sleep(0)
        found = await search
    assert found.findings == () and len(server.asked("/_pit", "POST")) == 1
    assert not server.abandoned


async def test_a_404_that_is_not_of_the_snapshot_opens_no_other_one(server: FakeElastic) -> None:
    async with retriever_of(server.url) as retriever:
        await retriever.search("hot", 9)
        server.fail("/_search", status=404, body="<html>nothing here</html>")
        with pytest.raises(ClusterError):
            await retriever.search("hot", 9)
    assert len(server.asked("/_pit", "POST")) == 1 and len(server.asked("/_search")) == 2


async def test_of_searches_that_find_the_snapshot_gone_one_opens_the_next(server: FakeElastic) -> None:
    async with retriever_of(server.url) as retriever:
        await retriever.search("hot", 9)
        server.cluster.pits.clear()
        late = server.fail("/_search", delay=0.3, times=1)
        slow = asyncio.create_task(retriever.search("hot", 9))
        await until(lambda: late.times == 0)
        await retriever.search("laptop", 9)
        await slow
        await retriever.search("bag", 9)
    assert len(server.asked("/_pit", "POST")) == 2


async def test_closing_ends_an_opening_that_is_under_way(server: FakeElastic) -> None:
    server.fail("/_pit", method="POST", hang=True)
    async with retriever_of(server.url) as retriever:
        search = asyncio.create_task(retriever.search("hot", 9))
        await until(lambda: bool(server.asked("/_pit")))
        await retriever.close()
        with pytest.raises(ClusterError, match="articles has been closed"):
            await search
        await until(lambda: bool(server.abandoned))


async def test_a_search_that_is_cancelled_is_cancelled_on_the_wire(server: FakeElastic) -> None:
    async with retriever_of(server.url) as retriever:
        await retriever.search("hot", 9)
        server.fail("/_search", hang=True, times=1)
        search = asyncio.create_task(retriever.search("laptop", 9))
        await until(lambda: len(server.asked("/_search")) == 2)
        search.cancel()
        with pytest.raises(asyncio.CancelledError):
            await search
        await until(lambda: bool(server.abandoned))
        assert [asked.path for asked in server.abandoned] == ["/_search"]


async def test_all_that_a_search_took_is_told_in_order(meant: FakeElastic) -> None:
    async with retriever_of(meant.url, choices=(STAGES,)) as retriever:
        await retriever.search("hot", 9)
        meant.cluster.pits.clear()
        meant.cluster.refuses = {"rrf"}
        found = await retriever.search("hot", 9, None, chosen(first_stage="rrf"))
    told = [(one.purpose, one.status) for one in found.exchanges]
    assert told == [("first stage", 400), ("first stage", 404), ("snapshot", 200), ("first stage", 200)]
    assert found.retrieve_ms == sum(one.wall_ms for one in found.exchanges[:3]) + 3.0


async def test_a_server_without_snapshots_is_searched_as_it_is(server: FakeElastic) -> None:
    refusal = {"error": {"type": "illegal_argument_exception", "reason": "no handler found"}, "status": 405}
    server.fail("/_pit", status=405, body=refusal)
    async with retriever_of(server.url) as retriever:
        found = await retriever.search("hot", 9)
        await retriever.search("hot", 9)
    assert ids(found)
    assert [finding.rule for finding in found.findings] == ["no-snapshot"]
    assert len(server.asked("/_pit")) == 1


async def test_an_index_that_went_away_is_an_error(server: FakeElastic) -> None:
    async with retriever_of(server.url) as retriever:
        del server.cluster.indices["articles"]
        with pytest.raises(ClusterError) as failed:
            await retriever.search("hot", 9)
    assert (failed.value.status, failed.value.kind) == (404, "index_not_found_exception")


async def test_closing_lets_the_snapshot_go_and_waits_for_no_server(server: FakeElastic) -> None:
    async with retriever_of(server.url) as retriever:
        await retriever.search("hot", 9)
        assert server.cluster.pits
        await retriever.close()
        assert not server.cluster.pits
        with pytest.raises(ClusterError, match="articles has been closed"):
            await retriever.search("hot", 9)
        assert not server.cluster.pits
    async with retriever_of(server.url) as retriever:
        await retriever.search("hot", 9)
        server.fail("/_pit", method="DELETE", hang=True)
        await asyncio.wait_for(retriever.close(), 5)


# One document ---------------------------------------------------------------------------------------


async def test_one_document_is_read_by_its_id(server: FakeElastic) -> None:
    async with retriever_of(server.url) as retriever:
        assert await retriever.document("bag") == Document(
            "bag", "Laptop bag", "Carry it  everywhere.\n\nA hot seller."
        )
        assert await retriever.document("none") is None
        assert await retriever.document("") is None


@pytest.mark.parametrize("body", [[], {}, {"acknowledged": True}])
async def test_what_a_proxy_answers_is_not_taken_for_a_document_that_is_not_there(
    server: FakeElastic, body: Any
) -> None:
    async with retriever_of(server.url) as retriever:
        document = await retriever.document("bag")
        assert document
        reply(server, body)
        with pytest.raises(ClusterError, match="something other than hits"):
            await retriever.document("bag")
        with pytest.raises(ClusterError, match="something other than hits"):
            await retriever.highlight("hot", document)


async def test_a_document_is_highlighted_where_the_query_matches(server: FakeElastic) -> None:
    async with retriever_of(server.url) as retriever:
        found = await retriever.search("hot laptop", 9)
        for row in found.candidates:
            marks = await retriever.highlight("hot laptop", row.document)
            assert marks.title == row.title_spans
            assert {row.document.body[start:end].lower() for start, end in marks.body} <= {"hot", "laptop"}
        bag = next(row.document for row in found.candidates if row.document.id == "bag")
        before = len(server.asked("/_search"))
        assert (await retriever.highlight("hot laptop", bag)).body == ((25, 28),)
        assert len(server.asked("/_search")) == before


async def test_the_peers_highlights_are_where_the_words_are(tmp_path: Path) -> None:
    documents = {
        "1": {"title": "  Hot\tlaptop \x1b[2J case", "body": "\r\n Say \x02hot\x03 or\x00 hot\r\nlaptop\u200b\n"},
        "2": {"title": ["Hot laptops", "cold"], "body": ["nothing here", "hot laptop"]},
        "3": {"title": "Hot and hot", "body": "laptop, “hot” ünd laptop"},
    }
    with noida(tmp_path) as server:
        server.put("/d", json={"mappings": PLAIN}).raise_for_status()
        for id, source in documents.items():
            server.put(f"/d/_doc/{id}?refresh=true", json=source).raise_for_status()
        async with retriever_of(str(server.base_url), "d") as retriever:
            marked = {}
            for row in (await retriever.search("hot laptop", 9)).candidates:
                marks = await retriever.highlight("hot laptop", row.document)
                assert marks.title == row.title_spans
                title, body = row.document.title, row.document.body
                marked[row.document.id] = [title[a:b] for a, b in marks.title], [body[a:b] for a, b in marks.body]
    assert marked == {
        # Its text holds the very marks that are asked for; rather no highlight than a wrong one.
        "1": (["Hot", "laptop"], []),
        "2": (["Hot", "laptops"], []),
        "3": (["Hot", "hot"], ["laptop", "hot", "laptop"]),
    }


async def test_a_document_that_changed_is_not_highlighted(server: FakeElastic) -> None:
    async with retriever_of(server.url) as retriever:
        document = await retriever.document("hot")
        assert document
        marks = await retriever.highlight("hot", replace(document, body="Another text, not as hot."))
    assert (marks.title, marks.body) == (((0, 3),), ())


async def test_a_score_comes_apart_into_its_terms(server: FakeElastic) -> None:
    query = 'hot laptop "gets hot" title:laptop'
    async with retriever_of(server.url) as retriever:
        for row in (await retriever.search(query, 9)).candidates:
            explanation = await retriever.explain(query, row.document.id)
            assert explanation and explanation.value == pytest.approx(row.score, rel=1e-6)
            counted = [part for part in contributions(explanation) if part.counted]
            assert sum(part.value for part in counted) == pytest.approx(row.score, rel=1e-6)
            assert all(part.field in ("title", "body") and part.term for part in counted)
        assert await retriever.explain(query, "cat") is None
        assert await retriever.explain(query, "none") is None
        assert await retriever.explain("", "hot") is None


async def test_a_document_that_no_search_found_is_explained_by_a_hybrid_too(meant: FakeElastic) -> None:
    async with retriever_of(meant.url, choices=(STAGES,)) as retriever:
        assert await retriever.explain("hot", "cat", None, chosen(first_stage="rrf"))
        assert await retriever.explain("hot", "none", None, chosen(first_stage="rrf")) is None


async def test_a_hybrid_is_explained_as_it_was_searched_though_the_index_has_changed(
    meant: FakeElastic, monkeypatch: pytest.MonkeyPatch
) -> None:
    rrf = chosen(first_stage="rrf")
    async with retriever_of(meant.url, choices=(STAGES,)) as retriever:
        found = await retriever.search("hot laptop", 9, None, rrf)
        for at in range(4):
            hot = {"title": "hot laptop", "body": "hot laptop", "meaning": "hot laptop"}
            meant.index("articles").put(f"new{at}", hot)
        monkeypatch.setattr(snapshot, "FRESH", -1.0)
        for row in found.candidates:
            explanation = await retriever.explain("hot laptop", row.document.id, None, rrf)
            assert explanation and explanation.value == pytest.approx(row.score, rel=1e-4)
        meant.cluster.pits.clear()
        assert await retriever.explain("hot laptop", found.candidates[0].document.id, None, rrf), "as it is by now"


# Hostile answers ------------------------------------------------------------------------------------

HITS: dict[str, tuple[Any, str, str]] = {
    # what the hit holds beside its id: its title and its body as they are shown
    "no source": ({}, "", ""),
    "source alone": ({"_source": {"title": "t", "body": "b"}}, "t", "b"),
    "source of objects": ({"_source": {"title": {"text": "t"}, "body": [["a"], [{"x": 1}]]}}, '{"text": "t"}', "a"),
    "numbers": ({"fields": {"title": [7], "body": [1.5, True]}}, "7", "1.5"),
    "truth": ({"fields": {"title": [True], "body": [False]}}, "true", "false"),
    "an object": ({"fields": {"title": [{"a": [1]}], "body": [{}]}}, '{"a": [1]}', "{}"),
    "no lists": ({"fields": {"title": "t", "body": "b"}}, "t", "b"),
    "nulls": ({"fields": {"title": [None], "body": [None, "b"]}}, "", "b"),
    "no fields at all": ({"fields": "nonsense", "_source": 7, "highlight": []}, "", ""),
    "odd highlights": ({"fields": {"title": ["t"]}, "highlight": {"title": [3, None, "\x02t"]}}, "t", ""),
    "an older semantic field": ({"_source": {"body": {"text": "b", "inference": {}}}}, "", "b"),
    "terminal sequences": (
        {"fields": {"title": ["a\x1b]0;x\x07\nb"], "body": ["\x9b2J\u202eb"]}},
        "a�]0;x� b",
        "�2J�b",
    ),
    "lone surrogates": ({"fields": {"title": ["a\ud800"], "body": ["\udfffb"]}}, "a�", "�b"),
}


@pytest.mark.parametrize("name", HITS)
async def test_whatever_a_hit_holds_becomes_a_document(server: FakeElastic, name: str) -> None:
    held, title, body = HITS[name]
    async with retriever_of(server.url) as retriever:
        hit = {"_index": "articles", "_id": "1", "_score": 1.5, **held}
        reply(server, answered(hit))
        found = await retriever.search("hot", 3)
    assert [row.document for row in found.candidates] == [Document("1", title, body)]


async def test_a_list_without_end_and_a_text_without_end_are_cut(server: FakeElastic) -> None:
    deep = "[" * 900 + '"x"' + "]" * 900
    held = f'{{"_id": "deep", "_score": 1, "fields": {{"title": {deep}, "body": {json.dumps(["v"] * 20_000)}}}}}'
    long = {"_id": "long", "_score": 1, "fields": {"title": ["t" * 10_000_000], "body": ["b" * 10_000_000]}}
    async with retriever_of(server.url) as retriever:
        body = json.dumps(answered("HERE", long)).replace('"HERE"', held)
        reply(server, body)
        found = await retriever.search("hot", 3)
    first, second = (row.document for row in found.candidates)
    assert (first.title, first.body) == ("", "v")
    assert len(second.body) == TEXT_LIMIT and len(second.title) < 2_000
    assert [(one.message[:25], one.ids) for one in found.findings if one.rule == "very-long-text"] == [
        ("1 candidate has a text of", ("long",))
    ]


@pytest.mark.parametrize("score", ["null", '"NaN"', '"1.5"', "true", "1e999", "[]", "1" + "0" * 400])
async def test_a_score_that_is_no_number_is_shown_as_0_and_said(server: FakeElastic, score: str) -> None:
    async with retriever_of(server.url) as retriever:
        body = json.dumps(answered({"_id": "1", "_score": "HERE", "fields": {"body": ["b"]}}))
        reply(server, body.replace('"HERE"', score))
        found = await retriever.search("hot", 3)
    assert [row.score for row in found.candidates] == [0.0]
    assert [finding.rule for finding in found.findings] == ["no-score"]
    assert found.findings[0].message == "1 hit came without a score; 0 is shown instead."


async def test_an_id_that_could_act_on_a_terminal_is_tamed_and_still_leads_to_its_document() -> None:
    documents = {"a\x1b[2J": DOCUMENTS["hot"], "\u200b": DOCUMENTS["bag"]}
    with fake_elastic(indices=[Index("articles", documents, PLAIN)]) as server:
        async with retriever_of(server.url) as retriever:
            found = await retriever.search("laptop", 9)
            assert sorted(ids(found)) == ["'\\u200b'", "a�[2J"]
            for row in found.candidates:
                assert await retriever.document(row.document.id) == row.document
                assert await retriever.explain("laptop", row.document.id)
                assert (await retriever.highlight("laptop", row.document)).title


async def test_hits_without_an_id_are_left_out_and_said(server: FakeElastic) -> None:
    async with retriever_of(server.url) as retriever:
        hits = [{"_score": 2.0}, {"_id": None}, "nonsense", {"_id": 7, "_score": 1.0, "fields": {"body": ["b"]}}]
        reply(server, answered(*hits))
        found = await retriever.search("hot", 9)
    assert ids(found) == ["7"]
    assert [finding.message for finding in found.findings] == ["2 hits came without an id and are left out."]


@pytest.mark.parametrize("body", [[], {}, {"hits": []}, {"hits": None}, {"acknowledged": True}])
async def test_an_answer_that_is_no_search_result_is_an_error_and_no_empty_list(server: FakeElastic, body: Any) -> None:
    async with retriever_of(server.url) as retriever:
        reply(server, body)
        with pytest.raises(ClusterError, match="something other than hits"):
            await retriever.search("hot", 9)


async def test_more_hits_than_were_asked_for_are_cut(server: FakeElastic) -> None:
    async with retriever_of(server.url) as retriever:
        hits = [{"_id": str(at), "_score": 1.0, "fields": {"body": ["b"]}} for at in range(50)]
        reply(server, answered(*hits))
        found = await retriever.search("hot", 5)
    assert len(found.candidates) == 5
