"""A score taken apart into its terms, and the arithmetic of the scores panel."""

import math
from pathlib import Path

import pytest

from workbench.cli.wiring import ensure_bundled
from workbench.domain.comparison import RerankerInfo
from workbench.domain.contributions import Contribution, contributions
from workbench.domain.deployment import ModelKind
from workbench.domain.documents import Document
from workbench.domain.ranking import Candidate, Explanation, Reranked
from workbench.domain.score_view import columns, elasticsearch_score, score_table
from workbench.domain.scores import ScoreSpace
from workbench.domain.tokens import TokenCount
from workbench.engines.corpora import read_queries
from workbench.engines.embedded import EmbeddedRetriever
from workbench.engines.explanation import highest, summed

MORE_QUERIES = (
    '"power bank" plane plane',
    'title:laptop body:"battery health" phone',
    "the",
    "id:home/call-quality-faq",
)


def term(name: str, value: float) -> Explanation:
    return Explanation(value, name, (Explanation(2.0, "boost"), Explanation(value / 2, "idf: how rare the term is")))


async def test_of_every_bundled_query_the_counted_terms_sum_to_the_score(tmp_path: Path) -> None:
    ensure_bundled(tmp_path)
    retriever = EmbeddedRetriever(tmp_path, "help-center")
    seen, uncounted = 0, 0
    for query in (*(query.text for query in read_queries(tmp_path, "help-center")), *MORE_QUERIES):
        for candidate in (await retriever.search(query, 10)).candidates:
            explanation = await retriever.explain(query, candidate.document.id)
            assert explanation
            parts = contributions(explanation)
            total = math.fsum(part.value for part in parts if part.counted)
            assert total == pytest.approx(explanation.value, abs=1e-6, rel=0), query
            assert total == pytest.approx(candidate.score, rel=1e-6), query
            assert all(part.field in ("title", "body", "id") and part.term for part in parts), query
            assert list(parts) == sorted(parts, key=lambda part: (not part.counted, -part.value))
            seen += 1
            uncounted += any(not part.counted for part in parts)
    await retriever.close()
    assert seen > 400
    assert uncounted > 50


def test_only_the_best_field_of_a_clause_counts() -> None:
    title = summed("sum of the terms in title", [term("title:power", 2.0), term("title:bank", 3.0)])
    clause = highest("highest of the fields; the others do not count", [term("body:bank", 4.0), title])
    whole = summed("sum of the parts of the query", [clause, term('title:"hot tub"', 1.5)])
    assert whole
    assert contributions(whole) == (
        Contribution("title", "bank", 3.0, True),
        Contribution("title", "power", 2.0, True),
        Contribution("title", '"hot tub"', 1.5, True),
        Contribution("body", "bank", 4.0, False),
    )


def test_nothing_below_a_field_that_lost_counts() -> None:
    lost = Explanation(3.0, "max of:", (term("a:x", 3.0), term("b:x", 1.0)))
    whole = Explanation(9.0, "max of:", (lost, term("c:x", 9.0)))
    assert [(part.field, part.counted) for part in contributions(whole)] == [("c", True), ("a", False), ("b", False)]


def test_a_repeated_term_comes_once() -> None:
    whole = Explanation(6.0, "sum of the terms in body", (term("body:wifi", 3.0), term("body:wifi", 3.0)))
    assert contributions(whole) == (Contribution("body", "wifi", 6.0, True),)


def test_of_two_equal_fields_one_counts() -> None:
    whole = Explanation(3.0, "highest of the fields", (term("title:x", 3.0), term("body:x", 3.0)))
    assert [part.counted for part in contributions(whole)] == [True, False]


def test_lucenes_words_are_understood() -> None:
    apple = Explanation(2.0, "weight(body:apple in 7) [PerFieldSimilarity], result of:", (Explanation(2.0, "score"),))
    fresh = Explanation(1.0, 'weight(title:"fresh pie" in 7) [PerFieldSimilarity], result of:')
    assert contributions(Explanation(3.0, "sum of:", (apple, fresh))) == (
        Contribution("body", "apple", 2.0, True),
        Contribution("title", '"fresh pie"', 1.0, True),
    )


@pytest.mark.parametrize(
    "unknown",
    [
        Explanation(3.5, "text_similarity_reranker match using inference endpoint: [e]", (term("body:apple", 4.1),)),
        Explanation(9.0, "sum of:", (term("body:apple", 4.1), term("body:pie", 1.0))),
        Explanation(4.3, "max plus 0.2 times others of:", (term("body:apple", 4.1), term("title:apple", 1.0))),
        Explanation(4.0, "product of:", (Explanation(2.0, "a"), Explanation(2.0, "b"))),
        Explanation(math.nan, "sum of:", (Explanation(math.nan, "a"), Explanation(1.0, "b"))),
        Explanation(1.0, ""),
    ],
)
def test_an_unknown_tree_stays_whole_under_its_own_words(unknown: Explanation) -> None:
    (only,) = contributions(unknown)
    assert (only.field, only.term, only.counted) == ("", unknown.description, True)
    assert repr(only.value) == repr(unknown.value)


def test_a_tree_of_any_depth_can_be_read() -> None:
    tree = term("body:x", 1.0)
    for _ in range(5_000):
        tree = Explanation(1.0, "sum of:", (tree,))
    assert contributions(tree) == (Contribution("body", "x", 1.0, True),)


def test_elasticsearchs_mapping_has_the_published_values_keeps_order_and_never_overflows() -> None:
    assert elasticsearch_score(-5) == pytest.approx(0.00674, abs=5e-6)
    assert elasticsearch_score(-1) == pytest.approx(0.36788, abs=5e-6)
    assert elasticsearch_score(0) == 1
    assert elasticsearch_score(2.5) == 3.5
    assert elasticsearch_score(-1e6) == 0
    assert elasticsearch_score(1e6) == 1e6 + 1
    mapped = [elasticsearch_score(logit / 10) for logit in range(-100, 101)]
    assert mapped == sorted(set(mapped))


def test_a_score_is_named_in_every_space_it_has() -> None:
    row = Reranked(1, Candidate(1, Document.of("a", "", "a"), 7.0), 0.8, 0.6, TokenCount(1, 1, 1, 1, 10, 1), 1)
    mixed = RerankerInfo("m", ModelKind.BI_ENCODER, ScoreSpace.MIX, ScoreSpace.COSINE, 0.7)
    assert list(score_table([row], mixed).items()) == [(ScoreSpace.MIX, [0.8]), (ScoreSpace.COSINE, [0.6])]
    crossed = RerankerInfo("m", ModelKind.CROSS_ENCODER, ScoreSpace.LOGIT, ScoreSpace.LOGIT, None)
    assert score_table([row], crossed) == {
        ScoreSpace.LOGIT: [0.8], ScoreSpace.SIGMOID: [pytest.approx(0.68997, abs=1e-5)], ScoreSpace.ES: [1.8],
    }  # fmt: skip
    cluster = RerankerInfo("m", ModelKind.CROSS_ENCODER, ScoreSpace.ES, ScoreSpace.LOGIT, None)
    assert list(score_table([row], cluster)) == [ScoreSpace.ES, ScoreSpace.LOGIT, ScoreSpace.SIGMOID]


def test_scores_lie_on_a_line_from_the_lowest_to_the_highest() -> None:
    assert columns([-2.0, 0.0, 2.0], 11) == [0, 5, 10]
    assert columns([0.4, 0.4], 11) == [5, 5]
    assert columns([0.4, 0.9], 1) == [0, 0]
    assert columns([], 11) == []
