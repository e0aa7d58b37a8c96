"""Reads a SentencePiece model, which is one protobuf message, without its library."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from workbench.domain.vocabulary import check_charsmap, check_pieces, check_scores

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
"""How protobuf writes a field's value."""
_LONGEST = 63
"""Bits of a number at most; more would take ever longer to read."""
_UNIGRAM = 1
_MOST_PIECES = 1_000_000


class PieceType(IntEnum):
    """What a piece is there for."""

    NORMAL = 1
    UNKNOWN = 2
    CONTROL = 3
    """Never found in a text."""
    USER_DEFINED = 4
    """Always a token of its own."""
    UNUSED = 5
    BYTE = 6


@dataclass
class SentencePieceModel:
    """What of a model's file tells how it cuts a text."""

    pieces: list[tuple[str, float]] = field(default_factory=list)
    """With their scores; a piece's place is its id."""
    types: list[PieceType] = field(default_factory=list)
    charsmap: bytes = b""
    """The normaliser's compiled rules; empty for none."""
    add_dummy_prefix: bool = True
    remove_extra_whitespaces: bool = True
    byte_fallback: bool = False

    def of_type(self, wanted: PieceType) -> list[str]:
        """Pieces of one type, in order."""
        return [piece for (piece, _), type in zip(self.pieces, self.types, strict=True) if type is wanted]


def read_model(content: bytes) -> SentencePieceModel:
    """Read a model's file.

    Args:
        content: The whole file.

    Raises:
        ValueError: It is none, or no Unigram model.
        VocabularyError: It breaks a rule.
    """
    model = SentencePieceModel()
    try:
        for number, value in _fields(content):
            if number == 1:
                _read_piece(model, value)
            elif number == 2:
                _read_trainer(model, value)
            elif number == 3:
                _read_normalizer(model, value)
    except (IndexError, struct.error, AttributeError, TypeError) as error:
        raise ValueError("the file is cut short or no SentencePiece model") from error
    if not model.pieces:
        raise ValueError("the file holds no pieces")
    check_pieces([piece for piece, _ in model.pieces])
    check_scores([score for _, score in model.pieces])
    if model.charsmap:
        check_charsmap(model.charsmap)
    return model


def _read_piece(model: SentencePieceModel, content: bytes) -> None:
    piece, score, type = "", 0.0, PieceType.NORMAL
    for number, value in _fields(content):
        if number == 1:
            piece = value.decode()
        elif number == 2:
            [score] = struct.unpack("<f", value)
        elif number == 3:
            type = PieceType(value)
    if len(model.pieces) == _MOST_PIECES:
        raise ValueError(f"the file holds more than {_MOST_PIECES:,} pieces")
    model.pieces.append((piece, score))
    model.types.append(type)


def _read_trainer(model: SentencePieceModel, content: bytes) -> None:
    for number, value in _fields(content):
        if number == 3 and value != _UNIGRAM:
            raise ValueError("it is no Unigram model")
        if number == 35:
            model.byte_fallback = bool(value)


def _read_normalizer(model: SentencePieceModel, content: bytes) -> None:
    for number, value in _fields(content):
        if number == 2:
            model.charsmap = bytes(value)
        elif number == 3:
            model.add_dummy_prefix = bool(value)
        elif number == 4:
            model.remove_extra_whitespaces = bool(value)


def _fields(content: bytes) -> Iterator[tuple[int, Any]]:
    """Yield each field's number and value: an int, or bytes for anything else."""
    at, end = 0, len(content)
    while at < end:
        key, at = _varint(content, at)
        kind = key & 7
        if kind == _VARINT:
            value, at = _varint(content, at)
            yield key >> 3, value
            continue
        if kind == _BYTES:
            size, at = _varint(content, at)
        elif kind in (_FIXED32, _FIXED64):
            size = 4 if kind == _FIXED32 else 8
        else:
            raise ValueError("the file is no protobuf message")
        if at + size > end:
            raise IndexError
        yield key >> 3, content[at : at + size]
        at += size


def _varint(content: bytes, at: int) -> tuple[int, int]:
    """Read an integer; return it and the place after it."""
    value = shift = 0
    while True:
        byte = content[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > _LONGEST:
            raise ValueError("the file is no protobuf message")
