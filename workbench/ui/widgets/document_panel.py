"""The selected document's text: where the query matches, and how far the model read."""

import asyncio
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import islice

from rich.segment import Segment
from rich.style import Style
from textual import work
from textual.content import Content
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from workbench.domain.documents import Document, Span
from workbench.domain.ranking import Highlights
from workbench.domain.tokens import TokenCount
from workbench.ui.keys import DOCUMENT_KEYS
from workbench.ui.text import fit, marked, safe_line
from workbench.ui.wrap import wrapped

STEP = 400
"""Lines broken at a time."""
GUTTER = 2


class DocumentPanel(ScrollView, can_focus=True):
    """A document, wrapped to the panel; a bar at the left shows which lines the model read."""

    COMPONENT_CLASSES = {"document--match", "document--unread", "document--read-mark", "document--cut"}
    BINDINGS = [*DOCUMENT_KEYS]

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self.border_title = Content("Document")
        self._document: Document | None = None
        self._highlights = Highlights((), ())
        self._body = ""
        self._tokens: TokenCount | None = None
        self._cut: int | None = None
        self._lines: list[Span] = []
        self._width = 0

    def show(self, document: Document | None, highlights: Highlights, tokens: TokenCount | None) -> None:
        """Show a document from its top; the same document again keeps its place.

        Args:
            document: None clears the panel.
            highlights: Where the query matches.
            tokens: How much of it the model read; None when it was not scored.
        """
        same = document is not None and document == self._document
        self._document, self._highlights = document, highlights
        self._body = document.body.replace("\t", " ") if document else ""
        self._cut, self._tokens = None, tokens
        self.border_title = safe_line((document.title or document.id) if document else "Document", limit=200)
        self.border_subtitle = Content("")
        if document and tokens:
            read = f"read {tokens.kept_document} of {tokens.document} tokens"
            self.border_subtitle = Content(f"✂ {read}" if tokens.truncated else f"read all {tokens.document} tokens")
            if tokens.kept_document < tokens.document:
                self._cut = max(tokens.kept_text_end - document.body_start, 0)
        self._wrap()
        if not same:
            self.scroll_to(y=0, animate=False)
        self.refresh()

    def _wrap(self) -> None:
        self._width = self.scrollable_content_region.width
        rest = wrapped(self._body, max(self._width - GUTTER - 1, 1))
        self._lines = list(islice(rest, self.scroll_offset.y + STEP))
        self.virtual_size = Size(0, len(self._lines))
        self.refresh()
        if len(self._lines) >= STEP:
            self._wrap_on(rest)

    @work(exclusive=True, group="wrap")
    async def _wrap_on(self, rest: Iterator[Span]) -> None:
        """Break the lines of a long document a few at a time, so that it can be read meanwhile."""
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
            self._wrap()

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        width, base = self.scrollable_content_region.width, self.rich_style
        index = y + self.scroll_offset.y
        if index >= len(self._lines) or not self._document:
            return Strip.blank(width, base)
        start, end = self._lines[index]
        read_end = end if self._cut is None else max(start, min(self._cut, end))
        unread = base + self.get_component_rich_style("document--unread", partial=True)
        segments = [
            self._mark(index, base),
            *self._matches(start, read_end, base),
            *self._matches(read_end, end, unread),
        ]
        return fit(segments, width, base).apply_offsets(0, index)

    def _mark(self, index: int, base: Style) -> Segment:
        """The sign before a line: read, cut here, not read; none for a document that was not scored."""
        if self._tokens is None:
            return Segment("  ", base)
        if self._cut is None or self._lines[index][1] < self._cut:
            return Segment("│ ", base + self.get_component_rich_style("document--read-mark", partial=True))
        if index == 0 or self._lines[index - 1][1] < self._cut:
            return Segment("✂ ", base + self.get_component_rich_style("document--cut", partial=True))
        return Segment("┊ ", base + self.get_component_rich_style("document--unread", partial=True))

    def _matches(self, start: int, end: int, base: Style) -> list[Segment]:
        if start >= end:
            return []
        spans = self._highlights.body
        first = bisect_right(spans, start, key=lambda span: span[1])
        last = bisect_left(spans, end, key=lambda span: span[0])
        match = base + self.get_component_rich_style("document--match", partial=True)
        near = [(max(a - start, 0), b - start) for a, b in spans[first:last]]
        return marked(self._body[start:end], near, base, match)
