"""The settings that change a ranking: steps, typed numbers, the way back, and what differs."""

import random
from collections.abc import Iterator
from dataclasses import replace

import pytest

from workbench.domain.errors import BadInputError
from workbench.domain.tuning import BOOSTS, DEPTH_LIMIT, DEPTHS, READS, SIZES, Choice, Tuning, differences

START = Tuning()
NAMES = tuple(START.values())
NUMBERS = tuple(name for name in NAMES if name != "reads")
CHOICES = {"depth": DEPTHS, "size": SIZES, "boost title": BOOSTS, "boost body": BOOSTS}


def walked(count: int) -> Iterator[Tuning]:
    """Settings that a person may arrive at."""
    chance = random.Random(11)
    tuning = START
    for _ in range(count):
        tuning = tuning.stepped(chance.choice(NAMES), chance.choice((1, -1)))
        yield tuning


def test_every_setting_has_a_name_and_a_value_in_the_order_of_the_form() -> None:
    assert START.values() == {
        "boost title": "2",
        "boost body": "1",
        "mix": "0.7",
        "depth": "30",
        "size": "10",
        "reads": "title + body",
    }


@pytest.mark.parametrize(
    ("name", "up", "down"),
    [
        ("boost title", "3", "1.5"),
        ("boost body", "1.5", "0.75"),
        ("mix", "0.8", "0.6"),
        ("depth", "50", "20"),
        ("size", "15", "5"),
        ("reads", "title", "body"),
    ],
)
def test_a_step_changes_one_setting_and_no_other(name: str, up: str, down: str) -> None:
    for step, value in ((1, up), (-1, down)):
        changed = START.stepped(name, step)
        assert changed.values() == START.values() | {name: value}
        assert changed.stepped(name, -step) == START


@pytest.mark.parametrize("name", ["depth", "size", "boost title", "boost body"])
def test_a_step_from_between_two_choices_goes_to_the_next_of_them(name: str) -> None:
    between = START.given(name, 7 if name in ("depth", "size") else 2.5)
    up, down = (float(between.stepped(name, step).values()[name]) for step in (1, -1))
    assert (down, up) == {"depth": (5, 10), "size": (5, 10)}.get(name, (2, 3))


@pytest.mark.parametrize("name", CHOICES)
def test_at_its_ends_a_setting_stays(name: str) -> None:
    low, high = START, START
    for _ in range(50):
        low, high = low.stepped(name, -1), high.stepped(name, 1)
    assert float(low.values()[name]) == CHOICES[name][0]
    assert float(high.values()[name]) == CHOICES[name][-1]
    assert high.stepped(name, 1) == high


def test_the_mix_goes_from_none_to_all_of_the_model_in_steps_without_a_rest() -> None:
    tuning = START.given("mix", 0)
    seen = [tuning.weight]
    while (more := tuning.stepped("mix", 1)) != tuning:
        tuning = more
        seen.append(tuning.weight)
    assert seen == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
    assert START.given("mix", 0.95).stepped("mix", 1).weight == 1
    assert START.given("mix", 0).stepped("mix", -1).weight == 0


def test_the_reranked_fields_go_round() -> None:
    tuning, seen = START, []
    for _ in READS:
        seen.append(tuning.reads)
        tuning = tuning.stepped("reads", 1)
    assert tuple(seen) == READS
    assert tuning == START


def test_one_field_is_always_searched() -> None:
    alone = START.given("boost title", 0)
    assert alone.boosts == (("title", 0.0), ("body", 1.0))
    assert alone.stepped("boost body", -1).stepped("boost body", -1).stepped("boost body", -1).boosts[1][1] == 0.25
    assert alone.given("boost body", 0.25).stepped("boost body", -1) == alone.given("boost body", 0.25)
    with pytest.raises(BadInputError, match="One field must be searched"):
        alone.given("boost body", 0)


