"""How text that the mouse selected looks."""

from rich.segment import Segment
from rich.style import Style
from textual.widget import Widget

from workbench.domain.documents import Span


def selection_style(widget: Widget) -> Style:
    """The widget's own text colour on the theme's colour of selections, which can be half transparent."""
    own = widget.screen.get_component_rich_style("screen--selection", partial=True)
    mixed = widget.screen.get_component_rich_style("screen--selection")
    return Style(color=own.color or widget.rich_style.color, bgcolor=mixed.bgcolor)


def overlaid(segments: list[Segment], span: Span, style: Style) -> list[Segment]:
    """Give the characters of a span one more style.

    Args:
        segments: One line, without control codes.
        span: In characters of the line; may be empty or reach over its ends.
        style: Wins over the segments' own.
    """
    found, at = [], 0
    for text, own, _ in segments:
        first, last = (max(0, min(place - at, len(text))) for place in span)
        last = max(first, last)
        parts = ((text[:first], own), (text[first:last], style if own is None else own + style), (text[last:], own))
        found += [Segment(part, look) for part, look in parts if part]
        at += len(text)
    return found
