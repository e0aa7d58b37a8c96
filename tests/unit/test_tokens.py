"""What a reading says about a pair, and how many tokens there are without a tokenizer."""

import random
from collections.abc import Sequence

import pytest

from workbench.domain.tokens import ESTIMATE, Estimate, Framing, Reader, Reading, TokenCount, Tokenized
from workbench.domain.truncation import Strategy, Window


def estimate(query: str, document: str) -> TokenCount:
    return ESTIMATE.read(query, document).count


def test_an_estimate_says_so_and_counts_four_tokens_for_three_words() -> None:
    count = estimate("laptop gets hot", "one two three four")
    assert not count.exact
    assert (count.query, count.document, count.budget) == (4, 6, 512)
    assert not count.truncated and count.kept_text_end == len("one two three four")


@pytest.mark.parametrize("word", ["word ", "wörd ", "w’rd\n"])
def test_an_estimate_tells_where_reading_stops(word: str) -> None:
    count = estimate("laptop gets hot", word * 1000)
    assert (count.document, count.kept_document) == (1334, 505)
    # 504 tokens are 378 words; the next word is two tokens.
    assert count.kept_text_end == 378 * 5 + 2


def test_a_long_query_takes_room_from_a_long_document() -> None:
    count = estimate("why " * 400, "word " * 400)
    assert (count.kept_query, count.kept_document) == (254, 255)
    assert count.cut == "both"


def test_scripts_without_blanks_are_counted_by_character() -> None:
    count = estimate("桜", "東京の桜は三月に咲く " * 100)
    assert count.document == 1334 and count.truncated
    assert 0 < count.kept_text_end < 1100


def test_nothing_has_no_tokens() -> None:
    count = estimate("", " \n")
    assert (count.query, count.document, count.kept_text_end) == (0, 0, 2)


def test_parts_of_estimated_words_are_as_many_as_are_counted_and_cover_every_word() -> None:
    dice = random.Random(3)
    for length in range(60):
        text = dice.choice(["", " "]).join(dice.choices(["a", "laptop", "桜", " \n", "é", "don’t", "ไทย"], k=length))
        [tokens] = Estimate().tokenize([text])
        assert Estimate().count([text]) == [len(tokens)] == [len(tokens.ids)] == [len(tokens.spans)]
        covered = {place for start, end in tokens.spans for place in range(start, end)}
        assert covered == {place for place, char in enumerate(text) if not char.isspace()}
        assert list(tokens.spans) == sorted(tokens.spans)


def test_spans_of_an_estimate_may_be_asked_for_in_any_order() -> None:
    text = "one two three four five six seven " * 20
    forwards, backwards = (Estimate().tokenize([text])[0].spans for _ in range(2))
    assert [backwards[place] for place in reversed(range(len(backwards)))][::-1] == list(forwards)
    assert backwards[-1] == forwards[len(forwards) - 1] and forwards[2:4] == [forwards[2], forwards[3]]
    with pytest.raises(IndexError):
        forwards[len(forwards)]


class Letters:
    """A token per character, two for an é."""

    id, exact, notes = "letters", True, ()

    def framing(self, pair: bool) -> Framing:
        return Framing((1,), (2,), (2,) if pair else ())

    def tokenize(self, texts: Sequence[str]) -> list[Tokenized]:
        pairs = [[(ord(c), (n, n + 1)) for n, c in enumerate(text) for _ in range(1 + (c == "é"))] for text in texts]
        return [Tokenized(t, [i for i, _ in p], [s for _, s in p]) for t, p in zip(texts, pairs, strict=True)]

    def count(self, texts: Sequence[str]) -> list[int]:
        return [len(each) for each in self.tokenize(texts)]

    def piece(self, id: int) -> str:
        return chr(id)


def test_a_character_of_which_only_some_tokens_are_kept_is_not_read() -> None:
    [text] = Letters().tokenize(["aéb"])
    assert [text.end(kept) for kept in range(6)] == [0, 1, 1, 2, 3, 3]
    assert [text.token_at(offset) for offset in range(5)] == [0, 1, 3, 4, 4]


def read(query: str, document: str, budget: int, strategy: Strategy) -> Reading:
    special = 2 if strategy is Strategy.HEAD_ONLY else 3
    return Reader(Letters(), Window(budget, special, strategy)).read(query, document)


def test_a_pair_is_fed_as_one_sequence() -> None:
    reading = read("abc", "defgh", 8, Strategy.BALANCED)
    assert reading.inputs == ((1, *map(ord, "ab"), 2, *map(ord, "def"), 2),)
    assert (reading.count.kept_text_end, reading.count.cut) == (3, "both")


def test_a_model_that_reads_apart_is_fed_two() -> None:
    reading = read("abc", "defgh", 6, Strategy.HEAD_ONLY)
    assert reading.inputs == ((1, *map(ord, "abc"), 2), (1, *map(ord, "defg"), 2))
    assert reading.count.cut == "document"


def test_counting_many_documents_says_what_reading_each_says() -> None:
    texts = ["", "a", "défgh" * 3]
    reader = Reader(Letters(), Window(12, 3, Strategy.LONGEST_FIRST))
    assert reader.count("qé", texts) == [reader.read("qé", text).count for text in texts]


def test_many_long_documents_are_not_held_at_once() -> None:
    given: list[list[int]] = []

    class Watched(Letters):
        def tokenize(self, texts: Sequence[str]) -> list[Tokenized]:
            given.append([len(text) for text in texts])
            return [Tokenized(text, bytes(len(text)), [(0, 0)] * len(text)) for text in texts]

    sizes = [400_000, 500_000, 200_000, 1_500_000, 3, 4]
    counts = Reader(Watched(), Window(12, 3, Strategy.LONGEST_FIRST)).count("q", ["x" * size for size in sizes])
    assert [count.document for count in counts] == sizes
    assert given == [[1], [400_000, 500_000], [200_000], [1_500_000], [3, 4]]


def test_a_note_more_leaves_the_reader_as_it_was() -> None:
    reader = Reader(Letters(), Window(12, 3, Strategy.LONGEST_FIRST))
    doubted = reader.noted("It may be another one.", exact=False)
    assert doubted.tokenizer.notes == ("It may be another one.",) and doubted.count("a", ["b"])[0].exact is False
    assert reader.tokenizer.notes == () and reader.count("a", ["b"])[0].exact
    assert doubted.noted("And more.").tokenizer.exact is False
