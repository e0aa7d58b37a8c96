"""Rules that pieces and a compiled character map keep, whatever file they come from: the library trusts both."""

import math
import struct
from collections.abc import Sequence
from typing import Any

LONGEST_PIECE = 1000
"""Bytes. The library walks a piece's bytes by recursion, and a very long one takes the process with it."""
MOST_GROWTH = 100
"""Times that a normaliser may make a text longer; maps in use reach 18, for one Arabic character."""


class VocabularyError(ValueError):
    """A vocabulary breaks a rule.

    Attributes:
        rule: The rule's name, such as `duplicates`.
    """

    def __init__(self, rule: str, wrong: str) -> None:
        super().__init__(wrong)
        self.rule = rule


def check_pieces(pieces: Sequence[Any]) -> dict[str, int]:
    """Make sure that each piece is a text of its own, and not too long a one; return their places.

    Raises:
        VocabularyError: One is not.
    """
    places: dict[str, int] = {}
    for place, piece in enumerate(pieces):
        if not isinstance(piece, str) or not piece:
            raise VocabularyError("tokens", f"vocabulary[{place}] is {'empty' if piece == '' else 'not text'}")
        try:
            size = len(piece.encode())
        except UnicodeEncodeError:
            raise VocabularyError("tokens", f"vocabulary[{place}] holds half a character") from None
        if size > LONGEST_PIECE:
            wrong = f"vocabulary[{place}] has {size:,} bytes, more than {LONGEST_PIECE:,}"
            raise VocabularyError("long-token", wrong)
        if piece in places:
            wrong = f"vocabulary[{place}] is {piece!r} once more; it is at {places[piece]} already"
            raise VocabularyError("duplicates", wrong)
        places[piece] = place
    return places


def check_scores(scores: Sequence[Any]) -> None:
    """Make sure that each score is a number.

    Raises:
        VocabularyError: One is not, or is not finite.
    """
    for place, score in enumerate(scores):
        if not _is_finite(score):
            raise VocabularyError("scores", f"scores[{place}] is not a finite number")


def check_charsmap(charsmap: bytes) -> int:
    """Make sure that no walk through a compiled character map leaves it.

    Args:
        charsmap: SentencePiece's: the size of a trie in bytes, its units of 32 bits, and replacements that end in NUL.

    Returns:
        Characters of the longest replacement.

    Raises:
        VocabularyError: It is no such map, or it makes texts too long.
    """
    broken = VocabularyError("charsmap", "its map of characters is broken")
    size = int.from_bytes(charsmap[:4], "little")
    trie, replacements = charsmap[4 : 4 + size], charsmap[4 + size :]
    if not trie or len(trie) != size or size % 4 or not replacements.endswith(b"\0"):
        raise broken
    try:
        longest = max(map(len, replacements.decode().split("\0")))
    except UnicodeDecodeError:
        raise broken from None
    units = struct.unpack(f"<{size // 4}I", trie)
    if units[0] >> 31:
        raise broken
    for place, unit in enumerate(units):
        if unit >> 31:  # It holds where a replacement begins, and is looked at below.
            continue
        base = place ^ (unit >> 10) << ((unit & 0x200) >> 6)
        if base | 0xFF >= len(units):
            raise broken
        if unit & 0x100:
            start = units[base] & 0x7FFFFFFF
            if start >= len(replacements) or replacements[start] & 0xC0 == 0x80:
                raise broken
    if longest > MOST_GROWTH:
        raise VocabularyError("growth", f"its map makes {longest} characters of one, more than {MOST_GROWTH}")
    return longest


def _is_finite(score: Any) -> bool:
    if isinstance(score, bool) or not isinstance(score, int | float):
        return False
    try:
        return math.isfinite(score)
    except OverflowError:
        return False
