"""One document under several ways to cut it into chunks: which of them a model would read, and what each is worth."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from functools import partial

from workbench.domain.chunk_layout import Layout
from workbench.domain.chunk_settings import NONE, OLD_SEMANTIC_TEXT, SEMANTIC_TEXT, check_way
from workbench.domain.chunks import MARKDOWN, PLAINTEXT, ChunkLab, ChunkSettings, ChunkStrategy, ChunkUse, Way
from workbench.domain.tokens import Reader
from workbench.engines.base import Reranker
from workbench.engines.threads import in_thread
from workbench.services.laboratory import Laboratory
from workbench.services.scoring import scores_of

WAYS = (
    Way(ChunkUse.SEMANTIC_TEXT, SEMANTIC_TEXT),
    Way(ChunkUse.SEMANTIC_TEXT, OLD_SEMANTIC_TEXT),
    Way(ChunkUse.SEMANTIC_TEXT, ChunkSettings(ChunkStrategy.RECURSIVE, 250, separators=MARKDOWN)),
    Way(ChunkUse.SEMANTIC_TEXT, ChunkSettings(ChunkStrategy.RECURSIVE, 250, separators=PLAINTEXT)),
    Way(ChunkUse.SEMANTIC_TEXT, NONE),
    Way(ChunkUse.LONG_DOCUMENT),
    Way(ChunkUse.LONG_DOCUMENT, most=2),
    Way(ChunkUse.RESCORER, most=1),
    Way(ChunkUse.RESCORER, most=3),
)
"""What Elasticsearch does with a long text unless it is told otherwise, and what it can be told."""


async def chunk_lab(
    query: str,
    text: str,
    reranker: Reranker,
    laboratory: Laboratory,
    ways: Sequence[Way] = (),
    score_unsent: bool = False,
) -> AsyncGenerator[ChunkLab, None]:
    """Cut a document up in every way and score what would be sent; the first value comes before any inference.

    Equal texts are scored once. Closing the iterator stops the work between two texts.

    Args:
        query: What a person typed.
        text: What the model is given now.
        reranker: Scores, and says how it reads.
        laboratory: Has the boundaries, and the terms for BM25.
        ways: To try besides `WAYS`; one of those is not tried twice.
        score_unsent: Also score chunks that the model would not be given, to see what they are worth.

    Raises:
        WorkbenchError: Settings that the server would refuse, or a model that cannot be used.
    """
    for way in ways:
        check_way(way)
    reader = await reranker.reader()
    every = tuple(dict.fromkeys((*WAYS, *ways)))
    bench = await in_thread(partial(_Bench, query, text, reader, laboratory, every, score_unsent), "chunk lab")
    yield bench.lab
    async with aclosing(scores_of(reranker, query, bench.texts)) as scores:
        async for place, score in scores:
            yield bench.scored(place, score)


class _Bench:
    """All ways laid out, and where each text that is scored stands in them; making it blocks."""

    def __init__(
        self, query: str, text: str, reader: Reader, laboratory: Laboratory, ways: Sequence[Way], score_unsent: bool
    ) -> None:
        layout = Layout(query, text, reader, laboratory.boundaries(), laboratory.terms)
        chunkings = tuple(map(layout.chunking, ways))
        self._text = text
        self._chunks = [list(chunking.chunks) for chunking in chunkings]
        self._places: dict[str, list[tuple[int, int]]] = {text: []} if text.strip() else {}
        for way, chunks in enumerate(self._chunks):
            for place, chunk in enumerate(chunks):
                part = text[slice(*chunk.span)]
                if chunk.sent or (score_unsent and part.strip()):
                    self._places.setdefault(part, []).append((way, place))
        self.texts = list(self._places)
        pairs = len(self.texts)
        self.lab = ChunkLab(
            text, layout.query_tokens, None, chunkings, pairs=pairs, done=not pairs, exact=reader.tokenizer.exact
        )

    def scored(self, place: int, score: float) -> ChunkLab:
        """Note the score of a text."""
        part = self.texts[place]
        ways = list(self.lab.ways)
        for way, chunk in self._places[part]:
            self._chunks[way][chunk] = replace(self._chunks[way][chunk], score=score)
        for way in {way for way, _ in self._places[part]}:
            ways[way] = replace(ways[way], chunks=tuple(self._chunks[way]))
        scored = self.lab.scored + 1
        truncated = score if part == self._text else self.lab.truncated
        done = scored == self.lab.pairs
        self.lab = replace(self.lab, truncated=truncated, ways=tuple(ways), scored=scored, done=done)
        return self.lab
