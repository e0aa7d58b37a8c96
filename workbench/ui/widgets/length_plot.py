"""How long the candidates are against the budget: a bar for each range of lengths, and where the selected one is."""

from textual.content import Content
from textual.widgets import Static

from workbench.domain.lengths import Lengths
from workbench.ui.text import flow

MARK, LIMIT = "◆", "┃"
"""Over the selected document's length; where what is read to its end stops."""
BLOCKS = " ▁▂▃▄▅▆▇█"
FAR = 3
"""A budget so many times as long as the longest document is not drawn to scale."""


def plot(lengths: Lengths, selected: int | None, width: int, rows: int) -> list[Content]:
    """Draw bars, with the marks over them.

    Args:
        lengths: Of at least one document.
        selected: Tokens of the selected document; None when it is not among them.
        width: In cells.
        rows: Of bars, at least 1.

    Returns:
        The line of marks, then the bars from the top.
    """
    longest, fit = lengths.percentile(100), lengths.fit
    far = fit > FAR * max(longest, 1)
    limit = max(longest if far else max(round(fit * 1.1), lengths.percentile(95)), 1)
    ends = len(str(limit)) + 4
    room = max(width - ends - 2, 2)
    bins = lengths.bins(room, limit)
    most = max(bin.documents for bin in bins)
    step = bins[1].low if len(bins) > 1 else limit + 1
    marks = [(" ", "")] * len(bins)
    if not far:
        marks[min(fit // step, len(bins) - 1)] = (LIMIT, "bold $foreground")
    if selected is not None:
        marks[min(selected // step, len(bins) - 1)] = (MARK, "bold $match")
    lines = [Content.assemble("  ", *marks, (f" {LIMIT}▸" if far else "", "bold $foreground"))]
    for row in range(rows - 1, -1, -1):
        parts = []
        for bin in bins:
            level = -(-bin.documents * 8 * rows // most) - 8 * row if bin.documents else 0
            parts.append((BLOCKS[max(0, min(level, 8))], "$cut" if bin.low > fit else "$kept"))
        left, right = ("0 ", f" {limit:,}{'▸' if longest > limit else ''}") if not row else ("  ", "")
        lines.append(Content.assemble((left, "$muted"), *parts, (right, "$muted")).simplify())
    return lines


class LengthPlot(Static):
    """Bars of the candidates' lengths, with the numbers above them."""

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self._lengths: Lengths | None = None
        self._selected: int | None = None
        self._exact = True
        self._failed = False

    def show(self, lengths: Lengths | None, selected: int | None, exact: bool, failed: bool = False) -> None:
        """Draw the lengths.

        Args:
            lengths: None while they are not known.
            selected: Tokens of the selected document; None when it is not among them.
            exact: Whether a tokenizer counted.
            failed: Whether they cannot be known.
        """
        shown = (lengths, selected, exact, failed)
        if shown != (self._lengths, self._selected, self._exact, self._failed):
            self._lengths, self._selected, self._exact, self._failed = shown
            self.on_resize()

    def on_resize(self) -> None:
        """Draw them to the new size."""
        width, height = self.content_size
        lengths = self._lengths
        if not (lengths and lengths.tokens and width and height > 2):
            waiting = "The candidates could not be counted." if self._failed else "counting…"
            self.update(Content.styled(waiting, "$muted") if lengths is None else "", layout=False)
            return
        said = flow(self._said(lengths), width)[0]
        lines = plot(lengths, self._selected, width, height - 2)
        self.update(Content("\n").join([said, *lines]), layout=False)

    def _said(self, lengths: Lengths) -> list[Content]:
        about = "" if self._exact else "≈"
        documents = len(lengths.tokens)
        cut = lengths.cut
        plain = [
            f"Lengths of {documents} candidate{'s' * (documents != 1)}",
            f"median {about}{lengths.percentile(50):,}",
            f"p90 {about}{lengths.percentile(90):,}",
            f"longest {about}{lengths.percentile(100):,}",
        ]
        items = [Content.styled(text, "$muted") for text in plain]
        fits = Content.assemble(
            (LIMIT, "bold $foreground"),
            (f" {lengths.fit:,} fit, ", "$muted"),
            (
                f"{about}{cut} {'are' if cut != 1 else 'is'} longer" if cut else "none is longer",
                "$cut" if cut else "$muted",
            ),
        )
        items.insert(1, fits)
        if self._selected is not None:
            items.insert(1, Content.assemble((MARK, "bold $match"), (f" {about}{self._selected:,}", "$muted")))
        if cut:
            items.append(Content.styled(f"{lengths.budget_for():,} would fit 95 %", "$muted"))
        return items
