from typing import Any

import httpx
import pytest

from tests.fakes.elastic import fake_elastic
from workbench.config.profile import Profile
from workbench.domain.errors import BadInputError
from workbench.engines.elasticsearch.connection import Connection
from workbench.engines.elasticsearch.failures import ClusterError
from workbench.engines.elasticsearch.target import (
    check_fits,
    check_name,
    create_target,
    delete_target,
    find_target,
    visible_documents,
)

ENGLISH = {"type": "text", "analyzer": "english"}


def shown(server: httpx.Client, index: str) -> Any:
    return server.get(f"/{index}").raise_for_status().json()[index]


def put(server: httpx.Client, path: str, body: dict[str, Any]) -> None:
    server.put(path, json=body).raise_for_status()


@pytest.mark.parametrize("name", ["a", "help-center", "logs_2025.01", "9", "größe", "x" * 255])
def test_a_name_that_elasticsearch_takes_passes(name: str) -> None:
    check_name(name)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("", "empty"),
        ("Articles", "capital letters"),
        ("ÄPFEL", "capital letters"),
        ("a b", "a blank"),
        ("a,b", "','"),
        ("a*", "'*'"),
        ("a/b", "'/'"),
        ("<a-{now/d}>", "'<'"),
        ("far:a", "':'"),
        ("a\x1b[31m", "has"),
        ("a\n", "a blank"),
        ("-a", "begins with '-'"),
        ("_all", "begins with '_'"),
        ("+a", "begins with '+'"),
        (".", "dot"),
        ("..", "dot"),
        (".kibana", "dot"),
        ("ö" * 128, "256 bytes"),
    ],
)
def test_a_name_that_elasticsearch_refuses_is_refused_in_words(name: str, problem: str) -> None:
    with pytest.raises(BadInputError, match="cannot be an index's name") as refused:
        check_name(name)
    assert problem in refused.value.message
    assert refused.value.message.isprintable()


async def test_nothing_has_the_name(connection: Connection) -> None:
    assert await find_target(connection, "nothing") is None


async def test_an_index_is_made_with_english_text_and_found_again(connection: Connection, server: httpx.Client) -> None:
    await create_target(connection, "made", shards=None, endpoint="", aliases={"known-as": {}})
    mapping = shown(server, "made")
    assert mapping["mappings"]["properties"] == {"title": ENGLISH, "body": ENGLISH}
    assert mapping["settings"]["index"]["number_of_shards"] == "1"
    found = await find_target(connection, "made")
    assert found and found.documents == 0 and list(found.aliases) == ["known-as"] and not found.semantic
    check_fits(found, "")


async def test_shards_and_a_semantic_field_on_request(connection: Connection, server: httpx.Client) -> None:
    await create_target(connection, "semantic", shards=3, endpoint="elser", aliases={})
    index = shown(server, "semantic")
    fields = index["mappings"]["properties"]
    assert index["settings"]["index"]["number_of_shards"] == "3"
    assert fields["body"] == {**ENGLISH, "copy_to": "body_semantic"}
    assert fields["body_semantic"] == {"type": "semantic_text", "inference_id": "elser"}
    found = await find_target(connection, "semantic")
    assert found and found.semantic
    check_fits(found, "elser")
    with pytest.raises(BadInputError, match="no field 'body_semantic' that e5 reads"):
        check_fits(found, "e5")


async def test_an_alias_is_not_taken_for_an_index(connection: Connection, server: httpx.Client) -> None:
    put(server, "/behind", {"aliases": {"front": {}}})
    with pytest.raises(BadInputError, match="front is an alias of behind, not an index"):
        await find_target(connection, "front")


async def test_an_index_without_our_fields_does_not_fit(connection: Connection, server: httpx.Client) -> None:
    fields = {"title": ENGLISH, "body": {"type": "keyword"}}
    put(server, "/other", {"mappings": {"properties": fields}})
    found = await find_target(connection, "other")
    assert found
    with pytest.raises(BadInputError, match="no text field 'body'; nothing was written"):
        check_fits(found, "")


async def test_what_was_written_is_visible_and_counted(connection: Connection, server: httpx.Client) -> None:
    await create_target(connection, "counted", shards=None, endpoint="", aliases={})
    put(server, "/counted/_doc/1", {"title": "one"})
    assert await visible_documents(connection, "counted") == 1
    await delete_target(connection, "counted")
    assert await find_target(connection, "counted") is None


ODD = {"a list": ("/articles", []), "no mapping": ("/articles", {"articles": 3}), "no count": ("/_count", {"n": 1})}


@pytest.mark.parametrize(("path", "body"), ODD.values(), ids=ODD)
async def test_an_answer_of_another_shape_is_told(path: str, body: Any) -> None:
    with fake_elastic() as server:
        server.fail(path, status=200, body=body)
        connection = Connection(Profile("here", hosts=(server.url,)))
        with pytest.raises(ClusterError, match="not one of Elasticsearch's"):
            await find_target(connection, "articles")
        await connection.close()
