"""Draws the lines of a pair: what was read, what was not, the words around the cut and the tokens of each line."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from rich.cells import set_cell_size
from rich.segment import Segment
from rich.style import Style

from workbench.domain.documents import Span
from workbench.domain.tokens import Reading, Tokenized
from workbench.ui.stretches import Side, Stretch, special_name
from workbench.ui.text import cells
from workbench.ui.token_lines import Line, LineKind, PieceWriting, TextWriting

NEAR_WORDS, NEAR_CHARACTERS = 4, 60
"""Words at each side of the cut that are lit, and how long they may be together."""

Look = Callable[..., Style]
"""How a part of a line looks, by its names."""


@dataclass(frozen=True)
class Drawing:
    """What the lines of a pair are drawn from."""

    reading: Reading
    parts: Sequence[Stretch]
    near: Sequence[Span]
    """Of each stretch, the characters next to the cut."""
    partial: bool
    """The reading is of the document's beginning alone."""
    writing: TextWriting | PieceWriting
    width: int
    """Cells of a line with the signs before it."""

    @classmethod
    def of(
        cls,
        reading: Reading,
        parts: Sequence[Stretch],
        partial: bool,
        writing: TextWriting | PieceWriting,
        width: int,
    ) -> "Drawing":
        """Find the words near the cut."""
        cut = {part.side for part in parts if not part.read}
        near = [_near(part) if part.side in cut else (0, 0) for part in parts]
        return cls(reading, parts, near, partial, writing, width)

    def line(self, line: Line, look: Look, shaded: bool) -> list[Segment]:
        """Draw a line of any kind, its signs included.

        Args:
            line: Which.
            look: How things look.
            shaded: Shade every other token.
        """
        part = self.parts[line.stretch]
        if line.kind is LineKind.HEADING:
            return self._ruled(self._heading(part), look("heading"), look("line"), "─")
        if line.kind is LineKind.CUT:
            return self._ruled(self._cut(part), look("cut"), look("line"), "╌")
        if isinstance(self.writing, TextWriting):
            drawn, odd = self._text(self.writing, line, part, look, shaded)
        else:
            drawn, odd = self._cells(self.writing, line, part, look, shaded)
        sign = Segment("│" if part.read else "┊", look("read-mark" if part.read else "unread"))
        return [sign, Segment("⚠ " if odd else "  ", look("control-mark")), Segment(" " * line.indent, look()), *drawn]

    def _ruled(self, text: str, look: Style, line: Style, rule: str) -> list[Segment]:
        return [Segment(f"{text} ", look), Segment(rule * max(self.width - cells(text) - 1, 0), line)]

    def _heading(self, part: Stretch) -> str:
        count = self.reading.count
        name, about = part.side.capitalize(), "" if count.exact else "≈"
        if part.side is Side.DOCUMENT and self.partial:
            return f"{name} · counting its tokens…"
        kept, whole = (count.kept_query, count.query)
        if part.side is Side.DOCUMENT:
            kept, whole = (count.kept_document, count.document)
        if not whole:
            return f"{name} · no token"
        plural = "token" if whole == 1 else "tokens"
        return f"{name} · {about}{whole:,} {plural}, " + ("all read" if kept == whole else f"{about}{kept:,} read")

    def _cut(self, part: Stretch) -> str:
        exact = self.reading.reader.tokenizer.exact
        about, guess = ("", "") if exact else ("≈", "estimated: ")
        read, whole, missed = (f"{about}{n:,}" for n in (part.first, part.last, part.last - part.first))
        if part.side is Side.DOCUMENT and self.partial:
            return f"✂ {guess}read {read} tokens · counting the rest…"
        of_query = "" if part.side is Side.DOCUMENT else " of the query"
        return f"✂ {guess}read {read} of {whole} tokens{of_query} · {missed} not read"

    def _text(
        self, writing: TextWriting, line: Line, part: Stretch, look: Look, shaded: bool
    ) -> tuple[list[Segment], bool]:
        """The characters of a line by token, and whether a control token is among them that stands in the text."""
        text, near = writing.texts[part.side], self.near[line.stretch]
        segments = []
        for id in part.before if line.lead else ():
            segments += [Segment(self._special(id), look("special")), Segment(" ", look())]
        runs = list(_runs(part, line.start, line.end, shaded))
        for (low, high), names in _lit(runs, near, "near" if part.read else "missed"):
            segments.append(Segment(text[low:high], look(*names)))
        for id in part.after if line.tail else ():
            segments += [Segment(" " if segments else "", look()), Segment(self._special(id), look("special"))]
        return segments, any("control" in names for _, names in runs)

    def _cells(
        self, writing: PieceWriting, line: Line, part: Stretch, look: Look, shaded: bool
    ) -> tuple[list[Segment], bool]:
        """A cell for each token of a line, or for its id; and whether a control token stands in the text there."""
        tokens, names, segments, odd = part.tokens, writing.names, [], False
        found = self._named(part.before if line.lead else ())
        for place in range(line.start, line.end):
            control = _is_control(tokens, place)
            odd = odd or control
            looks = (
                *(() if part.read else ("unread",)),
                *(("shade",) if shaded and place % 2 else ()),
                *(("control",) if control else ()),
            )
            found.append((names.name(tokens, place), tokens.ids[place], looks))
        found += self._named(part.after if line.tail else ())
        for name, id, looks in found:
            width = names.width(name, id)
            if line.kind is LineKind.IDS:
                shade = ("shade",) if "shade" in looks else ()
                segments.append(Segment(f"{id:<{width}}", look("id", *shade)))
            else:
                name = f"{set_cell_size(name, width - 1)}…" if cells(name) > width else set_cell_size(name, width)
                segments.append(Segment(name, look(*looks)))
            segments.append(Segment(" ", look()))
        return segments, odd

    def _named(self, ids: Sequence[int]) -> list[tuple[str, int, tuple[str, ...]]]:
        return [(self._special(id), id, ("special",)) for id in ids]

    def _special(self, id: int) -> str:
        return special_name(self.reading.reader.tokenizer, id)


