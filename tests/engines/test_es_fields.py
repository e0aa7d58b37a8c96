"""What there is to search on a cluster, and which of its fields are searched, shown and reranked."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest

from tests.fakes.elastic import FakeElastic, Index, fake_elastic
from tests.fakes.noida import noida
from workbench.config.profile import Profile
from workbench.domain.errors import BadInputError
from workbench.engines.elasticsearch.connection import Connection
from workbench.engines.elasticsearch.failures import ClusterError
from workbench.engines.elasticsearch.fields import Index as Described
from workbench.engines.elasticsearch.fields import describe, path_of, targets

TEXT, KEYWORD = {"type": "text"}, {"type": "keyword"}
SEMANTIC = {"type": "semantic_text", "inference_id": "my-elser"}


@asynccontextmanager
async def connected(url: str, **profile: Any) -> AsyncIterator[Connection]:
    connection = Connection(Profile("here", hosts=(url,), **profile))
    try:
        yield connection
    finally:
        await connection.close()


@contextmanager
def index_of(properties: Mapping[str, Any], documents: Mapping[str, Any] | None = None) -> Iterator[FakeElastic]:
    with fake_elastic(indices=[Index("things", documents, {"properties": properties})]) as server:
        yield server


async def described(properties: Mapping[str, Any], documents: Any = None, **profile: Any) -> Described:
    with index_of(properties, documents) as server:
        async with connected(server.url, **profile) as connection:
            return await describe(connection, "things")


async def test_indices_aliases_and_data_streams_can_be_searched_but_not_what_is_hidden() -> None:
    more = [Index("old", aliases=["both"]), Index(".ds-logs-1", data_stream="logs"), Index(".kibana")]
    with fake_elastic(indices=more) as server:
        async with connected(server.url) as connection:
            assert await targets(connection) == ("articles", "both", "logs", "old")


async def test_closed_and_system_indices_and_names_that_could_act_on_a_terminal_are_left_out() -> None:
    body = {
        "indices": [
            {"name": "closed", "attributes": ["closed"]},
            {"name": "system", "attributes": ["open", "system"]},
            {"name": "hidden", "attributes": ["open", "hidden"]},
            {"name": "a\x1b[2Jb", "attributes": ["open"]},
            {"name": 7},
            "nonsense",
            {"name": "there", "attributes": None},
        ],
        "aliases": {"not": "a list"},
    }
    with fake_elastic() as server:
        server.fail("/_resolve", status=200, body=body)
        async with connected(server.url) as connection:
            assert await targets(connection) == ("there",)


async def test_without_the_privilege_to_look_the_profiles_own_index_is_what_there_is() -> None:
    with fake_elastic(forbidden={"view_index_metadata"}) as server:
        async with connected(server.url, index="articles") as connection:
            assert await targets(connection) == ("articles",)
        async with connected(server.url) as connection:
            assert await targets(connection) == ()


async def test_a_cluster_that_is_away_is_no_empty_cluster() -> None:
    with fake_elastic() as server:
        server.fail("/_resolve", close=True)
        async with connected(server.url, index="articles", timeout=1.0) as connection:
            with pytest.raises(ClusterError):
                await targets(connection)


async def test_an_index_of_the_peer_is_described(tmp_path: Any) -> None:
    with noida(tmp_path) as server:
        properties = {"headline": TEXT, "passage": TEXT, "tag": KEYWORD, "page": {"properties": {"note": TEXT}}}
        made = {"mappings": {"properties": properties}, "aliases": {"latest": {}}}
        server.put("/d", json=made).raise_for_status()
        server.post("/d/_doc/1?refresh=true", json={"headline": "Hot", "passage": "A laptop"}).raise_for_status()
        async with connected(str(server.base_url)) as connection:
            assert await targets(connection) == ("d", "latest")
            found = await describe(connection, "latest")
    assert (found.name, found.documents, found.title, found.field) == ("latest", 1, "headline", "passage")
    assert found.fields == (("headline", 2.0), ("passage", 1.0))
    types = {"headline": "text", "passage": "text", "tag": "keyword", "page.note": "text", "page": "object"}
    assert found.mapping == types
    assert found.lexical


@pytest.mark.parametrize(
    ("fields", "title", "text"),
    [
        ({"title": TEXT, "body": TEXT, "summary": TEXT}, "title", "body"),
        ({"name": KEYWORD, "label": TEXT, "description": TEXT}, "name", "description"),
        ({"title": TEXT}, "title", "title"),
        ({"text": TEXT}, "", "text"),
        ({"subject": TEXT, "message": {"type": "match_only_text"}}, "subject", "message"),
        (
            {"title": {"type": "long"}, "page": {"properties": {"title": TEXT, "content": TEXT}}},
            "page.title",
            "page.content",
        ),
        ({"sku": KEYWORD, "name": KEYWORD}, "name", "name"),
        ({"title": TEXT, "body": {"type": "long"}, "zzz": TEXT}, "title", "zzz"),
    ],
)
async def test_title_and_text_are_found_by_their_usual_names(fields: Any, title: str, text: str) -> None:
    found = await described(fields)
    assert (found.title, found.field) == (title, text)
    assert dict(found.fields).keys() == {name for name in (title, text) if name}


async def test_where_no_name_is_usual_the_text_is_the_field_with_most_in_it() -> None:
    documents = {"1": {"a": "short", "b": "a much longer story", "c": "x"}, "2": {"c": "longest? no"}}
    found = await described({"a": TEXT, "b": TEXT, "c": TEXT, "d": KEYWORD}, documents)
    assert (found.title, found.field, found.fields) == ("", "b", (("b", 1.0),))


async def test_the_profile_comes_first() -> None:
    fields = {"title": TEXT, "body": TEXT, "lead": TEXT, "sku": KEYWORD}
    found = await described(fields, title="lead", field="title", fields=(("sku", 4.0), ("lead", 1.0)))
    assert (found.title, found.field, found.fields) == ("lead", "title", (("sku", 4.0), ("lead", 1.0)))


@pytest.mark.parametrize(
    ("profile", "message", "hint"),
    [
        ({"field": "bdoy"}, "things has no field “bdoy”.", "Did you mean body? Profile here names it."),
        ({"title": "zzzzzz"}, "things has no field “zzzzzz”.", "There are: body, title. Profile here names it."),
        ({"fields": (("titel", 2.0),)}, "things has no field “titel”.", "Did you mean title? Profile here names it."),
        (
            {"field": "page"},
            "“page” of things holds no text.",
            "Set `field` in profile here to body or meaning or title, or choose another index.",
        ),
        (
            {"fields": (("meaning", 1.0),)},
            "“meaning” of things is a semantic_text field, in which no words can be counted.",
            "Take it out of `fields` in profile here; the first stages rrf and linear search it.",
        ),
    ],
)
async def test_a_field_that_will_not_do_is_named_with_what_will(profile: Any, message: str, hint: str) -> None:
    fields = {"title": TEXT, "body": TEXT, "page": {"properties": {"x": {"type": "long"}}}, "meaning": SEMANTIC}
    if "title" in profile:
        del fields["meaning"]
    with pytest.raises(BadInputError) as failed:
        await described(fields, **profile)
    assert (failed.value.message, failed.value.hint) == (message, hint)


async def test_an_index_without_text_cannot_be_used() -> None:
    with pytest.raises(BadInputError, match=r"things has no field with text\.") as failed:
        await described({"year": {"type": "long"}})
    assert failed.value.hint == "Choose another index."


async def test_an_index_of_keywords_names_those_that_can_be_read_all_the_same() -> None:
    fields = {"sku": KEYWORD, "year": {"type": "long"}}
    with pytest.raises(BadInputError, match=r"things has no field with text\.") as failed:
        await described(fields)
    assert failed.value.hint == "Set `field` in profile here to sku, or choose another index."
    assert (await described(fields, field="sku")).fields == (("sku", 1.0),)


NESTED = {"type": "nested", "properties": {"text": TEXT, "by": {"properties": {"name": TEXT}}, "meaning": SEMANTIC}}


async def test_what_is_below_a_nested_field_is_neither_searched_nor_read() -> None:
    found = await described({"title": TEXT, "comments": NESTED, "zzz": TEXT})
    assert dict(found.mapping) == {"title": "text", "comments": "nested", "zzz": "text"}
    assert (found.field, found.fields, found.semantic) == ("zzz", (("title", 2.0), ("zzz", 1.0)), ())


@pytest.mark.parametrize("named", [{"field": "comments.text"}, {"fields": (("comments.by.name", 2.0),)}])
async def test_a_profile_that_names_what_is_nested_is_told_that_nothing_looks_there(named: Any) -> None:
    with pytest.raises(BadInputError, match="is below the nested field comments") as failed:
        await described({"title": TEXT, "comments": NESTED}, **named)
    assert "profile here" in failed.value.hint


async def test_an_index_that_is_not_there_is_said_to_be_not_there() -> None:
    with fake_elastic() as server:
        async with connected(server.url) as connection:
            with pytest.raises(ClusterError) as failed:
                await describe(connection, "nowhere")
    assert failed.value.status == 404


@pytest.mark.parametrize("called", ["text", "semantic_text"])
async def test_a_semantic_field_is_known_whatever_the_first_answer_calls_it(called: str) -> None:
    with index_of({"title": TEXT, "body": TEXT, "body_semantic": SEMANTIC, "a": SEMANTIC}) as server:
        fields = {name: {"text": {"type": "text"}} for name in ("title", "body")}
        fields |= {name: {called: {"type": called}} for name in ("body_semantic", "a")}
        server.fail("/_field_caps", status=200, body={"indices": ["things"], "fields": fields})
        if called == "semantic_text":
            server.fail("/_mapping", status=403, body={"error": {"type": "security_exception", "reason": "no"}})
        async with connected(server.url) as connection:
            found = await describe(connection, "things")
    assert found.mapping["body_semantic"] == found.mapping["a"] == "semantic_text"
    assert found.semantic == ("body_semantic", "a")
    assert found.fields == (("title", 2.0), ("body", 1.0))


async def test_words_are_looked_for_beside_a_text_that_is_semantic() -> None:
    found = await described({"title": TEXT, "content": SEMANTIC, "content_en": TEXT, "zone": TEXT})
    assert (found.field, found.semantic) == ("content", ("content",))
    assert found.fields == (("title", 2.0), ("content_en", 1.0))
    assert found.lexical


async def test_an_index_of_meaning_alone_can_be_searched_by_meaning_alone() -> None:
    found = await described({"content": SEMANTIC})
    assert (found.title, found.field, found.fields, found.lexical) == ("", "content", (("content", 1.0),), False)


async def test_of_a_field_with_several_types_the_one_with_words_counts() -> None:
    body = {"fields": {"body": {"keyword": {"type": "keyword"}, "text": {"type": "text"}, "unmapped": {}}}}
    body["fields"] |= {"_id": {"_id": {"metadata_field": True}}, "a\x1bb": {"text": {}}, "odd": "nonsense"}
    with fake_elastic() as server:
        server.fail("/_field_caps", status=200, body=body)
        server.fail("/_count", status=200, body={"count": "many"})
        async with connected(server.url) as connection:
            found = await describe(connection, "articles")
    assert (dict(found.mapping), found.documents) == ({"body": "text"}, 0)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("logs-*,-logs-old", "logs-*,-logs-old"),
        ("far:articles", "far:articles"),
        ("<logs-{now/d}>", "%3Clogs-%7Bnow%2Fd%7D%3E"),
        ("a/../_all?q=x#y", "a%2F..%2F_all%3Fq%3Dx%23y"),
        ("größe b", "gr%C3%B6%C3%9Fe%20b"),
    ],
)
def test_a_name_is_quoted_so_that_it_stays_a_name(name: str, path: str) -> None:
    assert path_of(name) == path


@pytest.mark.parametrize("name", ["", " ", ".", ".."])
def test_no_index_is_not_all_indices(name: str) -> None:
    with pytest.raises(BadInputError, match="No index is chosen"):
        path_of(name)


async def test_several_indices_are_described_as_one() -> None:
    more = [Index("b", {"1": {"title": "x", "note": "y"}}, {"properties": {"title": TEXT, "note": TEXT}})]
    with fake_elastic({"2": {"title": "t", "body": "b"}}, indices=more) as server:
        async with connected(server.url) as connection:
            found = await describe(connection, "articles,b")
    assert (found.documents, set(found.mapping), found.field) == (2, {"title", "body", "note"}, "body")


async def test_what_cannot_be_described_is_not_asked_about_any_longer() -> None:
    with index_of({"body": TEXT}) as server:
        server.fail("/_count", hang=True)
        server.fail("/_field_caps", status=404, body={"error": {"type": "index_not_found_exception", "reason": "no"}})
        async with connected(server.url) as connection:
            with pytest.raises(ClusterError):
                await describe(connection, "things")
            async with asyncio.timeout(10):
                while not server.abandoned:  # noqa: ASYNC110 - what happens on the wire sets no event here
                    await asyncio.sleep(0.01)
