"""What the engine was asked and how its answer was reranked, exactly and ready to be copied."""

import json
import re
from collections.abc import Iterator
from functools import lru_cache

from rich.segment import Segment
from rich.style import Style
from textual.reactive import reactive

from workbench.domain.comparison import Comparison
from workbench.domain.exchange import Exchange, console, curl
from workbench.domain.text import sanitize, single_line
from workbench.ui.keys import REQUEST_KEYS
from workbench.ui.selection import overlaid
from workbench.ui.widgets.wrapped_text import Line, WrappedText
from workbench.ui.wrap import wrapped

HANG = 2
"""Cells that a line which goes on stands in from where it began."""
MOST_EXCHANGES, MOST_SENT, MOST_ANSWERED, MOST_QUOTED = 8, 12_000, 4_000, 160
"""Exchanges, and characters of a request, of an answer and of a string in an answer, that are shown."""

_STRING = r'"[^"\\]*(?:\\.[^"\\]*)*"'
_TOKEN = re.compile(
    rf"(?P<key>{_STRING}(?=:))|(?P<string>{_STRING})|(?<![\w.])(?P<number>-?\d[\d.eE+-]*|true|false|null)\b"
)
_PART = re.compile(rf'{_STRING}|"|\{{\s*\}}|\[\s*\]|[][{{}},:]|[^]["{{}},:\s]+')
_SIGNS = {"⚠": "finding", "✗": "finding", "▸": "heading", "◂": "heading", "…": "notice"}
"""How a line that begins with a sign of ours looks."""
_COPIES = {"curl": curl, "console": lambda exchange: console(exchange.lasting)}
_NOTHING = (
    "No query has run yet. Type one: the request that the engine gets, and how its answer is reranked, is shown here."
)


class RequestPanel(WrappedText):
    """The request and the reranking of one comparison; with a server, all that went there and came back."""

    COMPONENT_CLASSES = {
        "request--key", "request--string", "request--number", "request--notice", "request--finding",
        "request--heading",
    }  # fmt: skip
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

    def action_copy_as(self, form: str) -> None:
        """Copy every request that went to a server, whole, so that it can be repeated."""
        if self.comparison and self.comparison.exchanges:
            self.app.copy_to_clipboard("\n\n".join(map(_COPIES[form], self.comparison.exchanges)))
        else:
            self.app.notify("Nothing went to a server; y copies the request.", markup=False)

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
        # A token may begin or end on another line of the screen, but not on another line of the text.
        first_of_line = self._drawn.rfind("\n", 0, start) + 1
        look = _SIGNS.get(self._drawn[first_of_line : first_of_line + 1]) if self.text else "notice"
        if look:
            return [Segment(shown, base + self._look(look))]
        segments = [Segment(shown, base)]
        end_of_line = (self._drawn + "\n").find("\n", end)
        for token in _TOKEN.finditer(self._drawn, first_of_line, end_of_line):
            if token.lastgroup and token.start() < end and token.end() > start:
                first, last = (indent + place - start for place in token.span())
                segments = overlaid(segments, (max(first, indent), last), self._look(token.lastgroup))
        return segments

    def _look(self, name: str) -> Style:
        return self.get_component_rich_style(f"request--{name}", partial=True)


def request_text(comparison: Comparison | None) -> str:
    """The request as it ran, and below it how the answer was reranked; empty when nothing was asked.

    With a server it is what it was sent and what it answered, below what is odd about that.
    """
    if comparison is None or not (comparison.request or comparison.exchanges):
        return ""
    rerank = json.dumps({"rerank": _rerank(comparison)}, indent=2, ensure_ascii=False)
    if not comparison.exchanges:
        return sanitize(f"{comparison.request}\n\n{rerank}")
    said = [single_line(f"⚠ {finding}") for finding in comparison.findings]
    if error := comparison.error:
        said.insert(0, single_line(f"✗ {error.message} {error.hint}"))
    sent = [_exchanged(exchange) for exchange in comparison.exchanges[:MOST_EXCHANGES]]
    if more := len(comparison.exchanges) - len(sent):
        sent.append(f"… {more:,} more like these; c and d copy them too.")
    return "\n\n".join(filter(None, ("\n".join(said), *sent, sanitize(rerank))))


@lru_cache(4 * MOST_EXCHANGES)
def _exchanged(exchange: Exchange) -> str:
    """One exchange, cut where it is long."""
    status = "no answer" if exchange.status is None else str(exchange.status)
    said = [exchange.purpose, status, f"{exchange.wall_ms:.1f} ms"]
    if exchange.took_ms is not None:
        said[2:] = [f"took {exchange.took_ms:g} ms", f"network {exchange.network_ms:.1f} ms"]
    if len(exchange.body) > MOST_SENT:
        sent = f"{exchange.method} {exchange.path}\n{_outlined(exchange.body, MOST_SENT)}\n… c and d copy it whole."
    else:
        sent = console(exchange)
    answer = f"◂ answer\n{_outlined(exchange.answer, MOST_ANSWERED)}" if exchange.answer else ""
    return sanitize("\n".join(filter(None, (f"▸ {single_line(' · '.join(said))}", sent, answer))))


def _outlined(text: str, limit: int) -> str:
    """The beginning of a text with a line per value, also of one that was cut and so is no JSON any more."""
    if text[:1] not in ("{", "["):
        return text if len(text) <= limit else f"{text[:limit]}\n… cut"
    parts: list[str] = []
    depth = length = 0
    for found in _PART.finditer(text, 0, 4 * limit):
        part = found.group()
        if part in ("}", "]"):
            depth = max(depth - 1, 0)
            parts.append(f"\n{'  ' * depth}{part}")
        elif part in ("{", "[", ","):
            depth += part != ","
            parts.append(f"{part}\n{'  ' * depth}")
        elif part == ":":
            parts.append(": ")
        else:
            parts.append(part if len(part) <= MOST_QUOTED else f'{part[: MOST_QUOTED - 2]}…"')
        length += len(parts[-1])
        if length > limit:
            break
    outlined = "".join(parts).rstrip()
    return f"{outlined}\n… cut" if length > limit or len(text) > 4 * limit else outlined


def _rerank(comparison: Comparison) -> dict[str, object]:
    error, info = comparison.error, comparison.reranker
    if error:
        return {"error": error.message}
    if info is None or not comparison.bm25:
        return {"skipped": "nothing to rerank"}
    return {
        "model": info.model,
        **({"way": info.way} if info.way else {}),
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
