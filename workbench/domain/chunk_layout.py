"""What becomes of a text under each way to cut it into chunks: which are sent, what is read, what does not fit."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from workbench.domain import chunk_settings
from workbench.domain.bm25 import best, bm25
from workbench.domain.chunk_settings import long_document
from workbench.domain.chunking import cut_up
from workbench.domain.chunks import Boundaries, Chunk, Chunking, ChunkSettings, ChunkStrategy, ChunkUse, Way
from workbench.domain.documents import Span
from workbench.domain.tokens import Reader, TokenCount

_TEXTS = 8
"""Whose boundaries are remembered: the text itself, and the long sentences of which some are cut up."""


@dataclass(frozen=True)
class _Cut:
    """A text cut up by some settings."""

    spans: tuple[Span, ...]
    words: tuple[int, ...]
    counts: tuple[TokenCount, ...]
    blank: frozenset[int]
    """Places of chunks without any text."""


class _Remembered:
    """Boundaries of the last few texts: every way to cut up a text asks for the same."""

    def __init__(self, boundaries: Boundaries) -> None:
        remember = lru_cache(_TEXTS)
        self.sentences = remember(boundaries.sentences)
        self.words = remember(boundaries.words)
        self.segments = remember(boundaries.segments)


class Layout:
    """One text under any way to cut it up; blocks for as long as finding boundaries and counting tokens takes."""

    def __init__(
        self, query: str, text: str, reader: Reader, boundaries: Boundaries, terms: Callable[[str], list[str]]
    ) -> None:
        """Count what is the same under every way.

        Args:
            query: What a person typed.
            text: What is cut up.
            reader: How the model reads.
            boundaries: Of sentences and words.
            terms: Analyses text for BM25.
        """
        self._query, self._text, self._reader = query, text, reader
        self._boundaries, self._terms = _Remembered(boundaries), terms
        words = self._boundaries.words(text)
        self._starts, self._ends = [start for start, _ in words], [end for _, end in words]
        self._query_words = len(self._boundaries.words(query))
        (self._whole,) = reader.count(query, [text])
        self._cuts: dict[ChunkSettings, _Cut] = {}

    @property
    def query_tokens(self) -> int:
        """Of the query, all of it."""
        return self._whole.query

    def chunking(self, way: Way) -> Chunking:
        """Cut the text in one way."""
        settings = self._settings(way)
        cut = self._cut(settings)
        bm25_scores = self._bm25(cut) if way.use is ChunkUse.RESCORER else None
        sent = _sent(way, settings, cut, bm25_scores)
        chunks = tuple(
            Chunk(
                span,
                cut.words[place],
                cut.counts[place].document,
                place in sent,
                cut.counts[place].kept_document,
                bm25_scores[place] if bm25_scores else None,
            )
            for place, span in enumerate(cut.spans)
        )
        warnings = self._warnings(settings, cut)
        if bm25_scores and not any(bm25_scores):
            warnings = (*warnings, "No chunk has a word of the query, so the first ones are sent.")
        return Chunking(_name(way, settings), settings, chunks, _note(way, settings), warnings)

    def _settings(self, way: Way) -> ChunkSettings:
        if way.settings:
            return way.settings
        if way.use is ChunkUse.LONG_DOCUMENT:
            return long_document(self._query_words)
        return chunk_settings.RESCORER if way.use is ChunkUse.RESCORER else chunk_settings.SEMANTIC_TEXT

    def _cut(self, settings: ChunkSettings) -> _Cut:
        if settings not in self._cuts:
            spans = cut_up(self._text, settings, self._boundaries)
            texts = [self._text[start:end] for start, end in spans]
            self._cuts[settings] = _Cut(
                tuple(spans),
                tuple(self._words(span) for span in spans),
                tuple(self._reader.count(self._query, texts)),
                frozenset(place for place, text in enumerate(texts) if not text.strip()),
            )
        return self._cuts[settings]

    def _words(self, span: Span) -> int:
        start, end = span
        return max(bisect_right(self._ends, end) - bisect_left(self._starts, start), 0)

    def _bm25(self, cut: _Cut) -> list[float]:
        return bm25(self._terms(self._query), [self._terms(self._text[start:end]) for start, end in cut.spans])

    def _warnings(self, settings: ChunkSettings, cut: _Cut) -> tuple[str, ...]:
        fits, query = self._reader.window.fits(self._whole.query), self._whole.query
        beside = f"{fits:,} fit beside this query of {query:,}" + ("" if self._whole.exact else " (all estimated)")
        warnings = []
        too_long = [count.document for count in cut.counts if count.kept_document < count.document]
        words = len(self._ends)
        a_chunk = settings.max_chunk_size * self._whole.document // words if words else 0
        if settings.strategy is ChunkStrategy.NONE:
            if too_long:
                warnings.append(f"The text has {too_long[0]:,} tokens, and {beside}: the rest is not read.")
        elif too_long:
            which = f"{len(too_long):,} of {len(cut.spans):,} chunks are too long"
            warnings.append(f"{which}: up to {max(too_long):,} tokens, and {beside}.{self._enough(fits)}")
        elif a_chunk > fits:
            which = f"{settings.max_chunk_size:,} words are about {a_chunk:,} tokens of such text"
            warnings.append(f"{which}, and {beside}.{self._enough(fits)}")
        if cut.blank:
            warnings.append(f"Chunks without any text are not sent: {len(cut.blank):,}.")
        return tuple(warnings)

    def _enough(self, fits: int) -> str:
        words = fits * len(self._ends) // self._whole.document if self._whole.document else 0
        return f" About {words:,} words a chunk would do." if words else ""


def _sent(way: Way, settings: ChunkSettings, cut: _Cut, bm25_scores: list[float] | None) -> frozenset[int]:
    """Places of the chunks that the model is given."""
    places: Sequence[int] = range(len(cut.spans))
    if bm25_scores is not None:
        places = best(bm25_scores, way.most or 1)
    elif way.use is ChunkUse.LONG_DOCUMENT:
        places = places[: way.most]
    elif settings.strategy is not ChunkStrategy.NONE:
        return frozenset()
    return frozenset(places) - cut.blank


def _name(way: Way, settings: ChunkSettings) -> str:
    if way.use is ChunkUse.SEMANTIC_TEXT:
        return f"{way.use} · {settings.label}"
    own = f" · {settings.label}" if way.settings else ""
    if way.use is ChunkUse.RESCORER:
        return f"{way.use} · best {way.most or 1}{own}"
    return f"{way.use} · first {way.most}{own}" if way.most else f"{way.use}{own}"


def _note(way: Way, settings: ChunkSettings) -> str:
    if way.use is ChunkUse.RESCORER:
        picked = f"{way.most:,} chunks" if way.most and way.most > 1 else "one chunk"
        return f"BM25 picks {picked} for the query, and the model is given nothing else of the text (9.2 and later)."
    if way.use is ChunkUse.LONG_DOCUMENT:
        sized = f"Chunks are sized for this query, {settings.max_chunk_size:,} words at most"
        if not way.most:
            return f"{sized}; the model is given every one (9.2 and later)."
        first = "the first chunk" if way.most == 1 else f"the first {way.most:,} chunks"
        return (
            f"{sized}; the model is given {first}, and what is behind depends on the version (9.2 and later): "
            "the newer ones drop it, as is shown here, the older ones add it to the last of these."
        )
    if settings.strategy is ChunkStrategy.NONE:
        return "The text stays whole; the model is given all of it and reads what fits."
    return (
        "The model does not read these chunks: they are for finding the document. "
        "Without `chunk_rescorer` it is given the whole text, cut to the budget."
    )
