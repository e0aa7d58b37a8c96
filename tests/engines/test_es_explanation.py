"""A server's account of a score, read so that its terms add up to it."""

import math
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.noida import noida
from workbench.domain.contributions import contributions
from workbench.domain.ranking import Explanation
from workbench.engines.elasticsearch.explanation import LABEL_LIMIT, read_explanation


def node(value: Any, description: str, *details: Any) -> dict[str, Any]:
    return {"value": value, "description": description, "details": list(details)}


def weight(field: str, term: str, value: float) -> dict[str, Any]:
    score = node(value, "score(freq=1.0), computed as boost * idf * tf from:", node(2.2, "boost"))
    return node(value, f"weight({field}:{term} in 7) [PerFieldSimilarity], result of:", score)


FILTER = node(0.0, "match on required clause, product of:", node(0.0, "# clause"), node(1.0, "lang:en"))
BM25 = node(
    5.0,
    "sum of:",
    node(
        3.0,
        "max of:",
        weight("body", "hot", 1.5),
        node(3.0, "sum of:", weight("title", "hot", 1.0), weight("title", "laptop", 2.0)),
    ),
    weight("body", '"get hot"', 2.0),
)


def counted(tree: Any, *lists: str) -> dict[tuple[str, str], float]:
    read = read_explanation(tree, lists)
    assert read
    parts = [part for part in contributions(read) if part.counted]
    assert math.fsum(part.value for part in parts) == pytest.approx(read.value, rel=1e-6)
    return {(part.field, part.term): part.value for part in parts}


def test_lucenes_account_comes_apart_into_terms() -> None:
    assert counted(BM25) == {("title", "hot"): 1.0, ("title", "laptop"): 2.0, ("body", '"get hot"'): 2.0}


def test_a_clause_that_only_filters_is_left_out() -> None:
    assert read_explanation(node(5.0, "sum of:", BM25, FILTER)) == read_explanation(BM25)


def test_synonyms_are_one_term() -> None:
    tree = node(1.5, "weight(Synonym(body:tv body:television) in 3) [PerFieldSimilarity], result of:")
    assert counted(tree) == {("body", "tv/television"): 1.5}


@pytest.mark.parametrize("alias", ["", " [mine]"])
def test_a_hybrid_by_rank_comes_apart_into_its_lists(alias: str) -> None:
    said = "rrf score: [{}], for rank [{}] in query at index [{}]{} computed as [1 / ({} + 60)], for matching query"
    hybrid = node(
        0.03226646,
        "rrf score: [0.03226646] computed for initial ranks [3, 1] with rankConstant: [60] as sum of "
        "[1 / (rank + rankConstant)] for each query",
        # As servers have it: the rank is the value, and its share of the score is in the text.
        node(3, said.format("0.015873016", 3, 0, "", 3), BM25),
        node(1, said.format("0.016393442", 1, 1, alias, 1), node(0.7, "within top k documents")),
    )
    tree = node(0.03226646, "sum of:", hybrid, FILTER)
    assert counted(tree, "bm25", "semantic") == {
        ("bm25", "rank 3"): 0.015873016,
        ("mine" if alias else "semantic", "rank 1"): 0.016393442,
    }


def test_a_list_that_does_not_have_the_document_is_left_out() -> None:
    parent = "rrf score: [0.016393442] computed for initial ranks [0, 1] as sum of [x] for each query"
    none = node(0.0, "rrf score: [0], result not found in query at index [0]")
    one = node(1, "rrf score: [0.016393442], for rank [1] in query at index [1] computed as [1 / (1 + 60)], for x")
    assert counted(node(0.016393442, parent, none, one)) == {("list-2", "rank 1"): 0.016393442}


def test_a_hybrid_by_score_comes_apart_into_its_lists() -> None:
    said = "weighted score: [{}] in query at index [{}] computed as [1.0 * {}] using score normalizer [minmax] for {}:"
    tree = node(
        1.3,
        "weighted linear combination score: [1.3] computed for normalized scores [1.0, 0.3] and weights [1.0, 1.0] "
        "as sum of (weight[i] * score[i]) for each query.",
        node(1.0, said.format(1.0, 0, 1.0, "original matching query with score"), BM25),
        node(0.3, said.format(0.3, 1, 0.3, "original matching query with score"), node(0.8, "semantic")),
    )
    assert counted(tree, "bm25", "semantic") == {
        ("bm25", "weighted score"): 1.0,
        ("semantic", "weighted score"): 0.3,
    }


async def test_the_peers_own_account_of_a_hybrid_adds_up(tmp_path: Path) -> None:
    with noida(tmp_path) as server:
        server.put("/d", json={"mappings": {"properties": {"a": {"type": "text"}}}}).raise_for_status()
        for id, text in (("1", "hot laptop"), ("2", "hot hot dog"), ("3", "laptop bag")):
            server.put(f"/d/_doc/{id}?refresh=true", json={"a": text}).raise_for_status()
        lists = [{"standard": {"query": {"match": {"a": word}}}} for word in ("hot", "laptop")]
        body = {"retriever": {"rrf": {"retrievers": lists}}, "explain": True}
        hits = server.post("/d/_search", json=body).raise_for_status().json()["hits"]["hits"]
    assert len(hits) == 3
    for hit in hits:
        parts = counted(hit["_explanation"], "bm25", "semantic")
        assert sum(parts.values()) == pytest.approx(hit["_score"], rel=1e-6)
        assert {field for field, _ in parts} <= {"bm25", "semantic"}


@pytest.mark.parametrize("tree", [None, [], "x", 3, {"explanation": {}}])
def test_what_is_no_account_is_none_or_nothing(tree: Any) -> None:
    assert read_explanation(tree) in (None, Explanation(0.0, ""))


def test_odd_values_and_texts_do_no_harm() -> None:
    tree = node("NaN", "sum of:\x1b[2J\n" + "x" * 9_000, node(None, "a"), node(10**400, "b"), "no node", node([], "c"))
    read = read_explanation(tree)
    assert read and read.value == 0.0
    assert len(read.description) <= LABEL_LIMIT and "\x1b" not in read.description and "\n" not in read.description
    deep = node(1.0, "leaf")
    for _ in range(900):
        deep = node(1.0, "product of:", deep)
    assert read_explanation(deep)
    assert len(read_explanation(node(1.0, "x of:", *[node(1.0, "y")] * 50_000)).details) < 5_000  # type: ignore[union-attr]
