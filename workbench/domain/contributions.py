"""Which terms in which fields a BM25 score was made from, read out of its explanation."""

import math
import re
from dataclasses import dataclass

from workbench.domain.ranking import Explanation

_TERM = re.compile(r"(?:weight\()?(?P<field>[\w.@-]+):(?P<term>\S.*?)(?: in \d+\).*)?", re.DOTALL)
"""`title:laptop`, or Lucene's `weight(title:laptop in 7) [PerFieldSimilarity], result of:`."""


@dataclass(frozen=True)
class Contribution:
    """What one term in one field brings to a score."""

    field: str
    """Empty when the explanation does not say."""
    term: str
    """A term or a quoted phrase; untrusted. The explanation's own words when it does not say."""
    value: float
    """In `ScoreSpace.BM25`."""
    counted: bool
    """False in a field that lost to a better one of the same clause."""


def contributions(explanation: Explanation) -> tuple[Contribution, ...]:
    """Take a score apart into the terms it was made from.

    A sum counts all its parts, a highest-of counts its best one; what is neither and no term stays whole.

    Args:
        explanation: Any tree; only what the arithmetic bears out is taken apart.

    Returns:
        The counted ones, which sum to the explanation's value, then the others; each largest first. A term
        that a query repeats comes once, with its values added up.
    """
    found: dict[tuple[str, str, bool], float] = {}
    pending = [(explanation, True)]
    while pending:
        node, counted = pending.pop()
        if parts := _parts(node):
            pending += [(part, counted and counts) for part, counts in parts]
            continue
        said = _TERM.fullmatch(node.description)
        key = (said["field"], said["term"], counted) if said else ("", node.description, counted)
        found[key] = found.get(key, 0.0) + node.value
    whole = [Contribution(field, term, value, counted) for (field, term, counted), value in found.items()]
    return tuple(sorted(whole, key=lambda one: (not one.counted, -one.value)))


def _parts(node: Explanation) -> list[tuple[Explanation, bool]]:
    """The details and whether each counts; none when the value is neither their sum nor their highest."""
    values = [detail.value for detail in node.details]
    if not values:
        return []
    if "sum of" in node.description and _same(sum(values), node.value):
        return [(detail, True) for detail in node.details]
    if re.search(r"\b(?:highest|max) of", node.description) and _same(max(values), node.value):
        best = values.index(max(values))
        return [(detail, index == best) for index, detail in enumerate(node.details)]
    return []


def _same(one: float, other: float) -> bool:
    """To the precision that engines compute with."""
    return math.isclose(one, other, rel_tol=1e-6)
