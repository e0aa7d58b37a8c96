"""The candidates at the side of the token view: rank, title, tokens, how many are read, and a sign for a cut."""

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual import events
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from workbench.domain.text import single_line
from workbench.ui.text import TITLE_LIMIT, fit
from workbench.ui.what_if import Listed


class CandidateList(ScrollView, can_focus=False):
    """A line per candidate; the keys of the screen go through it."""

    COMPONENT_CLASSES = {"candidates--selected", "candidates--muted", "candidates--cut"}

    class Chosen(Message):
        """A person clicked a candidate."""

        def __init__(self, document_id: str) -> None:
            super().__init__()
            self.document_id = document_id

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self.border_title = Content("Candidates")
        self._rows: Sequence[Listed] = ()
        self._selected: str | None = None
        self._exact = True

    def show(self, rows: Sequence[Listed], selected: str | None, exact: bool) -> None:
        """List candidates.

        Args:
            rows: In rank order.
            selected: Id of the one that is looked at; None when it is none of them.
            exact: Whether a tokenizer counted.
        """
        if (rows, selected, exact) == (self._rows, self._selected, self._exact):
            return
        self._rows, self._selected, self._exact = rows, selected, exact
        self.border_subtitle = Content(f"{'' if exact else '≈'}tokens · read")
        self.virtual_size = Size(0, len(rows))
        self._reveal()
        self.refresh()

    def _reveal(self) -> None:
        height = self.scrollable_content_region.height
        at = next((index for index, row in enumerate(self._rows) if row.id == self._selected), None)
        if at is None or height <= 0:
            return
        top = self.scroll_offset.y
        if not top <= at < top + height:
            self.scroll_to(y=at if at < top else at - height + 1, animate=False, immediate=True)

    def on_resize(self) -> None:
        """Keep the selected one in sight."""
        self._reveal()

    def on_click(self, event: events.Click) -> None:
        """Choose the candidate that was clicked."""
        offset = event.get_content_offset(self)
        index = -1 if offset is None else offset.y + self.scroll_offset.y
        if 0 <= index < len(self._rows):
            self.post_message(self.Chosen(self._rows[index].id))

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        width, index = self.scrollable_content_region.width, y + self.scroll_offset.y
        base = self.rich_style
        if index >= len(self._rows):
            return Strip.blank(width, base)
        row = self._rows[index]
        chosen = row.id == self._selected
        if chosen:
            base += self.get_component_rich_style("candidates--selected", partial=True)
        muted = base + self.get_component_rich_style("candidates--muted", partial=True)
        cut = base + self.get_component_rich_style("candidates--cut", partial=True)
        if base.reverse:  # One ground for the whole row where the theme has no colours of its own.
            muted = cut = base
        tokens = "…" if row.tokens is None else f"{row.tokens:,}"
        kept = "" if row.kept is None else "all" if not row.cut else f"{row.kept:,}"
        room = width - 5 - 7 - 6 - 2
        title = single_line(row.title, TITLE_LIMIT)
        if cell_len(title) > room:
            title = set_cell_size(title, max(room - 1, 0)) + "…"
        segments = [
            Segment(f"{'›' if chosen else ' '}{row.rank:>3} ", muted if not chosen else base),
            Segment(set_cell_size(title, max(room, 0)), base),
            Segment(f"{tokens:>7}", muted),
            Segment(f"{kept:>6}", cut if row.cut else muted),
            Segment(" ✂" if row.cut else "  ", cut),
        ]
        return fit(segments, width, base)