def _runs(part: Stretch, start: int, end: int, shaded: bool) -> Iterator[tuple[Span, tuple[str, ...]]]:
    """Divide characters of a stretch where their looks change; blanks between tokens go with what is plain."""
    plain = () if part.read else ("unread",)
    tokens, at = part.tokens, start
    """Where the plain characters begin that are not given out yet."""
    for token in range(max(tokens.token_at(start), part.first), part.last) if start < end else ():
        low, high = tokens.spans[token]
        low, high = max(low, at), min(high, end)
        if low >= end:
            break
        shade = ("shade",) if shaded and token % 2 else ()
        control = ("control",) if _is_control(tokens, token) else ()
        if high > low and (shade or control):
            if low > at:
                yield (at, low), plain
            yield (low, high), (*plain, *shade, *control)
            at = high
    if at < end:
        yield (at, end), plain


def _is_control(tokens: Tokenized, token: int) -> bool:
    place = bisect_left(tokens.control, token)
    return place < len(tokens.control) and tokens.control[place] == token


def _lit(runs: Sequence[tuple[Span, tuple[str, ...]]], near: Span, name: str) -> Iterator[tuple[Span, tuple[str, ...]]]:
    """Divide runs further, where the words near the cut begin and end."""
    for (start, end), names in runs:
        for low, high, lit in (
            (start, min(end, near[0]), ()),
            (max(start, near[0]), min(end, near[1]), (name,)),
            (max(start, near[1]), end, ()),
        ):
            if low < high:
                yield (low, high), (*names, *lit)


def _near(part: Stretch) -> Span:
    """The words of a stretch that are next to the cut, in characters of the text."""
    start, end = part.span
    text = part.tokens.text
    if part.read:
        around = text[max(start, end - NEAR_CHARACTERS) : end]
        words = around.split()[-NEAR_WORDS:]
        at = len(around.rstrip())
        for word in reversed(words):
            at = around.rindex(word, 0, at)
        return end - len(around) + at if words else end, end
    around = text[start : min(end, start + NEAR_CHARACTERS)]
    at = 0
    for word in around.split()[:NEAR_WORDS]:
        at = around.index(word, at) + len(word)
    return start, start + at
