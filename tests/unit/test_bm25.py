"""BM25 over a few texts is Lucene's."""

from math import log

import pytest

from workbench.domain.bm25 import best, bm25

CHUNKS = [
    "cats like to sleep all day and play with mice",
    "dogs are loyal companions and great pets",
    "the weather today is very sunny and warm",
    "dogs love to play with toys and go for walks",
    "elasticsearch is a great search engine",
]


def score(query: str, texts: list[str] = CHUNKS) -> list[float]:
    return bm25(query.split(), [text.split() for text in texts])


def test_the_best_chunks_are_those_of_the_server() -> None:
    scores = score("dogs play walk")
    assert best(scores, 3) == [3, 1, 0]
    assert scores[2] == scores[4] == 0


def test_where_nothing_matches_the_first_ones_are_taken() -> None:
    assert best(score("puggles"), 3) == [0, 1, 2]
    assert best(score(""), 9) == [0, 1, 2, 3, 4]
    assert best([], 2) == []


def test_chunks_that_do_not_match_are_not_taken_along_with_one_that_does() -> None:
    assert best(score("elasticsearch"), 3) == [4]


def test_of_equal_chunks_the_first_is_better() -> None:
    assert best(score("and", [CHUNKS[0], CHUNKS[1], CHUNKS[1]]), 2) == [1, 2]


def test_a_score_is_lucenes_formula() -> None:
    scores = score("b b", ["a b b", "a", "b c d e"])
    weight = 2 * log(1 + (3 - 2 + 0.5) / (2 + 0.5))
    norm = 1.2 * (1 - 0.75 + 0.75 * 3 / (8 / 3))
    assert scores[0] == pytest.approx(weight * 2 / (2 + norm))


def test_texts_without_a_term_count_for_nothing() -> None:
    assert bm25(["a"], [["a"], [], ["b"]]) == pytest.approx([*bm25(["a"], [["a"], ["b"]])[:1], 0, 0])


@pytest.mark.parametrize(
    ("length", "stored"), [(23, 23), (39, 39), (40, 40), (41, 40), (42, 42), (300, 280), (312, 312)]
)
def test_a_length_is_what_fits_into_lucenes_one_byte(length: int, stored: int) -> None:
    def with_length(words: int) -> float:
        return bm25(["a"], [["a"] + ["b"] * (words - 1), ["c"] * (1000 - words)])[0]

    assert with_length(length) == with_length(stored)
    if length == stored:
        assert with_length(length) != with_length(length - 1)
