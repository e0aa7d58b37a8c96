"""Text wrapped to a panel, to scroll through and to select with the mouse; a copy knows nothing of the wrapping."""

import asyncio
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from rich.segment import Segment
from textual import work
from textual.content import Content
from textual.geometry import Offset, Size
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from workbench.domain.documents import Span
from workbench.ui.selection import overlaid, selection_style
from workbench.ui.text import fit

STEP = 400
"""Lines broken at a time."""


class Line(NamedTuple):
    """One line on the screen."""

    indent: int
    """Cells before the text, one character each."""
    start: int
    """Where it begins in the text, in characters."""
    end: int


class WrappedText(ScrollView, can_focus=True):
    """Breaks a text of any size into lines, a few at a time; how they look is up to the panel."""

    def __init__(self, id: str, title: str) -> None:
        super().__init__(id=id)
        self.border_title = Content(title)
        self._source = ""
        self._drawn = ""
        self._lines: list[Line] = []
        self._width = 0

    def break_lines(self, width: int) -> Iterator[Line]:
        """Break `self._drawn` into lines of at most `width` cells, indent included."""
        raise NotImplementedError

    def draw_line(self, index: int) -> list[Segment]:
        """Draw a line: the characters of its indent, then those of its text."""
        raise NotImplementedError

    def fill(self, text: str, same: bool) -> None:
        """Show another text, from its top unless it is the same thing as before.

        Args:
            text: Safe text.
            same: Whether the place is kept.
        """
        if text != self._source and self.is_attached and self.text_selection:
            self.screen.clear_selection()
        self._source, self._drawn = text, text.replace("\t", " ")
        self._wrap()
        if not same:
            self.scroll_to(y=0, animate=False)

    def _wrap(self) -> None:
        self._width = self.scrollable_content_region.width
        # Without a width it is not on the screen yet.
        rest = self.break_lines(max(self._width - 1, 1)) if self._width else iter(())
        self._lines = list(islice(rest, self.scroll_offset.y + STEP))
        self.virtual_size = Size(0, len(self._lines))
        self.refresh()
        if len(self._lines) >= STEP:
            self._wrap_on(rest)
        else:
            self.workers.cancel_group(self, "wrap")

    @work(exclusive=True, group="wrap")
    async def _wrap_on(self, rest: Iterator[Line]) -> None:
        """Break the lines of a long text a few at a time, so that it can be read meanwhile."""
        lines = self._lines
        while more := list(islice(rest, STEP)):
            lines += more
            await asyncio.sleep(0)
        self.virtual_size = Size(0, len(lines))

    def on_resize(self) -> None:
        """Break the lines anew, once borders and scroll bar have taken their room too."""
        self.call_after_refresh(self._rewrap)

    def _rewrap(self) -> None:
        if self._width != self.scrollable_content_region.width:
            if self.text_selection:
                self.screen.clear_selection()
            self._wrap()

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        width, base = self.scrollable_content_region.width, self.rich_style
        index = y + self.scroll_offset.y
        if index >= len(self._lines):
            return Strip.blank(width, base).apply_offsets(0, index)
        segments = self.draw_line(index)
        if self.text_selection:
            indent, start, end = self._lines[index]
            first, last = self._chosen(self.text_selection)
            segments = overlaid(
                segments, (indent + max(first, start) - start, indent + min(last, end) - start), selection_style(self)
            )
        return fit(segments, width, base).apply_offsets(0, index)

    def get_selection(self, selection: Selection) -> tuple[str, str]:
        """The text under a selection; line breaks are those of the text, not of the panel."""
        start, end = self._chosen(selection)
        return self._source[start:end], "\n"

    def _chosen(self, selection: Selection) -> Span:
        start = 0 if selection.start is None else self._place(selection.start)
        end = len(self._source) if selection.end is None else self._place(selection.end)
        return start, end

    def _place(self, offset: Offset) -> int:
        """Which character stands at a column of a line."""
        if offset.y >= len(self._lines):
            return len(self._source)
        indent, start, end = self._lines[offset.y]
        return max(start, min(start + offset.x - indent, end))
