"""A part of a document with its words as they are, to read and to copy."""

from collections.abc import Iterator

from rich.segment import Segment
from textual.content import Content

from workbench.domain.documents import Span
from workbench.domain.text import sanitize
from workbench.ui.keys import DOCUMENT_KEYS
from workbench.ui.widgets.frame import FRAME
from workbench.ui.widgets.wrapped_text import Line, WrappedText
from workbench.ui.wrap import wrapped

LONGEST = 100
"""Cells of the longest line of text; longer ones lose the eye on its way back."""


class Passage(WrappedText):
    """Text wrapped to the panel, a cell away from its border."""

    DEFAULT_CSS = f"Passage {{{FRAME}}}"
    BINDINGS = [*DOCUMENT_KEYS]

    def show(self, title: Content, text: str, note: Content | None = None) -> None:
        """Show a passage from its top; the same passage again keeps its place.

        Args:
            title: What it is and where it stands.
            text: Its words; untrusted.
            note: For the lower border.
        """
        self.border_title = title
        self.border_subtitle = note or Content("")
        text = sanitize(text).strip()
        if text != self._source:
            self.fill(text, False)

    @property
    def text(self) -> str:
        """The passage, as it is copied."""
        return self._source

    def break_lines(self, width: int) -> Iterator[Line]:
        """Break lines at spaces."""
        return (Line(1, start, end) for start, end in wrapped(self._drawn, min(max(width - 2, 1), LONGEST)))

    def draw_line(self, index: int) -> list[Segment]:
        """The words."""
        _, start, end = self._lines[index]
        return [Segment(" ", self.rich_style), Segment(self._drawn[start:end], self.rich_style)]


def place_of(span: Span, text: str) -> str:
    """Where a part stands in a text."""
    start, end = span
    return f"characters {start:,}–{end:,}, {100 * start // max(len(text), 1)} % in"
