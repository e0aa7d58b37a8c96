"""The strip plot of all scores in one space: where they lie, the selected one, and the threshold between them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, isfinite

from textual.content import Content

from workbench.domain.score_view import Scale
from workbench.domain.scores import ScoreSpace

MARK = "◆"
"""Over the selected document's score."""
THRESHOLD, BELOW, ABOVE = "┃", "◂", "▸"
"""Where the threshold is; the arrows when it lies beyond the lowest or the highest score."""
DOTS_HIGH = 8
"""Dots of the highest column at most: four in each of its two rows."""
DOTS_EACH = 2
"""Dots per candidate, while the highest column has room for them."""
ROOM = 12
"""Cells of dots; where there would be fewer, the numbers go under them instead of beside them."""

_COLUMN_DOTS = ((0x40, 0x04, 0x02, 0x01), (0x80, 0x20, 0x10, 0x08))
"""Braille bits of a cell's left and right column, from the bottom up."""


def number(space: ScoreSpace, value: float, digits: int = 0) -> str:
    """Print a score.

    Args:
        space: Sets how many decimals are usual.
        value: Any number, infinite ones and NaN included.
        digits: Decimals needed to tell the score from its neighbours.
    """
    if isfinite(value) and (abs(value) >= 1e7 or (digits > 6 and 0 < abs(value) < 1e-3)):
        return f"{value:.2e}"
    usual = 2 if space in (ScoreSpace.BM25, ScoreSpace.LOGIT) else 3
    return f"{value:.{min(max(digits, usual), 12)}f}"


@dataclass(frozen=True)
class ScorePlot:
    """Two rows of dots between the lowest and the highest score, with the numbers beside or under them."""

    space: ScoreSpace
    scores: Sequence[float]
    """Of all candidates; those that are not finite are left out, and at least one is."""
    scale: Scale
    """Theirs."""
    index: int
    """Which of the scores is selected."""
    threshold: float | None
    width: int
    """In cells."""

    def number(self, value: float) -> str:
        """Print a score of this plot, told apart from its neighbours."""
        return number(self.space, value, self.scale.digits)

    def lines(self) -> list[Content]:
        """Draw the rows, from the top."""
        start, room = self._place()
        upper, lower = self._dots(room)
        low, high = self.number(self.scale.low), self.number(self.scale.high)
        if not start:
            between = " " * max(room - len(low) - len(high), 1)
            return [upper, lower, Content.styled(f"{low}{between}{high}", "$muted")]
        return [
            Content.assemble((f"{self.space:<{start - 1}} ", "$muted"), upper),
            Content.assemble((f"{low:>{start - 1}} ", "$muted"), lower, (f" {high}", "$muted")),
        ]

    def score_at(self, x: int) -> float | None:
        """What a cell of a row stands for: the lowest score there, or a round number; None beside the dots."""
        start, room = self._place()
        if not start <= x < start + room:
            return None
        finite = [score for score in self.scores if isfinite(score)]
        there = [score for score in finite if self.scale.column(score, 2 * room) // 2 == x - start]
        return min(there) if there else self.scale.nearest((x - start) / max(room - 1, 1))

    def _place(self) -> tuple[int, int]:
        """The first cell of the dots and how many cells they have."""
        start = max(len(self.number(self.scale.low)), len(self.space)) + 1
        room = self.width - start - len(self.number(self.scale.high)) - 1
        return (start, room) if room >= ROOM else (0, max(self.width, 1))

    def _dots(self, room: int) -> list[Content]:
        """The upper and the lower row: a column of dots for each half cell, and over them the two marks."""
        counts = Counter(self.scale.column(score, 2 * room) for score in self.scores if isfinite(score))
        each = min(DOTS_EACH, DOTS_HIGH / max(counts.values()))
        bits = [[0] * room, [0] * room]
        for column, count in counts.items():
            for dot in range(ceil(count * each)):
                bits[1 - dot // 4][column // 2] |= _COLUMN_DOTS[column % 2][dot % 4]
        cut = 0 if self.threshold is None else self.scale.column(self.threshold, 2 * room) // 2
        upper, lower = (
            [(chr(0x2800 + bit) if bit else " ", "$muted" if at < cut else "$score-bar") for at, bit in enumerate(row)]
            for row in bits
        )
        selected = self.scores[self.index]
        at = self.scale.column(selected, 2 * room) // 2 if isfinite(selected) else None
        if at is not None:
            upper[at], lower[at] = (MARK, "bold $match"), (lower[at][0], "bold $match")
        if self.threshold is not None:
            sign = (
                BELOW if self.threshold < self.scale.low else ABOVE if self.threshold > self.scale.high else THRESHOLD
            )
            mark = (sign, "bold $foreground")
            # Over the selected one's own dots when both are in one cell: the mark above says where it is.
            if at == cut or lower[cut][0] == " ":
                lower[cut] = mark
            if at != cut:
                upper[cut] = mark
        return [Content.assemble(*row).simplify() for row in (upper, lower)]
