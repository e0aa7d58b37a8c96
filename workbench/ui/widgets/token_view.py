"""A query and a document drawn token by token: what the model read, what it did not, and where it stopped."""

import asyncio
import time
from collections.abc import Callable

from rich.segment import Segment
from rich.style import Style
from textual import work
from textual.content import Content
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from workbench.domain.tokens import Reading, Tokenized
from workbench.ui.keys import TOKENS_KEYS
from workbench.ui.selection import overlaid, selection_style
from workbench.ui.stretches import Names, Side, Stretch, shown, stretches
from workbench.ui.text import fit
from workbench.ui.token_drawing import Drawing
from workbench.ui.token_lines import Breaks, PieceWriting, Sheet, TextWriting, breaks_of

MARGIN = 3
"""Cells of the signs before a line."""
LONGEST = 100
"""Cells of the longest line of text."""
SLICE = 0.002
"""Seconds that lines are broken for before anything else has its turn."""
TELL_EVERY = 0.2
"""Seconds between two times that the scroll bar is told how many lines there are by now."""
KEPT = 200
"""Drawn lines that are kept."""

BELOW = 5
"""Lines that are wanted below a cut that is kept in sight; remarks may take some."""

Goal = Callable[[Sheet], int | None]
"""The row that is to be the first one in sight; None while it is not known."""


