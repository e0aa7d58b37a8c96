"""Measures of movement between two rankings."""

import math
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


ALPHABET = "abcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize(
    ("ranking", "p", "published"),
    [
        ("agmtrsyhfidnjobwzkxvucqel", 0.5, 0.696746),
        ("agmtrsyhfidnjobwzkxvucqel", 0.9, 0.548749),
        ("jtnxyzovchmfldbksguqewari", 0.8, 0.069319),
        ("achudyxfktsrzwbgqjenolivm", 0.99, 0.919628),
        ("av", 0.2, 0.900000),
        ("f", 0.9, 0.053090),
        ("zclx", 0.9, 0.233312),
        ("fcjdeoa", 0.9, 0.557926),
        ("karfvodcjmwgzlypebunq", 0.9, 0.468431),
        ("kxcnarvmwyp", 0.99, 0.529392),
        ("afdqwtvehcpubinloygrs", 0.4, 0.782330),
    ],
)
def test_rbo_is_what_the_program_of_its_first_author_computes(ranking: str, p: float, published: float) -> None:
    """Values to six decimals that William Webber's own rbo_ext gave of letters against the alphabet.

    Source: the `rbo` crate (github.com/mpetri/rbo), test_data/permute_abc.json, where the other list holds the same
    25 letters, and uneven_abc.json, where it holds all 26.
    """
    alphabet = sorted(ranking) if len(ranking) == 25 else ALPHABET
    assert rbo(alphabet, ranking, p) == pytest.approx(published, abs=6e-7)
    assert rbo(ranking, alphabet, p) == pytest.approx(published, abs=6e-7)


def test_rbo_gives_the_first_ten_ranks_the_share_of_the_weight_that_the_paper_says() -> None:
    """Lists that agree down to rank 10 and never again: 86 per cent with p 0.9, by equation 21 of the paper.

    More digits: the documentation of `ranked-overlap` (a Python package), cumulative_weight(p=0.9, depth=10).
    """
    shared = [f"s{n}" for n in range(10)]
    left, right = ([*shared, *(f"{side}{n}" for n in range(2000))] for side in ("l", "r"))
    assert rbo(left, right, 0.9) == pytest.approx(0.8555854467, abs=1e-10)


def test_rbo_of_the_papers_worked_pair_of_lists() -> None:
    """Figure 5 of the paper works out the average overlap of these lists: the mean of the agreements so far.

    RBO weighs the same agreements and lets the last go on for ever.
    """
    agreements = [0, 0, 2 / 3, 2 / 4, 2 / 5, 2 / 6, 2 / 7]
    means = [sum(agreements[:depth]) / depth for depth in range(1, 8)]
    assert [f"{mean:.3f}" for mean in means] == ["0.000", "0.000", "0.222", "0.292", "0.313", "0.317", "0.312"]
    for p in (0.5, 0.9):
        expected = (1 - p) * sum(p**d * agreement for d, agreement in enumerate(agreements)) + p**7 * agreements[-1]
        assert rbo("abcdefg", "zcavwxy", p) == pytest.approx(expected)


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9, 0.98])
def test_rbo_in_closed_form(p: float) -> None:
    """Two lists that differ in the order of the first two alone lose the weight of rank 1, which is 1 − p.

    One that has a stranger on top has (d − 1) / d in common at every depth d; the sum of (1 − p) p^(d−1) / d over
    all d is (1 − p) / p · ln(1 / (1 − p)).
    """
    items = [f"s{n}" for n in range(2000)]
    assert rbo(items, [items[1], items[0], *items[2:]], p) == pytest.approx(p)
    assert rbo(items, ["stranger", *items[:-1]], p) == pytest.approx(1 - (1 - p) / p * math.log(1 / (1 - p)))


def test_extrapolated_rbo_of_uneven_lists_lies_between_what_the_missing_end_could_make_of_it() -> None:
    """Whatever comes below the end of the shorter list, the score stays between nothing and everything shared."""
    generator = random.Random(11)
    for _ in range(50):
        longer = generator.sample(range(40), 12)
        shorter = generator.sample(range(40), 5)
        p = generator.uniform(0.3, 0.95)
        seen = [len(set(shorter[:d]) & set(longer[:d])) / d for d in range(1, 6)]
        weights = [(1 - p) * p ** (d - 1) for d in range(1, 6)]
        known = sum(weight * agreement for weight, agreement in zip(weights, seen, strict=True))
        found = rbo(list(map(str, longer)), list(map(str, shorter)), p)
        assert known - 1e-12 <= found <= known + p**5 + 1e-12


@pytest.mark.parametrize("seed", range(4))
def test_tau_is_that_of_scipy_over_the_shared_items(seed: int) -> None:
    stats = pytest.importorskip("scipy.stats", reason="scipy comes with the test extra")
    generator = random.Random(seed)
    compared = 0
    for _ in range(100):
        items = [f"d{n}" for n in range(generator.randint(2, 40))]
        left = generator.sample(items, generator.randint(1, len(items)))
        right = generator.sample(items, generator.randint(1, len(items)))
        shared = sorted(set(left) & set(right))
        tau = kendall_tau(left, right)
        assert tau == kendall_tau(right, left)
        if len(shared) < 2:
            assert tau is None
            continue
        expected = stats.kendalltau([left.index(item) for item in shared], [right.index(item) for item in shared])
        assert tau == pytest.approx(expected.statistic, abs=1e-12)
        compared += 1
    assert compared > 50


def test_jaccard_is_what_two_lists_share_of_what_they_hold() -> None:
    assert jaccard("abcdefghij", "acexyzklmn") == pytest.approx(3 / 17)
    assert jaccard("abc", "cba") == 1, "order does not matter"
    assert jaccard("abc", "xyz") == jaccard("", "a") == 0


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
