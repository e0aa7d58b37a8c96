"""What one row of a ranked list shows, worked out from a comparison before anything is drawn."""

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.domain.comparison import Comparison
from workbench.domain.documents import Document, Span
from workbench.domain.ranking import Candidate, Reranked
from workbench.domain.scores import ScoreSpace, min_max, sigmoid
from workbench.domain.tokens import TokenCount


@dataclass(frozen=True)
class Row:
    """One document in one list."""

    document: Document
    rank: int
    other_rank: int | None
    """Its rank in the other list; None when it is not there, or that is not known yet."""
    shift: int | None
    """Rank before minus rank now; None when it is in one list only, or that is not known yet."""
    mark: str
    """`+` entered the compared rows, `-` left them, else empty."""
    compared: bool
    """Whether it is within the compared rows of its own list."""
    score: str
    fraction: float
    """Length of the score bar, 0–1."""
    title_spans: tuple[Span, ...]
    truncated: bool
    """The model did not read all of it."""
    estimated: bool = False
    """That is an estimate."""


def before_rows(comparison: Comparison) -> tuple[Row, ...]:
    """Rows of the left list: BM25's, or the baseline's when one is pinned."""
    after = {row.candidate.document.id: row for row in comparison.reranked}
    if comparison.baseline:
        return tuple(
            _before(row.candidate, row.rank, f"{row.score:.3f}", fraction, row.tokens, after, comparison)
            for row, fraction in _with_fractions(comparison.baseline.reranked, comparison)
        )
    best = max((row.score for row in comparison.bm25), default=0.0) or 1.0
    digits = first_digits(comparison)
    rows = []
    for row in comparison.bm25:
        moved = after.get(row.document.id)
        tokens = moved.tokens if moved else None
        rows.append(_before(row, row.rank, f"{row.score:.{digits}f}", row.score / best, tokens, after, comparison))
    return tuple(rows)


def first_digits(comparison: Comparison) -> int:
    """Decimals of a first-stage score: two of BM25's, more where all are small, as those of `rrf` are."""
    small = all(abs(row.score) < 1 for row in comparison.bm25)
    return 4 if small and comparison.ranking != "bm25" else 2


def _before(
    candidate: Candidate,
    rank: int,
    score: str,
    fraction: float,
    tokens: TokenCount | None,
    after: dict[str, Reranked],
    comparison: Comparison,
) -> Row:
    moved, size = after.get(candidate.document.id), comparison.size
    gone = rank <= size and bool(after) and (moved is None or moved.rank > size)
    return Row(
        candidate.document,
        rank,
        moved.rank if moved else None,
        moved.shift if moved else None,
        "-" if gone else "",
        rank <= size,
        score,
        fraction,
        candidate.title_spans,
        bool(tokens and tokens.truncated),
        bool(tokens and not tokens.exact),
    )


def reranked_rows(comparison: Comparison) -> tuple[Row, ...]:
    """Rows of the reranked list; none until it is complete."""
    size = comparison.size
    return tuple(
        Row(
            row.candidate.document,
            row.rank,
            row.before,
            row.shift,
            "+" if row.rank <= size and (row.before is None or row.before > size) else "",
            row.rank <= size,
            f"{row.score:.3f}",
            fraction,
            row.candidate.title_spans,
            row.tokens.truncated,
            not row.tokens.exact,
        )
        for row, fraction in _with_fractions(comparison.reranked, comparison)
    )


def _with_fractions(rows: Sequence[Reranked], comparison: Comparison) -> list[tuple[Reranked, float]]:
    scores = [row.score for row in rows]
    space = comparison.reranker.score_space if comparison.reranker else ScoreSpace.MIX
    if space is ScoreSpace.LOGIT:
        scores = [sigmoid(score) for score in scores]
    elif space not in (ScoreSpace.MIX, ScoreSpace.SIGMOID):
        scores = min_max(scores)
    return list(zip(rows, scores, strict=True))
