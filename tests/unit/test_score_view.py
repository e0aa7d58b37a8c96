"""Score spaces and the ways between them, and where a threshold can stand."""

import math
import sys
from itertools import pairwise

import pytest

from workbench.domain.comparison import RerankerInfo
from workbench.domain.deployment import ModelKind
from workbench.domain.documents import Document
from workbench.domain.ranking import Candidate, Reranked
from workbench.domain.score_view import (
    Scale,
    Threshold,
    elasticsearch_score,
    elasticsearch_score_inverse,
    mapping,
    score_table,
)
from workbench.domain.scores import ScoreSpace, min_max, mix, sigmoid, sigmoid_inverse
from workbench.domain.tokens import TokenCount

LOGITS = [-700.0, -100.0, -20.5, -1.0, -1e-3, -1e-9, 0.0, 1e-9, 1e-3, 0.5, 1.0, 2.5, 36.0]
"""From hardly above what underflows to hardly below what the sigmoid rounds to 1."""
LOGIT = RerankerInfo("m", ModelKind.CROSS_ENCODER, ScoreSpace.LOGIT, ScoreSpace.LOGIT, None)
INFINITE = math.inf


def rows(scores: list[float], raw: list[float]) -> list[Reranked]:
    tokens = TokenCount(1, 1, 1, 1, 10, 1)
    return [
        Reranked(rank, Candidate(rank, Document.of(f"d{rank}", "", "x"), 1.0), score, model, tokens, rank)
        for rank, (score, model) in enumerate(zip(scores, raw, strict=True), start=1)
    ]


# The way to each space and back ---------------------------------------------------------------------


@pytest.mark.parametrize("logit", LOGITS)
def test_a_logit_comes_back_from_its_sigmoid_and_from_elasticsearchs_score(logit: float) -> None:
    # Near 1 a sigmoid holds a logit only to the distance of two neighbouring floats there, times e^logit.
    assert sigmoid_inverse(sigmoid(logit)) == pytest.approx(
        logit, rel=1e-12, abs=2e-16 * math.exp(max(logit, 0)) + 1e-15
    )
    assert elasticsearch_score_inverse(elasticsearch_score(logit)) == pytest.approx(logit, rel=1e-12, abs=3e-16)


@pytest.mark.parametrize(
    "score", [sys.float_info.min, 1e-300, 1e-9, 0.00674, 0.36788, 0.5, 1 - 1e-16, 1.0, 1.5, 3.5, 1e6]
)
def test_elasticsearchs_score_comes_back_from_its_logit(score: float) -> None:
    assert elasticsearch_score(elasticsearch_score_inverse(score)) == pytest.approx(score, rel=1e-12)
    if score < 1:
        assert sigmoid(sigmoid_inverse(score)) == pytest.approx(score, rel=1e-12)


def test_the_inverse_of_elasticsearchs_mapping_has_its_kink_at_one_and_not_at_zero() -> None:
    assert elasticsearch_score_inverse(1.0) == 0.0
    assert elasticsearch_score_inverse(3.5) == 2.5
    assert elasticsearch_score_inverse(0.36788) == pytest.approx(-1, abs=1e-5)
    assert elasticsearch_score_inverse(0.00674) == pytest.approx(-5, abs=1e-3)
    assert elasticsearch_score_inverse(0.5) == pytest.approx(math.log(0.5)), "not 0.5 − 1, as for scores from 1 up"
    just_below, just_above = math.nextafter(1, 0), math.nextafter(1, 2)
    assert elasticsearch_score_inverse(just_below) < 0 < elasticsearch_score_inverse(just_above)
    both = [elasticsearch_score_inverse(number / 100) for number in range(1, 301)]
    assert both == sorted(set(both)), "order is kept across the kink"


def test_what_the_mappings_merge_does_not_come_back() -> None:
    assert elasticsearch_score(1e-17) == elasticsearch_score(-1e-17) == 1
    assert elasticsearch_score_inverse(1.0) == 0
    assert elasticsearch_score(-800) == elasticsearch_score(-900) == sigmoid(-800) == 0
    assert elasticsearch_score_inverse(0.0) == sigmoid_inverse(0.0) == -INFINITE
    assert sigmoid(40) == sigmoid(50) == 1
    assert sigmoid_inverse(1.0) == INFINITE
    assert elasticsearch_score(1e17) == 1e17, "too large for one more to make a difference"


