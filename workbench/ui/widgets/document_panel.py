"""The selected document's text: where the query matches, and how far the model read."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import islice

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding
from textual.content import Content
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from workbench.domain.documents import Document, Span
from workbench.domain.ranking import Highlights
from workbench.domain.tokens import TokenCount
from workbench.ui.text import fit, marked, safe_line
from workbench.ui.wrap import wrapped

STEP = 400
"""Lines broken at a time; more follow as a person scrolls."""
GUTTER = 2


class DocumentPanel(ScrollView, can_focus=True):
    """A document, wrapped to the panel; a bar at the left shows which lines the model read."""

    COMPONENT_CLASSES = {"document--match", "document--unread", "document--read-mark", "document--cut"}
    BINDINGS = [
        Binding("down,j", "scroll_down", "Scroll down", show=False, id="document.down"),
        Binding("up,k", "scroll_up", "Scroll up", show=False, id="document.up"),
    ]

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self.border_title = Content("Document")
        self._document: Document | None = None
        self._highlights = Highlights((), ())
        self._body = ""
        self._cut: int | None = None
        self._lines: list[Span] = []
        self._rest: Iterator[Span] = iter(())

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
        self._cut = None
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
        self._lines = []
        self._rest = wrapped(self._body, max(self.scrollable_content_region.width - GUTTER - 1, 1))
        self._extend(self.scroll_offset.y)

    def _extend(self, line: int) -> None:
        """Break lines until there are some below the given one."""
        wanted = line + self.size.height + STEP
        if len(self._lines) < wanted - STEP // 2 or not self._lines:
            self._lines += islice(self._rest, wanted - len(self._lines))
            self.virtual_size = Size(0, len(self._lines))

    def on_resize(self) -> None:
        """Break the lines anew."""
        self._wrap()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Break further lines before they come into view."""
        super().watch_scroll_y(old_value, new_value)
        self._extend(round(new_value))

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
            self._mark(start, end, base),
            *self._matches(start, read_end, base),
            *self._matches(read_end, end, unread),
        ]
        return fit(segments, width, base).apply_offsets(0, index)

    def _mark(self, start: int, end: int, base: Style) -> Segment:
        if self._cut is not None and start <= self._cut < max(end, start + 1):
            return Segment("✂ ", base + self.get_component_rich_style("document--cut", partial=True))
        if self._cut is not None and start > self._cut:
            return Segment("┊ ", base + self.get_component_rich_style("document--unread", partial=True))
        return Segment("│ ", base + self.get_component_rich_style("document--read-mark", partial=True))

    def _matches(self, start: int, end: int, base: Style) -> list[Segment]:
        if start >= end:
            return []
        spans = self._highlights.body
        first = bisect_right(spans, start, key=lambda span: span[1])
        last = bisect_left(spans, end, key=lambda span: span[0])
        match = base + self.get_component_rich_style("document--match", partial=True)
        near = [(max(a - start, 0), b - start) for a, b in spans[first:last]]
        return marked(self._body[start:end], near, base, match)