class TokenView(ScrollView, can_focus=True):
    """A pair of any size, broken into lines a few at a time; signs at the left say what was read."""

    COMPONENT_CLASSES = {
        "tokens--read-mark", "tokens--unread", "tokens--special", "tokens--control", "tokens--cut", "tokens--near",
        "tokens--missed", "tokens--shade", "tokens--id", "tokens--heading", "tokens--line", "tokens--control-mark",
    }  # fmt: skip
    BINDINGS = [*TOKENS_KEYS]

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self.shaded = True
        """Shade every other token."""
        self.pieces = False
        """Draw a cell for each token, as the vocabulary writes it."""
        self.ids = False
        """Draw ids under the tokens, each of which has a cell."""
        self._reading: Reading | None = None
        self._partial = False
        self._notice = Content("")
        self._parts: tuple[Stretch, ...] = ()
        self._texts: dict[Side, str] = {}
        self._sheet: Sheet | None = None
        self._drawing: Drawing | None = None
        self._coming: tuple[Sheet, Drawing] | None = None
        """What is shown as soon as enough of it is broken."""
        self._goal: Goal | None = None
        self._known: list[tuple[Tokenized, tuple[object, ...], Breaks]] = []
        """Lines of the texts that are shown; a what-if breaks none anew."""
        self._width = 0
        self._looks: dict[tuple[str, ...], Style] = {}
        self._strips: dict[int, Strip] = {}

    # What is shown --------------------------------------------------------------------------------

    def show(
        self, reading: Reading | None, *, same: bool = False, partial: bool = False, document: str | None = None
    ) -> None:
        """Show a pair from its top; the same pair read otherwise keeps its place, or the cut where it is in sight.

        Args:
            reading: None clears the view.
            same: Whether the texts are the same as before.
            partial: The document's beginning alone: the rest is still being cut into tokens.
            document: The document as it is `shown`, where that is known already.
        """
        goal = self._stay() if same else _top
        self._reading, self._partial, self._notice = reading, partial, Content("")
        self._parts = stretches(reading) if reading else ()
        if reading:
            self._texts = {
                Side.QUERY: shown(reading.query.text),
                Side.DOCUMENT: shown(reading.document.text) if document is None else document,
            }
        self._lay_out(goal)

    def say(self, notice: Content) -> None:
        """Say why there is nothing to show."""
        if notice != self._notice:
            self.show(None)
            self._notice = notice
            self.refresh()

    def lay_out(self) -> None:
        """Draw the pair in another way, at the same place."""
        self._lay_out(self._stay())

    @property
    def rows(self) -> int:
        """How many lines there are by now."""
        return len(self._sheet) if self._sheet else 0

    @property
    def _unfinished(self) -> bool:
        return bool(self._coming or (self._sheet and not self._sheet.done))

    def _lay_out(self, goal: Goal) -> None:
        if self.is_attached and self.text_selection:
            self.screen.clear_selection()
        self._width = self.scrollable_content_region.width
        self.workers.cancel_group(self, "wrap")
        if not (self._reading and self._width):  # Without a width it is not on the screen yet.
            self._sheet = self._coming = None
            self._strips.clear()
            self.virtual_size = Size(0, 0)
            self.refresh()
            return
        width = min(self._width - 1, LONGEST + MARGIN)
        writing = self._writing(max(width - MARGIN, 1))
        self._goal = goal
        self._coming = (
            Sheet(self._parts, writing, self._breaks(writing)),
            Drawing.of(self._reading, self._parts, self._partial, writing, width),
        )
        self._advance()
        if self._unfinished:
            self._break_on()

    def _writing(self, width: int) -> TextWriting | PieceWriting:
        assert self._reading
        tokenizer = self._reading.reader.tokenizer
        if self.pieces or self.ids:
            return PieceWriting(Names(tokenizer, self.pieces, self.ids, width), tokenizer, width)
        return TextWriting(self._texts, tokenizer, width)

    def _breaks(self, writing: TextWriting | PieceWriting) -> dict[Side, Breaks]:
        """Lines of both sides; those of what is shown that are known are kept."""
        heads = [part for part in self._parts if part.read]
        self._known = [known for known in self._known if any(known[0] is part.tokens for part in heads)]
        found = {}
        for part in heads:
            shape = (part.side, part.before, writing.kinds, writing.width, self.pieces)
            known = (breaks for tokens, other, breaks in self._known if tokens is part.tokens and other == shape)
            if (breaks := next(known, None)) is None:
                breaks = breaks_of(part, writing)
                self._known.append((part.tokens, shape, breaks))
            found[part.side] = breaks
        return found

    def _advance(self) -> None:
        """Break lines for a moment, and show them once the goal is among them."""
        until = time.perf_counter() + SLICE
        while True:
            sheet = self._coming[0] if self._coming else self._sheet
            if sheet is None:
                return
            top = self._goal(sheet) if self._goal else None
            if top is None and sheet.done and self._coming:
                top = 0  # What was to be seen is not there any more.
            if top is not None and (sheet.done or len(sheet) >= top + self.size.height):
                self._take(top)
            if sheet.done or time.perf_counter() > until:
                return
            sheet.grow()

    def _take(self, top: int) -> None:
        if self._coming:
            self._sheet, self._drawing = self._coming
            self._strips.clear()
        self._coming = self._goal = None
        self.virtual_size = Size(0, self.rows)
        # By force: the scroll bar learns only later that there is something to scroll.
        self.scroll_to(y=top, animate=False, immediate=True, force=True)
        self.refresh()

    @work(exclusive=True, group="wrap", exit_on_error=False)
    async def _break_on(self) -> None:
        """Break the lines of a long text a few at a time, so that it can be read meanwhile."""
        told = time.monotonic()
        while self._unfinished:
            await asyncio.sleep(0)
            self._advance()
            if time.monotonic() - told > TELL_EVERY:
                told = time.monotonic()
                self.virtual_size = Size(0, self.rows)
        self.virtual_size = Size(0, self.rows)

    # Places ---------------------------------------------------------------------------------------

    def _stay(self) -> Goal:
        """Keep what is in the first line; but a cut that is in sight stays in sight."""
        if self._coming and self._goal:
            return self._goal
        sheet, top = self._sheet, self.scroll_offset.y
        if sheet is None or not len(sheet):
            return _top
        height = self.scrollable_content_region.height
        seen = [row for row in sheet.cuts if top <= row < top + height]
        place = sheet.place(min(top, len(sheet) - 1)) if top else None

        def goal(other: Sheet) -> int | None:
            kept = other.row_of(*place) if place else 0
            if not seen or kept is None or all(part.read for part in other.parts):
                return kept
            if not other.cuts_known:
                return None
            cut = other.cuts[-1]
            below = height - BELOW if cut - kept > seen[-1] - top else height
            return kept if kept <= cut < kept + below else max(cut - height // 3, 0)

        return goal

    def seek_cut(self) -> bool:
        """Go to the cut, or from one to the next; False when nothing was cut."""
        if all(part.read for part in self._parts):
            return False
        above = self.scrollable_content_region.height // 3

        def goal(sheet: Sheet) -> int | None:
            if not sheet.cuts_known:
                return None
            tops = [max(row - above, 0) for row in sheet.cuts] or [0]
            return next((top for top in tops if top > self.scroll_offset.y), tops[0])

        self._seek(goal)
        return True

    def _seek(self, goal: Goal) -> None:
        """Go to a row as soon as it is known."""
        self._goal = goal
        self._advance()

    def action_line(self, by: int) -> None:
        """Scroll by lines."""
        self._goal = self._goal if self._coming else None
        self.scroll_relative(y=by, animate=False, immediate=True)

    def action_page(self, by: int) -> None:
        """Scroll by what is in sight."""
        self.action_line(by * max(self.scrollable_content_region.height - 1, 1))

    def action_edge(self, end: int) -> None:
        """Scroll to the beginning or the end."""
        height = self.scrollable_content_region.height
        self._seek((lambda sheet: max(len(sheet) - height, 0) if sheet.done else None) if end else _top)

    # Keeping up -----------------------------------------------------------------------------------

    def on_resize(self) -> None:
        """Break the lines anew, once borders have taken their room too."""
        self.call_after_refresh(self._rewrap)

    def _rewrap(self) -> None:
        if self._width != self.scrollable_content_region.width:
            self.lay_out()

    def notify_style_update(self) -> None:
        """Theme or focus changed."""
        self._looks.clear()
        self._strips.clear()
        super().notify_style_update()

    # Drawing --------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        width, row = self.scrollable_content_region.width, y + self.scroll_offset.y
        if row >= self.rows:
            return self._notice_line(y, width)
        chosen = self.text_selection
        span = chosen.get_span(row) if chosen else None
        strip = None if span else self._strips.get(row)
        if strip is None or strip.cell_length != width:
            segments = self.draw_line(row)
            if span:
                start, end = span
                end = end if end >= 0 else sum(len(segment.text) for segment in segments)
                segments = overlaid(segments, (start, end), selection_style(self))
            strip = fit(segments, width, self._look()).apply_offsets(0, row)
            if not span:
                if len(self._strips) > KEPT:
                    self._strips.clear()
                self._strips[row] = strip
        return strip

    def _notice_line(self, y: int, width: int) -> Strip:
        lines = self._notice.wrap(max(width - 4, 10)) if self._notice.plain and not self.rows else []
        text = lines[y - 1].plain if 1 <= y <= len(lines) else ""
        return fit([Segment(f"  {text}", self._look("unread"))], width, self._look())

    def draw_line(self, row: int) -> list[Segment]:
        """Draw a line of any kind, its signs included."""
        assert self._sheet and self._drawing
        return self._drawing.line(self._sheet[row], self._look, self.shaded)

    def shade(self) -> None:
        """Shade every other token, or none."""
        self.shaded = not self.shaded
        self._strips.clear()
        self.refresh()

    def _look(self, *names: str) -> Style:
        """How a part of a line looks; kept, as Textual works a style out anew whenever it is asked."""
        style = self._looks.get(names)
        if style is None:
            parts = [self.get_component_rich_style(f"tokens--{name}", partial=True) for name in names]
            style = self._looks[names] = Style.combine([self.rich_style, *parts])
        return style

    # Copying --------------------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """What the model read of query and document, as it is copied."""
        read = [part for part in self._parts if part.read]
        return "\n\n".join(part.tokens.text[slice(*part.span)] for part in read)

    def get_selection(self, selection: Selection) -> tuple[str, str]:
        """The lines under a selection, without the signs that stand before whole ones."""
        first = selection.start.y if selection.start else 0
        last = min(selection.end.y if selection.end else self.rows, self.rows - 1)
        lines = {row: "".join(part.text for part in self.draw_line(row)) for row in range(first, last + 1)}
        return selection.extract("\n".join(lines.get(row, "") for row in range(last + 1))), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        """Redraw what is selected."""
        self.refresh()


def _top(sheet: Sheet) -> int:
    return 0
