"""The scores of the selected document: what they are, how close the neighbours, and which terms made BM25's."""

from collections import Counter
from collections.abc import Sequence
from math import ceil, isfinite

from textual.content import Content
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from workbench.domain.comparison import Comparison
from workbench.domain.contributions import Contribution, contributions
from workbench.domain.ranking import Candidate, Explanation, Reranked
from workbench.domain.score_view import columns, readings
from workbench.domain.scores import ScoreSpace
from workbench.ui.keys import SCORES_KEYS
from workbench.ui.text import bar, cells, safe_line

MARK = "◆"
DOTS_HIGH = 8
"""Dots of the strip plot's highest column at most: four in each of its two rows."""
DOTS_EACH = 2
"""Dots per candidate, while the highest column has room for them."""
MOST_TERMS = 100
"""Terms drawn at most; a pasted page as a query can have a thousand."""
LABEL_LIMIT = 200
"""Characters of a term that a line looks at."""

_COLUMN_DOTS = ((0x40, 0x04, 0x02, 0x01), (0x80, 0x20, 0x10, 0x08))
"""Braille bits of a cell's left and right column, from the bottom up."""


class ScoresPanel(ScrollView, can_focus=True):
    """Lines from the most to the least useful; those that do not fit are scrolled to."""

    DEFAULT_CSS = "ScoresPanel { scrollbar-size-vertical: 1; }"
    BINDINGS = [*SCORES_KEYS]

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self.border_title = Content("Scores")
        self._comparison: Comparison | None = None
        self._document_id: str | None = None
        self._explanation: Explanation | None = None
        self._lines: list[Content] = []

    def show(self, comparison: Comparison | None, document_id: str | None, explanation: Explanation | None) -> None:
        """Show one document's scores.

        Args:
            comparison: The newest; None clears the panel.
            document_id: The selected document.
            explanation: Of its BM25 score; None when there is none, or not yet.
        """
        if document_id != self._document_id:
            self.scroll_to(y=0, animate=False)
        self._comparison, self._document_id, self._explanation = comparison, document_id, explanation
        self._lay_out()

    def on_resize(self) -> None:
        """Lay the lines out for the new width."""
        self._lay_out()

    def _lay_out(self) -> None:
        # A cell is left free on either side; the scrollbar, when there is one, stands in the right one.
        width = self.content_size.width - 2
        self._lines = score_lines(self._comparison, self._document_id, self._explanation, width)
        self.virtual_size = Size(0, len(self._lines))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw one line, a cell away from the border."""
        width, index = self.scrollable_content_region.width, y + self.scroll_offset.y
        if index >= len(self._lines):
            return Strip.blank(width, self.rich_style)
        line = self._lines[index].pad_left(1)
        return Visual.to_strips(self, line, width, 1, self.visual_style, pad=True)[0]


def score_lines(
    comparison: Comparison | None, document_id: str | None, explanation: Explanation | None, width: int
) -> list[Content]:
    """Everything about one document's scores, in lines of at most `width` cells."""
    if comparison is None or width < 1:
        return []
    candidate = next((row for row in comparison.bm25 if row.document.id == document_id), None)
    if candidate is None:
        return [_quiet("no document selected" if document_id is None else "not among the candidates")]
    reranked = comparison.reranked
    index = next((at for at, row in enumerate(reranked) if row.candidate.document.id == document_id), None)
    lines = _flow(_scores(comparison, candidate, reranked[index] if index is not None else None), "  ", width)
    if index is None or comparison.reranker is None:
        lines.append(_quiet("not reranked" if comparison.done else "not reranked yet"))
    else:
        space = comparison.reranker.score_space
        lines += _flow(_gaps(space, reranked, index), " · ", width)
        lines += _strip_plot(space, [row.score for row in reranked], index, width)
    lines += _breakdown(explanation, width)
    return [line.truncate(width, ellipsis=True) for line in lines]


def _quiet(text: str) -> Content:
    return Content.styled(text, "$muted")


def _number(space: ScoreSpace, value: float) -> str:
    return f"{value:.2f}" if space in (ScoreSpace.BM25, ScoreSpace.LOGIT) else f"{value:.3f}"


def _flow(items: Sequence[Content], between: str, width: int) -> list[Content]:
    """As many items to a line as fit."""
    lines = [items[0]]
    for item in items[1:]:
        longer = Content.assemble(lines[-1], (between, "$muted"), item)
        if longer.cell_length <= width:
            lines[-1] = longer
        else:
            lines.append(item)
    return lines


