"""Oddities of what a model read are found and named."""

from collections.abc import Sequence

from workbench.domain.token_check import check
from workbench.domain.tokens import ESTIMATE, Framing, Reader, Reading, Tokenized
from workbench.domain.truncation import Strategy, Window

PIECES = ["[UNK]", "[CLS]", "[SEP]", "hot", "laptop"]


class Words:
    """A token per word."""

    id, exact, notes = "words", True, ()

    def framing(self, pair: bool) -> Framing:
        return Framing((1,), (2,), (2,))

    def tokenize(self, texts: Sequence[str]) -> list[Tokenized]:
        return [self._one(text) for text in texts]

    def _one(self, text: str) -> Tokenized:
        words, spans, at = text.split(), [], 0
        for word in words:
            at = text.index(word, at)
            spans.append((at, at + len(word)))
            at += len(word)
        ids = [PIECES.index(word) if word in PIECES else 0 for word in words]
        return Tokenized(text, ids, spans, tuple(n for n, word in enumerate(words) if word.startswith("[")))

    def count(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    def piece(self, id: int) -> str:
        return PIECES[id]


def read(query: str, document: str) -> Reading:
    return Reader(Words(), Window(11, 3, Strategy.BALANCED)).read(query, document)


def rules(query: str, document: str) -> list[str]:
    return [finding.rule for finding in check(read(query, document))]


def test_nothing_is_odd_about_a_plain_pair() -> None:
    assert rules("hot laptop", "laptop hot " * 50) == []


def test_a_blank_side_is_found() -> None:
    assert rules("hot", " \n") == ["blank-text"]
    assert "query" in check(read("", "hot"))[0].message


def test_a_query_that_was_cut_is_found() -> None:
    [finding] = check(read("hot " * 9, "laptop " * 9))
    assert (finding.rule, finding.message) == ("query-cut", "The model read 4 of the query's 9 tokens.")


def test_a_guess_that_a_query_was_cut_is_called_one() -> None:
    [finding] = check(ESTIMATE.read("hot " * 900, "laptop " * 900))
    assert finding.message == "The model read about 254 of the query's 1200 tokens."


def test_control_tokens_in_a_text_are_named_and_are_not_unknown() -> None:
    [finding] = check(read("hot", "laptop [SEP] hot [UNK] [SEP]"))
    assert finding.rule == "control-token"
    assert "document spells out [SEP], [UNK] 3 times" in finding.message
    assert rules("hot [CLS]", "laptop") == ["control-token"]


def test_unknown_characters_are_counted_and_shown() -> None:
    [finding] = check(read("hot", "laptop 漢字 hot 漢字 \x1b[31m"))
    assert finding.rule == "unknown-characters"
    assert "3 of the document's 5 tokens (60%) are unknown" in finding.message
    assert "漢字" in finding.message and "\x1b" not in finding.message


def test_examples_of_unknown_words_are_few_and_short() -> None:
    [finding] = check(read("hot", " ".join(f"{n}{'x' * 100_000}" for n in range(8))))
    assert len(finding.message) < 300
