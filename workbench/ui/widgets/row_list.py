"""A table of any length drawn line by line, with a cursor; what a row shows is up to the list."""

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from workbench.ui.keys import LIST_KEYS
from workbench.ui.text import fit
from workbench.ui.widgets.frame import FRAME


class RowList(ScrollView, can_focus=True):
    """Rows of one line, the one under the cursor pointed at, so that it shows without colours too."""

    COMPONENT_CLASSES = {
        "rows--row", "rows--here", "rows--there", "rows--up", "rows--down", "rows--bar", "rows--muted", "rows--cut",
        "rows--kept", "rows--match", "rows--warning", "rows--head",
    }  # fmt: skip
    DEFAULT_CSS = (
        f"RowList {{{FRAME}"
        """
        & > .rows--here { background: $selected; text-style: bold; }
        & > .rows--there { background: $twin; text-style: bold; }
        &:ansi > .rows--here { text-style: bold reverse; }
        &:ansi > .rows--there { text-style: bold underline; }
        & > .rows--up { color: $rank-up; }
        & > .rows--down { color: $rank-down; }
        & > .rows--bar { color: $score-bar; }
        & > .rows--muted { color: $muted; }
        & > .rows--cut { color: $cut; }
        & > .rows--kept { color: $kept; }
        & > .rows--match { color: $match; text-style: bold; }
        & > .rows--warning { color: $warning; }
        & > .rows--head { color: $muted; text-style: bold; }
    }
    """
    )

    BINDINGS = [*LIST_KEYS]

    cursor: reactive[int] = reactive(0, repaint=False)
    """The row that is pointed at."""

    class Moved(Message):
        """A person moved the cursor."""

        def __init__(self, rows: "RowList", index: int) -> None:
            super().__init__()
            self.rows = rows
            self.index = index

        @property
        def control(self) -> "RowList":
            """The list."""
            return self.rows

    def __init__(self, id: str, title: str) -> None:
        super().__init__(id=id)
        self.border_title = Content(title)
        self._looks: dict[tuple[str, bool], Style] = {}
        self._notice = Content("")

    def __len__(self) -> int:
        """How many rows there are."""
        raise NotImplementedError

    def __bool__(self) -> bool:
        """A list without rows is a list all the same."""
        return True

    def draw_head(self, width: int) -> list[Segment]:
        """Name the columns; nothing for a list without such a line."""
        return []

    def draw_row(self, index: int, width: int, here: bool) -> list[Segment]:
        """Draw a row from its second cell on; the first points at it.

        Args:
            index: From 0.
            width: Cells there are.
            here: Whether the cursor is on it.
        """
        raise NotImplementedError

    def points_at(self, index: int) -> bool:
        """Whether a row is drawn as the one in use."""
        return index == self.cursor

    def rows_changed(self, cursor: int = 0, notice: Content | None = None) -> None:
        """Draw other rows.

        Args:
            cursor: Where the cursor is now; held to the rows there are.
            notice: Shown where there are no rows.
        """
        self._notice = notice or Content("")
        if len(self):  # Else it waits for the next rows.
            self.set_reactive(RowList.cursor, max(0, min(cursor, len(self) - 1)))
        self.virtual_size = Size(0, len(self) + self._head)
        self._reveal()
        self.refresh()

    @property
    def _head(self) -> int:
        return 1 if self.draw_head(0) else 0

    def look(self, name: str = "", here: bool = False) -> Style:
        """How a part of a row looks; kept, as Textual works a style out anew whenever it is asked."""
        style = self._looks.get((name, here))
        if style is None:
            names = ["row", *(("here" if self.has_focus else "there",) if here else ()), *([name] if name else [])]
            parts = [self.get_component_rich_style(f"rows--{part}", partial=True) for part in names]
            style = Style.combine([self.rich_style, *parts])
            if name and here and style.reverse:  # One ground for the whole row where a theme has no colours of its own.
                style = self.look("", here)
            self._looks[name, here] = style
        return style

    def notify_style_update(self) -> None:
        """Theme, focus or hover changed."""
        self._looks.clear()
        super().notify_style_update()

    def on_resize(self) -> None:
        """Keep the cursor in sight."""
        self._reveal()

    def watch_cursor(self, old: int, new: int) -> None:
        """Redraw the two rows that changed."""
        self._reveal()
        for index in (old, new):
            self.refresh(Region(0, index + self._head - self.scroll_offset.y, self.size.width, 1))

    def _reveal(self) -> None:
        height, top, line = self.scrollable_content_region.height, self.scroll_offset.y, self.cursor + self._head
        if height <= 0:
            return
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False, immediate=True)
        elif line >= top + height:
            self.scroll_to(y=line - height + 1, animate=False, immediate=True)

    def action_move(self, by: int) -> None:
        """Move the cursor, no farther than to an end."""
        if not len(self):
            return
        at = max(0, min(self.cursor + by, len(self) - 1))
        if at != self.cursor:
            self.cursor = at
            self.post_message(self.Moved(self, at))

    def action_page(self, pages: int) -> None:
        """Move the cursor by a page."""
        self.action_move(pages * max(self.scrollable_content_region.height - 1 - self._head, 1))

    def action_edge(self, index: int) -> None:
        """Move the cursor to the first or the last row."""
        self.action_move(len(self) * (-1 if index == 0 else 1))

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the row that was clicked."""
        offset = event.get_content_offset(self)
        if offset is not None and offset.y >= self._head:
            index = offset.y + self.scroll_offset.y - self._head
            if index < len(self):
                self.action_move(index - self.cursor)

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        width, plain = self.scrollable_content_region.width, self.look()
        if not len(self):
            lines = self._notice.wrap(max(width - 4, 10)) if self._notice.plain else []
            said = lines[y - 1].plain if 1 <= y <= len(lines) else ""
            return fit([Segment(f"  {said}", self.look("muted"))], width, plain)
        if y < self._head:
            return fit([Segment(" ", plain), *self.draw_head(width - 1)], width, self.look("head"))
        index = y + self.scroll_offset.y - self._head
        if index >= len(self):
            return Strip.blank(width, plain)
        here = self.points_at(index)
        base = self.look("", here)
        drawn = [Segment("›" if here else " ", base), *self.draw_row(index, width - 1, here)]
        return fit(drawn, width, base)

    @property
    def text(self) -> str:
        """All rows, as they are copied."""
        width = max(self.scrollable_content_region.width - 1, 1)
        rows = (self.draw_row(index, width, False) for index in range(len(self)))
        return "\n".join("".join(part.text for part in row).rstrip() for row in rows)
