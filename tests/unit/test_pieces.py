"""What was not read of a document, cut into pieces that fit."""

import random
from itertools import pairwise

import pytest

from tests.fakes.lexical import Lines, WordPieces
from workbench.domain.documents import Span
from workbench.domain.pieces import Cut, missed, pieces_of
from workbench.domain.tokens import Reader, Reading, Tokenized
from workbench.domain.truncation import Strategy, Window
from workbench.engines.boundaries import IcuBoundaries

QUERY = "laptop gets hot"
ALPHABETS = ("abcdefgh", "  .\n", "äöü", "漢字。", "🏁👩🏽‍💻", "עברית", "\u0301\u200d", "  \t\n")


def read(text: str, budget: int = 16, strategy: Strategy = Strategy.BALANCED, first: int = 12) -> Reading:
    return Reader(WordPieces(first), Window(budget, 3, strategy)).read(QUERY, text)


def cut(reading: Reading, sentences: list[Span] | None = None) -> list[Cut]:
    if sentences is None:
        sentences = Lines().sentences(reading.document.text)
    return list(pieces_of(reading, sentences))


def texts(reading: Reading, sentences: list[Span] | None = None) -> list[str]:
    return [reading.document.text[slice(*piece.span)] for piece in cut(reading, sentences)]


def check(reading: Reading, pieces: list[Cut]) -> None:
    """Every unread token is in a piece, no piece exceeds what fits by itself, none is blank, and they go forward."""
    text, room = reading.document.text, reading.reader.window.fits(len(reading.query))
    for piece in pieces:
        alone = reading.reader.read(QUERY, text[slice(*piece.span)])
        assert len(alone.document) == piece.tokens <= room
        assert alone.kept.document == piece.tokens, "it is read to its end"
        assert text[slice(*piece.span)].strip()
    assert all(left.span[1] <= right.span[0] for left, right in pairwise(pieces))
    inside = [any(start <= low and high <= end for (start, end), _ in pieces) for low, high in reading.document.spans]
    unread = range(reading.kept.document, len(reading.document))
    assert missed(reading, pieces) == sum(not inside[place] for place in unread)


def test_a_document_that_was_read_has_no_pieces() -> None:
    assert cut(read("One short sentence.")) == []
    assert cut(read("")) == []
    assert cut(read(" \n ")) == []


def test_the_sentence_that_was_cut_in_two_is_read_whole() -> None:
    reading = read("One two three four five. Six seven eight nine ten. Eleven.")
    assert reading.document.text[reading.count.kept_text_end :] == " ten. Eleven."
    assert texts(reading) == ["Six seven eight nine ten. Eleven."]


def test_pieces_end_with_a_sentence_where_they_can() -> None:
    sentences = [f"Word {'word ' * words}end. " for words in (8, 2, 3, 7, 1, 1, 1)]
    reading = read("".join(sentences))
    # The second sentence was cut after its first tokens; ten tokens fit.
    assert reading.kept.document == 10
    found = texts(reading)
    assert "".join(found).endswith(sentences[-1])
    assert all(piece.rstrip().endswith("end.") for piece in found)


def test_a_sentence_that_does_not_fit_is_cut_between_words_from_the_one_that_was_cut_on() -> None:
    words = [f"{number:06d}" for number in range(100)]
    reading = read(" ".join(words), first=2)
    assert reading.kept.document == 7, "three words and a half"
    assert [word for piece in texts(reading) for word in piece.split()] == words[3:]


def test_a_text_without_blanks_is_cut_between_tokens() -> None:
    text = "漢字" * 50
    reading = read(text)
    check(reading, pieces := cut(reading))
    assert "".join(text[slice(*piece.span)] for piece in pieces) == text[reading.count.kept_text_end :]


def test_a_piece_that_has_more_tokens_by_itself_is_made_shorter() -> None:
    reading = read("a" * 400, first=1)
    pieces = cut(reading)
    check(reading, pieces)
    assert not missed(reading, pieces)
    assert len(pieces) <= 2 * -(-len(reading.document) // 10)


@pytest.mark.parametrize("strategy", [Strategy.BALANCED, Strategy.LONGEST_FIRST, Strategy.HEAD_ONLY])
@pytest.mark.parametrize("first", [1, 3, 12])
def test_any_text_in_any_window(strategy: Strategy, first: int) -> None:
    source = random.Random(f"{strategy}{first}")
    for _ in range(60):
        parts = [source.choice(source.choice(ALPHABETS)) for _ in range(source.randint(0, 400))]
        reading = read("".join(parts), source.randint(0, 40), strategy, first)
        for sentences in (None, [], IcuBoundaries().sentences(reading.document.text)):
            check(reading, cut(reading, sentences))


def test_a_window_with_room_for_one_token() -> None:
    reading = read("one two, three", budget=4)
    assert reading.kept.document == 1
    assert [text.strip() for text in texts(reading)] == ["two", ",", "three"]
    assert missed(reading, cut(reading)) == 0


def test_a_window_without_room_has_no_pieces_and_says_how_much_is_missed() -> None:
    for budget in range(4):
        reading = read("one two three", budget)
        assert cut(reading) == []
        assert missed(reading, []) == 3


def test_a_character_with_more_tokens_than_there_is_room_is_missed_alone() -> None:
    reading = read("one 🏁 two", budget=5)
    assert reading.kept == (1, 1)
    assert texts(reading) == ["two"]
    assert missed(reading, cut(reading)) == 4


def test_a_word_of_a_megabyte_is_cut_up_with_few_counts() -> None:
    tokenizer = WordPieces(first=2)
    reading = Reader(tokenizer, Window(512, 3, Strategy.BALANCED)).read(QUERY, "x" * 1_000_000)
    pieces = cut(reading, [(0, 1_000_000)])
    assert pieces[-1].span[1] == 1_000_000
    assert missed(reading, pieces) == 0
    assert len(pieces) < 500
    assert tokenizer.counted < 4 * len(pieces)


def test_a_megabyte_of_blanks_makes_no_piece() -> None:
    reading = read("one two three four five six seven eight nine ten eleven" + " \n" * 500_000)
    assert texts(reading)[0].strip() == "eleven"
    assert len(cut(reading)) == 1


def test_blank_tokens_make_no_piece() -> None:
    class Bytes(WordPieces):
        def _tokenized(self, text: str) -> Tokenized:
            return Tokenized(text, [5] * len(text), [(place, place + 1) for place in range(len(text))])

    reading = Reader(Bytes(), Window(40, 3, Strategy.LONGEST_FIRST)).read("hot", "word " * 8 + "\n" * 500 + "end")
    pieces = cut(reading, [])
    assert [reading.document.text[slice(*piece.span)].strip() for piece in pieces][-1] == "end"
    assert len(pieces) <= 2
    assert missed(reading, pieces) == 0


@pytest.mark.parametrize("has_tokens", [True, False])
def test_a_character_and_its_marks_are_in_one_piece(has_tokens: bool) -> None:
    class Marks(WordPieces):
        def _tokenized(self, text: str) -> Tokenized:
            places = [place for place, each in enumerate(text) if has_tokens or each.isascii()]
            return Tokenized(text, [5] * len(places), [(place, place + 1) for place in places])

    text = "e\u0323\ufe0f" * 40
    for budget in range(12, 18):
        reading = Reader(Marks(), Window(budget, 3, Strategy.BALANCED)).read("q", text)
        found = texts(reading, [])
        assert all(piece.startswith("e") for piece in found)
        assert len("".join(found)) >= len(text) - reading.count.kept_text_end, "nothing is in no piece"
