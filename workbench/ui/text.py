"""The one gate from untrusted text to what Textual draws.

Textual reads a plain `str` as markup and hands escape sequences on to the terminal; everything that a
document, a query, a file name or an error brings must come through here.
"""

from collections.abc import Sequence

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.content import Content
from textual.strip import Strip

from workbench.domain.documents import Span
from workbench.domain.text import sanitize, single_line

TITLE_LIMIT = 400
"""Characters of a title that a row looks at; more would not fit any terminal."""


def safe(text: str, style: str = "") -> Content:
    """Untrusted text as content: no markup, no control characters; newlines stay."""
    return Content.styled(sanitize(text).expandtabs(4), style)


def safe_line(text: str, style: str = "", limit: int = 0) -> Content:
    """Untrusted text as content of one line."""
    return Content.styled(single_line(text, limit), style)


def bar(fraction: float, cells: int) -> str:
    """A thin horizontal bar drawn in halves of a cell.

    Args:
        fraction: How much is filled; held to 0–1.
        cells: Full width.

    Returns:
        Exactly `cells` characters.
    """
    full, half = divmod(round(max(0.0, min(fraction, 1.0)) * cells * 2), 2)
    return ("━" * full + "╸" * half).ljust(cells)


def marked(text: str, spans: Sequence[Span], plain: Style, match: Style) -> list[Segment]:
    """Split safe one-line text into segments at the spans that match.

    Args:
        text: A line that holds no control characters, such as a part of a `Document`.
        spans: Ascending, not overlapping, in characters of `text`; what lies outside is ignored.
        plain: Style between the spans.
        match: Style of the spans.
    """
    segments: list[Segment] = []
    at = 0
    for start, end in spans:
        start, end = max(start, at), min(end, len(text))
        if start >= end:
            continue
        if start > at:
            segments.append(Segment(text[at:start], plain))
        segments.append(Segment(text[start:end], match))
        at = end
    if at < len(text):
        segments.append(Segment(text[at:], plain))
    return segments


def fit(segments: list[Segment], width: int, pad: Style) -> Strip:
    """Cut to a width in cells, with an ellipsis where something is lost, or pad up to it."""
    strip = Strip(segments)
    if strip.cell_length > width > 0:
        strip = Strip([*strip.crop(0, width - 1), Segment("…", pad)])
    return strip.adjust_cell_length(max(width, 0), pad)


def flow(items: Sequence[Content], width: int, between: str = " · ") -> list[Content]:
    """As many items to a line as fit; one that is too long for a line goes on in the next.

    Args:
        items: At least one.
        width: Cells per line.
        between: Stands between two items of a line.
    """
    lines = [items[0]]
    for item in items[1:]:
        longer = Content.assemble(lines[-1], (between, "$muted"), item)
        if longer.cell_length <= width:
            lines[-1] = longer
        else:
            lines.append(item)
    return [part for line in lines for part in (line.wrap(width) if line.cell_length > width > 0 else [line])]


def cells(text: str) -> int:
    """Width of text in terminal cells."""
    return cell_len(text)
