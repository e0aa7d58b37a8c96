"""One ranked list, drawn line by line; the compare screen has two of them."""

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size
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

from workbench.domain.documents import Span
from workbench.ui.keys import LIST_KEYS
from workbench.ui.rows import Row
from workbench.ui.selection import overlaid, selection_style
from workbench.ui.text import TITLE_LIMIT, bar, fit, marked

BAR_CELLS = 4
WIDE_BAR_CELLS = 8
WIDE = 84
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
    chosen: reactive[bool] = reactive(False, repaint=False)
    """A person selected the row, so that it is brought into view."""
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
        self._strips: LRUCache[tuple[int, bool, int], Strip] = LRUCache(512)
        self._looks: dict[tuple[str, bool], Style] = {}

    def show(self, rows: Sequence[Row], notice: Content | None = None) -> None:
        """Replace what is listed.

        Args:
            rows: In rank order.
            notice: Shown when there are no rows: why not, and what happens next.
        """
        self.rows = tuple(rows)
        self._index = {row.document.id: index for index, row in enumerate(self.rows)}
        self._notice = notice or Content("")
        self._strips.clear()
        self._measure()

    def _measure(self) -> None:
        self.virtual_size = Size(0, len(self.rows) * self.pitch)
        self._reveal()
        self.refresh()

    @property
    def text(self) -> str:
        """The list as lines of rank, score, id and title, with tabs between; no scores where they are hidden."""
        scores = self.scores and not self.blind
        rows = (
            (str(row.rank), *((row.score,) if scores else ()), row.document.id, row.document.title) for row in self.rows
        )
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

    def watch_pitch(self, old: int, new: int) -> None:
        """Place all rows anew, with the same row on top."""
        top = self.scroll_offset.y // old
        self._forget()
        self._measure()
        self.scroll_to(y=top * new, animate=False, immediate=True)
        self._reveal()

    def _reveal(self) -> None:
        index, height = self.cursor, self.scrollable_content_region.height
        if index is None or height <= 0 or not self.chosen:
            return
        top, line = self.scroll_offset.y, index * self.pitch
        if line < top:
            self.scroll_to(y=line, animate=False, immediate=True)
        elif line >= top + height:
            # Whole rows, so that the first line is never the space between two.
            top = -(-(line - height + 1) // self.pitch) * self.pitch
            self.scroll_to(y=top, animate=False, immediate=True)

    def _forget(self) -> None:
        self._strips.clear()
        self._looks.clear()

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
        width, line = self.scrollable_content_region.width, y + self.scroll_offset.y
        if not self.rows:
            return self._notice_line(y, width)
        index, between = divmod(line, self.pitch)
        if index >= len(self.rows) or between:
            return Strip.blank(width, self._look("", False))
        key = (index, self.marked and index == self.cursor, width)
        strip = self._strips.get(key)
        if strip is None:
            drawn = Strip(self._draw(self.rows[index], width, key[1]), width)
            strip = self._strips[key] = drawn.apply_offsets(0, line)
        if (chosen := self.text_selection) and (span := chosen.get_span(line)):
            start, end = span
            end = end if end >= 0 else len(strip.text)
            strip = Strip(overlaid(list(strip), (start, end), selection_style(self)), width)
        return strip

    def get_selection(self, selection: Selection) -> tuple[str, str]:
        """The rows under a selection, as they are drawn."""
        width = self.scrollable_content_region.width
        lines = ["".join(part.text for part in self._draw(row, width, False)).rstrip() for row in self.rows]
        return selection.extract(("\n" * self.pitch).join(lines)), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        """Redraw what is selected."""
        self.refresh()

    def _notice_line(self, y: int, width: int) -> Strip:
        lines = self._notice.wrap(max(width - 4, 10)) if self._notice.plain else []
        plain = self._look("", False)
        if not 1 <= y <= len(lines):
            return Strip.blank(width, plain)
        style = self._look("muted", False)
        return fit([Segment("  ", style), Segment(lines[y - 1].plain, style)], width, plain)

    def _look(self, name: str, selected: bool) -> Style:
        """How a part of a row looks; kept, as Textual works a style out anew whenever it is asked."""
        style = self._looks.get((name, selected))
        if style is None:
            names = ["row", *(("selected" if self.has_focus else "twin",) if selected else ())]
            names += ["stale"] if self.stale else [name] if name else []
            parts = [self.get_component_rich_style(f"rank--{part}", partial=True) for part in names]
            style = self._looks[name, selected] = Style.combine([self.rich_style, *parts])
        return style

    def _draw(self, row: Row, width: int, selected: bool) -> list[Segment]:
        base = self._look("", selected)
        quiet = base if row.compared else self._look("muted", selected)
        wide = width >= WIDE
        left = [Segment(f"{'›' if selected else ' '}{row.rank:>2} ", quiet)]
        if not self.blind:
            left.append(Segment(f"{_shift_text(row):<5}", self._look(_shift_style(row), selected)))
            if wide:
                other = f"({row.other_rank})" if row.other_rank else ""
                left.append(Segment(f"{other:<6}", self._look("muted", selected)))
        if self.scores and not self.blind:
            left.append(Segment(f"{row.score:>6} ", quiet))
            cells = WIDE_BAR_CELLS if wide else BAR_CELLS
            left.append(Segment(f"{bar(row.fraction, cells)} ", self._look("bar", selected)))
        sign = ("≈✂ " if row.estimated else " ✂ ") if row.truncated and not self.blind else "   "
        cut = Segment(sign, self._look("cut", selected))
        room = width - sum(len(segment.text) for segment in left) - 3
        if row.document.title:
            middle = _titled(row.document.title, row.title_spans, room, quiet, self._look("match", selected))
        else:
            middle = _titled(row.document.id, (), room, self._look("muted", selected), base)
        return [*left, *middle, cut]


def _titled(text: str, spans: Sequence[Span], room: int, plain: Style, match: Style) -> list[Segment]:
    """A title in exactly as many cells as there is room for."""
    text = text[:TITLE_LIMIT]
    lost = cell_len(text) > room
    if lost:
        text = set_cell_size(text, max(room - 1, 0))
    rest = ("…" if lost and room > 0 else "") + " " * (room - cell_len(text) - lost)
    return [*marked(text, spans, plain, match), Segment(rest, plain)]


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