def test_where_no_finite_logit_leads_a_threshold_lets_everything_or_nothing_through() -> None:
    assert elasticsearch_score_inverse(-0.1) == sigmoid_inverse(-0.1) == -INFINITE
    assert sigmoid_inverse(1.01) == INFINITE
    for back in (sigmoid_inverse, elasticsearch_score_inverse):
        assert math.isnan(back(math.nan))
        assert back(INFINITE) == INFINITE and back(-INFINITE) == -INFINITE
    for there in (sigmoid, elasticsearch_score):
        assert math.isnan(there(math.nan)) and there(-INFINITE) == 0
    assert (sigmoid(INFINITE), elasticsearch_score(INFINITE)) == (1, INFINITE)


def test_spaces_of_a_logit_lead_to_one_another_and_other_spaces_lead_nowhere() -> None:
    to_es = mapping(ScoreSpace.SIGMOID, ScoreSpace.ES)
    assert to_es is not None and to_es(0.5) == 1
    assert to_es(sigmoid(2.5)) == pytest.approx(3.5) and to_es(sigmoid(-1)) == pytest.approx(math.exp(-1))
    same = mapping(ScoreSpace.MIX, ScoreSpace.MIX)
    assert same is not None and same(0.3) == 0.3
    for source, target in (("mix", "cosine"), ("cosine", "mix"), ("bm25", "logit"), ("logit", "mix")):
        assert mapping(ScoreSpace(source), ScoreSpace(target)) is None


# Scores of many rows --------------------------------------------------------------------------------


def test_the_table_has_every_row_in_every_space() -> None:
    assert score_table(rows([0.0, -1.0], [0.0, -1.0]), LOGIT) == {
        ScoreSpace.LOGIT: [0.0, -1.0],
        ScoreSpace.SIGMOID: [0.5, pytest.approx(0.26894142)],
        ScoreSpace.ES: [1.0, pytest.approx(0.36787944)],
    }
    mixed = RerankerInfo("m", ModelKind.BI_ENCODER, ScoreSpace.MIX, ScoreSpace.COSINE, 0.7)
    assert score_table(rows([1.0], [0.6]), mixed) == {ScoreSpace.MIX: [1.0], ScoreSpace.COSINE: [0.6]}
    assert list(score_table((), LOGIT)) == [ScoreSpace.LOGIT, ScoreSpace.SIGMOID, ScoreSpace.ES]


def test_of_hits_that_hold_elasticsearchs_score_alone_the_logit_is_recovered() -> None:
    hits = RerankerInfo("m", ModelKind.CROSS_ENCODER, ScoreSpace.ES, ScoreSpace.ES, None)
    table = score_table(rows([3.5, 0.36787944], [3.5, 0.36787944]), hits)
    assert list(table) == [ScoreSpace.ES, ScoreSpace.LOGIT, ScoreSpace.SIGMOID]
    assert table[ScoreSpace.LOGIT] == pytest.approx([2.5, -1.0])


# Thresholds -----------------------------------------------------------------------------------------


def test_a_score_at_the_threshold_survives_and_one_that_is_no_number_does_not() -> None:
    table = score_table(rows([1.5, 1.0, math.nan], [1.5, 1.0, math.nan]), LOGIT)
    assert Threshold(ScoreSpace.LOGIT, 1.0).survivors(table) == [True, True, False]
    assert Threshold(ScoreSpace.ES, 2.5).survivors(table) == [True, False, False]


def test_a_threshold_says_itself_in_the_spaces_that_its_own_leads_to() -> None:
    threshold = Threshold(ScoreSpace.LOGIT, 0.4)
    assert threshold.within(ScoreSpace.LOGIT) == 0.4
    assert threshold.within(ScoreSpace.SIGMOID) == pytest.approx(0.59868766)
    assert threshold.within(ScoreSpace.ES) == 1.4
    assert threshold.within(ScoreSpace.MIX) is None
    assert Threshold(ScoreSpace.ES, 1.4).within(ScoreSpace.LOGIT) == pytest.approx(0.4)


def test_who_survives_is_told_in_the_space_that_the_threshold_was_set_in() -> None:
    """Of two logits whose sigmoids are both 1, a threshold between them goes on to keep one."""
    table = score_table(rows([50.0, 40.0], [50.0, 40.0]), LOGIT)
    assert table[ScoreSpace.SIGMOID] == [1.0, 1.0]
    assert Threshold(ScoreSpace.LOGIT, 45.0).survivors(table) == [True, False]


