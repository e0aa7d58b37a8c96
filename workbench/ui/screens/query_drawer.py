"""The query drawer: recent queries and those that came with the corpus, found by typing a part of one."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from rich.segment import Segment
from rich.style import Style
from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widgets import Input

from workbench.domain.documents import Query
from workbench.domain.text import single_line
from workbench.ui.keys import DRAWER_KEYS
from workbench.ui.screens.dialog import ListDialog
from workbench.ui.text import TITLE_LIMIT, fit, marked
from workbench.ui.widgets.line_input import LineInput

RECENT_ROWS = 8
"""Recent queries that are listed above the corpus's own, so that these stay in sight."""
ID_CELLS = 8
FILTER_LIMIT = 200
"""Characters that can be typed to narrow the list."""


@dataclass(frozen=True)
class Note:
    """A line of the drawer that cannot be chosen."""

    text: str
    heading: bool = False


def narrowed(queries: Sequence[Query], folded: Sequence[str], typed: str) -> Sequence[Query]:
    """Find the queries that hold every typed word, in any order and any case.

    Args:
        queries: All of them.
        folded: Of each query what is looked through, case-folded.
        typed: Words, or parts of words; blank finds all.

    Returns:
        Those found, in their order.
    """
    found: Sequence[int] = range(len(queries))
    for word in typed.casefold().split():
        found = [index for index in found if word in folded[index]]
    return queries if len(found) == len(queries) else [queries[index] for index in found]


class QueryDrawer(ListDialog[str]):
    """A drawer at the left of the screen below; gives the text of the chosen query, or None."""

    CSS_PATH = ["dialog.tcss", "query_drawer.tcss"]
    BINDINGS = [*DRAWER_KEYS]

    def __init__(self, queries: Sequence[Query], recent: Sequence[str]) -> None:
        """Take what is to choose from.

        Args:
            queries: Those that came with the corpus.
            recent: Those the person ran, newest first.
        """
        super().__init__()
        self._samples = queries
        self._recent = [Query("", text) for text in recent]
        self._folded_samples = [f"{query.id} {query.text}".casefold() for query in queries]
        self._folded_recent = [text.casefold() for text in recent]

    def compose(self) -> ComposeResult:
        """The filter above the list."""
        with Vertical() as drawer:
            drawer.border_title = Content("Queries")
            drawer.border_subtitle = Content("↑↓ choose · Enter runs · Esc closes")
            yield LineInput(placeholder="Type to narrow", max_length=FILTER_LIMIT)
            longest = max((len(query.id) for query in self._samples), default=0)
            yield QueryList(min(ID_CELLS, longest))

    def on_mount(self) -> None:
        """List everything."""
        self._narrow("")

    @on(Input.Changed)
    def filter_changed(self, event: Input.Changed) -> None:
        """List what holds the typed words."""
        self._narrow(event.value)

    @on(Input.Submitted)
    def filter_submitted(self) -> None:
        """Choose the query the cursor is on."""
        query = self.choices.chosen
        if query:
            self.answer(single_line(query.text))

    def on_query_list_clicked(self, event: "QueryList.Clicked") -> None:
        """Choose the query that was clicked."""
        self.answer(single_line(event.query.text))

    @property
    def choices(self) -> "QueryList":
        """The queries."""
        return self.query_one(QueryList)

    def _narrow(self, typed: str) -> None:
        recent = narrowed(self._recent, self._folded_recent, typed)
        samples = narrowed(self._samples, self._folded_samples, typed)
        shown = recent[:RECENT_ROWS] if samples else recent
        sections = [
            _section("Recent", shown, len(recent), len(self._recent)),
            _section("Sample queries", samples, len(samples), len(self._samples)),
        ]
        if not typed.strip():
            sections[0] = sections[0] or [Note("Recent", heading=True), Note("Queries you run are kept here.")]
            sections[1] = sections[1] or [Note("Sample queries", heading=True), Note("This corpus came without any.")]
        rows = [row for section in filter(None, sections) for row in (Note(""), *section)][1:]
        self.choices.show(rows or [Note("No query holds all of these words.")], typed)


