"""One ranked list, drawn line by line; the compare screen has two of them."""

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.cache import LRUCache
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from workbench.ui.keys import LIST_KEYS
from workbench.ui.rows import Row
from workbench.ui.selection import overlaid, selection_style
from workbench.ui.text import TITLE_LIMIT, bar, fit, marked

BAR_CELLS = 4
WIDE_BAR_CELLS = 8
WIDE = 72
"""Cells from which a list has room for the wide bar and for the rank in the other list."""


class RankList(ScrollView, can_focus=True):
    """Rows of rank, shift, score and title; one of them selected, by document id."""

    COMPONENT_CLASSES = {
        "rank--row", "rank--selected", "rank--twin", "rank--up", "rank--down", "rank--same", "rank--entered",
        "rank--left", "rank--bar", "rank--match", "rank--muted", "rank--cut", "rank--stale",
    }  # fmt: skip
    BINDINGS = [*LIST_KEYS]

    selected_id: reactive[str | None] = reactive(None, repaint=False)
    """Document id of the selected row; may be in the other list only."""
    stale: reactive[bool] = reactive(False)
    """The rows belong to an earlier query and are drawn so."""
    pitch: reactive[int] = reactive(1, layout=True)
    """Lines per row."""
    scores: reactive[bool] = reactive(True)
    """Draw scores and their bars."""
    blind: reactive[bool] = reactive(False)
    """Draw rank and title alone, so that nobody can tell which list this is."""
    marked: reactive[bool] = reactive(True)
    """Draw which row is selected."""

    class Selected(Message):
        """A person chose a row."""

        def __init__(self, document_id: str) -> None:
            super().__init__()
            self.document_id = document_id

    def __init__(self, id: str, title: str) -> None:
        super().__init__(id=id)
        self.border_title = Content(title)
        self.rows: tuple[Row, ...] = ()
        self._index: dict[str, int] = {}
        self._notice = Content("")
        self._strips: LRUCache[tuple[int, bool, bool], Strip] = LRUCache(512)
        self._styles: dict[str, Style] = {}

    def show(self, rows: Sequence[Row], notice: Content | None = None) -> None:
        """Replace what is listed.

        Args:
            rows: In rank order.
            notice: Shown when there are no rows: why not, and what happens next.
        """
        self.rows = tuple(rows)
        self._index = {row.document.id: index for index, row in enumerate(self.rows)}
        self._notice = notice or Content("")
        self._forget()
        self._measure()

    def _measure(self) -> None:
        self.virtual_size = Size(0, len(self.rows) * self.pitch)
        self._reveal()
        self.refresh()

    @property
    def text(self) -> str:
        """The list as lines of rank, score, id and title, with tabs between."""
        rows = ((str(row.rank), row.score, row.document.id, row.document.title) for row in self.rows)
        return "\n".join("\t".join(row) for row in rows)

    @property
    def cursor(self) -> int | None:
        """Index of the selected row, None when it is not in this list."""
        return self._index.get(self.selected_id) if self.selected_id is not None else None

    def watch_selected_id(self, old: str | None, new: str | None) -> None:
        """Redraw the two rows that changed and bring the new one into view."""
        self._reveal()
        for document_id in (old, new):
            index = self._index.get(document_id) if document_id is not None else None
            if index is not None:
                self.refresh(Region(0, index * self.pitch - self.scroll_offset.y, self.size.width, 1))

    def watch_stale(self) -> None:
        """Draw all rows in the other style."""
        self._forget()

    watch_scores = watch_blind = watch_marked = watch_stale

    def watch_pitch(self) -> None:
        """Place all rows anew."""
        self._forget()
        self._measure()

    def _reveal(self) -> None:
        index, height = self.cursor, self.scrollable_content_region.height
        if index is None or height <= 0:
            return
        top, line = self.scroll_offset.y, index * self.pitch
        if line < top:
            self.scroll_to(y=line, animate=False, immediate=True)
        elif line >= top + height:
            self.scroll_to(y=line - height + 1, animate=False, immediate=True)

    def _forget(self) -> None:
        self._strips.clear()
        self._styles.clear()

    def notify_style_update(self) -> None:
        """Theme, focus or hover changed: cached rows are of the wrong colour."""
        self._forget()
        super().notify_style_update()

    def on_resize(self) -> None:
        """Cached rows are of the wrong width."""
        self._forget()
        self._reveal()

    def action_move(self, by: int) -> None:
        """Select a row nearby; the first one when none of this list is selected."""
        if self.rows:
            at = self.cursor
            self._select(0 if at is None else at + by)

    def action_page(self, pages: int) -> None:
        """Select a row one page away."""
        self.action_move(pages * max(self.scrollable_content_region.height // self.pitch - 1, 1))

    def action_edge(self, index: int) -> None:
        """Select the first or the last row."""
        if self.rows:
            self._select(index % len(self.rows))

    def on_click(self, event: events.Click) -> None:
        """Select the row that was clicked."""
        offset = event.get_content_offset(self)
        index = -1 if offset is None else (offset.y + self.scroll_offset.y) // self.pitch
        if 0 <= index < len(self.rows):
            self._select(index)

    def _select(self, index: int) -> None:
        index = max(0, min(index, len(self.rows) - 1))
        self.post_message(self.Selected(self.rows[index].document.id))

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        width = self.scrollable_content_region.width
        if not self.rows:
            return self._notice_line(y, width)
        index, between = divmod(y + self.scroll_offset.y, self.pitch)
        if index >= len(self.rows) or between:
            return Strip.blank(width, self.rich_style)
        selected = self.marked and index == self.cursor
        key = (index, selected, self.has_focus)
        strip = self._strips.get(key)
        if strip is None:
            strip = self._strips[key] = self._draw(self.rows[index], width, selected)
        line = y + self.scroll_offset.y
        if (chosen := self.text_selection) and (span := chosen.get_span(line)):
            start, end = span
            end = end if end >= 0 else len(strip.text)
            strip = Strip(overlaid(list(strip), (start, end), selection_style(self)))
        return strip.apply_offsets(0, line)

    def get_selection(self, selection: Selection) -> tuple[str, str]:
        """The rows under a selection, as they are drawn."""
        width = self.scrollable_content_region.width
        lines = [self._draw(row, width, False).text.rstrip() for row in self.rows]
        return selection.extract(("\n" * self.pitch).join(lines)), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        """Redraw what is selected."""
        self.refresh()

    def _notice_line(self, y: int, width: int) -> Strip:
        lines = self._notice.wrap(max(width - 4, 10)) if self._notice.plain else []
        if not 1 <= y <= len(lines):
            return Strip.blank(width, self.rich_style)
        style = self._style("muted") + self.rich_style
        return fit([Segment("  ", style), Segment(lines[y - 1].plain, style)], width, self.rich_style)

    def _style(self, name: str) -> Style:
        if name not in self._styles:
            self._styles[name] = self.get_component_rich_style(f"rank--{name}", partial=True)
        return self._styles[name]

    def _draw(self, row: Row, width: int, selected: bool) -> Strip:
        base = self.rich_style + self._style("row")
        if selected:
            base += self._style("selected" if self.has_focus else "twin")
        if self.stale:
            base += self._style("stale")

        def styled(name: str) -> Style:
            return base if self.stale else base + self._style(name)

        quiet = base if row.compared else styled("muted")
        pointer = "›" if selected else " "
        left = [
            Segment(f"{pointer}{row.rank:>2} ", quiet),
        ]
        if not self.blind:
            left.append(Segment(f"{_shift_text(row):<5}", styled(_shift_style(row))))
            if width >= WIDE:
                left.append(Segment(f"{f'({row.other_rank})' if row.other_rank else '':<6}", styled("muted")))
        if self.scores and not self.blind:
            left.append(Segment(f"{row.score:>6} ", quiet))
            left.append(Segment(f"{bar(row.fraction, WIDE_BAR_CELLS if width >= WIDE else BAR_CELLS)} ", styled("bar")))
        right = [Segment(" ✂" if row.truncated and not self.blind else "  ", styled("cut")), Segment(" ", base)]
        room = width - sum(segment.cell_length for segment in (*left, *right))
        title = row.document.title[:TITLE_LIMIT]
        if title:
            middle = marked(title, row.title_spans, quiet, styled("match"))
        else:
            middle = [Segment(row.document.id[:TITLE_LIMIT], styled("muted"))]
        return Strip.join([Strip(left), fit(middle, room, base), Strip(right)]).adjust_cell_length(width, base)


def _shift_text(row: Row) -> str:
    """Direction by sign, so that no colour is needed; a plus or minus for what entered or left."""
    if row.shift is None:
        return f" {row.mark}" if row.mark else "·"
    sign = f"▲{row.shift}" if row.shift > 0 else f"▼{-row.shift}" if row.shift < 0 else "="
    return sign + row.mark


def _shift_style(row: Row) -> str:
    if row.mark:
        return "entered" if row.mark == "+" else "left"
    if row.shift is None:
        return "muted"
    return "up" if row.shift > 0 else "down" if row.shift < 0 else "same"
