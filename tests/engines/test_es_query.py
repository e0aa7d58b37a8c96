"""What a person types means the same to both engines, and is never a syntax error."""

import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.engines.docstrings import docstrings
from tests.fakes.hostile import HOSTILE
from tests.fakes.noida import write_english
from workbench.config.profile import Profile
from workbench.engines.elasticsearch.connection import Connection
from workbench.engines.elasticsearch.fields import Index, describe
from workbench.engines.elasticsearch.query import (
    MATCH_NONE,
    MOST_WORDS,
    by_meaning,
    filtered,
    hybrid,
    in_field,
    lexical,
    plain,
    standard,
    understood,
)
from workbench.engines.elasticsearch.retriever import ElasticRetriever
from workbench.engines.embedded import EmbeddedRetriever
from workbench.engines.index import build_index

DOCUMENTS = docstrings(300)
BOOSTS = (("title", 2.0), ("body", 1.0))
INDEX = Index(
    "articles",
    {
        "body": "text",
        "code": "keyword",
        "meaning": "semantic_text",
        "page.title": "text",
        "title": "text",
        "year": "long",
    },
    "title",
    "body",
    BOOSTS,
    ("meaning",),
    3,
)
TERM = {"term": {"lang": "en"}}


def asked(query: str, boosts: Any = BOOSTS, index: Index = INDEX) -> Any:
    return lexical(understood(query, index), boosts, index.mapping)


def best(query: str, *fields: str) -> dict[str, Any]:
    return {"multi_match": {"query": query, "fields": [*fields], "type": "best_fields", "tie_breaker": 0.0}}


def phrase(query: str, *fields: str) -> dict[str, Any]:
    return {"multi_match": {"query": query, "fields": [*fields], "type": "phrase"}}


@pytest.fixture(scope="module")
def server(server: httpx.Client) -> httpx.Client:
    write_english(server, "d", DOCUMENTS)
    return server


@pytest.fixture
async def far(server: httpx.Client) -> AsyncIterator[ElasticRetriever]:
    connection = Connection(Profile("peer", hosts=(str(server.base_url),)))
    retriever = ElasticRetriever(connection, await describe(connection, "d"))
    yield retriever
    await retriever.close()
    await connection.close()


def queries() -> list[str]:
    rng = random.Random(11)
    made = []
    for count in range(40):
        # Plain words alone: a phrase that holds one term twice counts differently in different engines.
        words = [word for word in rng.choice(DOCUMENTS).body.split() if word.isalpha()] or ["value"]
        at = rng.randrange(max(len(words) - 3, 1))
        two, more = " ".join(words[at : at + 2]), " ".join(rng.choices(words, k=rng.randint(1, 6)))
        made.append(
            (more, f'"{two}"', f'{more} "{two}"', f"body:{words[at]} {more}", f'title:"{two}" {more}')[count % 5]
        )
    return [
        *made,
        "title:return",
        "return return the value",
        "“the file” name",
        "nothing: at all",
        "the",
        "who's (it)?",
    ]


async def test_words_phrases_and_fields_rank_as_in_the_embedded_engine(far: ElasticRetriever, tmp_path: Path) -> None:
    build_index(tmp_path, "docstrings", "here", DOCUMENTS)
    near = EmbeddedRetriever(tmp_path, "docstrings", BOOSTS)
    assert far.fields == BOOSTS
    found = 0
    for query in queries():
        ours, theirs = await near.search(query, 300), await far.search(query, 300)
        assert theirs.total == ours.total, query
        scores = {row.document.id: row.score for row in theirs.candidates}
        assert scores == pytest.approx({row.document.id: row.score for row in ours.candidates}, rel=1e-6), query
        assert [row.document.id for row in theirs.candidates[:10]] == [row.document.id for row in ours.candidates[:10]]
        found += bool(scores)
    assert found >= 40
    await near.close()


async def test_no_query_is_an_error(far: ElasticRetriever) -> None:
    strange = [
        "*",
        "?:*",
        '"',
        'a"b',
        "title:",
        ":",
        "AND OR NOT",
        "+a -b",
        "(a",
        "[1 TO",
        "a~9",
        "a^9",
        "/re(gex/",
        "\\",
    ]
    strange += ["{{query}}", '{"match_all": {}}', "title:\\", "_id:x", "id:nothing", "😀 漢字", "\ud800", "x" * 300_000]
    strange += ["a-b " * 5_000, *(f"{title} {body}" for _, title, body in HOSTILE)]
    for query in strange:
        found = await far.search(query, 3)
        assert found.total >= 0, query


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("laptop hot", best("laptop hot", "title^2", "body")),
        ('"gets hot"', phrase("gets hot", "title^2", "body")),
        (
            'why "gets hot" laptop',
            {"bool": {"should": [phrase("gets hot", "title^2", "body"), best("why laptop", "title^2", "body")]}},
        ),
        ("title:laptop", best("laptop", "title^2")),
        ('body:"gets hot"', phrase("gets hot", "body")),
        ("page.title:laptop", best("laptop", "page.title")),
        ("year:soon", {"multi_match": {**best("soon", "year")["multi_match"], "lenient": True}}),
        ('code:"a b"', phrase("a b", "code")),
        ("id:a/b:c", {"ids": {"values": ["a/b:c"]}}),
        ("", MATCH_NONE),
        (" \u200b", MATCH_NONE),
        ('""', MATCH_NONE),
    ],
)
def test_a_query_becomes_the_one_that_ranks_alike(query: str, expected: object) -> None:
    assert asked(query) == expected


