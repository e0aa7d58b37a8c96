"""The request that is shown, proved by asking it again from its text alone."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
import tantivy

from workbench.cli.wiring import ensure_bundled
from workbench.domain.documents import Document
from workbench.domain.ranking import Explanation
from workbench.domain.tuning import Boosts
from workbench.engines.corpora import read_queries
from workbench.engines.corpus_layout import current_generation
from workbench.engines.embedded import EmbeddedRetriever
from workbench.engines.index import build_index
from workbench.engines.json_layout import LINE
from workbench.engines.query_syntax import parse
from workbench.engines.request import described, written

SYNTAX = [
    "laptop",
    '"power bank"',
    '"battery of the phone"',
    "title:battery",
    'body:"hot to the touch" title:"power bank" laptop charger',
    "battery battery laptop",
    'title:"bank"',
    "Ünïcode “日本” naïve",
]
BOOSTS: list[Boosts] = [
    (("title", 2.0), ("body", 1.0)),
    (("title", 0.5), ("body", 7.0)),
    (("title", 0.0), ("body", 3.0)),
    (("title", 4.0), ("body", 0.0)),
]


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("corpora")
    ensure_bundled(root)
    return root


def read_back(node: Any, schema: tantivy.Schema) -> tantivy.Query:
    """A reader of its own, which knows nothing but the words of the request."""
    query = tantivy.Query
    if "dis_max" in node:
        said = node["dis_max"]
        return query.disjunction_max_query([read_back(part, schema) for part in said["queries"]], said["tie_breaker"])
    if "bool" in node:
        said = node["bool"]
        parts = [(tantivy.Occur.Should, read_back(part, schema)) for part in said["should"]]
        return query.boost_query(query.boolean_query(parts), said.get("boost", 1.0))
    if "match_phrase" in node:
        ((field, said),) = node["match_phrase"].items()
        words = list(zip(said["positions"], said["terms"], strict=True))
        return query.boost_query(query.phrase_query(schema, field, words), said["boost"])
    ((field, term),) = node["term"].items()
    return query.term_query(schema, field, term)


def answers(root: Path, request: dict[str, Any]) -> tuple[list[tuple[str, float]], int]:
    """Ask the index on disk what a request says, past all of our own code for it."""
    generation = current_generation(root, request["corpus"])
    index = tantivy.Index.open(str(generation / "tantivy"))
    text = (generation / "documents.jsonl").read_bytes()
    searcher = index.searcher()
    result = searcher.search(read_back(request["query"], index.schema), searcher.num_docs)
    found = []
    for score, address in result.hits:
        start = searcher.fast_field_values("offset", [address])[0]
        found.append((-score, start, json.loads(text[start:].split(b"\n", 1)[0])["id"]))
    return [(id, -score) for score, _, id in sorted(found)][: request["limit"]], result.count


def ask(root: Path, query: str, depth: int, boosts: Boosts) -> Any:
    async def search() -> Any:
        retriever = EmbeddedRetriever(root, "help-center")
        try:
            return await retriever.search(query, depth, boosts)
        finally:
            await retriever.close()

    return asyncio.run(search())


@pytest.mark.parametrize("boosts", BOOSTS)
def test_the_request_alone_gives_the_same_documents_scores_and_total(corpora: Path, boosts: Boosts) -> None:
    queries = [query.text for query in read_queries(corpora, "help-center")] + SYNTAX
    matched = 0
    for query in queries:
        found = ask(corpora, query, 30, boosts)
        request = json.loads(found.request)
        assert (request["engine"], request["corpus"], request["limit"]) == ("embedded", "help-center", 30)
        assert request["boosts"] == dict(boosts)
        hits, total = answers(corpora, request)
        assert total == found.total, query
        assert [id for id, _ in hits] == [row.document.id for row in found.candidates], query
        assert [score for _, score in hits] == pytest.approx([row.score for row in found.candidates], rel=1e-6), query
        matched += total > 0
    assert matched > len(queries) / 2


def test_a_document_can_be_asked_for_by_its_id(corpora: Path) -> None:
    id = ask(corpora, "battery", 1, BOOSTS[0]).candidates[0].document.id
    found = ask(corpora, f"id:{id}", 5, BOOSTS[0])
    hits, total = answers(corpora, json.loads(found.request))
    assert ([hit for hit, _ in hits], total) == ([id], 1)


def test_a_query_with_nothing_to_search_for_says_so(corpora: Path) -> None:
    found = ask(corpora, "the of", 30, BOOSTS[0])
    assert json.loads(found.request)["query"] == {"match_none": {}}
    assert found.total == 0


def test_the_constants_are_those_that_scores_are_made_with(tmp_path: Path) -> None:
    build_index(tmp_path, "help-center", "here", [Document.of("a", "", "hot hot laptop"), Document.of("b", "", "cold")])

    async def account() -> tuple[Explanation | None, str]:
        retriever = EmbeddedRetriever(tmp_path, "help-center")
        explained = await retriever.explain("hot", "a")
        request = (await retriever.search("hot", 1)).request
        await retriever.close()
        return explained, request

    explained, request = asyncio.run(account())
    assert explained is not None
    constants: dict[str, float] = {}
    pending = [explained]
    while pending:
        node = pending.pop()
        constants[node.description.split(":")[0]] = node.value
        pending += node.details
    assert json.loads(request)["similarity"] == {
        "type": "BM25",
        "k1": pytest.approx(constants["k1"]),
        "b": pytest.approx(constants["b"]),
    }


def test_it_reads_like_elasticsearch_with_analysed_terms_and_positions() -> None:
    phrase = {"terms": ["swap", "batteri"], "positions": [0, 2]}
    clauses = (
        [{"match_phrase": {field: phrase | {"boost": boost}}} for field, boost in BOOSTS[0]],
        [{"bool": {"should": [{"term": {field: "laptop"}}], "boost": boost}} for field, boost in BOOSTS[0]],
    )
    assert described(parse('"swapped the batteries" laptops'), BOOSTS[0]) == {
        "bool": {"should": [{"dis_max": {"tie_breaker": 0.0, "queries": fields}} for fields in clauses]}
    }


def test_a_short_part_stays_on_one_line_and_foreign_letters_stay_letters() -> None:
    query = described(parse("日本 " + "laptop battery " * 4), BOOSTS[0])
    text = written("embedded", "shop", 30, BOOSTS[0], query)
    lines = text.splitlines()
    assert '  "boosts": {"title": 2.0, "body": 1.0},' in lines
    assert "日" in text
    assert max(map(len, lines)) <= LINE + 2
    assert json.loads(text)["query"] == query


def test_the_longest_query_is_written_whole() -> None:
    query = described(parse(" ".join(f"word{n}" for n in range(3_000))), BOOSTS[0])
    text = written("embedded", "shop", 30, BOOSTS[0], query)
    assert text.count('"term"') == 2 * 1_024
    assert json.loads(text)["query"] == query
