"""Tokenizers that would end the process, fill the memory or hide special tokens are refused, or seen through."""

import base64
import json
import struct
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Regex, models, normalizers, pre_tokenizers
from tokenizers import Tokenizer as Library

from tests.fakes.trained_vocabulary import trained, vocabulary_json
from workbench.domain.deployment import TokenizerFile, TokenizerKind
from workbench.domain.errors import BadInputError
from workbench.domain.token_check import check
from workbench.domain.tokens import ELASTIC, Reader, Tokenizer
from workbench.domain.vocabulary import VocabularyError, check_charsmap
from workbench.engines.sentencepiece_model import read_model
from workbench.engines.tokenizer import open_reader, open_tokenizer
from workbench.models.vocabulary import RefusedError, check_tokenizer, check_vocabulary, json_object

BROKEN = struct.pack("<I", 4) + b"\xff" * 4
ENDLESS = struct.pack("<I", 2**32 - 1)
"""A map that says that it has four gigabytes; to take its word ends the process."""
PIECES = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "▁", "a", "▁a"]


def test_the_process_outlives_a_vocabulary_with_an_endless_piece(tmp_path: Path) -> None:
    described = {"vocabulary": [*PIECES, "▁" * 100_000], "scores": [0.0] * 8}
    (tmp_path / "some.vocab.json").write_text(json.dumps(described))
    (tmp_path / "spm.model").write_bytes(sentencepiece("▁" * 100_000))
    whole = {"model": {"type": "Unigram", "unk_id": 0, "vocab": [["[UNK]", 0.0], ["▁" * 100_000, -1.0]]}}
    (tmp_path / "tokenizer.json").write_text(json.dumps(whole))
    for name in ("some.vocab.json", "spm.model", "tokenizer.json"):
        told = command(tmp_path, name)
        assert told.returncode == 2, told
        assert "bytes" in told.stderr and "1,000" in told.stderr


def test_the_process_outlives_a_map_of_characters_that_says_it_is_endless(tmp_path: Path) -> None:
    (tmp_path / "spm.model").write_bytes(sentencepiece(charsmap=ENDLESS))
    (tmp_path / "tokenizer.json").write_text(json.dumps(normalised(mapped(ENDLESS))))
    for name in ("spm.model", "tokenizer.json"):
        told = command(tmp_path, name)
        assert (told.returncode, told.stderr.count("map of characters is broken")) == (2, 1)
        assert "panicked" not in told.stderr and "stack" not in told.stderr


def command(folder: Path, name: str) -> "subprocess.CompletedProcess[str]":
    words = [sys.executable, "-m", "workbench", "tokens", "a query", "-", "--model", str(folder / name)]
    return subprocess.run(words, input="text", capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("piece", "score", "rule"),
    [
        ("b", float("nan"), "scores"),
        ("b", float("inf"), "scores"),
        ("b", float("-inf"), "scores"),
        ("a", -1.0, "duplicates"),
        ("", -1.0, "tokens"),
        ("x" * 1001, -1.0, "long-token"),
    ],
)
def test_pieces_keep_the_same_rules_in_every_file(tmp_path: Path, piece: str, score: float, rule: str) -> None:
    with pytest.raises(VocabularyError) as caught:
        read_model(sentencepiece(piece, score))
    assert caught.value.rule == rule
    with pytest.raises(BadInputError, match=str(tmp_path)) as shown:
        opened(tmp_path, TokenizerKind.SENTENCEPIECE, sentencepiece(piece, score))
    assert str(caught.value) in shown.value.message and shown.value.detail == rule
    with pytest.raises(RefusedError) as refused:
        check_vocabulary({"vocabulary": [*PIECES, piece], "scores": [0.0] * 7 + [score]}, "here")
    assert refused.value.rule == rule


def test_a_map_of_characters_may_not_be_left() -> None:
    assert check_charsmap(read_model(trained()).charsmap) == 18
    whole = read_model(trained()).charsmap
    for broken in (b"", BROKEN, BROKEN + b"\0", ENDLESS, whole[:1000], whole[:-1], whole + b"\xff\0"):
        with pytest.raises(VocabularyError, match="map of characters is broken"):
            check_charsmap(broken)
    with pytest.raises(VocabularyError, match="101 characters of one"):
        check_charsmap(whole + b"a" * 101 + b"\0")


def mapped(charsmap: bytes) -> dict[str, Any]:
    return {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(charsmap).decode()}


def replaced(content: str, **pattern: str) -> dict[str, Any]:
    return {"type": "Replace", "pattern": pattern, "content": content}


def in_turn(*steps: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "Sequence", "normalizers": list(steps)}


def normalised(normalizer: Mapping[str, Any]) -> dict[str, Any]:
    return {"version": "1.0", "model": {"type": "WordLevel", "vocab": {"a": 0}}, "normalizer": normalizer}


