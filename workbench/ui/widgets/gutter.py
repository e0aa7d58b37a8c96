"""The lines between the two lists: each document from its BM25 rank to its reranked rank."""

from rich.segment import Segment
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from workbench.domain.comparison import Comparison
from workbench.ui.braille import Canvas

MIDDLE = 2
"""Dot row of a cell that a line starts from, of four."""


class Gutter(Widget):
    """Follows the scrolling of both lists; the selected document's line lies on top."""

    COMPONENT_CLASSES = {"gutter--up", "gutter--down", "gutter--same", "gutter--far", "gutter--selected"}

    comparison: reactive[Comparison | None] = reactive(None)
    selected_id: reactive[str | None] = reactive(None)
    left_top: reactive[int] = reactive(0)
    """First visible row of the BM25 list, from 0."""
    right_top: reactive[int] = reactive(0)
    """First visible row of the reranked list, from 0."""

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self._canvas: Canvas | None = None

    def watch_comparison(self) -> None:
        """Draw other lines."""
        self._canvas = None

    watch_selected_id = watch_left_top = watch_right_top = on_resize = watch_comparison

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        if self._canvas is None:
            self._canvas = self._draw()
        base = self.rich_style
        segments = [
            Segment(text, base + self.get_component_rich_style(f"gutter--{ink}", partial=True) if ink else base)
            for text, ink in self._canvas.row(y)
        ]
        return Strip(segments, self.content_size.width)

    def _draw(self) -> Canvas:
        canvas = Canvas(*self.content_size)
        comparison = self.comparison
        if comparison is None or not comparison.reranked:
            return canvas
        size = comparison.size
        lines = []
        for row in comparison.reranked:
            start, end = row.candidate.rank - 1, row.rank - 1
            ink = "up" if row.shift > 0 else "down" if row.shift < 0 else "same"
            if row.candidate.document.id == self.selected_id:
                order, ink = 2, "selected"
            elif min(start, end) < size:
                order = 1
            else:
                order, ink = 0, "far"
            lines.append((order, abs(row.shift), start - self.left_top, end - self.right_top, ink))
        for _, _, start, end, ink in sorted(lines):
            canvas.curve(4 * start + MIDDLE, 4 * end + MIDDLE, ink)
        return canvas
