"""Breaks text into screen lines as they are asked for, so that a document of any size opens at once."""

from collections.abc import Iterator

from rich.cells import get_character_cell_size

from workbench.domain.documents import Span

MARKS_PER_CELL = 8
"""Characters a line may hold per cell of width; stacks of combining marks are broken there."""


def wrapped(text: str, width: int, taken: int = 0) -> Iterator[Span]:
    """Yield the screen lines of a text, breaking at spaces where there are any.

    Args:
        text: Safe text; newlines end a line.
        width: Cells per line, at least 1.
        taken: Cells of the first line that are taken by something else; fewer than the width.

    Yields:
        Half-open ranges of characters, in order; the space or newline at a break belongs to none.
    """
    start = 0
    while start <= len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        if start == end:
            yield start, end
            taken = 0
        while start < end:
            stop = _fitting(text, start, end, width - taken)
            if stop < end and not text[stop].isspace():
                space = text.rfind(" ", start, stop)
                stop = space if space > start else stop
            yield start, stop
            start, taken = stop + 1 if stop < end and text[stop] == " " else stop, 0
        start = end + 1


def _fitting(text: str, start: int, end: int, width: int) -> int:
    """Where the characters from `start` on stop fitting into the width; always past at least one."""
    chunk = text[start : min(end, start + width)]
    if chunk.isascii():
        return start + len(chunk)
    used = 0
    for index in range(start, min(end, start + width * MARKS_PER_CELL)):
        used += get_character_cell_size(text[index])
        if used > width:
            return max(index, start + 1)
    return min(end, start + width * MARKS_PER_CELL)