@pytest.mark.parametrize(
    ("normalizer", "rule"),
    [
        (mapped(BROKEN), "charsmap"),
        (mapped(b""), "charsmap"),
        ({"precompiled_charsmap": "no base64!"}, "charsmap"),
        (replaced("a" * 101, String="a"), "growth"),
        (in_turn(*[replaced("aaaaa", String="a")] * 3), "growth"),
        (in_turn(in_turn(replaced("aaaaa", Regex="a*")), in_turn(*[replaced("aaaaa", Regex="a*")] * 2)), "growth"),
        (in_turn(*[{"type": "ByteLevel"}] * 7), "growth"),
        ({"type": "Prepend", "prepend": "a" * 101}, "growth"),
        ({"pattern": {"String": "a"}, "content": "a" * 101}, "growth"),
    ],
)
def test_a_normaliser_that_breaks_or_swells_is_refused_by_name(normalizer: Mapping[str, Any], rule: str) -> None:
    with pytest.raises(RefusedError) as caught:
        check_tokenizer(normalised(normalizer), "here")
    assert caught.value.rule == rule


def test_a_key_that_is_there_twice_hides_nothing() -> None:
    with pytest.raises(RefusedError, match="a key twice"):
        json_object(b'{"model": {"vocab": [["endless", 0]], "vocab": []}}', "here", 1000)


def test_usual_normalisers_are_taken() -> None:
    # As in ALBERT's: quotes are made one, marks are taken off, blanks are drawn together.
    quotes = [replaced('"', String="``"), replaced('"', String="''"), {"type": "NFKD"}, {"type": "StripAccents"}]
    check_tokenizer(
        normalised(in_turn(*quotes, mapped(read_model(trained()).charsmap), replaced("▁", Regex=" {2,}"))), "here"
    )
    check_tokenizer(normalised({"type": "BertNormalizer", "lowercase": True}), "here")


@pytest.mark.parametrize("place", ["normaliser", "words"])
def test_a_rule_at_which_the_library_panics_is_an_error_of_ours(tmp_path: Path, place: str) -> None:
    library = Library(models.WordLevel({"a": 0, "[UNK]": 1}, unk_token="[UNK]"))
    if place == "words":
        library.pre_tokenizer = pre_tokenizers.Split(Regex("(a|aa)+$"), "isolated")
    else:
        library.normalizer = normalizers.Replace(Regex("(a|aa)+$"), "")
    tokenizer = opened(tmp_path, TokenizerKind.HUGGING_FACE, library.to_str().encode())
    for work in (tokenizer.tokenize, tokenizer.count):
        with pytest.raises(BadInputError, match="fails at a text") as caught:
            work(["a" * 1000 + "b"])
        assert "retry-limit" in caught.value.detail
    assert tokenizer.count(["b"]) == [1]


def test_special_tokens_of_full_width_are_seen(tmp_path: Path) -> None:
    path = tmp_path / "some.vocab.json"
    path.write_bytes(vocabulary_json(trained()))
    reader: Reader = open_reader(TokenizerFile("some", TokenizerKind.ELASTIC, path, ELASTIC))
    wide, plain = "the\uff3bSEP\uff3d battery [\uff33\uff25\uff30]", "the[SEP] battery [SEP]"
    reading, expected = reader.read("battery", wide), reader.read("battery", plain)
    assert list(reading.document.ids) == list(expected.document.ids)
    assert reading.document.control == expected.document.control != ()
    assert list(reading.document.spans) == list(expected.document.spans)
    assert reader.tokenizer.count([wide, plain]) == [len(expected.document)] * 2
    [finding] = check(reading)
    assert finding.rule == "control-token" and "\uff3bSEP\uff3d" in finding.message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", "▁a"),
        ("▁", "▁ ▁"),
        ("▁a", "▁ ▁a"),
        ("a ▁a", "▁a ▁ ▁a"),
        ("a▁a", "▁a ▁a"),
        ("▁▁a", "▁ ▁ ▁a"),
        ("[SEP]▁a", "[SEP] ▁ ▁a"),
    ],
)
def test_a_word_that_begins_with_the_sign_of_a_blank_gets_its_prefix_too(
    tmp_path: Path, text: str, expected: str
) -> None:
    described = json.dumps({"vocabulary": PIECES, "scores": [0.0] * 4 + [-3.0, -2.0, -1.0]}).encode()
    tokenizer = opened(tmp_path, TokenizerKind.ELASTIC, described)
    [got] = tokenizer.tokenize([text])
    assert [tokenizer.piece(id) for id in got.ids] == expected.split()
    assert tokenizer.count([text]) == [len(got)]
    assert [start for start, _ in got.spans] == sorted(start for start, _ in got.spans)


def opened(folder: Path, kind: TokenizerKind, content: bytes) -> Tokenizer:
    path = folder / f"some.{kind}"
    path.write_bytes(content)
    return open_tokenizer(TokenizerFile("some", kind, path, ELASTIC))


def sentencepiece(extra: str = "b", score: float = -1.0, charsmap: bytes = b"") -> bytes:
    """A SentencePiece model with one more piece."""
    types = {"[UNK]": 2, "[PAD]": 3, "[CLS]": 3, "[SEP]": 3}
    pieces = [(piece, -1.0, types.get(piece, 1)) for piece in PIECES] + [(extra, score, 1)]
    normalizer = field(3, field(2, charsmap)) if charsmap else b""
    return (
        b"".join(
            field(1, field(1, piece.encode()) + b"\x15" + struct.pack("<f", score) + bytes([0x18, type]))
            for piece, score, type in pieces
        )
        + normalizer
    )


def field(number: int, content: bytes) -> bytes:
    size, length = b"", len(content)
    while length > 0x7F:
        size, length = size + bytes([length & 0x7F | 0x80]), length >> 7
    return bytes([number << 3 | 2]) + size + bytes([length]) + content
