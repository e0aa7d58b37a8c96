"""What is left of a pair after truncation, to the token."""

import random
from itertools import product

import pytest

from workbench.domain.truncation import Kept, Strategy, Window

ELASTIC = Window(512, 3, Strategy.BALANCED)


@pytest.mark.parametrize(
    ("query", "document", "kept", "total"),
    [
        (254, 255, (254, 255), 512),
        (255, 254, (255, 254), 512),
        (255, 255, (254, 255), 512),
        (300, 300, (254, 255), 512),
        (300, 254, (255, 254), 512),
        (300, 253, (256, 253), 512),
        (255, 600, (254, 255), 512),
        (10, 1000, (10, 499), 512),
        (600, 100, (409, 100), 512),
        (1000, 1, (508, 1), 512),
        (254, 300, (254, 255), 512),
        (3, 40, (3, 40), 46),
        (0, 0, (0, 0), 3),
    ],
)
def test_a_pair_is_cut_as_elasticsearch_cuts_it(query: int, document: int, kept: tuple[int, int], total: int) -> None:
    assert ELASTIC.kept(query, document) == kept
    assert sum(kept) + 3 == total


def rule(a: int, b: int, limit: int, extra: int) -> tuple[int, int]:
    """Elasticsearch's rule, word by word."""
    half = (limit - extra) // 2
    if a + b + extra <= limit:
        return a, b
    first = min(a, half) if b > half else min(a, limit - b - extra)
    return first, min(b, limit - first - extra)


@pytest.mark.parametrize(("limit", "extra"), [(512, 3), (512, 4), (511, 3), (256, 2), (128, 3), (16, 3), (5, 3)])
def test_ten_thousand_pairs_are_cut_by_the_rule(limit: int, extra: int) -> None:
    dice, window = random.Random(limit * 10 + extra), Window(limit, extra, Strategy.BALANCED)
    for _ in range(10_000):
        # Around the borders as often as far from them.
        query, document = (dice.choice([dice.randrange(limit + 3), dice.randrange(4 * limit)]) for _ in range(2))
        assert window.kept(query, document) == rule(query, document, limit, extra)


@pytest.mark.parametrize("budget", [3, 4, 5, 16, 17])
@pytest.mark.parametrize("strategy", [Strategy.BALANCED, Strategy.LONGEST_FIRST])
def test_no_window_is_overrun_and_none_is_left_unused(strategy: Strategy, budget: int) -> None:
    window = Window(budget, 3, strategy)
    for query, document in product(range(30), repeat=2):
        kept = window.kept(query, document)
        assert sum(kept) == min(query + document, budget - 3)
        assert 0 <= kept.query <= query and 0 <= kept.document <= document


def test_longest_first_gives_the_odd_token_to_the_longer_side() -> None:
    window = Window(512, 3, Strategy.LONGEST_FIRST)
    assert window.kept(300, 299) == (255, 254)
    assert window.kept(299, 300) == (254, 255)
    assert window.kept(300, 300) == (254, 255)


def test_head_only_gives_each_side_a_budget_of_its_own() -> None:
    window = Window(256, 2, Strategy.HEAD_ONLY)
    assert window.kept(254, 254) == (254, 254)
    assert window.kept(255, 9000) == (254, 254)
    assert window.kept(3, 300) == (3, 254)


@pytest.mark.parametrize("strategy", Strategy)
def test_a_window_that_special_tokens_fill_has_no_room(strategy: Strategy) -> None:
    assert Window(2, 3, strategy).kept(5, 5) == Kept(0, 0)
    assert Window(2, 3, strategy).fits(5) == 0


@pytest.mark.parametrize("budget", [3, 4, 5, 16, 17, 512])
@pytest.mark.parametrize("strategy", Strategy)
def test_a_document_that_fits_is_never_cut_and_a_longer_one_is(strategy: Strategy, budget: int) -> None:
    window = Window(budget, 3, strategy)
    for query in range(0, 2 * budget, 1 if budget < 100 else 7):
        fits = window.fits(query)
        for document in {0, 1, fits // 2, fits}:
            assert document > fits or window.kept(query, document).document == document
        for document in (fits + 1, fits + 2, 10 * budget):
            assert window.kept(query, document).document < document
