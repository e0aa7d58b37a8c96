"""One query's two lists and everything said about them, as one value."""

from dataclasses import dataclass, field

from workbench.domain.deployment import ModelKind
from workbench.domain.latency import Latency
from workbench.domain.ranking import Candidate, Reranked
from workbench.domain.scores import ScoreSpace
from workbench.domain.shift import ShiftSummary


@dataclass(frozen=True, slots=True)
class RerankerInfo:
    """Which model reranked, and what its scores mean."""

    model: str
    kind: ModelKind
    score_space: ScoreSpace
    """Of the scores in the reranked list."""
    raw_space: ScoreSpace
    """Of the model's own scores."""
    weight: float | None
    """The model's share in a mix; None when its scores stand alone."""


@dataclass(frozen=True, slots=True)
class StageError:
    """A stage that failed; the stages before it still hold."""

    stage: str
    """`retrieve` or `rerank`."""
    message: str
    hint: str
    exit_code: int = 3


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is known about one query at one moment; later values hold more."""

    query: str
    engine: str
    corpus: str
    depth: int
    """How many candidates are reranked."""
    size: int
    """How many rows of each list are compared."""
    fields: tuple[tuple[str, float], ...] = ()
    """Searched fields and their boosts."""
    total: int = 0
    """Documents that match the query."""
    bm25: tuple[Candidate, ...] = ()
    """All candidates, in BM25 order."""
    reranker: RerankerInfo | None = None
    reranked: tuple[Reranked, ...] = ()
    """All scored candidates in their new order; empty until the last is scored."""
    scored: int = 0
    """How many candidates have been scored so far."""
    shift: ShiftSummary | None = None
    latency: Latency = field(default_factory=Latency)
    warnings: tuple[str, ...] = ()
    error: StageError | None = None
    done: bool = False
    """Whether no fuller value will follow."""
