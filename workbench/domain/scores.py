"""Score spaces, and the arithmetic that leads from one to another."""

import math
from collections.abc import Sequence
from enum import StrEnum


class ScoreSpace(StrEnum):
    """What a score means; two scores compare only within one space."""

    BM25 = "bm25"
    """Lucene's BM25, zero and up."""
    LOGIT = "logit"
    """A cross-encoder's raw output, unbounded."""
    SIGMOID = "sigmoid"
    """A logit mapped to 0–1."""
    COSINE = "cosine"
    """Cosine of two sentence vectors, −1–1."""
    MIX = "mix"
    """Weighted sum of min-max normalised scores, 0–1, relative to one query's candidates."""
    ES = "es"
    """What Elasticsearch's reranking retriever puts in `_score`."""
    RELEVANCE = "relevance"
    """A hosted service's own score, mostly 0–1; it compares with its own alone, and no mapping leads to another."""


def sigmoid(logit: float) -> float:
    """Map a logit to 0–1 without overflow."""
    if logit >= 0:
        return 1 / (1 + math.exp(-logit))
    grown = math.exp(logit)
    return grown / (1 + grown)


def sigmoid_inverse(score: float) -> float:
    """Map 0–1 back to a logit; −∞ from 0 down and ∞ from 1 up, where no finite logit leads.

    Above logits of about 37 the way back is lost: their sigmoid is 1 to the last digit. Below −745 it is 0.
    """
    if score <= 0:
        return -math.inf
    if score >= 1:
        return math.inf
    return math.log(score) - math.log1p(-score)


def min_max(scores: Sequence[float]) -> list[float]:
    """Stretch scores to 0–1; all ones when they are equal (then they say nothing apart).

    Args:
        scores: Any finite scores of one space.

    Returns:
        As many numbers, in the same order.
    """
    if not scores:
        return []
    low, high = min(scores), max(scores)
    if high == low:
        return [1.0] * len(scores)
    return [(score - low) / (high - low) for score in scores]


def mix(rerank: Sequence[float], bm25: Sequence[float], weight: float) -> list[float]:
    """Blend a reranker's scores with BM25's over the candidates of one query.

    Both sides are min-max normalised first.

    Args:
        rerank: The reranker's scores, one per candidate.
        bm25: BM25 scores of the same candidates in the same order.
        weight: Share of the reranker, 0–1.

    Returns:
        Scores in `ScoreSpace.MIX`.
    """
    pairs = zip(min_max(rerank), min_max(bm25), strict=True)
    return [weight * ours + (1 - weight) * theirs for ours, theirs in pairs]