def _section(title: str, shown: Sequence[Query], found: int, of: int) -> list[Query | Note]:
    if not found:
        return []
    tally = f"{of:,}" if found == of else f"{found:,} of {of:,}"
    more = [Note(f"… {found - len(shown):,} more, type to narrow")] if len(shown) < found else []
    return [Note(f"{title} · {tally}", heading=True), *shown, *more]


class QueryList(ScrollView, can_focus=False):
    """Queries and notes, one line each; the cursor is on a query whenever there is one."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES = {"query--selected", "query--heading", "query--muted", "query--match"}

    cursor: reactive[int] = reactive(0, repaint=False)
    """Index of a row."""

    class Clicked(Message):
        """A person clicked a query."""

        def __init__(self, query: Query) -> None:
            super().__init__()
            self.query = query

    def __init__(self, id_cells: int) -> None:
        super().__init__()
        self._id_cells = id_cells
        self._rows: Sequence[Query | Note] = ()
        self._words: re.Pattern[str] | None = None

    def show(self, rows: Sequence[Query | Note], typed: str) -> None:
        """Replace what is listed and go to the first query.

        Args:
            rows: From top to bottom.
            typed: Words to light up in the queries.
        """
        self._rows = rows
        words = sorted(map(re.escape, typed.split()), key=len, reverse=True)
        self._words = re.compile("|".join(words), re.IGNORECASE) if words else None
        self.set_reactive(QueryList.cursor, 0)
        self.virtual_size = Size(0, len(rows))
        self.scroll_to(y=0, animate=False, immediate=True)
        self.move(0)
        self.refresh()

    @property
    def chosen(self) -> Query | None:
        """The query the cursor is on."""
        row = self._rows[self.cursor] if self._rows else None
        return row if isinstance(row, Query) else None

    def move(self, by: int) -> None:
        """Put the cursor on the query that lies so many rows away, or on the next one to it."""
        last, step = len(self._rows) - 1, -1 if by < 0 else 1
        at = max(0, min(self.cursor + by, last))
        onwards, back = range(at, last + 1 if step > 0 else -1, step), range(at, -1 if step > 0 else last + 1, -step)
        self.cursor = next((index for index in chain(onwards, back) if isinstance(self._rows[index], Query)), 0)

    def watch_cursor(self, old: int, new: int) -> None:
        """Redraw the two rows that changed and bring the new one into view."""
        top, height = self.scroll_offset.y, self.scrollable_content_region.height
        first = not any(isinstance(row, Query) for row in self._rows[:new])
        if first or new < top:
            self.scroll_to(y=0 if first else new, animate=False, immediate=True)
        elif height and new >= top + height:
            self.scroll_to(y=new - height + 1, animate=False, immediate=True)
        for index in (old, new):
            self.refresh(Region(0, index - self.scroll_offset.y, self.size.width, 1))

    def on_resize(self) -> None:
        """Keep the cursor in view."""
        self.watch_cursor(self.cursor, self.cursor)

    def on_click(self, event: events.Click) -> None:
        """Choose the query that was clicked."""
        offset = event.get_content_offset(self)
        index = -1 if offset is None else offset.y + self.scroll_offset.y
        row = self._rows[index] if 0 <= index < len(self._rows) else None
        if isinstance(row, Query):
            self.post_message(self.Clicked(row))

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        width, index = self.scrollable_content_region.width, y + self.scroll_offset.y
        if index >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        row = self._rows[index]
        if isinstance(row, Note):
            style = self.rich_style + self._style("heading" if row.heading else "muted")
            return fit([Segment(f"  {row.text}", style)], width, self.rich_style)
        return self._draw(row, width, index == self.cursor)

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"query--{name}", partial=True)

    def _draw(self, query: Query, width: int, selected: bool) -> Strip:
        base = self.get_component_rich_style("query--selected") if selected else self.rich_style
        left = [Segment("› " if selected else "  ", base)]
        if query.id:
            name = Segment(single_line(query.id, TITLE_LIMIT), base + self._style("muted"))
            left += [*fit([name], self._id_cells, base), Segment(" ", base)]
        text = single_line(query.text, TITLE_LIMIT)
        spans = [match.span() for match in self._words.finditer(text)] if self._words else []
        return fit([*left, *marked(text, spans, base, base + self._style("match"))], width, base)
