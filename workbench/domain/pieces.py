"""Cuts what a model did not read of a document into pieces that it would read."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from unicodedata import category

from workbench.domain.documents import Span
from workbench.domain.tokens import Reading

_LONGEST_WORD = 32
"""Tokens that are gone back at most to find where a word begins."""


class Cut(NamedTuple):
    """A piece of a document."""

    span: Span
    """Characters of the document's text."""
    tokens: int
    """Of the piece by itself, as the model would read it."""


def pieces_of(reading: Reading, sentences: Sequence[Span]) -> Iterator[Cut]:
    """Cut the unread end of a document into pieces that the model reads to their end beside the same query.

    They leave no token out but those that cannot fit (see `missed`) and what is blank. A piece ends with a sentence
    where it can, else with a word, else between two tokens. The first begins with the sentence that the model read a
    part of, where that fits as a whole, so that it is read whole.

    Blocks, as every piece is tokenised by itself: cut out of its place, a text may have more tokens.

    Args:
        reading: What the model read.
        sentences: Of the document's text, in text order.

    Returns:
        The pieces in text order, found as they are asked for; none where everything was read or nothing fits.
    """
    return _Tail(reading, sentences).pieces()


def missed(reading: Reading, pieces: Sequence[Cut]) -> int:
    """How many unread tokens lie in no piece, because the window has no room for them; blank ones do not count."""
    text, covered = reading.document.text, iter(pieces)
    (start, end), found = (0, 0), 0
    for place in range(reading.kept.document, len(reading.document)):
        low, high = reading.document.spans[place]
        while high > end:
            piece = next(covered, None)
            start, end = piece.span if piece else (len(text), len(text))
        found += low < start and bool(text[low:high].strip())
    return found


class _Tail:
    """The unread end of a document; places are those of tokens."""

    def __init__(self, reading: Reading, sentences: Sequence[Span]) -> None:
        self._text, self._spans = reading.document.text, reading.document.spans
        self._tokenizer = reading.reader.tokenizer
        self._room = reading.reader.window.fits(len(reading.query))
        self._unread, self._last = reading.kept.document, len(reading.document)
        self._ends = sorted({self._apart(reading.document.token_at(end)) for _, end in sentences})
        """Places right after a sentence."""

    def pieces(self) -> Iterator[Cut]:
        """Cut from the first unread token on."""
        if self._unread >= self._last or self._room < 1:
            return
        place = self._start()
        while place < self._last:
            stop, tokens = self._longest(place)
            if tokens <= self._room and self._between(place, stop).strip():
                yield Cut((self._offset(place), self._offset(stop)), tokens)
            place = stop

    def _start(self) -> int:
        """Where the first piece begins."""
        unread = self._apart(self._unread)
        if unread and self._text[self._spans[unread - 1][1] : self._offset(unread)].strip():
            unread = self._apart(unread - 1)  # A mark without a token goes with its character.
        before = bisect_right(self._ends, unread)
        start = self._ends[before - 1] if before else 0
        end = self._ends[before] if before < len(self._ends) else self._last
        if start == unread or self._count(start, end) <= self._room:
            return start
        return self._word_end(unread, start) or unread

    def _longest(self, start: int) -> tuple[int, int]:
        """Where the longest piece ends that begins at a place, and its tokens; they exceed the room when none fits."""
        stop = self._end(start, min(start + self._room, self._last))
        while (tokens := self._count(start, stop)) > self._room and stop > self._next(start):
            stop = self._end(start, start + min((stop - start) * self._room // tokens, stop - start - 1))
        return stop, tokens

    def _end(self, start: int, limit: int) -> int:
        """The best place to end a piece, at a limit or before it; after it where one character has more tokens."""
        if limit == self._last:
            return limit
        before = bisect_right(self._ends, limit)
        if before and self._ends[before - 1] > start:
            return self._ends[before - 1]
        return self._word_end(limit, start) or max(self._apart(limit), self._next(start))

    def _word_end(self, limit: int, start: int) -> int | None:
        """The last place between two words, at a limit or not far before it; None where there is none."""
        return next(filter(self._is_word_end, range(limit, max(start, limit - _LONGEST_WORD), -1)), None)

    def _next(self, place: int) -> int:
        """The first place after another where the text can be cut."""
        return next((each for each in range(place + 1, self._last) if self._is_apart(each)), self._last)

    def _apart(self, place: int) -> int:
        """The last place up to another where the text can be cut."""
        return next((each for each in range(place, 0, -1) if self._is_apart(each)), 0)

    def _is_apart(self, place: int) -> bool:
        """Whether no character has tokens on both sides of a place, and no mark there is of the character before."""
        if not 0 < place < self._last:
            return True
        start = self._spans[place][0]
        return self._spans[place - 1][1] <= start and not category(self._text[start]).startswith("M")

    def _is_word_end(self, place: int) -> bool:
        """Whether a place is between two words."""
        return self._is_apart(place) and self._text[self._spans[place - 1][1]].isspace()

    def _offset(self, place: int) -> int:
        return self._spans[place][0] if place < self._last else len(self._text)

    def _between(self, start: int, stop: int) -> str:
        return self._text[self._offset(start) : self._offset(stop)]

    def _count(self, start: int, stop: int) -> int:
        return self._tokenizer.count([self._between(start, stop)])[0]
