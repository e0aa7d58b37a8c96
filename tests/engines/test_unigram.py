"""Tokenizers built from a vocabulary agree with what the vocabulary was trained by, and with the server."""

import json
import random
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from tests.fakes.odd_texts import mixtures
from tests.fakes.trained_vocabulary import processor, sentences, trained, vocabulary_json
from workbench.domain.deployment import TokenizerFile, TokenizerKind
from workbench.domain.errors import BadInputError
from workbench.domain.tokens import ELASTIC, Tokenizer
from workbench.engines.library_tokenizer import LibraryTokenizer
from workbench.engines.sentencepiece_model import PieceType, read_model
from workbench.engines.tokenizer import open_reader, open_tokenizer

SPECIAL = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"]
SERVER = [*SPECIAL, "▁Ela", "stic", "search", "▁fun", "▁", "."]
_MARKED = re.compile(r"[\u0300-\u036f]{2}")
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]


def opened(folder: Path, kind: TokenizerKind, content: bytes) -> Tokenizer:
    path = folder / f"some.{kind}"
    path.write_bytes(content)
    return open_tokenizer(TokenizerFile("some", kind, path, ELASTIC))


def elastic(folder: Path, pieces: list[str]) -> Tokenizer:
    scores = [0.0 if piece in SPECIAL else -1.0 for piece in pieces]
    described = json.dumps({"vocabulary": pieces, "scores": scores, "merges": []}).encode()
    return opened(folder, TokenizerKind.ELASTIC, described)


def pieces(tokenizer: Tokenizer, text: str) -> list[str]:
    return [tokenizer.piece(id) for id in tokenizer.tokenize([text])[0].ids]


def two_thousand() -> list[str]:
    """Lines of the corpus, mixtures of them with other scripts, and random strings."""
    dice, lines = random.Random(7), list(sentences())
    kinds = [lambda: 32, lambda: dice.randrange(33, 127), lambda: dice.randrange(0xA0, 0x3000)]
    noise = ["".join(chr(dice.choice(kinds)()) for _ in range(20)) for _ in range(300)]
    # A literal ▁ is a blank to SentencePiece, and dropped where it is one too many.
    return [*dice.sample(lines, 1000), *(text.replace("▁", "") for text in mixtures(700)), *noise]


