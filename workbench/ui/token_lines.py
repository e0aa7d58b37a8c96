"""The screen lines of a pair: broken once for each width, whatever was read of it, and only as far as is asked for."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from itertools import islice
from typing import NamedTuple, Protocol

from workbench.domain.documents import Span
from workbench.domain.tokens import Tokenized, Tokenizer
from workbench.ui.stretches import Names, Side, Stretch, special_name
from workbench.ui.text import cells
from workbench.ui.wrap import wrapped

STEP = 25
"""Lines broken at a time."""
LEAST = 8
"""Cells that must be left beside special tokens; with fewer, these have a line of their own."""


class LineKind(Enum):
    """What a line of the token view is."""

    HEADING = "heading"
    CUT = "cut"
    """Where reading stopped."""
    TEXT = "text"
    PIECES = "pieces"
    """A cell per token."""
    IDS = "ids"
    """Of the pieces in the line above."""


class Line(NamedTuple):
    """One line on the screen."""

    kind: LineKind
    stretch: int
    start: int
    """Of its characters, or of its tokens where there is a cell for each."""
    end: int
    lead: bool = False
    """The special tokens before the stretch stand in it."""
    tail: bool = False
    indent: int = 0
    """Cells before what is left of the line of the cut: the text stays where it is, wherever the cut is."""


class Breaks:
    """Where a text is broken into lines, as far as that is known."""

    def __init__(self, lines: Iterator[Span]) -> None:
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.done = False
        self._rest = lines
        self.grow()

    def grow(self) -> None:
        """Break a few lines more."""
        more = list(islice(self._rest, STEP))
        self.starts += [start for start, _ in more]
        self.ends += [end for _, end in more]
        self.done = len(more) < STEP


class Writing(Protocol):
    """How a pair is written out: in characters, or in cells for its tokens; a unit is either."""

    kinds: tuple[LineKind, ...]
    """The lines that one broken line makes."""
    width: int
    """Cells of a line."""
    room: int
    """The same, with the blank behind the last unit where there is one."""

    def lines(self, side: Side, tokens: Tokenized, taken: int) -> Iterator[Span]:
        """Break a side into lines of units, of the first of which some cells are taken."""
        ...

    def units(self, part: Stretch) -> Span:
        """Where a stretch begins and ends."""
        ...

    def unit_at(self, tokens: Tokenized, offset: int) -> int:
        """The unit at a character."""
        ...

    def offset_of(self, tokens: Tokenized, unit: int) -> int:
        """The character at a unit."""
        ...

    def cells(self, part: Stretch, start: int, end: int) -> int:
        """Cells that units take."""
        ...

    def special_cells(self, ids: Sequence[int]) -> int:
        """Cells that special tokens take, with a blank each."""
        ...


class TextWriting:
    """As the text itself.

    Args:
        texts: Of both sides, fit to be drawn.
        tokenizer: Names the special tokens.
        width: In cells, at least 1.
    """

    kinds: tuple[LineKind, ...] = (LineKind.TEXT,)

    def __init__(self, texts: Mapping[Side, str], tokenizer: Tokenizer, width: int) -> None:
        self.texts = texts
        self.width = self.room = width
        self._tokenizer = tokenizer

    def lines(self, side: Side, tokens: Tokenized, taken: int) -> Iterator[Span]:
        """Break at blanks."""
        return wrapped(self.texts[side], self.width, taken)

    def units(self, part: Stretch) -> Span:
        """Its characters."""
        return part.span

    def unit_at(self, tokens: Tokenized, offset: int) -> int:
        """The same."""
        return offset

    def offset_of(self, tokens: Tokenized, unit: int) -> int:
        """The same."""
        return unit

    def cells(self, part: Stretch, start: int, end: int) -> int:
        """Width of a part of the text."""
        return cells(self.texts[part.side][start:end])

    def special_cells(self, ids: Sequence[int]) -> int:
        """Width of the names."""
        return sum(cells(special_name(self._tokenizer, id)) + 1 for id in ids)


class PieceWriting:
    """A cell for each token.

    Args:
        names: What stands in the cells.
        tokenizer: Names the special tokens.
        width: In cells of the screen, at least 1.
    """

    def __init__(self, names: Names, tokenizer: Tokenizer, width: int) -> None:
        self.names = names
        self.width = width
        self.room = width + 1
        self.kinds: tuple[LineKind, ...] = (LineKind.PIECES, LineKind.IDS) if names.ids else (LineKind.PIECES,)
        self._tokenizer = tokenizer

    def lines(self, side: Side, tokens: Tokenized, taken: int) -> Iterator[Span]:
        """Break between tokens; a line of the text begins a line here too."""
        start, used, before = 0, taken, 0
        for place, (first, end) in enumerate(tokens.spans):
            needed = self._width(tokens, place) + 1
            if place > start and (used + needed > self.room or tokens.text.find("\n", before, first) >= 0):
                yield start, place
                start, used = place, 0
            used += needed
            before = end
        yield start, len(tokens)

    def units(self, part: Stretch) -> Span:
        """Its tokens."""
        return part.first, part.last

    def unit_at(self, tokens: Tokenized, offset: int) -> int:
        """The token that ends after a character."""
        return tokens.token_at(offset)

    def offset_of(self, tokens: Tokenized, unit: int) -> int:
        """Where a token begins."""
        return tokens.spans[unit][0] if unit < len(tokens) else len(tokens.text)

    def cells(self, part: Stretch, start: int, end: int) -> int:
        """Width of the cells, with a blank after each."""
        return sum(self._width(part.tokens, place) + 1 for place in range(start, end))

    def special_cells(self, ids: Sequence[int]) -> int:
        """Width of their cells."""
        return sum(self.names.width(special_name(self._tokenizer, id), id) + 1 for id in ids)

    def _width(self, tokens: Tokenized, place: int) -> int:
        return self.names.width(self.names.name(tokens, place), tokens.ids[place])


class _Section(NamedTuple):
    """Rows of one kind that follow each other."""

    kind: LineKind | None
    """None: broken lines."""
    stretch: int
    row: int
    rows: int
    line: int = -1
    """The first broken line; negative where there is none."""
    clip: Span = (0, 0)
    """The units of the stretch: the line of the cut belongs to two."""
    lead: bool = False
    tail: bool = False


class Sheet:
    """The rows of a pair, as far as its lines are broken.

    Args:
        parts: The pair.
        writing: How it is written.
        breaks: Of both sides; they may be known from another sheet.
    """

    def __init__(self, parts: Sequence[Stretch], writing: Writing, breaks: Mapping[Side, Breaks]) -> None:
        self.parts = parts
        self.writing = writing
        self.done = False
        """Whether it is known to its end."""
        self._breaks = breaks
        self._sections: list[_Section] = []
        self._measure()

    def __len__(self) -> int:
        """Rows that are known."""
        return self._sections[-1].row + self._sections[-1].rows if self._sections else 0

    def grow(self) -> None:
        """Break a few lines more."""
        unfinished = next((breaks for breaks in self._breaks.values() if not breaks.done), None)
        if unfinished:
            unfinished.grow()
        self._measure()

    def __getitem__(self, row: int) -> Line:
        """What stands in a row that is known."""
        section = self._sections[bisect_right(self._sections, row, key=lambda section: section.row) - 1]
        if section.kind:
            return Line(section.kind, section.stretch, *section.clip)
        line, which = divmod(row - section.row, len(self.writing.kinds))
        start = end = section.clip[0]
        part, indent = self.parts[section.stretch], 0
        if section.line >= 0:
            breaks, at = self._breaks[part.side], section.line + line
            start = max(breaks.starts[at], section.clip[0])
            end = max(min(breaks.ends[at], section.clip[1]), start)
            if not part.read and breaks.starts[at] < start:
                indent = self.writing.cells(part, breaks.starts[at], start)
                indent += 0 if at else self._lead(self.parts[section.stretch - 1])
        lead = section.lead and not line
        tail = section.tail and line == section.rows // len(self.writing.kinds) - 1
        return Line(self.writing.kinds[which], section.stretch, start, end, lead, tail, indent)

    @property
    def cuts(self) -> list[int]:
        """The rows at which reading stopped, as far as they are known."""
        return [section.row for section in self._sections if section.kind is LineKind.CUT]

    @property
    def cuts_known(self) -> bool:
        """Whether all of them are."""
        return len(self.cuts) == sum(not part.read for part in self.parts)

    def place(self, row: int) -> tuple[Side, int]:
        """Side and character that a row begins with."""
        line = self[row]
        part = self.parts[line.stretch]
        return part.side, self.writing.offset_of(part.tokens, line.start)

    def row_of(self, side: Side, offset: int) -> int | None:
        """The row that holds a character; None while that is not known."""
        found = None
        for section in self._sections:
            part = self.parts[section.stretch]
            if section.line < 0 or part.side != side:
                continue
            breaks, unit = self._breaks[side], self.writing.unit_at(part.tokens, offset)
            if unit < section.clip[0] and found is not None:
                break
            line = max(bisect_right(breaks.starts, unit) - 1 - section.line, 0) * len(self.writing.kinds)
            found = section.row + min(line, section.rows - len(self.writing.kinds))
            if not breaks.done and breaks.starts[-1] < unit <= section.clip[1]:
                return None
        return found

    def _measure(self) -> None:
        self._sections, self.done = [], False
        lines = 0
        for index, part in enumerate(self.parts):
            breaks, clip = self._breaks[part.side], self.writing.units(part)
            self._add(LineKind.HEADING if part.read else LineKind.CUT, index, 1, clip=clip)
            if not part.read:
                # What is left of the line of the cut, and the lines after it.
                first = lines - 1 if breaks.ends[lines - 1] > clip[0] else lines
                self._add(None, index, len(breaks.starts) - first, first, clip)
                if not breaks.done:
                    return
                continue
            apart = not self._lead(part)
            if apart and part.before:
                self._add(None, index, 1, lead=True)
            cut = index + 1 < len(self.parts) and not self.parts[index + 1].read
            lines = max(bisect_left(breaks.starts, clip[1]), 1) if cut else len(breaks.starts)
            known = breaks.done or (cut and breaks.starts[-1] >= clip[1])
            beside = bool(known and part.after and self._has_room(part, breaks, lines - 1, clip))
            self._add(None, index, lines, 0, clip, not apart, beside)
            if not known:
                return
            if part.after and not beside:
                self._add(None, index, 1, clip=(clip[1], clip[1]), tail=True)
        self.done = True

    def _lead(self, part: Stretch) -> int:
        return lead_cells(part, self.writing)

    def _has_room(self, part: Stretch, breaks: Breaks, line: int, clip: Span) -> bool:
        used = self.writing.cells(part, breaks.starts[line], min(breaks.ends[line], clip[1]))
        lead = 0 if line else self._lead(part)
        return used + lead + self.writing.special_cells(part.after) <= self.writing.room

    def _add(
        self,
        kind: LineKind | None,
        stretch: int,
        lines: int,
        line: int = -1,
        clip: Span = (0, 0),
        lead: bool = False,
        tail: bool = False,
    ) -> None:
        rows = lines if kind else lines * len(self.writing.kinds)
        if rows > 0:
            self._sections.append(_Section(kind, stretch, len(self), rows, line, clip, lead, tail))


def lead_cells(part: Stretch, writing: Writing) -> int:
    """Cells of its first line that the special tokens before a stretch take; 0 where they have a line of their own."""
    found = writing.special_cells(part.before)
    return found if found <= max(writing.width - LEAST, 0) else 0


def breaks_of(part: Stretch, writing: Writing) -> Breaks:
    """Begin to break the side that a stretch begins."""
    return Breaks(writing.lines(part.side, part.tokens, lead_cells(part, writing)))