@pytest.mark.parametrize(
    ("query", "note"),
    [
        ('laptop "gets hot', "A quotation mark is not closed."),
        ("author:me laptop", "There is no field “author”"),
        ("meaning:hot", "There is no field “meaning” that can be searched for words."),
        ("laptop title:", "A colon has nothing to look for after it."),
    ],
)
def test_what_does_not_parse_is_read_as_plain_words_and_says_so(query: str, note: str) -> None:
    words = understood(query, INDEX)
    assert asked(query) == best(query, "title^2", "body")
    assert words.notes[0].startswith(note) and words.notes[0].endswith("So the query was read as plain words.")


@pytest.mark.parametrize("query", ["http://example.org", "10:30", "foo-bar:baz", "std::vector", "a.b:c"])
def test_a_colon_that_names_no_field_is_part_of_a_word(query: str) -> None:
    assert (asked(query), understood(query, INDEX).notes) == (best(query, "title^2", "body"), ())


def test_title_and_body_stand_for_the_fields_shown_as_such() -> None:
    index = Index("i", {"headline": "text", "passage": "text"}, "headline", "passage", (("headline", 3.0),), (), 0)
    assert asked("title:hot", index.fields, index) == best("hot", "headline^3")
    assert asked("body:hot", index.fields, index) == best("hot", "passage")


def test_a_boost_of_0_leaves_a_field_out() -> None:
    assert asked("hot", (("title", 0.0), ("body", 1.5))) == best("hot", "body^1.5")
    assert asked("hot", (("title", 0.0),)) == MATCH_NONE


def test_a_field_of_numbers_takes_words_leniently() -> None:
    assert asked("hot", (("body", 1.0), ("year", 1.0)))["multi_match"]["lenient"] is True


def test_a_very_long_query_is_cut_to_what_every_server_takes() -> None:
    words = understood("a-b " * 5_000, INDEX)
    (clause,) = words.clauses
    assert len(clause.text.replace("-", " ").split()) == MOST_WORDS // 2
    assert words.notes == ("The query is very long; only its beginning, at most 512 words, was searched.",)


def test_a_model_reads_the_query_without_its_marks() -> None:
    assert understood('title:laptop "gets hot" why', INDEX).text == "laptop gets hot why"


def test_a_field_is_highlighted_with_what_looks_in_it() -> None:
    words = understood('title:laptop "gets hot" why', INDEX)
    assert in_field(words, "title", INDEX.mapping) == {
        "bool": {
            "should": [
                best("laptop", "title"),
                phrase("gets hot", "title"),
                best("why", "title"),
            ]
        }
    }
    assert in_field(understood("title:laptop", INDEX), "body", INDEX.mapping) is None
    assert in_field(words, "meaning", INDEX.mapping) is None


def test_hybrids_mix_as_many_of_each_as_come_out() -> None:
    both = (standard(best("hot", "body")), standard(by_meaning("meaning", "hot")))
    assert hybrid("rrf", both, 50) == {
        "rrf": {
            "retrievers": [
                {"standard": {"query": best("hot", "body")}},
                {"standard": {"query": {"semantic": {"field": "meaning", "query": "hot"}}}},
            ],
            "rank_window_size": 50,
        }
    }
    linear = hybrid("linear", both, 50)["linear"]
    assert [(one["weight"], one["normalizer"]) for one in linear["retrievers"]] == [(1, "minmax"), (1, "minmax")]
    assert linear["rank_window_size"] == 50


def test_a_filter_joins_those_that_are_there() -> None:
    once = filtered(standard(MATCH_NONE), TERM)
    assert once == {"standard": {"query": MATCH_NONE, "filter": TERM}}
    assert filtered(once, TERM)["standard"]["filter"] == [TERM, TERM]
    assert filtered({"rrf": {"retrievers": []}}, TERM) == {"rrf": {"retrievers": [], "filter": TERM}}


def test_one_query_can_be_asked_without_a_retriever() -> None:
    assert plain(standard(best("hot", "body"))) == best("hot", "body")
    assert plain(filtered(standard(MATCH_NONE), TERM)) == {"bool": {"must": MATCH_NONE, "filter": TERM}}
    assert plain(hybrid("rrf", (), 3)) is None
    assert plain({"standard": {"query": MATCH_NONE, "collapse": {"field": "x"}}}) is None
