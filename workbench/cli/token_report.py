"""What `workbench tokens` found, before it is written."""

from dataclasses import dataclass, replace
from typing import Self

from workbench.domain.chunks import ChunkLab
from workbench.domain.documents import Document
from workbench.domain.exchange import Finding
from workbench.domain.lengths import Bin, Lengths
from workbench.domain.scores import ScoreSpace
from workbench.domain.token_check import check
from workbench.domain.tokens import Reader, Reading, TokenCount
from workbench.domain.truncation import Window
from workbench.domain.verdict import Effect, PairVerdict, Piece, Verdict

BINS = 16
"""Bars of a histogram at most."""
_AROUND = 60
"""Characters of the text that are shown on either side of a cut."""


@dataclass(frozen=True)
class Judged:
    """A verdict on one document; its ranks are None where the document is not in the reranked list."""

    effect: Effect
    score: float
    space: ScoreSpace
    """Of the scores."""
    best: Piece
    text: str
    """Of the best piece."""
    pieces: int
    rank: int | None = None
    """Reranked rank."""
    rank_with_best: int | None = None

    @classmethod
    def of(cls, verdict: Verdict | PairVerdict, space: ScoreSpace, text: str) -> Self | None:
        """Take what is shown of a verdict on a document with this text; None where nothing could be scored."""
        best, effect, score = verdict.best, verdict.effect, verdict.score
        if best is None or effect is None or score is None:
            return None
        ranks = (verdict.rank, verdict.rank_with_best) if isinstance(verdict, Verdict) else (None, None)
        return cls(effect, score, space, best, text[slice(*best.span)], len(verdict.pieces), *ranks)


@dataclass(frozen=True)
class Chunked:
    """A document in chunks."""

    lab: ChunkLab
    space: ScoreSpace
    """Of its scores."""


@dataclass(frozen=True)
class Pair:
    """A query and a document against a window."""

    window: Window
    count: TokenCount
    model: str | None = None
    """None for the arithmetic alone."""
    query_text: str | None = None
    text: str | None = None
    id: str | None = None
    """Of a document of a corpus."""
    title: str = ""
    bm25_rank: int | None = None
    """Among the candidates of the query, before they are reranked; None too where nobody looked."""
    findings: tuple[Finding, ...] = ()
    about: tuple[str, ...] = ()
    """What a person should know beside the findings."""
    judged: Judged | None = None
    asked: bool = False
    """Whether a verdict was asked for."""
    chunked: Chunked | None = None

    @classmethod
    def of_numbers(cls, window: Window, query: int, document: int) -> Self:
        """Two lengths alone."""
        kept = window.kept(query, document)
        return cls(window, TokenCount(query, document, *kept, budget=window.budget, kept_text_end=0))

    @classmethod
    def of(cls, reading: Reading, document: Document | None = None, bm25_rank: int | None = None) -> Self:
        """Take what is shown of a reading; goes through all of its tokens."""
        return cls(
            reading.reader.window,
            reading.count,
            reading.reader.tokenizer.id,
            reading.query.text,
            reading.document.text,
            document.id if document else None,
            document.title if document else "",
            bm25_rank,
            tuple(check(reading)),
        )

    def judged_by(self, verdict: Verdict | PairVerdict | None, space: ScoreSpace) -> Self:
        """The same with a verdict that was asked for."""
        judged = Judged.of(verdict, space, self.text or "") if verdict else None
        return replace(self, judged=judged, asked=True)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know."""
        chunked = (
            [f"{way.name}: {said}" for way in self.chunked.lab.ways for said in way.warnings] if self.chunked else []
        )
        return (*map(str, self.findings), *self.about, *chunked)

    @property
    def text_end(self) -> int | None:
        """Where the model stopped reading in the text."""
        return None if self.text is None else self.count.kept_text_end

    @property
    def words(self) -> str:
        """The words around the cut of the document, with a sign where it is; empty when there is none or no text."""
        text, end = self.text, self.count.kept_text_end
        if text is None or self.count.kept_document == self.count.document:
            return ""
        before, after = text[max(end - 4 * _AROUND, 0) : end], text[end : end + 4 * _AROUND]
        left = " ".join(before.split())[-_AROUND:]
        right = " ".join(after.split())[:_AROUND]
        joint = "✂" if left and before[-1:].strip() and after[:1].strip() else " ✂ "
        return f"{'…' if end > len(left) else ''}{left}{joint}{right}{'…' if len(text) - end > len(right) else ''}"


@dataclass(frozen=True)
class Candidates:
    """The candidates of a query against a window."""

    query: str
    corpus: str
    reader: Reader
    size: int
    """How many of them are the top."""
    rows: tuple[Pair, ...]
    """In the order of their ranks before they are reranked."""
    lengths: Lengths
    notes: tuple[str, ...] = ()
    asked: bool = False

    @property
    def cut_in_top(self) -> int:
        """How many documents of the top are not read to their end."""
        return sum(row.count.kept_document < row.count.document for row in self.rows[: self.size])


@dataclass(frozen=True)
class Corpus:
    """All documents of a corpus against a window."""

    name: str
    query: str | None
    reader: Reader
    lengths: Lengths
    notes: tuple[str, ...] = ()

    @property
    def bins(self) -> tuple[Bin, ...]:
        """A histogram that a few giants do not flatten, and in which what fits and what does not share no bar."""
        fit = self.lengths.fit
        return self.lengths.bins(BINS, max(self.lengths.percentile(99), fit + 1), fit)


Report = Pair | Candidates | Corpus


def is_cut(report: Report) -> bool:
    """Whether a part of anything, a query included, is not read."""
    return report.count.truncated if isinstance(report, Pair) else bool(report.lengths.cut or report.lengths.query_cut)
