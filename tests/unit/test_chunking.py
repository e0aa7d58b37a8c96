"""Chunks lie where Elasticsearch's chunkers put them; the numbers are those that its own tests expect."""

import random
from itertools import pairwise

import pytest

from workbench.domain.chunk_settings import long_document
from workbench.domain.chunking import cut_up
from workbench.domain.chunks import MARKDOWN, PLAINTEXT, ChunkSettings, ChunkStrategy
from workbench.engines.boundaries import IcuBoundaries

ICU = IcuBoundaries()
SENTENCE = "This is a test sentence that has ten total words. "


def by_sentences(size: int, overlap: int = 0) -> ChunkSettings:
    return ChunkSettings(ChunkStrategy.SENTENCE, size, overlap)


def by_words(size: int, overlap: int = 0) -> ChunkSettings:
    return ChunkSettings(ChunkStrategy.WORD, size, overlap)


def by_separators(size: int, *separators: str) -> ChunkSettings:
    return ChunkSettings(ChunkStrategy.RECURSIVE, size, separators=separators)


def cut(text: str, settings: ChunkSettings) -> list[str]:
    return [text[start:end] for start, end in cut_up(text, settings, ICU)]


def numbers(count: int) -> str:
    return "".join(f"{n} " for n in range(count))


def sentences(*lengths: int) -> str:
    """Sentences of so many words, each beginning with its own."""
    return "".join(f"Start{n} {' '.join(map(str, range(2, words + 1)))}. " for n, words in enumerate(lengths))


# Sentences ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("size", "chunks"), [(10, 21), (30, 7), (50, 4), (100, 2), (200, 1)])
def test_sentences_of_16_42_60_and_15_words_give_as_many_chunks_as_on_the_server(size: int, chunks: int) -> None:
    assert len(cut(sentences(16, 42, 60, 15), by_sentences(size))) == chunks


@pytest.mark.parametrize(("size", "chunks"), [(70, 3), (80, 3), (100, 2), (120, 2), (150, 1), (200, 1)])
def test_and_with_an_overlap_of_one_sentence(size: int, chunks: int) -> None:
    assert len(cut(sentences(16, 42, 60, 15), by_sentences(size, 1))) == chunks


def test_the_last_sentence_of_a_chunk_opens_the_next() -> None:
    found = cut(sentences(*[49] * 7), by_sentences(100, 1))
    assert [chunk.split()[0] for chunk in found] == [f"Start{n}" for n in range(6)]
    assert all(chunk.count("Start") == 2 for chunk in found)


def test_of_a_sentence_too_long_to_be_repeated_only_its_last_words_are() -> None:
    first, second, third = cut(sentences(60, 45, 30), by_sentences(70, 1))
    assert first.startswith("Start0") and "Start1" not in first
    assert second.startswith("41 42"), "the last 20 words of the first sentence"
    assert third.startswith("26 27") and third.rstrip().endswith("30."), "the last 20 of the second"


def test_short_long_and_short_sentences_with_overlap() -> None:
    found = [chunk.strip() for chunk in cut(sentences(15, 30, 20, 5), by_sentences(40, 1))]
    assert len(found) == 5
    assert found[0].startswith("Start0") and found[0].endswith("15.")
    assert found[1].startswith("Start0") and not found[1].endswith("."), "the sentences do not fit together"
    assert found[2].endswith(".") and found[3].endswith(".")
    assert found[4].startswith("Start2") and "Start3" in found[4] and found[4].endswith("5.")


def test_a_sentence_longer_than_a_chunk_is_cut_between_words_and_the_parts_overlap() -> None:
    found = cut(numbers(100), by_sentences(50))
    assert [len(chunk.split()) for chunk in found] == [50, 50, 40]
    for before, after in pairwise(found):
        assert before.split()[-20:] == after.split()[:20]