def nfkc(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def excepted(text: str, theirs: Sequence[int], ours: Sequence[int], scores: Sequence[float]) -> str:
    """Why two tokenizers may differ on a text; empty when they may not."""
    if _MARKED.search(unicodedata.normalize("NFD", text)) or any(
        unicodedata.category(second)[0] == "M" and nfkc(first) != first for first, second in pairwise(text)
    ):
        return "a character with several marks is mapped as one here, and from the left there"
    if sum(scores[id] for id in theirs) == pytest.approx(sum(scores[id] for id in ours), abs=1e-4):
        return "both ways of cutting score the same"
    return ""


@pytest.mark.parametrize("byte_fallback", [False, True])
@pytest.mark.parametrize("rule", ["nmt_nfkc", "nfkc", "identity"])
def test_a_sentencepiece_model_cuts_two_thousand_texts_as_its_library_does(
    tmp_path: Path, rule: str, byte_fallback: bool
) -> None:
    model = trained(byte_fallback, rule)
    ours, theirs = opened(tmp_path, TokenizerKind.SENTENCEPIECE, model), processor(model)
    texts = two_thousand()
    assert len(texts) == 2000
    differ: list[tuple[str, list[int], list[int]]] = [
        (text, expected, list(got.ids))
        for text, expected, got in zip(texts, theirs.encode(texts), ours.tokenize(texts), strict=True)
        if list(got.ids) != expected
    ]
    scores = [theirs.get_score(id) for id in range(theirs.get_piece_size())]
    assert [each for each in differ if not excepted(*each, scores)] == []
    assert len(differ) < 0.05 * len(texts)


def test_special_tokens_in_a_text_are_found_where_they_stand(tmp_path: Path) -> None:
    ours = opened(tmp_path, TokenizerKind.SENTENCEPIECE, trained())
    [text] = ours.tokenize(["the [SEP] battery [UNK]漢[CLS]"])
    assert [ours.piece(text.ids[place]) for place in text.control] == ["[SEP]", "[UNK]", "[CLS]"]
    assert [text.text[slice(*text.spans[place])] for place in text.control] == ["[SEP]", "[UNK]", "[CLS]"]


@pytest.mark.parametrize("byte_fallback", [False, True])
def test_a_published_model_gets_its_special_tokens(tmp_path: Path, byte_fallback: bool) -> None:
    ours = opened(tmp_path, TokenizerKind.SENTENCEPIECE, trained(byte_fallback))
    size = processor(trained(byte_fallback)).get_piece_size()
    assert ours.framing(pair=True).around([7], [8]) == (1, 7, 2, 8, 2)
    assert ours.framing(pair=False).around([7]) == (1, 7, 2)
    assert (ours.piece(size), ours.piece(size + 1)) == ("[MASK]", "")


@pytest.mark.parametrize(("kind", "of_document"), [(TokenizerKind.ELASTIC, 0), (TokenizerKind.SENTENCEPIECE, 1)])
def test_a_document_has_the_token_type_that_the_notes_say(
    tmp_path: Path, kind: TokenizerKind, of_document: int
) -> None:
    ours = opened(tmp_path, kind, vocabulary_json(trained()) if kind is TokenizerKind.ELASTIC else trained())
    assert isinstance(ours, LibraryTokenizer)
    assert ours.types(2, 3) == [0] * 4 + [of_document] * 4
    assert any(f"token type {of_document}" in note for note in ours.notes)


def test_a_model_is_read_as_its_library_reads_it() -> None:
    for content in (trained(), trained(byte_fallback=True)):
        model, library = read_model(content), processor(content)
        assert [piece for piece, _ in model.pieces] == [
            library.id_to_piece(id) for id in range(library.get_piece_size())
        ]
        for id, (_, score) in enumerate(model.pieces):
            assert score == pytest.approx(library.get_score(id), rel=1e-6)
            assert (model.types[id] is PieceType.CONTROL) == library.is_control(id)
            assert (model.types[id] is PieceType.BYTE) == library.is_byte(id)
        assert (model.add_dummy_prefix, model.remove_extra_whitespaces) == (True, True)
        assert model.byte_fallback == any(type is PieceType.BYTE for type in model.types)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Elasticsearch fun", ["▁Ela", "stic", "search", "▁fun"]),
        ("Elasticsearch .[MASK].", ["▁Ela", "stic", "search", "▁", ".", "[MASK]", "▁", "."]),
        ("🏁🏁 fun", ["▁", *["[UNK]"] * 8, "▁fun"]),
        ("", []),
        (" \n\u00a0", []),
        ("[UNK] fun", ["[UNK]", "▁fun"]),
        ("fun[SEP]fun", ["▁fun", "[SEP]", "▁fun"]),
    ],
)
def test_text_is_cut_as_the_server_cuts_it(tmp_path: Path, text: str, expected: list[str]) -> None:
    tokenizer = elastic(tmp_path, SERVER)
    assert pieces(tokenizer, text) == expected
    assert tokenizer.count([text]) == [len(expected)]


def test_bytes_that_the_vocabulary_has_are_pieces(tmp_path: Path) -> None:
    flag = [f"<0x{byte:02X}>" for byte in "🏁".encode()]
    tokenizer = elastic(tmp_path, [*SERVER, *BYTES])
    assert pieces(tokenizer, "🏁🏁 fun") == ["▁", *flag, *flag, "▁fun"]


@pytest.mark.parametrize("extra", [[], BYTES])
def test_each_byte_lies_at_its_own_character(tmp_path: Path, extra: list[str]) -> None:
    tokenizer = elastic(tmp_path, [*SERVER, *extra])
    [text] = tokenizer.tokenize(["fun é\u6f22e\u0301🏁 fun"])
    spans = [(0, 3), (4, 5), (4, 5), (4, 5), *[(5, 6)] * 3, *[(6, 8)] * 2, *[(8, 9)] * 4, (10, 13)]
    assert list(text.spans) == spans
    assert [text.end(kept) for kept in (1, 2, 3, 4, 5, 6, 7, 9)] == [3, 4, 4, 5, 5, 5, 6, 8]


