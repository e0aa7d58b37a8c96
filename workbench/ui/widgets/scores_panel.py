"""The scores of the selected document: what they are, who would survive a threshold, which terms made BM25's."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from textual import events
from textual.content import Content
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from workbench.domain.comparison import Comparison
from workbench.domain.contributions import Contribution, contributions
from workbench.domain.ranking import Candidate, Explanation
from workbench.domain.score_view import Scale, Threshold, score_table
from workbench.domain.scores import ScoreSpace
from workbench.domain.text import single_line
from workbench.ui.keys import SCORES_KEYS, printed
from workbench.ui.notices import ranked_by
from workbench.ui.rows import first_digits
from workbench.ui.text import bar, cells, flow, safe_line
from workbench.ui.widgets.score_plot import ScorePlot, number

MOST_TERMS = 100
"""Terms drawn at most; a pasted page as a query can have a thousand."""
LABEL_LIMIT = 200
"""Characters of a term that a line looks at."""


class ScoresPanel(ScrollView, can_focus=True):
    """Lines from the most to the least useful; those that do not fit are scrolled to.

    The score space and the threshold that a person chose stay until they choose others. Where a space is not
    to be had, its place is taken by the list's own until it is.
    """

    DEFAULT_CSS = "ScoresPanel { scrollbar-size-vertical: 1; }"
    BINDINGS = [*SCORES_KEYS]

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self.border_title = Content("Scores")
        self._comparison: Comparison | None = None
        self._document_id: str | None = None
        self._explanation: Explanation | None = None
        self._space: ScoreSpace | None = None
        self._threshold: Threshold | None = None
        self._shown = ScoreLines()

    def show(self, comparison: Comparison | None, document_id: str | None, explanation: Explanation | None) -> None:
        """Show one document's scores.

        Args:
            comparison: The newest; None clears the panel.
            document_id: The selected document.
            explanation: Of its first-stage score; None when there is none, or not yet.
        """
        if document_id != self._document_id:
            self.scroll_to(y=0, animate=False)
        self._comparison, self._document_id, self._explanation = comparison, document_id, explanation
        self._lay_out()

    @property
    def text(self) -> str:
        """All lines, as they are copied."""
        return "\n".join(line.plain.rstrip() for line in self._shown.lines)

    def on_resize(self) -> None:
        """Lay the lines out for the new width."""
        self._lay_out()

    def on_focus(self) -> None:
        """Name the keys that work here, as the person has set them."""
        keys: dict[str | None, str] = {}
        for key, active in self.screen.active_bindings.items():
            if active.node is self:
                keys.setdefault(active.binding.id, printed(key))
        moves = [keys.get(f"scores.threshold-{way}", "") for way in ("down", "up")]
        self.border_subtitle = Content(f"{' '.join(moves)} threshold · {keys.get('scores.space', '')} space")

    def on_blur(self) -> None:
        """Leave the border to what is always true."""
        self.border_subtitle = Content("")

    def action_space(self) -> None:
        """Show the scores in the next space that they have."""
        info = self._comparison.reranker if self._comparison else None
        if info:
            spaces = list(score_table((), info))
            now = spaces.index(self._space) if self._space in spaces else 0
            self._space = spaces[(now + 1) % len(spaces)]
            self._changed()

    def action_threshold(self, by: int) -> None:
        """Move the threshold by steps up or down, or with 0 take it off."""
        if plot := self._shown.plot:
            self._set_threshold(plot, plot.scale.moved(plot.threshold, by) if by else None)

    def on_click(self, event: events.Click) -> None:
        """Put the threshold where the plot was clicked; at its left end there is none."""
        offset, plot = event.get_content_offset(self), self._shown.plot
        if plot and offset and self.scroll_offset.y + offset.y - self._shown.top in (0, 1):
            score = plot.score_at(offset.x - 1)
            if score is not None:
                self._set_threshold(plot, score if score > plot.scale.low else None)

    def _set_threshold(self, plot: ScorePlot, value: float | None) -> None:
        if value is not None:
            self._threshold = Threshold(plot.space, value)
        elif plot.threshold is not None:
            self._threshold = None
        self._changed()

    def _changed(self) -> None:
        """Lay out what a person changed, and bring it into view."""
        self._lay_out()
        down = self._shown.end - self.scrollable_content_region.height
        y = min(max(self.scroll_offset.y, down), max(self._shown.top, down))
        self.scroll_to(y=y, animate=False, immediate=True)

    def _lay_out(self) -> None:
        # A cell is left free on either side; the scrollbar, when there is one, stands in the right one.
        width = self.content_size.width - 2
        self._shown = score_lines(
            self._comparison, self._document_id, self._explanation, width, self._space, self._threshold
        )
        self._shown = self._shown.airy(self.content_size.height)
        self.virtual_size = Size(0, len(self._shown.lines))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw one line, a cell away from the border."""
        width, index = self.scrollable_content_region.width, y + self.scroll_offset.y
        if index >= len(self._shown.lines):
            return Strip.blank(width, self.rich_style)
        line = self._shown.lines[index].pad_left(1)
        return Visual.to_strips(self, line, width, 1, self.visual_style, pad=True)[0]


@dataclass(frozen=True)
class ScoreLines:
    """What the panel shows, laid out for a width."""

    lines: Sequence[Content] = ()
    plot: ScorePlot | None = None
    top: int = 0
    """The line that the plot begins in."""
    end: int = 0
    """The line after what belongs to the plot."""

    def airy(self, height: int) -> "ScoreLines":
        """Set the plot apart by blank lines, where all lines still fit."""
        if self.plot is None or len(self.lines) + 2 > height:
            return self
        above, plot, below = self.lines[: self.top], self.lines[self.top : self.end], self.lines[self.end :]
        lines = [*above, Content(""), *plot, Content(""), *below]
        return ScoreLines(lines, self.plot, self.top + 1, self.end + 1)


