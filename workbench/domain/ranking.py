"""Ranked lists: what the retriever hands on and what the reranker makes of it."""

from dataclasses import dataclass, field

from workbench.domain.documents import Document, Span
from workbench.domain.exchange import Exchange, Finding
from workbench.domain.scores import ScoreSpace
from workbench.domain.tokens import TokenCount


@dataclass(frozen=True)
class Candidate:
    """One document as the retriever ranked it."""

    rank: int
    """BM25 rank, from 1."""
    document: Document
    score: float
    """In `ScoreSpace.BM25`."""
    title_spans: tuple[Span, ...] = ()
    """Query matches in the title."""


@dataclass(frozen=True)
class Retrieval:
    """The answer of a retriever to one query."""

    candidates: tuple[Candidate, ...]
    """In rank order, at most as many as were asked for."""
    total: int
    """How many documents match in all."""
    retrieve_ms: float
    """Finding and scoring; with what a server did for it first, such as keeping a state of the index."""
    fetch_ms: float
    """Reading the documents' text."""
    notes: tuple[str, ...] = ()
    """What a person should know, such as a query that was read as plain words."""
    request: str = ""
    """The exact query that ran, in the engine's own words; may have many lines."""
    ranking: str = "bm25"
    """Name of what ranked the candidates, such as `bm25`, `rrf` or `linear`."""
    searched: object = None
    """What was searched and how, for the engine's own reranker; None where it has none."""
    exchanges: tuple[Exchange, ...] = ()
    """What went to and came from a server, in order; none where there is no server."""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Aside:
    """What an engine has to say while it reranks, beside the scores."""

    exchange: Exchange | None = None
    findings: tuple[Finding, ...] = ()
    infer_ms: float = 0.0
    """Of pairs that get no score; none of a pair's own."""
    space: ScoreSpace | None = None
    """Of this query's scores, where only the answer tells."""


@dataclass(frozen=True)
class PairScore:
    """What a reranker says of one query and document pair."""

    id: str
    """The document's."""
    score: float
    """In the reranker's own score space."""
    tokens: TokenCount
    tokenize_ms: float
    infer_ms: float


@dataclass(frozen=True)
class Reranked:
    """One document as the reranker ranked it."""

    rank: int
    """Reranked rank, from 1."""
    candidate: Candidate
    score: float
    """In the score space that the comparison names."""
    raw: float
    """In the reranker's own score space."""
    tokens: TokenCount
    before: int | None
    """Rank in the list it is compared with, BM25's or the baseline's; None when it is not in that list."""

    @property
    def shift(self) -> int | None:
        """The rank before minus the rank now; positive is up. None when it is new."""
        return None if self.before is None else self.before - self.rank


@dataclass(frozen=True)
class Explanation:
    """How a score came about: a value, what it is, and the values it was made from."""

    value: float
    description: str
    details: tuple["Explanation", ...] = field(default=())


@dataclass(frozen=True)
class Highlights:
    """Where a query matches in a document."""

    title: tuple[Span, ...] = ()
    """Offsets into the title."""
    body: tuple[Span, ...] = ()
    """Offsets into the body."""
