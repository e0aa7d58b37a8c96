"""The other names of one score, where many scores lie on one line, and what a threshold would let through."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor

from workbench.domain.comparison import RerankerInfo
from workbench.domain.ranking import Reranked
from workbench.domain.scores import ScoreSpace, sigmoid, sigmoid_inverse

STEPS = 100
"""Steps that a threshold takes from the lowest score to the highest, at most."""


def elasticsearch_score(logit: float) -> float:
    """Map a logit to what Elasticsearch's reranking retriever puts in `_score`; never below zero, order kept."""
    return logit + 1 if logit > 0 else math.exp(logit)


def elasticsearch_score_inverse(score: float) -> float:
    """Map the `_score` of a hit that Elasticsearch reranked back to its logit.

    What the mapping merged stays merged: logits that differ from 0 by less than 1e-16 all come back as 0, and
    those below about −745 (−103 in the server's own 32 bits) as −∞.

    Returns:
        The logit; −∞ from 0 down, where no finite logit leads.
    """
    if score >= 1:
        return score - 1
    return -math.inf if score <= 0 else math.log(score)


_MAPPINGS: dict[ScoreSpace, tuple[Callable[[float], float], Callable[[float], float]]] = {
    ScoreSpace.LOGIT: (float, float),
    ScoreSpace.SIGMOID: (sigmoid, sigmoid_inverse),
    ScoreSpace.ES: (elasticsearch_score, elasticsearch_score_inverse),
}
"""How a logit gets into each space that it has a name in, and back."""


def mapping(source: ScoreSpace, target: ScoreSpace) -> Callable[[float], float] | None:
    """Find how a score of one space is said in another.

    Returns:
        The function, whose value is infinite where no finite score leads; None between spaces that nothing
        joins, such as a mix and a cosine.
    """
    if source is target:
        return float
    if source not in _MAPPINGS or target not in _MAPPINGS:
        return None
    there, back = _MAPPINGS[target][0], _MAPPINGS[source][1]
    return lambda score: there(back(score))


def score_table(rows: Sequence[Reranked], info: RerankerInfo) -> dict[ScoreSpace, list[float]]:
    """Name the rerank scores of documents in every space they have.

    Args:
        rows: The documents.
        info: Which spaces `score` and `raw` of the rows are in.

    Returns:
        The list's own space first, then the model's; logits also as sigmoid and as Elasticsearch maps them.
        In each a score for every row, in the order of the rows.
    """
    found = {info.score_space: [row.score for row in rows]}
    found.setdefault(info.raw_space, [row.raw for row in rows])
    for source in (info.raw_space, info.score_space):
        for space in _MAPPINGS:
            if space not in found and (function := mapping(source, space)):
                found[space] = [function(score) for score in found[source]]
    return found


@dataclass(frozen=True)
class Threshold:
    """The lowest score that is let through, in the space it was set in."""

    space: ScoreSpace
    value: float

    def within(self, space: ScoreSpace) -> float | None:
        """The same threshold in another space; None where no mapping leads."""
        function = mapping(self.space, space)
        return function(self.value) if function else None

    def survivors(self, table: Mapping[ScoreSpace, Sequence[float]]) -> list[bool]:
        """Which rows it lets through, told in its own space: to look at it in another one changes none.

        Args:
            table: As `score_table` makes it, with this space in it.
        """
        return [score >= self.value for score in table[self.space]]


@dataclass(frozen=True)
class Scale:
    """The line from the lowest to the highest score, with the round numbers where a threshold can stand."""

    low: float
    high: float
    """Finite, and not below `low`."""

    @classmethod
    def of(cls, scores: Sequence[float]) -> "Scale | None":
        """The scale of those scores that are finite; None when none is."""
        finite = [score for score in scores if math.isfinite(score)]
        return cls(min(finite), max(finite)) if finite else None

    @property
    def digits(self) -> int:
        """Decimals that tell two neighbouring steps apart."""
        return max(-self._step()[1], 0)

    def column(self, score: float, count: int) -> int:
        """Place a score on a line of `count` columns, at least 1; what lies outside goes to that end.

        Returns:
            0 to `count` − 1; the middle when this score is the whole scale.
        """
        if self.low == self.high == score:
            return count // 2
        if score <= self.low:
            return 0
        if score >= self.high:
            return count - 1
        return round((score / 2 - self.low / 2) / (self.high / 2 - self.low / 2) * (count - 1))

    def moved(self, value: float | None, by: int) -> float | None:
        """Move a threshold.

        Args:
            value: Where it stands; None when there is none, which is the place below the lowest score.
            by: Steps up, or down when negative.

        Returns:
            A round number above the lowest score and at most one step above the highest; None below.
        """
        at = self.low if value is None else max(value, self.low)
        lowest, highest = floor(self._place(self.low)), floor(self._place(self.high)) + 1
        place = highest if at > self.high else self._place(at)
        place = (floor(place) if by > 0 else ceil(place)) + by
        return self._number(min(place, highest)) if place > lowest else None

    def nearest(self, fraction: float) -> float:
        """The round number above the lowest score that is nearest to a place on the line, 0 (lowest) to 1."""
        place = round(self._place(self.low * (1 - fraction) + self.high * fraction))
        return self._number(max(place, floor(self._place(self.low)) + 1))

    def _step(self) -> tuple[int, int]:
        """How far one step is: 1, 2 or 5, times ten to a power."""
        # By halves, because the whole of it may be more than a float holds.
        size = (self.high / 2 - self.low / 2) / (STEPS / 2) or 1 / STEPS
        size = max(size, 4 * math.ulp(max(abs(self.low), abs(self.high))))
        power = floor(math.log10(size))
        fits = [factor for factor in (1, 2, 5) if factor * 10.0**power >= size * (1 - 1e-9)]
        return (fits[0], power) if fits else (1, power + 1)

    def _place(self, value: float) -> float:
        """How many steps from zero; whole for a round number."""
        factor, power = self._step()
        place = value / float(f"{factor}e{power}")
        return round(place) if math.isclose(place, round(place), rel_tol=1e-12, abs_tol=1e-6) else place

    def _number(self, place: int) -> float:
        factor, power = self._step()
        return float(f"{place * factor}e{power}")


def columns(scores: Sequence[float], count: int) -> list[int]:
    """Place finite scores on a line of `count` columns, at least 1, from the lowest to the highest.

    Returns:
        A column for each, 0 to `count` − 1, in the same order; the middle when all are equal.
    """
    scale = Scale.of(scores)
    return [scale.column(score, count) for score in scores] if scale else []