@pytest.mark.parametrize(
    ("low", "high", "first", "step", "last"),
    [
        (0.0, 1.0, 0.01, 0.01, 1.01),
        (0.213, 0.83, 0.22, 0.01, 0.84),
        (0.31, 0.47, 0.312, 0.002, 0.472),
        (-11.06, 4.6, -11.0, 0.2, 4.8),
        (-6.0, 5.0, -5.8, 0.2, 5.2),
        (1.1e-5, 2e-5, 1.11e-5, 1e-7, 2.01e-5),
    ],
)
def test_steps_are_round_and_go_from_above_the_lowest_to_above_the_highest(
    low: float, high: float, first: float, step: float, last: float
) -> None:
    scale = Scale(low, high)
    seen: list[float] = []
    while not seen or seen[-1] <= high:
        value = scale.moved(seen[-1] if seen else None, 1)
        assert value is not None
        seen.append(value)
    assert (seen[0], seen[-1]) == (first, last)
    assert 30 <= len(seen) <= 101
    assert [b - a for a, b in pairwise(seen)] == pytest.approx([step] * (len(seen) - 1), rel=1e-6)
    assert len({f"{value:.{scale.digits}f}" for value in seen}) == len(seen), "the digits tell them apart"
    assert scale.moved(last, 1) == last
    down: list[float | None] = [last]
    while down[-1] is not None:
        down.append(scale.moved(down[-1], -1))
    assert down == [*reversed(seen), None], "the same places on the way back"


def test_a_threshold_from_elsewhere_steps_to_the_next_round_number_of_this_scale() -> None:
    scale = Scale(0.0, 1.0)
    assert (scale.moved(0.455, 1), scale.moved(0.455, -1)) == (0.46, 0.45)
    assert (scale.moved(7.5, 1), scale.moved(7.5, -1)) == (1.01, 1.0)
    assert (scale.moved(-7.5, 1), scale.moved(-7.5, -1)) == (0.01, None)
    assert (scale.moved(INFINITE, -1), scale.moved(-INFINITE, 1)) == (1.0, 0.01)
    assert scale.moved(None, -1) is None
    assert (scale.nearest(0.4567), scale.nearest(0.0), scale.nearest(1.0)) == (0.46, 0.01, 1.0)


@pytest.mark.parametrize(
    ("low", "high"),
    [(5.0, 5.0), (0.0, 0.0), (-3.0, -3.0), (0.0, 5e-324), (1e17, 1e17), (-1.7e308, 1.7e308), (0.5, 0.5 + 1e-10)],
)
def test_no_scale_is_too_small_or_too_large_to_step_over(low: float, high: float) -> None:
    scale = Scale(low, high)
    value = None
    for _ in range(200):
        value = scale.moved(value, 1)
    assert value is not None and value > high
    for _ in range(200):
        value = scale.moved(value, -1)
    assert value is None


def test_a_scale_is_of_the_finite_scores_and_places_others_at_its_ends() -> None:
    assert Scale.of([math.nan, INFINITE]) is None
    assert Scale.of([]) is None
    assert Scale.of([math.nan, 2.0, -INFINITE, -1.0]) == Scale(-1.0, 2.0)
    assert [Scale(-1.7e308, 1.7e308).column(score, 11) for score in (-INFINITE, 0.0, INFINITE)] == [0, 5, 10]
    assert [Scale(2.0, 2.0).column(score, 11) for score in (1.0, 2.0, 3.0)] == [0, 5, 10]


# Worked by hand -------------------------------------------------------------------------------------


def test_min_max_and_mix_worked_by_hand() -> None:
    """(x − low) / (high − low): cosines over 0.2–0.7, BM25 over 4–12; then 0.7 of the one and 0.3 of the other."""
    cosine, bm25 = [0.7, 0.45, 0.2, 0.3], [4.0, 12.0, 8.0, 6.0]
    assert min_max(cosine) == pytest.approx([1.0, 0.5, 0.0, 0.2])
    assert min_max(bm25) == [0.0, 1.0, 0.5, 0.25]
    assert mix(cosine, bm25, 0.7) == pytest.approx([0.7, 0.35 + 0.3, 0.15, 0.14 + 0.075])
    assert min_max([-3.0, 1.0, -1.0]) == [0.0, 1.0, 0.5], "scores may be negative"


def test_a_mix_is_relative_to_its_candidates() -> None:
    """A candidate that scores lower than all others raises the mixed scores between the ends."""
    few = mix([0.9, 0.8, 0.7], [3.0, 2.0, 1.0], 0.7)
    more = mix([0.9, 0.8, 0.7, -0.1], [3.0, 2.0, 1.0, 0.0], 0.7)
    assert few == pytest.approx([1.0, 0.5, 0.0])
    assert more == pytest.approx([1.0, 0.7 * 0.9 + 0.3 * 2 / 3, 0.7 * 0.8 + 0.3 / 3, 0.0])
