"""Measures of movement between two rankings."""

import random

import pytest

from workbench.domain.documents import Document
from workbench.domain.ranking import Candidate, Reranked
from workbench.domain.shift import jaccard, kendall_tau, movers, rbo, summarize
from workbench.domain.tokens import TokenCount

TOKENS = TokenCount(1, 1, 1, 1, 8, 1)


def test_tau_is_one_for_the_same_order_and_minus_one_for_the_reverse() -> None:
    assert kendall_tau("abcd", "abcd") == 1
    assert kendall_tau("abcd", "dcba") == -1
    assert kendall_tau("abcd", "abdc") == pytest.approx(4 / 6)


def test_tau_looks_at_shared_items_alone_and_says_nothing_about_fewer_than_two() -> None:
    assert kendall_tau("axbyc", "abcz") == 1
    assert kendall_tau("ab", "bc") is None
    assert kendall_tau("", "") is None


def test_rbo_of_equal_and_of_disjoint_lists() -> None:
    assert rbo("abcdef", "abcdef") == pytest.approx(1)
    assert rbo("abc", "xyz") == 0
    assert rbo("", "") == 1
    assert rbo("", "a") == 0


def test_rbo_weighs_the_top_more_than_the_bottom() -> None:
    assert rbo("abcdef", "bacdef") < rbo("abcdef", "abcdfe")


def test_rbo_agrees_with_its_definition_summed_far_past_the_end() -> None:
    """Extrapolated RBO assumes that agreement at the end of both lists goes on for ever."""
    generator = random.Random(7)
    for _ in range(50):
        left = generator.sample(range(15), 8)
        right = generator.sample(range(15), 8)
        p = generator.uniform(0.5, 0.95)
        agreement = [len(set(left[:d]) & set(right[:d])) / d for d in range(1, 9)]
        agreement += [agreement[-1]] * 3000
        expected = (1 - p) * sum(a * p**d for d, a in enumerate(agreement))
        assert rbo(list(map(str, left)), list(map(str, right)), p) == pytest.approx(expected, abs=1e-9)


def test_jaccard() -> None:
    assert jaccard("abc", "bcd") == 0.5
    assert jaccard("", "") == 1


def test_a_summary_counts_rows_of_the_reranked_list_and_what_came_and_went() -> None:
    candidates = [Candidate(n, Document.of(f"d{n}", "", "x"), 10.0 - n) for n in range(1, 6)]
    order = [3, 1, 5, 2, 4]
    reranked = [Reranked(place, candidates[n - 1], 0.5, 0.5, TOKENS, n) for place, n in enumerate(order, start=1)]
    assert [row.shift for row in reranked] == [2, -1, 2, -2, -1]
    summary = summarize([row.document.id for row in candidates[:3]], reranked[:3])
    assert (summary.up, summary.down, summary.same) == (2, 1, 0)
    assert (summary.entered, summary.left) == (1, 1)
    assert summary.jaccard == 0.5
    assert summary.kendall_tau == -1


def test_movers_are_the_farthest_of_the_rows_that_either_list_compares() -> None:
    candidates = [Candidate(n, Document.of(f"d{n}", "", "x"), 10.0 - n) for n in range(1, 9)]
    order = [6, 2, 1, 3, 4, 5, 8, 7]
    reranked = [Reranked(place, candidates[n - 1], 0.5, 0.5, TOKENS, n) for place, n in enumerate(order, start=1)]
    assert [row.candidate.document.id for row in movers(reranked, 3, 9)] == ["d6", "d1", "d3"]
    assert [row.shift for row in movers(reranked, 3, 2)] == [5, -2]
    assert movers(reranked[1:2], 3, 9) == ()