def _scores(comparison: Comparison, candidate: Candidate, row: Reranked | None) -> list[Content]:
    """Each score with its space; in the two lists' own spaces with its rank."""
    scores = [(ScoreSpace.BM25, candidate.score, f" #{candidate.rank}")]
    if row and (info := comparison.reranker):
        scores += [
            (space, value, f" #{row.rank}" if space is info.score_space else "")
            for space, value in readings(row, info).items()
        ]
    return [
        Content.assemble((f"{space} ", "$muted"), (_number(space, value), "bold"), rank)
        for space, value, rank in scores
    ]


def _gaps(space: ScoreSpace, reranked: Sequence[Reranked], index: int) -> list[Content]:
    """How far the neighbours in the reranked list are."""
    here = reranked[index].score
    above = _gap(reranked[index - 1].score - here, f"behind #{index}") if index else "first"
    last = index + 1 == len(reranked)
    below = "last" if last else _gap(here - reranked[index + 1].score, f"ahead of #{index + 2}")
    return [Content.assemble((f"by {space} ", "$muted"), above), Content(below)]


def _gap(gap: float, place: str) -> str:
    if not gap:
        return f"level with {place.split()[-1]}"
    return f"{'<0.001' if gap < 0.001 else f'{gap:.3f}'} {place}"


def _strip_plot(space: ScoreSpace, scores: Sequence[float], index: int, width: int) -> list[Content]:
    """Dots for every candidate along the scale of the scores, the selected one's place marked."""
    if not all(map(isfinite, scores)):
        return []
    low, high = _number(space, min(scores)), _number(space, max(scores))
    gutter = max(len(low), len(space))
    room = max(width - gutter - len(high) - 2, 1)
    placed = columns(scores, 2 * room)
    upper, lower = _dots(placed, room)
    at = placed[index] // 2
    return [
        Content.assemble(
            (f"{space:<{gutter}} ", "$muted"),
            (upper[:at], "$score-bar"),
            (MARK, "bold $match"),
            (upper[at + 1 :], "$score-bar"),
        ),
        Content.assemble(
            (f"{low:>{gutter}} ", "$muted"),
            (lower[:at], "$score-bar"),
            (lower[at], "bold $match"),
            (lower[at + 1 :], "$score-bar"),
            (f" {high}", "$muted"),
        ),
    ]


def _dots(placed: Sequence[int], room: int) -> tuple[str, str]:
    """Two rows of braille with a column of dots for each place, scaled down when one would not fit."""
    counts = Counter(placed)
    each = min(DOTS_EACH, DOTS_HIGH / max(counts.values()))
    rows = [[0] * room, [0] * room]
    for column, count in counts.items():
        for dot in range(ceil(count * each)):
            rows[1 - dot // 4][column // 2] |= _COLUMN_DOTS[column % 2][dot % 4]
    upper, lower = ("".join(chr(0x2800 + bits) if bits else " " for bits in row) for row in rows)
    return upper, lower


def _breakdown(explanation: Explanation | None, width: int) -> list[Content]:
    """A bar per term that BM25's score was made from, and those that did not count."""
    if explanation is None:
        return [_quiet("BM25 not taken apart")]
    found = contributions(explanation)
    parts = found[:MOST_TERMS]
    labels = [safe_line(f"{part.field}:{part.term}" if part.field else part.term, limit=LABEL_LIMIT) for part in parts]
    label_room = min(max(label.cell_length for label in labels), width // 2)
    value_room = max(cells(f"{part.value:.3f}") for part in parts)
    bar_room = max(width - label_room - value_room - 2, 0)
    longest = max(part.value for part in parts)
    lines = [Content.assemble(("BM25 ", "$muted"), (f"{explanation.value:.3f}", "bold"), (" =", "$muted"))]
    for index, (part, label) in enumerate(zip(parts, labels, strict=True)):
        if not part.counted and parts[index - 1].counted:
            lines.append(_quiet("not counted: another field is higher" if width >= 36 else "not counted"))
        lines.append(_contribution(part, label, label_room, value_room, bar_room, longest))
    if len(found) > MOST_TERMS:
        lines.append(_quiet(f"and {len(found) - MOST_TERMS:,} more"))
    return lines


def _contribution(
    part: Contribution, label: Content, label_room: int, value_room: int, bar_room: int, longest: float
) -> Content:
    label = label.truncate(label_room, ellipsis=True)
    label = label.pad_right(label_room - label.cell_length)
    filled = bar(part.value / longest if longest > 0 else 0.0, bar_room)
    value = f" {part.value:>{value_room}.3f}"
    if part.counted:
        return Content.assemble(label, " ", (filled, "$score-bar"), value)
    return Content.assemble((label.plain, "$muted"), " ", (filled, "$line"), (value, "$muted"))
