"""The lines between the two lists: each document from its rank before to its rank now."""

from rich.segment import Segment
from rich.style import Style
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from workbench.domain.comparison import Comparison
from workbench.ui.braille import Canvas

MIDDLE = 2
"""Dot row of a cell that a line starts from, of four."""
ROOM_FOR_FAR = 12
"""Cells from which lines between rows that neither list compares are drawn too."""


class Gutter(Widget):
    """Follows the scrolling of both lists; the selected document's line lies on top."""

    COMPONENT_CLASSES = {
        "gutter--up", "gutter--down", "gutter--same", "gutter--far", "gutter--selected", "gutter--dim",
    }  # fmt: skip

    comparison: reactive[Comparison | None] = reactive(None)
    selected_id: reactive[str | None] = reactive(None)
    chosen: reactive[bool] = reactive(False)
    """A person selected the document themselves: everything unrelated dims."""
    left_top: reactive[int] = reactive(0)
    """First visible line of the list before, from 0."""
    right_top: reactive[int] = reactive(0)
    """First visible line of the reranked list, from 0."""
    pitch: reactive[int] = reactive(1)
    """Lines per row of the lists."""
    blind: reactive[bool] = reactive(False)
    """Draw nothing, so that nobody can tell which list is which."""
    swapped: reactive[bool] = reactive(False)
    """The reranked list is at the left."""

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self._canvas: Canvas | None = None
        self._looks: dict[tuple[str | None, bool], Style] = {}

    def watch_comparison(self) -> None:
        """Draw other lines."""
        self._canvas = None

    watch_selected_id = watch_chosen = watch_left_top = watch_right_top = on_resize = watch_comparison
    watch_pitch = watch_blind = watch_swapped = watch_comparison

    def notify_style_update(self) -> None:
        """The theme changed: the kept styles are of the wrong colour."""
        self._looks.clear()
        super().notify_style_update()

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        if self._canvas is None:
            self._canvas = self._draw()
        runs = self._canvas.row(y)
        return Strip([Segment(text, self._look(ink)) for text, ink in runs], self.content_size.width)

    def _look(self, ink: str | None) -> Style:
        dim = self.chosen and ink not in (None, "selected")
        style = self._looks.get((ink, dim))
        if style is None:
            names = [name for name in (ink, "dim" if dim else None) if name]
            parts = [self.get_component_rich_style(f"gutter--{name}", partial=True) for name in names]
            style = self._looks[ink, dim] = Style.combine([self.rich_style, *parts])
        return style

    def _draw(self) -> Canvas:
        canvas = Canvas(*self.content_size)
        comparison = self.comparison
        if comparison is None or not comparison.reranked or self.blind:
            return canvas
        lines = []
        for row in comparison.reranked:
            if row.before is None or row.shift is None:
                continue
            ink = "up" if row.shift > 0 else "down" if row.shift < 0 else "same"
            if row.candidate.document.id == self.selected_id:
                order, ink = 2, "selected"
            elif min(row.before, row.rank) <= comparison.size:
                order = 1
            elif self.content_size.width < ROOM_FOR_FAR:
                continue
            else:
                order, ink = 0, "far"
            before, now = ((rank - 1) * self.pitch for rank in (row.before, row.rank))
            ends = (before - self.left_top, now - self.right_top)
            lines.append((order, abs(row.shift), ends[::-1] if self.swapped else ends, ink))
        for _, _, (start, end), ink in sorted(lines):
            canvas.curve(4 * start + MIDDLE, 4 * end + MIDDLE, ink)
        return canvas
