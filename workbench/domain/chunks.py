"""What becomes of one document under different ways to cut it into chunks."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from workbench.domain.documents import Span


class ChunkStrategy(StrEnum):
    """Elasticsearch's names of its chunkers."""

    SENTENCE = "sentence"
    WORD = "word"
    RECURSIVE = "recursive"
    NONE = "none"


class ChunkUse(StrEnum):
    """What chunks are made for."""

    SEMANTIC_TEXT = "semantic_text"
    """To be embedded and found; a reranker is not given them."""
    LONG_DOCUMENT = "long_document_strategy: chunk"
    """The inference endpoint sends the first of them in place of a long text."""
    RESCORER = "chunk_rescorer"
    """The retriever sends those that BM25 likes best."""


PLAINTEXT = (r"(?<!\n)\n\n(?!\n)", r"(?<!\n)\n(?!\n)")
"""Elasticsearch's `separator_group` of this name: paragraphs, then lines."""
MARKDOWN = (
    *("\n" + "#" * level + " " for level in range(1, 7)),
    *("\n^(?!\\s*$).*\\n" + line + "{1,}\\n" for line in "-="),
)
"""Elasticsearch's `separator_group` of this name: headings of each level, then underlined ones."""
_GROUPS = {PLAINTEXT: "plaintext", MARKDOWN: "markdown"}

Segment = tuple[int, bool]
"""Where a stretch of text ends that begins where the one before ends, and whether it is a word."""


class Boundaries(Protocol):
    """Where sentences and words begin and end; blocks for as long as a text is long."""

    def sentences(self, text: str) -> Sequence[Span]:
        """Sentences in text order, without gaps: blanks belong to the sentence before them."""
        ...

    def words(self, text: str) -> Sequence[Span]:
        """Words in text order; punctuation and blanks are none."""
        ...

    def segments(self, text: str) -> Sequence[Segment]:
        """Words and whatever stands between them, in text order, without gaps."""
        ...


@dataclass(frozen=True)
class ChunkSettings:
    """Elasticsearch's `chunking_settings`."""

    strategy: ChunkStrategy
    max_chunk_size: int = 250
    """Words of a chunk at most."""
    overlap: int = 0
    """Words for `word`, sentences (0 or 1) for `sentence`."""
    separators: tuple[str, ...] = ()
    """Regular expressions, for `recursive` alone."""

    @property
    def label(self) -> str:
        """Such as `sentence 250/1`, `recursive 250 markdown` or `none`."""
        if self.strategy is ChunkStrategy.NONE:
            return self.strategy
        if self.strategy is ChunkStrategy.RECURSIVE:
            return f"{self.strategy} {self.max_chunk_size} {_GROUPS.get(self.separators, 'own separators')}"
        return f"{self.strategy} {self.max_chunk_size}/{self.overlap}"


@dataclass(frozen=True)
class Way:
    """One way to cut documents, and what for."""

    use: ChunkUse
    settings: ChunkSettings | None = None
    """None for the server's own: sized from the query for a long document, else its default."""
    most: int | None = None
    """Chunks of a document that are sent at most; None for all, or one where BM25 picks."""


@dataclass(frozen=True)
class Chunk:
    """One chunk of a document."""

    span: Span
    """Characters of the text that was cut up."""
    words: int
    tokens: int
    sent: bool
    """Whether the model would be given it."""
    kept: int
    """How many of its tokens the model would read beside the query."""
    bm25: float | None = None
    """Where BM25 picks the chunks."""
    score: float | None = None
    """In the reranker's own score space; None when it is not scored, or not yet."""


@dataclass(frozen=True)
class Chunking:
    """One way to cut a document, and what came of it."""

    name: str
    """Such as `semantic_text · sentence 250/1`, `long_document_strategy: chunk` or `chunk_rescorer · best 1`."""
    settings: ChunkSettings
    chunks: tuple[Chunk, ...]
    note: str
    """What a person must know to read it, such as that these chunks are not what the model reads; one sentence."""
    warnings: tuple[str, ...] = ()
    """Such as a chunk size that cannot fit the budget with this query, with the number."""

    @property
    def pairs(self) -> int:
        """Inferences that this document would cost."""
        return sum(chunk.sent for chunk in self.chunks)

    @property
    def best(self) -> float | None:
        """The document's score: the highest of its chunks; None until all that are sent are scored."""
        scores = [chunk.score for chunk in self.chunks if chunk.sent]
        known = [score for score in scores if score is not None]
        return max(known) if known and len(known) == len(scores) else None

    def against(self, truncated: float | None) -> float | None:
        """How much more the best chunk scores than the document cut to the budget; None until both are known."""
        return None if self.best is None or truncated is None else self.best - truncated


@dataclass(frozen=True)
class ChunkLab:
    """The same document under several ways to cut it; later values hold more scores."""

    text: str
    query_tokens: int
    truncated: float | None
    """The score of the document as it is read now, cut to the budget; None until it is known."""
    ways: tuple[Chunking, ...]
    scored: int = 0
    pairs: int = 0
    """Different texts to score in all."""
    done: bool = False
    exact: bool = True
    """Whether the tokens were counted, not estimated."""
