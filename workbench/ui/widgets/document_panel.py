"""The selected document's text: where the query matches, and how far the model read."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from rich.segment import Segment
from rich.style import Style
from textual.content import Content

from workbench.domain.documents import Document
from workbench.domain.ranking import Highlights
from workbench.domain.tokens import TokenCount
from workbench.ui.keys import DOCUMENT_KEYS
from workbench.ui.text import marked, safe_line
from workbench.ui.widgets.wrapped_text import Line, WrappedText
from workbench.ui.wrap import wrapped

GUTTER = 2
LONGEST = 100
"""Cells of the longest line of text; longer ones lose the eye on its way back."""
TITLE, BODY = "title", "body"


class DocumentPanel(WrappedText):
    """A document, wrapped to the panel; a bar at the left shows which lines the model read."""

    COMPONENT_CLASSES = {"document--match", "document--unread", "document--read-mark", "document--cut"}
    BINDINGS = [*DOCUMENT_KEYS]

    def __init__(self, id: str) -> None:
        super().__init__(id, "Document")
        self._document: Document | None = None
        self._highlights = Highlights()
        self._tokens: TokenCount | None = None
        self._given = True
        self._read_end = 0

    @property
    def text(self) -> str:
        """Title and body, as they are copied."""
        return self._document.text if self._document else ""

    def show(
        self,
        document: Document | None,
        highlights: Highlights,
        tokens: TokenCount | None,
        reads: tuple[str, ...] = (TITLE, BODY),
    ) -> None:
        """Show a document from its top; the same document again keeps its place.

        Args:
            document: None clears the panel.
            highlights: Where the query matches.
            tokens: How much of it the model read; None when it was not scored.
            reads: The fields that the model was given.
        """
        same = document is not None and document == self._document
        self._document, self._highlights, self._tokens = document, highlights, tokens
        self._given, self._read_end = BODY in reads, 0
        self.border_title = safe_line((document.title or document.id) if document else "Document", limit=200)
        self.border_subtitle = Content("")
        if document and tokens:
            self._read_end = len(document.body) if self._given else 0
            if self._given and tokens.kept_document < tokens.document:
                self._read_end = max(tokens.kept_text_end - document.narrowed(reads).body_start, 0)
            self.border_subtitle = Content(_said(tokens, reads))
        self.fill(document.body if document else "", same)

    def break_lines(self, width: int) -> Iterator[Line]:
        """Break lines at spaces, leaving room for the sign before each."""
        if self._document is None:
            return iter(())
        return (Line(GUTTER, start, end) for start, end in wrapped(self._drawn, min(max(width - GUTTER, 1), LONGEST)))

    def draw_line(self, index: int) -> list[Segment]:
        """A sign, then the text with its matches; what was not read is muted."""
        base, (_, start, end) = self.rich_style, self._lines[index]
        read_end = end if self._tokens is None else max(start, min(self._read_end, end))
        unread = base + self.get_component_rich_style("document--unread", partial=True)
        return [
            self._mark(index, base),
            *self._matches(start, read_end, base),
            *self._matches(read_end, end, unread),
        ]

    def _mark(self, index: int, base: Style) -> Segment:
        """The sign before a line: read, cut here, not read; none for a document that was not scored."""
        if self._tokens is None:
            return Segment("  ", base)
        whole = self._read_end >= len(self._drawn)
        if self._given and (whole or self._lines[index].end < self._read_end):
            return Segment("│ ", base + self.get_component_rich_style("document--read-mark", partial=True))
        if self._given and (index == 0 or self._lines[index - 1].end < self._read_end):
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
        return marked(self._drawn[start:end], near, base, match)


def _said(tokens: TokenCount, reads: tuple[str, ...]) -> str:
    """How much of the document the model read, and of what it was given."""
    whole = {TITLE, BODY} <= set(reads)
    only = "the model " if whole else f"the model was given the {' and the '.join(reads)} only · "
    query = " · ✂ query" if tokens.kept_query < tokens.query else ""
    guess, about = ("", "") if tokens.exact else ("estimated: ", "≈")
    if tokens.kept_document < tokens.document:
        return f"✂ {guess}{only}read {about}{tokens.kept_document} of {about}{tokens.document} tokens{query}"
    return f"{guess}{only}read all {about}{tokens.document} tokens{query}"