def test_elastics_vocabulary_of_the_same_pieces_agrees_where_the_normalisers_do(tmp_path: Path) -> None:
    model = trained(byte_fallback=True)
    ours = opened(tmp_path, TokenizerKind.ELASTIC, vocabulary_json(model))
    theirs = processor(model)
    texts = [text for text in two_thousand() if theirs.normalize(text) == "▁" + "▁".join(nfkc(text).split())]
    assert len(texts) > 1000
    scores = [theirs.get_score(id) for id in range(theirs.get_piece_size())]
    for text, expected, got in zip(texts, theirs.encode(texts), ours.tokenize(texts), strict=True):
        assert list(got.ids) == expected or excepted(text, expected, list(got.ids), scores), text


def test_without_byte_pieces_the_server_counts_the_bytes(tmp_path: Path) -> None:
    bytewise = opened(tmp_path, TokenizerKind.ELASTIC, vocabulary_json(trained(byte_fallback=True, size=1756)))
    described = json.loads(vocabulary_json(trained(byte_fallback=True, size=1756)))
    kept = [(p, s) for p, s in zip(described["vocabulary"], described["scores"], strict=True) if p not in BYTES]
    described = {"vocabulary": [piece for piece, _ in kept], "scores": [score for _, score in kept]}
    without = opened(tmp_path, TokenizerKind.ELASTIC, json.dumps(described).encode())
    texts = mixtures(300)
    assert without.count(texts) == bytewise.count(texts) == [len(each) for each in without.tokenize(texts)]
    for one, other in zip(without.tokenize(texts), bytewise.tokenize(texts), strict=True):
        assert list(one.spans) == list(other.spans)


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (TokenizerKind.ELASTIC, b""),
        (TokenizerKind.ELASTIC, b"[]"),
        (TokenizerKind.ELASTIC, b'{"vocabulary": ["[UNK]"], "scores": [0.0]}'),
        (TokenizerKind.ELASTIC, b'{"vocabulary": ["[CLS]", "[SEP]", "[UNK]", "a"], "scores": [0.0]}'),
        (TokenizerKind.SENTENCEPIECE, b""),
        (TokenizerKind.SENTENCEPIECE, b"<html>Sign in</html>"),
        (TokenizerKind.SENTENCEPIECE, b"\x0a\x05\x0a\x03abc"),
        (TokenizerKind.SENTENCEPIECE, b"\n" + b"\xff" * 4_000_000),
        (TokenizerKind.HUGGING_FACE, b"{}"),
        (TokenizerKind.HUGGING_FACE, b"\xff\xfe"),
    ],
)
def test_what_is_no_tokenizer_is_refused(tmp_path: Path, kind: TokenizerKind, content: bytes) -> None:
    with pytest.raises(BadInputError, match=f"cannot be opened as a {kind}") as caught:
        opened(tmp_path, kind, content)
    assert str(tmp_path) in caught.value.message and caught.value.hint


def test_half_a_model_is_refused(tmp_path: Path) -> None:
    whole = trained()
    for part in (1, 3, 7):
        with pytest.raises(BadInputError):
            opened(tmp_path, TokenizerKind.SENTENCEPIECE, whole[: len(whole) * part // 8 + 1])


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="cannot be read"):
        open_tokenizer(TokenizerFile("x", TokenizerKind.ELASTIC, tmp_path / "none.json", ELASTIC))


def test_special_tokens_are_counted_as_the_tokenizer_puts_them(tmp_path: Path) -> None:
    path = tmp_path / "rerank-v1.vocab.json"
    path.write_bytes(vocabulary_json(trained()))
    wrong = replace(ELASTIC, special=9)
    assert open_reader(TokenizerFile("x", TokenizerKind.ELASTIC, path, wrong)).window == ELASTIC
