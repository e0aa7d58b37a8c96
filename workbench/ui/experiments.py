"""What an experiment on truncation is about, how it stands, and what earlier ones have found."""

from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from workbench.domain.ablation import Ablation
from workbench.domain.chunks import ChunkLab
from workbench.domain.comparison import Comparison, StageError
from workbench.domain.scores import ScoreSpace
from workbench.domain.verdict import Counterfactual, PairVerdict

KEPT = 64
"""Experiments whose results are kept."""

Finding = Counterfactual | PairVerdict | Ablation | ChunkLab
"""What an experiment gives, ever fuller."""


@dataclass(frozen=True)
class Subject:
    """A query and a text that is looked into."""

    query: str
    text: str = field(repr=False)
    """What the model was given."""
    id: str | None = None
    """The document's; None for a text that is in no list."""
    comparison: Comparison | None = field(default=None, repr=False)
    """The list it is in."""
    reads: tuple[str, ...] = ("title", "body")
    """Fields that the text was made of."""
    title: str = ""
    """For people; untrusted."""

    @classmethod
    def of(cls, comparison: Comparison, id: str) -> "Subject | None":
        """A candidate of a list; None when it is not in it."""
        found = comparison.candidate(id)
        if found is None:
            return None
        document, reads = found.document, comparison.reads
        return cls(comparison.query, document.narrowed(reads).text, id, comparison, reads, document.title or id)


class View(StrEnum):
    """What the screen shows of its subject."""

    TOKENS = "tokens"
    VERDICT = "verdict"
    CHUNKS = "chunks"
    ABLATION = "ablation"


class Experiment(StrEnum):
    """The experiments there are; no two of a kind run at once."""

    VERDICT = "verdict"
    CHUNKS = "chunks"
    SENTENCES = "sentences"
    TERMS = "terms"


class Phase(StrEnum):
    """How an experiment stands."""

    WEIGHING = "weighing"
    """What it would cost is being found out."""
    BLOCKED = "blocked"
    """It cannot be made; the error says why."""
    WAITING = "waiting"
    """Its cost is known, and it waits to be started."""
    RUNNING = "running"
    STOPPED = "stopped"
    FAILED = "failed"
    DONE = "done"


@dataclass(frozen=True)
class Trial:
    """How an experiment stands, apart from what it has found."""

    phase: Phase = Phase.WEIGHING
    scored: int = 0
    pairs: int = 0
    """Inferences in all, as far as that is known."""
    seconds: float | None = None
    """What all of them take, about; None where there is nothing to tell it from."""
    space: ScoreSpace = ScoreSpace.LOGIT
    """Of the scores."""
    error: StageError | None = None
    elsewhere: str = ""
    """What another experiment of the kind is about that runs now; untrusted."""

    def counted(self, finding: Finding) -> "Trial":
        """The same with what has been scored by now."""
        scored, pairs = counts(finding)
        return replace(self, scored=scored, pairs=pairs)


def counts(finding: Finding) -> tuple[int, int]:
    """How many pairs an experiment has scored, and how many it scores in all."""
    if isinstance(finding, Ablation):
        scored = sum(part.score is not None for part in finding.parts) + (finding.score is not None)
        return scored, len(finding.parts) + 1 if finding.parts else 0
    return finding.scored, finding.pairs


@dataclass(frozen=True)
class Result:
    """What is kept of an experiment."""

    subject: Subject
    finding: Finding
    trial: Trial


class Results:
    """The results of the last experiments; they outlive the screen that they were made on."""

    def __init__(self) -> None:
        # Textual's cache of the least recently used never gives a key another value.
        self._kept: dict[Hashable, Result] = {}

    def get(self, key: Hashable) -> Result | None:
        """Find a result."""
        return self._kept.get(key)

    def keep(self, key: Hashable, result: Result) -> None:
        """Keep a result in place of an earlier one; of too many, the one that has been left alone for longest goes."""
        self._kept.pop(key, None)
        self._kept[key] = result
        if len(self._kept) > KEPT:
            del self._kept[next(iter(self._kept))]