def score_lines(
    comparison: Comparison | None,
    document_id: str | None,
    explanation: Explanation | None,
    width: int,
    space: ScoreSpace | None = None,
    threshold: Threshold | None = None,
) -> ScoreLines:
    """Lay out everything about one document's scores.

    Args:
        comparison: The newest.
        document_id: The selected document.
        explanation: Of its first-stage score.
        width: Cells of the longest line.
        space: That gaps, plot and threshold are told in; the list's own when the scores have no such space.
        threshold: The one that was set last, in whatever space.
    """
    if comparison is None or width < 1:
        return ScoreLines()
    candidate = next((row for row in comparison.bm25 if row.document.id == document_id), None)
    if candidate is None:
        said = "no document selected" if document_id is None else "not among the candidates"
        return ScoreLines(flow([_quiet(said)], width))
    bm25 = _first_score(comparison, candidate)
    index = next((at for at, row in enumerate(comparison.reranked) if row.candidate.document.id == document_id), None)
    info, plot = comparison.reranker, None
    if index is None or info is None:
        said = "not reranked" if comparison.done else "not reranked yet"
        lines, top = [*flow([bm25], width), *flow([_quiet(said)], width)], 0
    else:
        table = score_table(comparison.reranked, info)
        space = space if space in table else info.score_space
        scales = {each: Scale.of(scores) for each, scores in table.items()}
        digits = {each: scale.digits if scale else 0 for each, scale in scales.items()}
        own = {info.score_space: index + 1}
        named = [_score(each, scores[index], digits[each], own.get(each)) for each, scores in table.items()]
        lines = flow([bm25, *named], width, "  ")
        lines += flow(_gaps(space, table[space], index, digits[space]), width)
        top = len(lines)
        if scale := scales[space]:
            at = threshold.within(space) if threshold else None
            plot = ScorePlot(space, table[space], scale, index, at, width)
            lines += plot.lines()
            lines += _survival(plot, threshold, table, width)
    end = len(lines)
    lines += _breakdown(explanation, ranked_by(comparison.ranking), width)
    return ScoreLines([line.truncate(width, ellipsis=True) for line in lines], plot, top, end)


def _quiet(text: str) -> Content:
    return Content.styled(text, "$muted")


def _score(space: ScoreSpace, value: float, digits: int, rank: int | None) -> Content:
    """A score with its space; in the two lists' own spaces with its rank."""
    return Content.assemble(
        (f"{space} ", "$muted"), (number(space, value, digits), "bold"), f" #{rank}" if rank else ""
    )


def _first_score(comparison: Comparison, candidate: Candidate) -> Content:
    """The score that the first stage gave, with what ranked there."""
    if comparison.ranking == ScoreSpace.BM25:
        return _score(ScoreSpace.BM25, candidate.score, 0, candidate.rank)
    value = f"{candidate.score:.{first_digits(comparison)}f}"
    return Content.assemble((f"{single_line(comparison.ranking)} ", "$muted"), (value, "bold"), f" #{candidate.rank}")


def _gaps(space: ScoreSpace, scores: Sequence[float], index: int, digits: int) -> list[Content]:
    """How far the neighbours in the reranked list are."""
    places = [place for place in (index - 1, index + 1) if 0 <= place < len(scores)]
    said = [_gap(space, scores[place] - scores[index], place + 1, max(digits, 3)) for place in places]
    if not index:
        said.insert(0, "first")
    if index + 1 == len(scores):
        said.append("last")
    return [Content.assemble((f"by {space} ", "$muted"), said[0]), *map(Content, said[1:])]


def _gap(space: ScoreSpace, gap: float, rank: int, digits: int) -> str:
    """Say how much higher the score of another rank is."""
    if not isfinite(gap):
        return f"no telling from #{rank}"
    if not gap:
        return f"level with #{rank}"
    text = number(space, abs(gap), digits)
    if not float(text):
        text = f"<{number(space, 10**-digits, digits)}"
    return f"{text} {'behind' if gap > 0 else 'ahead of'} #{rank}"


def _survival(
    plot: ScorePlot, threshold: Threshold | None, table: dict[ScoreSpace, list[float]], width: int
) -> list[Content]:
    """What the threshold would let through."""
    if threshold is None:
        return []
    if plot.threshold is None:
        return flow([_quiet(f"threshold set in {threshold.space}")], width)
    lives = threshold.survivors(table)
    fate = "would" if lives[plot.index] else "would not"
    return flow(
        [
            Content.assemble((f"threshold {plot.space} ", "$muted"), (plot.number(plot.threshold), "bold")),
            Content.assemble((f"{sum(lives)} of {len(lives)}", "bold"), " would survive"),
            Content(f"#{plot.index + 1} {fate}"),
        ],
        width,
    )


def _breakdown(explanation: Explanation | None, name: str, width: int) -> list[Content]:
    """A bar per term that the first stage's score was made from, and those that did not count."""
    if explanation is None:
        return flow([_quiet(f"{name} not taken apart")], width)
    found = contributions(explanation)
    parts = found[:MOST_TERMS]
    labels = [safe_line(f"{part.field}:{part.term}" if part.field else part.term, limit=LABEL_LIMIT) for part in parts]
    label_room = min(max(label.cell_length for label in labels), width // 2)
    value_room = max(cells(f"{part.value:.3f}") for part in parts)
    bar_room = max(width - label_room - value_room - 2, 0)
    longest = max(part.value for part in parts)
    lines = [Content.assemble((f"{name} ", "$muted"), (f"{explanation.value:.3f}", "bold"), (" =", "$muted"))]
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
