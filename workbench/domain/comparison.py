"""One query's two lists and everything said about them, as one value."""

from dataclasses import dataclass, field, replace

from workbench.domain.deployment import ModelKind
from workbench.domain.exchange import Exchange, Finding
from workbench.domain.latency import Latency
from workbench.domain.ranking import Candidate, Reranked
from workbench.domain.scores import ScoreSpace
from workbench.domain.shift import ShiftSummary, summarize
from workbench.domain.tuning import Chosen, Tuning


@dataclass(frozen=True)
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
    way: str = ""
    """How it is asked, such as `retriever` or `inference`; empty where there is one way only."""


@dataclass(frozen=True)
class StageError:
    """A stage that failed; the stages before it still hold."""

    stage: str
    """`retrieve` or `rerank`."""
    message: str
    hint: str
    exit_code: int = 3
    lasting: bool = False
    """Whether trying again is in vain until somebody has done something about it."""


@dataclass(frozen=True)
class Baseline:
    """A result that another one is compared with instead of BM25."""

    tuning: Tuning
    """The settings it was made with."""
    reranked: tuple[Reranked, ...]
    """All its rows, in their order."""


@dataclass(frozen=True)
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
    reads: tuple[str, ...] = ("title", "body")
    """Fields that the reranker is given."""
    request: str = ""
    """The exact query that ran, in the engine's own words; may have many lines."""
    ranking: str = "bm25"
    """Name of what ranked the candidates."""
    chosen: Chosen = ()
    """What was chosen of the engine's own settings."""
    total: int = 0
    """Documents that match the query."""
    bm25: tuple[Candidate, ...] = ()
    """All candidates, in BM25 order."""
    reranker: RerankerInfo | None = None
    reranked: tuple[Reranked, ...] = ()
    """All scored candidates in their new order; empty until the last is scored."""
    scored: int = 0
    """How many candidates have been scored so far."""
    baseline: Baseline | None = None
    """What is compared with; None when it is BM25."""
    shift: ShiftSummary | None = None
    latency: Latency = field(default_factory=Latency)
    warnings: tuple[str, ...] = ()
    """What a person should know, the findings included."""
    findings: tuple[Finding, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    """What went to servers and came back, in order."""
    error: StageError | None = None
    done: bool = False
    """Whether no fuller value will follow."""

    @property
    def before(self) -> tuple[str, ...]:
        """Ids of the list that is compared with, BM25's or the baseline's, in rank order."""
        if self.baseline:
            return tuple(row.candidate.document.id for row in self.baseline.reranked)
        return tuple(row.document.id for row in self.bm25)

    @property
    def cut(self) -> tuple[int, int]:
        """How many of the scored candidates the model did not read to their end; and how many of the compared rows."""
        truncated = [row.tokens.truncated for row in self.reranked]
        return sum(truncated), sum(truncated[: self.size])

    def against(self, baseline: Baseline) -> "Comparison":
        """The same result compared with a baseline instead of BM25."""
        ranks = {row.candidate.document.id: row.rank for row in baseline.reranked}
        reranked = tuple(replace(row, before=ranks.get(row.candidate.document.id)) for row in self.reranked)
        changed = replace(self, baseline=baseline, reranked=reranked)
        if self.shift is None:
            return changed
        return replace(changed, shift=summarize(changed.before[: self.size], reranked[: self.size]))

    def candidate(self, document_id: str | None) -> Candidate | None:
        """Find a document of either list; None when it is in neither."""
        only_before = (row.candidate for row in self.baseline.reranked) if self.baseline else ()
        rows = (*self.bm25, *only_before)
        return next((row for row in rows if row.document.id == document_id), None)
