"""How much one ranking differs from another."""

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.domain.ranking import Reranked


@dataclass(frozen=True)
class ShiftSummary:
    """Movement between the two visible lists, `size` rows each."""

    up: int
    """Rows of the reranked list that rank higher than before; of those that entered, the ones whose rank before
    is known."""
    down: int
    same: int
    entered: int
    """Documents in the reranked list that are not in the list before."""
    left: int
    """Documents in the list before that are not in the reranked list."""
    kendall_tau: float | None
    """Agreement in order of the documents in both lists, −1–1; None with fewer than two."""
    rbo: float
    """Rank-biased overlap, extrapolated, p 0.9, 0–1."""
    rbo_top: float
    """The same with p 0.5, which looks at little beyond the first few rows."""
    jaccard: float
    """Documents in both lists over documents in either, 0–1."""


def kendall_tau(left: Sequence[str], right: Sequence[str]) -> float | None:
    """Kendall's tau of the items that two rankings share (no ties, so a and b agree).

    Args:
        left: Ids in rank order, each once.
        right: Ids in rank order, each once.

    Returns:
        −1–1, or None when fewer than two items are shared.
    """
    place = {item: index for index, item in enumerate(right)}
    order = [place[item] for item in left if item in place]
    pairs = len(order) * (len(order) - 1) // 2
    if not pairs:
        return None
    concordant = sum(a < b for i, a in enumerate(order) for b in order[i + 1 :])
    return (2 * concordant - pairs) / pairs


def rbo(left: Sequence[str], right: Sequence[str], p: float = 0.9) -> float:
    """Rank-biased overlap, extrapolated (Webber, Moffat and Zobel 2010, equation 32).

    Args:
        left: Ids in rank order, each once.
        right: Ids in rank order, each once.
        p: Persistence, above 0 and below 1; the higher, the deeper it looks.

    Returns:
        0 (nothing shared) to 1 (equal).
    """
    shorter, longer = sorted((left, right), key=len)
    if not shorter:
        return 1.0 if not longer else 0.0
    seen_short: set[str] = set()
    seen_long: set[str] = set()
    overlap: list[int] = []
    for depth, item in enumerate(longer):
        seen_long.add(item)
        if depth < len(shorter):
            seen_short.add(shorter[depth])
        overlap.append(len(seen_short & seen_long))
    s, deepest = len(shorter), len(longer)
    at_s, at_l = overlap[s - 1], overlap[-1]
    total = sum(overlap[d - 1] / d * p**d for d in range(1, deepest + 1))
    total += sum(at_s * (d - s) / (s * d) * p**d for d in range(s + 1, deepest + 1))
    return (1 - p) / p * total + ((at_l - at_s) / deepest + at_s / s) * p**deepest


def jaccard(left: Sequence[str], right: Sequence[str]) -> float:
    """Shared items over all items, 0–1; 1 when both are empty."""
    ours, theirs = set(left), set(right)
    return len(ours & theirs) / len(ours | theirs) if ours or theirs else 1.0


def movers(reranked: Sequence[Reranked], size: int, count: int) -> tuple[Reranked, ...]:
    """Find the rows that moved farthest among those that either list compares.

    Args:
        reranked: All rows in their new order.
        size: Rows of each list that are compared.
        count: How many at most.

    Returns:
        The farthest first; equal distances in reranked order. None that stayed where it was.
    """
    visible = [(row.shift, row) for row in reranked if row.shift and min(row.rank, row.rank + row.shift) <= size]
    return tuple(row for _, row in sorted(visible, key=lambda pair: (-abs(pair[0]), pair[1].rank))[:count])


def summarize(before: Sequence[str], reranked: Sequence[Reranked]) -> ShiftSummary:
    """Sum up the movement from the list before, BM25's or a baseline's, to the reranked list.

    Args:
        before: Ids of the visible rows of the list before.
        reranked: The visible rows of the reranked list.
    """
    after = [row.candidate.document.id for row in reranked]
    shifts = [row.shift for row in reranked if row.shift is not None]
    return ShiftSummary(
        up=sum(shift > 0 for shift in shifts),
        down=sum(shift < 0 for shift in shifts),
        same=sum(shift == 0 for shift in shifts),
        entered=len(set(after) - set(before)),
        left=len(set(before) - set(after)),
        kendall_tau=kendall_tau(before, after),
        rbo=rbo(before, after),
        rbo_top=rbo(before, after, p=0.5),
        jaccard=jaccard(before, after),
    )
