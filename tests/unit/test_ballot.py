"""The blind vote: what a vote means, when it counts, and what a tally may say."""

import random
from itertools import product
from math import comb

import pytest

from workbench.domain.ballot import FEWEST, Ballot, Choice, Preference, Tally, sign_test
from workbench.domain.errors import BadInputError

HOSTILE_QUERY = "\x1b]0;owned\x07 \u202e" + "x" * 10_000


@pytest.mark.parametrize(
    ("swapped", "vote", "preferred"),
    [
        (False, "left", "before"),
        (False, "right", "after"),
        (True, "left", "after"),
        (True, "right", "before"),
        (False, "same", "same"),
        (True, "same", "same"),
    ],
)
def test_a_vote_for_a_side_is_one_for_the_list_that_stands_there(swapped: bool, vote: str, preferred: str) -> None:
    assert Ballot("query", swapped).voted(vote).preferred == preferred


def test_a_vote_is_open_then_voted_then_revealed() -> None:
    ballot = Ballot("query", False)
    assert (ballot.open, ballot.preferred) == (True, None)
    voted = ballot.voted("left")
    assert not voted.open and not voted.revealed
    assert voted.shown().revealed and not voted.shown().open
    assert not ballot.shown().open
    assert voted.shown().preferred is Preference.BEFORE


def test_another_vote_takes_the_place_of_the_first() -> None:
    assert Ballot("query", False).voted("left").voted("right") == Ballot("query", False).voted("right")


def test_what_was_revealed_cannot_be_voted_on_any_more() -> None:
    for ballot in (Ballot("query", True), Ballot("query", True).voted("same")):
        with pytest.raises(BadInputError, match="closed"):
            ballot.shown().voted("left")
    assert Ballot("query", True).shown().preferred is None


def test_no_other_choice_exists() -> None:
    with pytest.raises(ValueError, match="both"):
        Ballot("query", True).voted("both")


def test_every_order_of_keys_gives_the_last_vote_before_the_reveal() -> None:
    keys = ("left", "right", "same", "reveal")
    for swapped, pressed in product((False, True), product(keys, repeat=5)):
        ballot = Ballot(HOSTILE_QUERY, swapped)
        for key in pressed:
            if key == "reveal":
                ballot = ballot.shown()
            elif not ballot.revealed:
                ballot = ballot.voted(key)
        votes = pressed[: pressed.index("reveal")] if "reveal" in pressed else pressed
        assert ballot.vote == (Choice(votes[-1]) if votes else None)
        assert (ballot.preferred is None) == (not votes)
        assert (ballot.query, ballot.swapped) == (HOSTILE_QUERY, swapped)


def test_the_sides_are_drawn_evenly_and_as_the_generator_says() -> None:
    drawn = [Ballot.drawn("query", draw).swapped for draw in [random.Random(7)] for _ in range(1000)]
    assert 430 < sum(drawn) < 570
    assert drawn == [Ballot.drawn("query", draw).swapped for draw in [random.Random(7)] for _ in range(1000)]


def test_a_person_who_likes_one_ranking_is_counted_for_it_wherever_it_stands() -> None:
    draw, preferences = random.Random(1), []
    for _ in range(50):
        ballot = Ballot.drawn("query", draw)
        preferences.append(ballot.voted("left" if ballot.swapped else "right").preferred)
    assert Tally.of(filter(None, preferences)) == Tally(after=50)


@pytest.mark.parametrize(
    ("before", "after", "p"),
    [(0, 0, 1.0), (1, 0, 1.0), (2, 4, 0.6875), (0, 5, 0.0625), (0, 6, 0.03125), (1, 9, 22 / 1024), (5, 5, 1.0)],
)
def test_the_sign_test_gives_what_tables_say(before: int, after: int, p: float) -> None:
    assert sign_test(before, after) == p


def test_the_sign_test_is_the_share_of_coin_throws_that_are_as_uneven() -> None:
    for before, after in product(range(8), repeat=2):
        votes, uneven = before + after, abs(before - after)
        exact = sum(comb(votes, heads) for heads in range(votes + 1) if abs(2 * heads - votes) >= uneven)
        assert sign_test(before, after) == exact / 2**votes == sign_test(after, before)


def test_the_sign_test_falls_as_a_side_pulls_away_and_stands_many_votes() -> None:
    values = [sign_test(30 - lead, 30 + lead) for lead in range(31)]
    assert values == sorted(values, reverse=True) and values[0] == 1.0
    assert 0.9 < sign_test(10_000, 10_010) <= 1.0
    assert 0.0 <= sign_test(0, 20_000) < 1e-300


def test_fewer_votes_than_the_least_cannot_tell_anything() -> None:
    assert sign_test(0, FEWEST - 1) > 0.05 >= sign_test(0, FEWEST)


@pytest.mark.parametrize(
    ("tally", "summary"),
    [
        (Tally(), "No votes yet"),
        (Tally(2, 4, 1), "Reranked 4 · BM25 2 · no difference 1 of 7; with a sign test p = 0.69"),
        (Tally(0, 5, 9), "Reranked 5 · BM25 0 · no difference 9 of 14; too few to tell"),
        (Tally(0, 0, 3, "baseline"), "Reranked 0 · baseline 0 · no difference 3 of 3; too few to tell"),
        (Tally(0, 6), "Reranked 6 · BM25 0 · no difference 0 of 6; with a sign test p = 0.031"),
        (Tally(17, 6), "Reranked 6 · BM25 17 · no difference 0 of 23; with a sign test p = 0.035"),
        (Tally(0, 2000), "Reranked 2,000 · BM25 0 · no difference 0 of 2,000; with a sign test p < 0.001"),
    ],
)
def test_a_tally_says_its_counts_and_what_they_are_worth(tally: Tally, summary: str) -> None:
    assert tally.summary == summary


def test_counting_one_by_one_is_counting_together() -> None:
    draw = random.Random(3)
    preferences = draw.choices(list(Preference), k=200)
    tally = Tally.of(preferences)
    assert (tally.before, tally.after, tally.same) == tuple(map(preferences.count, Preference))
    assert tally.total == 200
