"""Ids and spans of a text that are made when they are asked for.

As lists, those of a long text would hold the interpreter lock for tens of milliseconds, and keep its collector busy.
Importing this loads tokenizers.
"""

import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import accumulate
from typing import TypeVar

from tokenizers import Encoding

from workbench.domain.documents import Span
from workbench.domain.tokens import LazySequence

_Item = TypeVar("_Item")

_MELTING = frozenset(map(chr, [*range(0x1160, 0x1200), *range(0x3131, 0x318F), *range(0xFF9E, 0xFFDD)]))
"""Parts of Korean syllables, those of half width too, and the half-width marks of Japanese ones."""

_MARKS = 30
"""Of one character, as many as are looked at."""


class Ids(LazySequence[int]):
    """Ids of an encoding."""

    def __init__(self, encoding: Encoding) -> None:
        self._encoding = encoding

    def __len__(self) -> int:
        return len(self._encoding)

    def _item(self, place: int) -> int:
        return self._ids[place]

    def __iter__(self) -> Iterator[int]:
        return iter(self._ids)

    @cached_property
    def _ids(self) -> list[int]:
        return self._encoding.ids


class Spans(LazySequence[Span]):
    """Spans of an encoding, of a text that begins at an offset of the whole one.

    The library lets a character end before the marks that melted into it; here it ends behind them. Where marks may
    change places, each token that stands for some of the character stands for all of it.
    """

    def __init__(self, encoding: Encoding, text: str, start: int) -> None:
        self._encoding = encoding
        self._text = text
        self._start = start

    def __len__(self) -> int:
        return len(self._encoding)

    def _item(self, place: int) -> Span:
        span = self._encoding.token_to_chars(place)
        assert span is not None, "every place has a span"
        start, end = span
        if end < len(self._text) and melts(self._text[end]):
            following = self._encoding.token_to_chars(place + 1) if place + 1 < len(self) else None
            limit = following[0] if following else len(self._text)
            while end < limit and melts(self._text[end]):
                end += 1
        start, end = _marked(self._text, start)[0], max(end, _marked(self._text, end)[1])
        return start + self._start, end + self._start


def melts(char: str) -> bool:
    """Whether a character may become one with the one before it: a mark, or a part of a Korean syllable."""
    return char in _MELTING or unicodedata.category(char).startswith("M")


def _marked(text: str, place: int) -> Span:
    """The character that a mark belongs to, with all its marks, where they may change places; else nothing there."""
    if place >= len(text) or not unicodedata.combining(text[place]):
        return place, place
    start, end = place, place + 1
    while start > max(place - _MARKS, 0) and unicodedata.combining(text[start]):
        start -= 1
    while end < min(place + _MARKS, len(text)) and unicodedata.combining(text[end]):
        end += 1
    # Marks of one class stay in order.
    classes = set(map(unicodedata.combining, text[start + 1 : end]))
    moved = len(classes) > 1 and not unicodedata.is_normalized("NFC", text[start:end])
    return (start, end) if moved else (place, place)


class Part(LazySequence[_Item]):
    """Some consecutive items of a sequence."""

    def __init__(self, whole: Sequence[_Item], places: range) -> None:
        self._whole = whole
        self._places = places

    def __len__(self) -> int:
        return len(self._places)

    def _item(self, place: int) -> _Item:
        return self._whole[self._places[place]]


class Joined(LazySequence[_Item]):
    """Sequences, one after another."""

    def __init__(self, parts: Sequence[Sequence[_Item]]) -> None:
        self._parts = parts
        self._starts = [0, *accumulate(map(len, parts))]

    def __len__(self) -> int:
        return self._starts[-1]

    def _item(self, place: int) -> _Item:
        part = bisect_right(self._starts, place) - 1
        return self._parts[part][place - self._starts[part]]

    def __iter__(self) -> Iterator[_Item]:
        for part in self._parts:
            yield from part