@pytest.mark.parametrize(
    ("name", "value"),
    [("mix", 0.0), ("mix", 0.123), ("mix", 1.0), ("depth", 1), ("depth", DEPTH_LIMIT), ("size", 7), ("size", 1000),
     ("boost title", 0.0), ("boost body", 1000.0), ("boost body", 0.01)],
)  # fmt: skip
def test_a_number_in_range_is_taken_as_it_is(name: str, value: float) -> None:
    changed = START.given(name, value)
    assert changed.values() == START.values() | {name: f"{value:g}"}


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("mix", 1.01, "0 to 1."),
        ("mix", -0.1, "0 to 1."),
        ("depth", 0, "1 to 1000."),
        ("depth", 1001, "1 to 1000."),
        ("depth", 7.5, "whole number"),
        ("size", 0, "1 to 1000."),
        ("size", 2.5, "whole number"),
        ("boost title", -1, "0 to 1000."),
        ("boost title", 1001, "0 to 1000."),
        ("mix", float("nan"), "0 to 1."),
        ("boost body", float("inf"), "0 to 1000."),
        ("depth", float("inf"), "1 to 1000."),
        ("size", float("nan"), "1 to 1000."),
    ],
)
def test_a_number_out_of_range_is_refused_and_the_range_is_named(name: str, value: float, said: str) -> None:
    with pytest.raises(BadInputError) as refusal:
        START.given(name, value)
    assert name in refusal.value.message
    assert said in f"{refusal.value.message} {refusal.value.hint}"


@pytest.mark.parametrize("name", NAMES)
def test_one_setting_goes_back_to_its_start_and_the_others_stay(name: str) -> None:
    for changed in walked(60):
        back = changed.restored(name, START)
        assert back.values() == changed.values() | {name: START.values()[name]}


def test_a_boost_goes_back_to_one_where_the_start_did_not_know_the_field() -> None:
    other = Tuning(boosts=(("headline", 5.0), ("body", 2.0)))
    assert other.restored("boost headline", START).boosts == (("headline", 1.0), ("body", 2.0))


def test_the_last_searched_field_does_not_go_back_to_nothing() -> None:
    start = Tuning(boosts=(("title", 0.0), ("body", 1.0)))
    now = Tuning(boosts=(("title", 3.0), ("body", 0.0)))
    assert now.restored("boost title", start) == now


def test_boosts_are_kept_for_a_corpus_of_the_same_fields_and_replaced_for_another() -> None:
    mine = START.given("boost title", 7).given("depth", 50)
    assert mine.fitted((("title", 2.0), ("body", 1.0))) == mine
    other = (("headline", 1.0),)
    assert mine.fitted(other).boosts == other
    assert mine.fitted(other).depth == 50


def test_differences_name_the_changed_settings_with_both_values_and_nothing_else() -> None:
    assert differences(START, START) == ()
    changed = START.given("mix", 0.25).stepped("reads", 1)
    assert differences(START, changed) == (("mix", "0.7", "0.25"), ("reads", "title + body", "title"))
    assert differences(START, Tuning(boosts=(("headline", 2.0),))) == (("boost headline", "–", "2"),)


def test_whatever_a_person_does_every_setting_stays_within_its_range() -> None:
    for tuning in walked(3000):
        assert tuning.depth in DEPTHS and tuning.size in SIZES and tuning.reads in READS
        assert 0 <= tuning.weight <= 1 and round(tuning.weight, 2) == tuning.weight
        assert all(boost in BOOSTS for _, boost in tuning.boosts) and any(boost for _, boost in tuning.boosts)
        names = {name for name, _, _ in differences(START, tuning)}
        assert names == {name for name in NAMES if tuning.values()[name] != START.values()[name]}
        for name in NUMBERS:
            assert tuning.given(name, float(tuning.values()[name])) == tuning, "what is shown is what is set"


def with_choices(chosen: str = "retriever") -> Tuning:
    return replace(
        START, choices=(Choice("rerank", ("retriever", "inference"), chosen), Choice("filter", ("off",), "off"))
    )


def test_an_engine_s_own_setting_steps_round_its_words_and_goes_back_to_the_start() -> None:
    start = with_choices()
    assert list(start.values())[-2:] == ["rerank", "filter"]
    stepped = start.stepped("rerank", 1)
    assert stepped.chosen == (("rerank", "inference"), ("filter", "off"))
    assert stepped.stepped("rerank", 1) == start
    assert start.stepped("filter", -1) == start, "a single word has no other"
    assert stepped.restored("rerank", start) == start
    assert differences(start, stepped) == (("rerank", "retriever", "inference"),)
    with pytest.raises(BadInputError, match="rerank is no number"):
        start.given("rerank", 3)


def test_engine_settings_are_those_of_what_is_open_with_the_words_that_it_knows_too() -> None:
    mine = with_choices("inference")
    assert mine.fitted(START.boosts).choices == ()
    other = (Choice("rerank", ("inference", "local"), "local"), Choice("chunks", ("off", "2"), "off"))
    assert mine.fitted(START.boosts, other).chosen == (("rerank", "inference"), ("chunks", "off"))
    assert with_choices().fitted(START.boosts, other).choices == other