def test_the_last_word_of_a_line_counts_in_the_next_one_too() -> None:
    # The server counts from the boundary before a sentence on; a line without a full stop ends with a word there.
    lines = "One two three four\n" * 6
    assert len(cut(lines, by_sentences(20))) == 2, "4 + 4 × 5 = 24 words are counted, not 20"
    assert [chunk.count("\n") for chunk in cut(lines, by_sentences(20))] == [4, 2]


@pytest.mark.parametrize("settings", [by_sentences(100), by_sentences(100, 1), by_words(100, 10)])
@pytest.mark.parametrize("text", ["", "   ", "   b", "b", ". ", " , ", " ,", "a" * 32_000])
def test_a_text_of_at_most_one_word_is_one_chunk(text: str, settings: ChunkSettings) -> None:
    assert cut(text, settings) == [text]


# Words ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("size", "overlap"), [(10, 4), (10, 2), (20, 4), (20, 10), (15, 3), (10, 0)])
@pytest.mark.parametrize("words", [4, 10, 11, 22, 50, 73, 100, 120])
def test_windows_of_words_overlap_by_a_fixed_number(words: int, size: int, overlap: int) -> None:
    found = cut(numbers(words).rstrip(), by_words(size, overlap))
    stride = size - overlap
    assert len(found) == (1 if words < size else 1 + -(-(words - size) // stride))
    for place, chunk in enumerate(found):
        assert chunk.split() == [str(n) for n in range(place * stride, min(place * stride + size, words))]
        assert chunk.startswith(" ") is (place > 0), "a blank belongs to the chunk after it"


@pytest.mark.parametrize("words", [7, 8, 9, 10])
def test_what_a_chunk_holds_already_makes_no_other_one(words: int) -> None:
    assert len(cut(numbers(words), by_words(10, 3))) == 1
    assert len(cut(numbers(11), by_words(10, 3))) == 2


def test_punctuation_goes_to_the_chunk_after_it() -> None:
    assert cut("Comma, separated", by_words(1)) == ["Comma", ", separated"]
    assert cut("Mme. Thénardier", by_words(1)) == ["Mme", ". Thénardier"]
    assert cut("Won't you chunk", by_words(1)) == ["Won't", " you", " chunk"]


def test_punctuation_behind_the_last_full_window_is_left_out_as_on_the_server() -> None:
    assert cut("one two three four!", by_words(2)) == ["one two", " three four"]


# Separators -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "separators", "between", "lengths"),
    [
        (10, "\n\f", "\n", [1, 1]),
        (20, "\n\f", "\n\n", [2, 1]),
        (15, "\n\f", "\f\n\f", [1, 1, 1, 1]),
        (25, "\n\f", "\f\n\f", [2, 2]),
        (25, "\n\f\t", "\f\n\t\f", [2, 2, 1]),
        (10, ["\n"], ["", "\n", ""], [1, 1, 1, 1]),
        (10, PLAINTEXT[::-1], ["\n", "\n", "\n\n"], [1, 1, 1, 1]),
        (10, [f"none {n}" for n in range(50)], [""], [1, 1]),
        (10, [*"abcde", "\n", *"xyz", "\t", *"qjk"], ["\t", "\n"], [1, 1, 1]),
    ],
)
def test_separators_cut_only_what_does_not_fit(
    size: int, separators: list[str], between: list[str], lengths: list[int]
) -> None:
    ten_words = "0123 5678 0123 5678 0123 5678 0123 5678 0123 5678. "
    sentence = ten_words if "a" in separators else SENTENCE
    text = sentence + "".join(separator + sentence for separator in between)
    found = cut(text, by_separators(size, *separators))
    assert "".join(found) == text
    assert [chunk.count(sentence) for chunk in found] == lengths
    assert [chunk[0] for chunk in found[1:]] == [
        (separator or sentence)[0] for n, separator in enumerate(between, 1) if n in _starts(lengths)
    ], "a chunk begins with its separator"


def _starts(lengths: list[int]) -> set[int]:
    return {sum(lengths[:n]) for n in range(1, len(lengths))}


def test_markdown_is_cut_at_headings_of_every_kind() -> None:
    headings = [*(f"{'#' * level} Header\n" for level in range(1, 7)), "Header\n-\n", "Header\n=\n"]
    parts = [headings[0] + SENTENCE, *("\n" + heading + SENTENCE for heading in headings * 3)]
    assert cut("".join(parts), by_separators(15, *MARKDOWN)) == parts


def test_a_separator_sees_nothing_outside_of_the_part_that_it_cuts() -> None:
    # Four line feeds are no paragraph, but within a part that begins with the last two of them they are two lines.
    text = SENTENCE + "\n\n|\n\n" + SENTENCE + "\n\n" + SENTENCE
    found = cut(text, by_separators(10, r"\|", r"^\n\n"))
    assert "".join(found) == text
    assert found[1].startswith("|")


# Whole texts ----------------------------------------------------------------------------------------


def test_none_leaves_the_text_whole() -> None:
    assert cut(SENTENCE * 100, ChunkSettings(ChunkStrategy.NONE)) == [SENTENCE * 100]


@pytest.mark.parametrize(
    ("query_words", "words"), [(0, 381), (1, 380), (3, 378), (10, 371), (189, 192), (190, 192), (1000, 192)]
)
def test_a_long_query_leaves_a_long_document_smaller_chunks_but_half_of_the_window(
    query_words: int, words: int
) -> None:
    assert long_document(query_words) == by_sentences(words, 1)


def test_a_hundred_sentences_of_ten_words_are_three_chunks_beside_a_query_of_ten() -> None:
    assert len(cut(SENTENCE * 100, long_document(10))) == 3
    assert cut(SENTENCE * 10, long_document(10)) == [SENTENCE * 10]


_LATIN = [
    "This is a short sentence. ",
    "Mr. Smith paid 3.50, didn't he? ",
    "m&s ",
    "word ",
    "and so on without any end ",
]
_LINES = ["Title without a stop\n", "\n\n", "\n# Heading\n", "...", "  "]
_OTHERS = [
    "日本語の文章です。",
    "これはテストです。 ",
    "ภาษาไทยไม่มีช่องว่าง ",
    "😀 smile 😀. ",
    "e\u0301te\u0301 ",
    "مرحبا بالعالم. ",
]


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize(
    "settings",
    [
        by_sentences(20),
        by_sentences(20, 1),
        by_sentences(50, 1),
        by_words(10, 5),
        by_words(25, 3),
        by_separators(20, *MARKDOWN),
        by_separators(10, *PLAINTEXT),
    ],
    ids=lambda settings: settings.label,
)
def test_chunks_of_any_text_are_in_order_hold_every_word_and_are_no_longer_than_they_may(
    seed: int, settings: ChunkSettings
) -> None:
    chance = random.Random(seed)
    text = "".join(chance.choices([*_LATIN, *_LINES, *_OTHERS], k=chance.randint(1, 120)))
    chunks = cut_up(text, settings, ICU)
    words = ICU.words(text)

    def of(start: int, end: int) -> int:
        return sum(start <= first and last <= end for first, last in words)

    assert chunks[0][0] == 0
    for (start, end), (next_start, next_end) in pairwise(chunks):
        # A sentence that is a chunk may open the next one, which is too long for both and is cut itself.
        assert start < next_start <= end < next_end or (settings.overlap == 1 and start == next_start < end < next_end)
        if settings.strategy is ChunkStrategy.WORD:
            assert of(next_start, end) == settings.overlap
    assert of(chunks[-1][1], len(text)) == 0
    if settings.strategy is not ChunkStrategy.WORD:
        assert chunks[-1][1] == len(text)
    assert max(of(*chunk) for chunk in chunks) <= settings.max_chunk_size
