"""The other names of one score, and where many scores lie on one line."""

import math
from collections.abc import Sequence

from workbench.domain.comparison import RerankerInfo
from workbench.domain.ranking import Reranked
from workbench.domain.scores import ScoreSpace, min_max, sigmoid


def elasticsearch_score(logit: float) -> float:
    """Map a logit to what Elasticsearch's reranking retriever puts in `_score`; never below zero, order kept."""
    return logit + 1 if logit > 0 else math.exp(logit)


def readings(row: Reranked, info: RerankerInfo) -> dict[ScoreSpace, float]:
    """Name one document's rerank score in every space it has.

    Args:
        row: The document.
        info: Which spaces `row.score` and `row.raw` are in.

    Returns:
        The list's own space first, then the model's; a logit also as sigmoid and as Elasticsearch maps it.
    """
    found = {info.score_space: row.score}
    found.setdefault(info.raw_space, row.raw)
    if (logit := found.get(ScoreSpace.LOGIT)) is not None:
        found.setdefault(ScoreSpace.SIGMOID, sigmoid(logit))
        found.setdefault(ScoreSpace.ES, elasticsearch_score(logit))
    return found


def columns(scores: Sequence[float], count: int) -> list[int]:
    """Place scores on a line from the lowest to the highest.

    Args:
        scores: Any finite scores of one space.
        count: How many columns the line has, at least 1.

    Returns:
        A column for each, 0 to `count` − 1, in the same order; the middle when all are equal.
    """
    if scores and min(scores) == max(scores):
        return [count // 2] * len(scores)
    return [round(place * (count - 1)) for place in min_max(scores)]
