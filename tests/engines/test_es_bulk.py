"""Documents on their way into a cluster, against an independent server and against one that fails on request."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from tests.engines.docstrings import docstrings
from tests.fakes.elastic import FakeElastic, fake_elastic
from tests.fakes.hostile import hostile_documents
from workbench.config.profile import Profile
from workbench.domain.documents import Document
from workbench.engines.elasticsearch.bulk import BulkLoad, Pace
from workbench.engines.elasticsearch.connection import Connection
from workbench.engines.elasticsearch.failures import ClusterError
from workbench.engines.elasticsearch.target import create_target, visible_documents

SMALL = Pace(10, 100_000, 30)
DOCUMENTS = docstrings(45)


async def made(connection: Connection, name: str) -> None:
    await create_target(connection, name, shards=None, endpoint="", aliases={})


def posted(server: httpx.Client, path: str, body: dict[str, Any]) -> Any:
    return server.post(path, json=body).raise_for_status().json()


def stored(server: httpx.Client, name: str) -> dict[str, dict[str, Any]]:
    hits = posted(server, f"/{name}/_search", {"query": {"match_all": {}}, "size": 1000})["hits"]["hits"]
    return {hit["_id"]: hit["_source"] for hit in hits}


async def test_what_is_indexed_is_found(connection: Connection, server: httpx.Client) -> None:
    await made(connection, "found")
    told: list[int] = []
    load = BulkLoad(connection, "found", existing=False, pace=SMALL)
    await load.run(iter(DOCUMENTS), told.append)
    assert (load.added, load.replaced, load.unchanged, load.refused) == (45, 0, 0, 0)
    assert told == [10, 20, 30, 40, 45]
    assert await visible_documents(connection, "found") == 45
    body = {"query": {"match": {"body": "RETURNING"}}}
    hits = posted(server, "/found/_search", body)["hits"]["hits"]
    assert hits and all("return" in hit["_source"]["body"].lower() for hit in hits)


async def test_hostile_documents_arrive_as_they_were_sanitised(connection: Connection, server: httpx.Client) -> None:
    await made(connection, "hostile")
    load = BulkLoad(connection, "hostile", existing=False)
    await load.run(hostile_documents())
    assert (load.added, load.refused) == (len(hostile_documents()), 0)
    await visible_documents(connection, "hostile")
    arrived = stored(server, "hostile")
    assert {Document(id, source["title"], source["body"]) for id, source in arrived.items()} == set(hostile_documents())


async def test_an_empty_field_is_left_out(connection: Connection, server: httpx.Client) -> None:
    await made(connection, "blank")
    await BulkLoad(connection, "blank", existing=False).run([Document.of("a", "", "text"), Document.of("b", "t", " ")])
    await visible_documents(connection, "blank")
    assert stored(server, "blank") == {"a": {"body": "text"}, "b": {"title": "t"}}


async def test_an_id_that_is_too_long_costs_only_its_own_document(connection: Connection) -> None:
    await made(connection, "long")
    load = BulkLoad(connection, "long", existing=False)
    await load.run([Document.of("ö" * 257, "", "x"), Document.of("ö" * 256, "", "x")])
    assert (load.added, load.refused) == (1, 1)
    assert "an id of 514 bytes; 512 at most" in str(load.named[0])
    assert await visible_documents(connection, "long") == 1


async def test_a_second_load_sends_only_what_is_missing_or_differs(
    connection: Connection, server: httpx.Client
) -> None:
    await made(connection, "again")
    await BulkLoad(connection, "again", existing=False, pace=SMALL).run(DOCUMENTS[:20])
    changed = Document.of(DOCUMENTS[0].id, "Changed", "altogether")
    load = BulkLoad(connection, "again", existing=True, pace=SMALL)
    await load.run([changed, *DOCUMENTS[1:]])
    assert (load.added, load.replaced, load.unchanged, load.refused) == (25, 1, 19, 0)
    assert await visible_documents(connection, "again") == 45
    versions = posted(server, "/again/_mget", {"ids": [one.id for one in DOCUMENTS]})["docs"]
    assert [one["_version"] for one in versions] == [2] + [1] * 44
    assert stored(server, "again")[changed.id] == {"title": "Changed", "body": "altogether"}


def item(id: str, status: int, reason: str = "") -> dict[str, Any]:
    error = {"type": "a_type", "reason": "outer", "caused_by": {"type": "b", "reason": reason}}
    return {"index": {"_index": "articles", "_id": id, "status": status, **({"error": error} if reason else {})}}


@pytest.fixture
def failing() -> Iterator[FakeElastic]:
    with fake_elastic() as server:
        yield server


@pytest.fixture
async def load(failing: FakeElastic) -> AsyncIterator[BulkLoad]:
    connection = Connection(Profile("here", hosts=(failing.url,)))
    yield BulkLoad(connection, "articles", existing=False, pace=SMALL, pause=0.001)
    await connection.close()


async def test_documents_that_find_a_full_queue_are_sent_again(failing: FakeElastic, load: BulkLoad) -> None:
    failing.cluster.busy_items = 13
    await load.run(DOCUMENTS)
    assert (load.added, load.refused) == (45, 0)
    assert failing.index("articles").versions == {one.id: 1 for one in DOCUMENTS}
    sizes = [len(request.body) // 2 for request in failing.asked("/_bulk")]
    assert sizes == [10, 10, 3, 10, 10, 10, 5]


@pytest.mark.parametrize("status", [429, 502, 503, 504])
async def test_a_whole_request_that_is_turned_away_is_sent_again(
    failing: FakeElastic, load: BulkLoad, status: int
) -> None:
    failing.fail("/_bulk", status=status, body="<html>busy</html>", times=2)
    await load.run(DOCUMENTS)
    assert load.added == 45
    assert len(failing.asked("/_bulk")) == 7


async def test_a_connection_that_is_cut_costs_nothing(failing: FakeElastic, load: BulkLoad) -> None:
    failing.fail("/_bulk", close=True, skip=1, times=3)
    await load.run(DOCUMENTS)
    assert load.added == 45
    assert failing.index("articles").documents.keys() == {one.id for one in DOCUMENTS}


async def test_a_cluster_that_stays_away_ends_the_load_with_what_is_in_counted(
    failing: FakeElastic, load: BulkLoad
) -> None:
    failing.fail("/_bulk", close=True, skip=2)
    with pytest.raises(ClusterError, match="closed the connection") as ended:
        await load.run(DOCUMENTS)
    assert ended.value.exit_code == 3
    assert load.added == 20 == len(failing.index("articles").documents)
    assert len(failing.asked("/_bulk")) == 2 + 6


async def test_a_connection_that_is_lost_after_an_answer_is_not_taken_for_an_answer_that_was_cut(
    failing: FakeElastic, load: BulkLoad
) -> None:
    failing.cluster.busy_items = 1000
    for number in range(1, 7):  # Every second request.
        failing.fail("/_bulk", close=True, skip=number, times=1)
    with pytest.raises(ClusterError, match="closed the connection without an answer"):
        await load.run(DOCUMENTS[:10])


@pytest.mark.parametrize("path", ["/_mget", "/_bulk"])
@pytest.mark.parametrize("body", [{"docs": [{"found": True}], "items": [3]}, {"took": 1}, []], ids=str)
async def test_an_answer_of_another_shape_ends_the_load(failing: FakeElastic, path: str, body: Any) -> None:
    failing.fail(path, status=200, body=body)
    connection = Connection(Profile("here", hosts=(failing.url,)))
    with pytest.raises(ClusterError, match="not one of Elasticsearch's"):
        await BulkLoad(connection, "articles", existing=path == "/_mget").run(DOCUMENTS)
    await connection.close()


@pytest.mark.parametrize(
    ("ids", "says"),
    [
        (["0", "of another"], "names a document that was not sent"),
        (["0", "1", "2"], "says nothing of 7 of the documents"),
    ],
)
async def test_an_answer_about_other_documents_than_were_sent_ends_the_load(
    failing: FakeElastic, load: BulkLoad, ids: list[str], says: str
) -> None:
    documents = [Document.of(str(number), "", "text") for number in range(10)]
    failing.fail("/_bulk", status=200, body={"errors": False, "took": 1, "items": [item(id, 201) for id in ids]})
    with pytest.raises(ClusterError, match=says) as ended:
        await load.run(documents)
    assert (ended.value.exit_code, load.added, len(failing.asked("/_bulk"))) == (3, len({*ids} & set("012")), 1)


async def test_a_document_that_is_refused_is_named_and_the_others_go_in(failing: FakeElastic, load: BulkLoad) -> None:
    documents = [Document.of(f"d{number}\x1b[31m", "", "text") for number in range(30)]
    for start in (0, 10, 20):
        items = [item(one.id, 201) for one in documents[start : start + 10]]
        for place in range(5):
            items[place] = item(documents[start + place].id, 400, "no \x1b[2J number")
        failing.fail("/_bulk", status=200, body={"errors": True, "took": 1, "items": items}, times=1)
    await load.run(documents)
    assert (load.added, load.refused, len(load.named)) == (15, 15, 10)
    assert str(load.named[0]) == "d0\ufffd[31m: no \ufffd[2J number"


async def test_what_every_document_would_meet_ends_the_load(failing: FakeElastic, load: BulkLoad) -> None:
    items = [item(one.id, 403, "index [articles] blocked by: [FORBIDDEN/12/read-only]") for one in DOCUMENTS[:10]]
    failing.fail("/_bulk", status=200, body={"errors": True, "took": 1, "items": items})
    with pytest.raises(ClusterError, match=r"articles takes no more documents: .*blocked by") as ended:
        await load.run(DOCUMENTS)
    assert ended.value.status == 403
    assert (load.added, load.refused, len(failing.asked("/_bulk"))) == (0, 0, 1)


async def test_no_request_is_larger_than_its_pace_allows(failing: FakeElastic, load: BulkLoad) -> None:
    await load.run(Document.of(f"d{number}", "", "x" * 40_000) for number in range(5))
    assert [len(request.body) // 2 for request in failing.asked("/_bulk")] == [2, 2, 1]
