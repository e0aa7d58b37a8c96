"""What one row of a ranked list shows, worked out from a comparison before anything is drawn."""

from dataclasses import dataclass

from workbench.domain.comparison import Comparison
from workbench.domain.documents import Document, Span
from workbench.domain.ranking import Candidate
from workbench.domain.scores import ScoreSpace, min_max, sigmoid


@dataclass(frozen=True, slots=True)
class Row:
    """One document in one list."""

    document: Document
    rank: int
    other_rank: int | None
    """Its rank in the other list; None while that is not known."""
    shift: int | None
    """BM25 rank minus reranked rank; None while that is not known."""
    crossed: bool
    """It entered (in the reranked list) or left (in the BM25 list) the compared rows."""
    compared: bool
    """Whether it is within the compared rows of its own list."""
    score: str
    fraction: float
    """Length of the score bar, 0–1."""
    title_spans: tuple[Span, ...]
    truncated: bool
    """The model did not read all of it."""


def bm25_rows(comparison: Comparison) -> tuple[Row, ...]:
    """Rows of the BM25 list."""
    size = comparison.size
    reranked = {row.candidate.document.id: row for row in comparison.reranked}
    best = max((row.score for row in comparison.bm25), default=0.0) or 1.0
    rows = []
    for row in comparison.bm25:
        moved = reranked.get(row.document.id)
        rows.append(
            _row(
                row,
                row.rank,
                other=moved.rank if moved else None,
                shift=moved.shift if moved else None,
                crossed=bool(moved and row.rank <= size < moved.rank),
                size=size,
                score=f"{row.score:.2f}",
                fraction=row.score / best,
                truncated=bool(moved and moved.tokens.truncated),
            )
        )
    return tuple(rows)


def reranked_rows(comparison: Comparison) -> tuple[Row, ...]:
    """Rows of the reranked list; none until it is complete."""
    size = comparison.size
    fractions = _fractions([row.score for row in comparison.reranked], comparison)
    return tuple(
        _row(
            row.candidate,
            row.rank,
            other=row.candidate.rank,
            shift=row.shift,
            crossed=row.rank <= size < row.candidate.rank,
            size=size,
            score=f"{row.score:.3f}",
            fraction=fraction,
            truncated=row.tokens.truncated,
        )
        for row, fraction in zip(comparison.reranked, fractions, strict=True)
    )


def _row(
    candidate: Candidate,
    rank: int,
    *,
    other: int | None,
    shift: int | None,
    crossed: bool,
    size: int,
    score: str,
    fraction: float,
    truncated: bool,
) -> Row:
    return Row(
        candidate.document,
        rank,
        other,
        shift,
        crossed,
        rank <= size,
        score,
        fraction,
        candidate.title_spans,
        truncated,
    )


def _fractions(scores: list[float], comparison: Comparison) -> list[float]:
    space = comparison.reranker.score_space if comparison.reranker else ScoreSpace.MIX
    if space is ScoreSpace.LOGIT:
        return [sigmoid(score) for score in scores]
    if space in (ScoreSpace.MIX, ScoreSpace.SIGMOID):
        return scores
    return min_max(scores)
