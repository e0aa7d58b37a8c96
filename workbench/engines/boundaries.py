"""Finds sentences and words as Elasticsearch's chunkers do: by ICU, with the rules of the root locale."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import Any

from workbench.domain.chunks import Segment
from workbench.domain.documents import Span

_ROOT = "root"
_PAIRED = re.compile("[\U00010000-\U0010ffff]")
"""Characters that are two units of UTF-16, in which ICU counts."""
_UNPAIRED = re.compile("[\ud800-\udfff]")


class IcuBoundaries:
    """The `Boundaries` of ICU."""

    def sentences(self, text: str) -> list[Span]:
        """Sentences in text order, without gaps."""
        from icu4py.breakers import SentenceBreaker

        return list(pairwise(_ends(SentenceBreaker, text)))

    def words(self, text: str) -> list[Span]:
        """Words in text order."""
        return [(start, end) for (_, is_word), (start, end) in self._segments(text) if is_word]

    def segments(self, text: str) -> list[Segment]:
        """Words and whatever stands between them."""
        return [segment for segment, _ in self._segments(text)]

    def _segments(self, text: str) -> Iterator[tuple[Segment, Span]]:
        from icu4py.breakers import WordBreaker

        search = _of_a_word().search
        for span in pairwise(_ends(WordBreaker, text)):
            yield (span[1], search(text, *span) is not None), span


def _ends(breaker: Any, text: str) -> list[int]:
    """Where what a breaker finds begins and ends, in characters."""
    segments = breaker(_UNPAIRED.sub("\ufffd", text), _ROOT).segments()
    ends = [0, *(end for _, end in segments)]
    if text.isascii() or not _PAIRED.search(text):
        return ends
    pairs = [match.start() + before for before, match in enumerate(_PAIRED.finditer(text))]
    return [end - bisect_left(pairs, end) for end in ends]


@cache
def _of_a_word() -> Any:
    """What makes a segment a word: a character to which ICU's rules give a status, or two joiners in a row."""
    import regex  # type: ignore[import-untyped]

    ignored = r"[\p{WB=Extend}\p{WB=Format}\p{WB=ZWJ}]"
    letters = r"\p{WB=ALetter}\p{WB=Hebrew_Letter}\p{WB=Numeric}"
    eastern = r"\p{WB=Katakana}\p{Script=Hiragana}\p{Ideographic}"
    unspaced = rf"[\p{{LB=SA}}--{ignored}]"
    joiner = r"\p{WB=ExtendNumLet}"
    return regex.compile(rf"[{letters}{eastern}{unspaced}]|{joiner}{ignored}*+{joiner}", regex.VERSION1)
