"""What the engine was asked and how its answer was reranked, exactly and ready to be copied."""

import json
import re
from collections.abc import Iterator

from rich.segment import Segment
from rich.style import Style
from textual.reactive import reactive

from workbench.domain.comparison import Comparison
from workbench.domain.text import sanitize
from workbench.ui.keys import REQUEST_KEYS
from workbench.ui.selection import overlaid
from workbench.ui.widgets.wrapped_text import Line, WrappedText
from workbench.ui.wrap import wrapped

HANG = 2
"""Cells that a line which goes on stands in from where it began."""

_TOKEN = re.compile(
    r'(?P<key>"(?:[^"\\]|\\.)*"(?=:))|(?P<string>"(?:[^"\\]|\\.)*")|(?<![\w.])(?P<number>-?\d[\d.eE+-]*|true|false|null)\b'
)
_NOTHING = (
    "No query has run yet. Type one: the request that the engine gets, and how its answer is reranked, is shown here."
)


class RequestPanel(WrappedText):
    """The request and the reranking of one comparison, as two JSON values."""

    COMPONENT_CLASSES = {"request--key", "request--string", "request--number", "request--notice"}
    BINDINGS = [*REQUEST_KEYS]

    comparison: reactive[Comparison | None] = reactive(None, repaint=False)

    def __init__(self, id: str) -> None:
        super().__init__(id, "Request")
        self.text = ""
        """What is shown, as it is copied; empty when no query has run."""
        self._query = ""

    def watch_comparison(self, comparison: Comparison | None) -> None:
        """Show the request of another comparison; of the same query, at the same place."""
        query = comparison.query if comparison else ""
        self.text = request_text(comparison)
        shown = self.text or _notice(comparison)
        if shown != self._source:
            self.fill(shown, query == self._query)
        self._query = query

    def break_lines(self, width: int) -> Iterator[Line]:
        """Break lines that are too long, the rest of each further in than its beginning."""
        start = 0
        for line in self._drawn.split("\n"):
            hang = min(len(line) - len(line.lstrip()) + HANG, width // 2)
            _, end = next(wrapped(line, width))
            yield Line(0, start, start + end)
            if end < len(line):
                rest = end + line.startswith(" ", end)
                for first, last in wrapped(line[rest:], max(width - hang, 1)):
                    yield Line(hang, start + rest + first, start + rest + last)
            start += len(line) + 1

    def draw_line(self, index: int) -> list[Segment]:
        """Colour keys, strings and numbers apart."""
        indent, start, end = self._lines[index]
        base, shown = self.rich_style, " " * indent + self._drawn[start:end]
        if not self.text:
            return [Segment(shown, base + self._look("notice"))]
        segments = [Segment(shown, base)]
        # A token may begin or end on another line of the screen, but not on another line of the text.
        first_of_line = self._drawn.rfind("\n", 0, start) + 1
        end_of_line = (self._drawn + "\n").find("\n", end)
        for token in _TOKEN.finditer(self._drawn, first_of_line, end_of_line):
            if token.lastgroup and token.start() < end and token.end() > start:
                first, last = (indent + place - start for place in token.span())
                segments = overlaid(segments, (max(first, indent), last), self._look(token.lastgroup))
        return segments

    def _look(self, name: str) -> Style:
        return self.get_component_rich_style(f"request--{name}", partial=True)


def request_text(comparison: Comparison | None) -> str:
    """The request as it ran, and below it how the answer was reranked; empty when nothing was asked."""
    if comparison is None or not comparison.request:
        return ""
    rerank = json.dumps({"rerank": _rerank(comparison)}, indent=2, ensure_ascii=False)
    return sanitize(f"{comparison.request}\n\n{rerank}")


def _rerank(comparison: Comparison) -> dict[str, object]:
    error, info = comparison.error, comparison.reranker
    if error:
        return {"error": error.message}
    if info is None or not comparison.bm25:
        return {"skipped": "nothing to rerank"}
    return {
        "model": info.model,
        "kind": info.kind,
        "score_space": info.score_space,
        "raw_score_space": info.raw_space,
        "mix_weight": info.weight,
        "reads": " + ".join(comparison.reads),
        "depth": comparison.depth,
        "size": comparison.size,
    }


def _notice(comparison: Comparison | None) -> str:
    if comparison is None:
        return _NOTHING
    if comparison.error:
        return sanitize(f"The query did not run. {comparison.error.message} {comparison.error.hint}")
    return "The engine does not say what it was asked."
