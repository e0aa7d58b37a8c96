"""What is left of a pair after balanced truncation, and how many tokens there are without a tokenizer."""

import pytest

from workbench.domain.tokens import balanced, estimate


@pytest.mark.parametrize(
    ("query", "document", "kept"),
    [
        (254, 255, (254, 255)),
        (255, 254, (255, 254)),
        (255, 255, (254, 255)),
        (300, 300, (254, 255)),
        (300, 254, (255, 254)),
        (300, 253, (256, 253)),
        (255, 600, (254, 255)),
        (10, 1000, (10, 499)),
        (600, 100, (409, 100)),
        (1000, 1, (508, 1)),
        (254, 300, (254, 255)),
    ],
)
def test_a_pair_is_cut_as_elasticsearch_cuts_it(query: int, document: int, kept: tuple[int, int]) -> None:
    assert balanced(query, document) == kept
    assert sum(kept) + 3 <= 512


def test_a_short_pair_is_not_cut() -> None:
    assert balanced(3, 40) == (3, 40)
    assert balanced(0, 0) == (0, 0)


@pytest.mark.parametrize("budget", [4, 5, 16, 17])
def test_no_window_is_overrun_and_none_is_left_unused(budget: int) -> None:
    for query in range(30):
        for document in range(30):
            kept = balanced(query, document, budget)
            assert sum(kept) == min(query + document, budget - 3)
            assert kept.query <= query and kept.document <= document


def test_an_estimate_says_so_and_counts_four_tokens_for_three_words() -> None:
    count = estimate("laptop gets hot", "one two three four")
    assert not count.exact
    assert (count.query, count.document, count.budget) == (4, 6, 512)
    assert not count.truncated and count.kept_text_end == len("one two three four")


@pytest.mark.parametrize("word", ["word ", "wörd ", "w’rd\n"])
def test_an_estimate_tells_where_reading_stops_at_the_end_of_a_word(word: str) -> None:
    text = word * 1000
    count = estimate("laptop gets hot", text)
    assert (count.document, count.kept_document) == (1334, 505)
    assert count.kept_text_end == 378 * 5 - 1 and text[: count.kept_text_end].endswith("rd")


def test_a_long_query_takes_room_from_a_long_document() -> None:
    count = estimate("why " * 400, "word " * 400)
    assert (count.kept_query, count.kept_document) == (254, 255)


def test_scripts_without_blanks_are_counted_by_character() -> None:
    count = estimate("桜", "東京の桜は三月に咲く " * 100)
    assert count.document == 1334 and count.truncated
    assert 0 < count.kept_text_end < 1100


def test_nothing_has_no_tokens() -> None:
    count = estimate("", " \n")
    assert (count.query, count.document, count.kept_text_end) == (0, 0, 2)
