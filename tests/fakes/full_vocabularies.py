"""Vocabularies that know every one of some characters, so that each token says what it spells."""

import json
import struct
from collections.abc import Iterable

from tests.fakes.trained_vocabulary import processor

_SCORE = -20.0
"""Below that of any trained piece."""


def wordpiece(described: bytes, characters: Iterable[str]) -> bytes:
    """A `tokenizer.json` of WordPiece with each character at the start of a word and inside one."""
    whole = json.loads(described)
    pieces = whole["model"]["vocab"]
    for piece in (form for character in characters for form in (character, f"##{character}")):
        pieces.setdefault(piece, len(pieces))
    return json.dumps(whole).encode()


def unigram(model: bytes, characters: Iterable[str]) -> bytes:
    """A SentencePiece model with each character as a piece."""
    known = processor(model)
    missing = (each for each in characters if known.piece_to_id(each) == known.unk_id())
    return model + b"".join(map(_piece, missing))


def _piece(text: str) -> bytes:
    """One of a model's pieces, field 1, as protobuf writes it: its text, and its score."""
    content = _field(1, text.encode()) + b"\x15" + struct.pack("<f", _SCORE)
    return _field(1, content)


def _field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2, len(content)]) + content
