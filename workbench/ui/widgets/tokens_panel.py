"""What the model read of the selected document, in a few lines of the compare screen."""

from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from workbench.domain.comparison import Comparison
from workbench.domain.documents import Document
from workbench.domain.text import single_line
from workbench.domain.tokens import TokenCount
from workbench.ui.text import bar, flow

AROUND = 400
"""Characters at each side of the cut that are looked at."""


class TokensPanel(Static, can_focus=True):
    """Counts, a bar of what was kept, the words around the cut, and how many candidates were cut."""

    comparison: reactive[Comparison | None] = reactive(None, repaint=False)

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self.border_title = Content("Tokens")
        self.border_subtitle = Content("i inspects")
        self._document: Document | None = None
        self._tokens: TokenCount | None = None
        self._reads: tuple[str, ...] = ()

    def show(self, document: Document | None, tokens: TokenCount | None, reads: tuple[str, ...]) -> None:
        """Show a document.

        Args:
            document: None clears the panel.
            tokens: How much of it the model read; None when it was not scored.
            reads: The fields that the model was given.
        """
        self._document, self._tokens, self._reads = document, tokens, reads
        self.on_resize()

    def watch_comparison(self, comparison: Comparison | None) -> None:
        """Count what was cut once that is known."""
        if comparison is None or comparison.done:
            self.on_resize()

    def on_resize(self) -> None:
        """Write it for the new size."""
        width = self.content_size.width
        if width:
            self.update(Content("\n").join(self._lines(width)), layout=False)

    def _lines(self, width: int) -> list[Content]:
        if self._document is None:
            return [Content.styled("No document is selected.", "$muted")]
        tokens, last = self._tokens, self._all_said()
        if tokens is None:
            return [Content.styled("The model has not read this document.", "$muted"), *last]
        about = "" if tokens.exact else "≈"
        whole = tokens.kept_document >= tokens.document
        query = f"query {about}{tokens.query:,}"
        if tokens.kept_query < tokens.query:
            query = f"✂ query {about}{tokens.kept_query:,} of {about}{tokens.query:,}"
        read = (
            f"read all {about}{tokens.document:,}"
            if whole
            else (f"✂ read {about}{tokens.kept_document:,} of {about}{tokens.document:,}")
        )
        style = "$cut" if tokens.kept_query < tokens.query else "$muted"
        items = [
            *([] if tokens.exact else [Content.styled("estimated", "$muted")]),
            Content.styled(query, style),
            Content.styled(f"document {read}", "bold" if whole else "bold $cut"),
            Content.styled(f"budget {tokens.budget:,}", "$muted"),
        ]
        fraction = tokens.kept_document / tokens.document if tokens.document else 1.0
        room = max(width - 6, 0)
        filled = bar(fraction, room)
        done = len(filled.rstrip())
        line = Content.assemble(
            (filled[:done], "$kept"), ("╌" * (room - done), "$cut"), (f" {int(fraction * 100):>3} %", "$muted")
        )
        return [*flow(items, width), line, *self._around(width, tokens), *last]

    def _around(self, width: int, tokens: TokenCount) -> list[Content]:
        """The words around the cut, in the middle of a line."""
        if self._document is None or tokens.kept_document >= tokens.document:
            return []
        text, end = self._document.narrowed(self._reads).text, tokens.kept_text_end
        before, after = single_line(text[max(0, end - AROUND) : end]), single_line(text[end : end + AROUND])
        left = Content(before)
        room = max((width - 5) // 2, 1)
        if left.cell_length > room:
            at = len(before)
            while at > 0 and Content(before[at - 1 :]).cell_length < room:
                at -= 1
            left = Content(f"…{before[at:]}")
        right = Content(after).truncate(room, ellipsis=True)
        return [
            Content.assemble(
                (" " * max(room - left.cell_length, 0)),
                left.stylize("bold"),
                (" ✂ ", "bold $cut"),
                right.stylize("$muted"),
            )
        ]

    def _all_said(self) -> list[Content]:
        comparison = self.comparison
        if comparison is None or not comparison.reranked:
            return []
        cut, in_top = comparison.cut
        about = "" if all(row.tokens.exact for row in comparison.reranked) else "≈"
        rows, top = len(comparison.reranked), min(comparison.size, len(comparison.reranked))
        said = (
            f"{about}{cut} of {rows} candidates were cut, {in_top} of the top {top}"
            if cut
            else f"None of {rows} candidates was cut."
        )
        return [Content.styled(said, "" if cut else "$muted")]
