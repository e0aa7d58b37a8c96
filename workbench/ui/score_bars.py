"""Scores as numbers and bars that compare with one another."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite

from workbench.domain.scores import ScoreSpace
from workbench.ui.text import bar
from workbench.ui.widgets.score_plot import number

LEAST = 0.04
"""How much of its bar the lowest score has, so that it is not taken for none."""


@dataclass(frozen=True)
class ScoreBars:
    """One scale for all scores of a table."""

    space: ScoreSpace
    low: float
    high: float
    room: int
    """Cells of the longest number."""

    @classmethod
    def of(cls, scores: Iterable[float], space: ScoreSpace) -> "ScoreBars":
        """Fit a scale to scores; it begins at zero where none is below."""
        known = [score for score in scores if isfinite(score)]
        low, high = min(known, default=0.0), max(known, default=1.0)
        room = max((len(number(space, score)) for score in known), default=5)
        return cls(space, min(low, 0.0) if low >= 0 else low, high, max(room, 5))

    def number(self, score: float | None) -> str:
        """A score, as wide as all; an empty place where there is none."""
        return f"{'·' if score is None else number(self.space, score):>{self.room}}"

    def bar(self, score: float | None, cells: int) -> str:
        """A score's bar; empty where there is none."""
        if score is None or not isfinite(score) or not cells:
            return " " * cells
        reach = self.high - self.low
        part = (score - self.low) / reach if reach > 0 else 1.0
        return bar(max(part, LEAST if self.low < 0 else part), cells)
