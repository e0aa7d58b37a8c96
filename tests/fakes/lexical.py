"""A reranker whose scores can be told by reading: how many of the query's word pieces lie in what it read."""

import asyncio
import re
from collections.abc import AsyncGenerator, Sequence
from zlib import crc32

from tests.fakes.engines import LengthReranker
from workbench.domain.deployment import ModelKind
from workbench.domain.documents import Span
from workbench.domain.errors import ModelUnavailableError
from workbench.domain.ranking import PairScore, Retrieval
from workbench.domain.tokens import Framing, Reader, Tokenized
from workbench.domain.truncation import Strategy, Window

_WORD = re.compile(r"[a-zA-Z0-9]+|[^\sa-zA-Z0-9]")


class WordPieces:
    """A `Tokenizer` that cuts words into a first piece of `first` characters and others of four.

    A word that is cut in two begins anew, so it has more tokens apart than together when `first` is under four. What
    is not ASCII has a token for every byte, all of them of the same character.
    """

    id = "word-pieces"
    exact = True
    notes: tuple[str, ...] = ()

    def __init__(self, first: int = 12) -> None:
        self.first = first
        self.counted = 0
        """Texts that were counted."""

    def framing(self, pair: bool) -> Framing:
        return Framing((1,), (2,), (2,) if pair else ())

    def tokenize(self, texts: Sequence[str]) -> list[Tokenized]:
        return [self._tokenized(text) for text in texts]

    def count(self, texts: Sequence[str]) -> list[int]:
        self.counted += len(texts)
        return [len(text) for text in self.tokenize(texts)]

    def piece(self, id: int) -> str:
        return ""

    def _tokenized(self, text: str) -> Tokenized:
        spans: list[Span] = []
        for match in _WORD.finditer(text):
            start, end = match.span()
            if not match[0].isascii():
                spans += [(start, end)] * len(match[0].encode())
                continue
            starts = [start, *range(start + self.first, end, 4)]
            spans += zip(starts, [*starts[1:], end], strict=True)
        ids = [10 + crc32(text[slice(*span)].lower().encode()) for span in spans]
        return Tokenized(text, ids, spans)


class LexicalReranker(LengthReranker):
    """Counts the different tokens of the query among those that it read of the document; it is fed nothing else."""

    model = "lexical"
    warnings = ()

    def __init__(
        self,
        budget: int = 67,
        kind: ModelKind = ModelKind.CROSS_ENCODER,
        strategy: Strategy = Strategy.LONGEST_FIRST,
        fail_after: int = -1,
        stall_after: int = -1,
        tokenizer: WordPieces | None = None,
    ) -> None:
        super().__init__(kind, fail_after, stall_after)
        special = 2 if strategy is Strategy.HEAD_ONLY else 3
        self.how = Reader(tokenizer or WordPieces(), Window(budget, special, strategy))
        self.read: list[str] = []
        """What was scored by `score_texts`."""

    def by(self, chosen: object) -> "LexicalReranker":
        return self

    async def reader(self) -> Reader:
        return self.how

    async def score(self, query: str, found: Retrieval) -> AsyncGenerator[PairScore, None]:
        for row in found.candidates:
            yield self._scored(row.document.id, query, row.document.text)

    async def score_texts(self, query: str, texts: Sequence[str]) -> AsyncGenerator[PairScore, None]:
        self.stopped = False
        try:
            for place, text in enumerate(texts):
                assert text.strip(), "a text is blank"
                if len(self.read) == self.fail_after:
                    raise ModelUnavailableError("The model broke.", "Mend it.")
                if len(self.read) == self.stall_after:
                    await asyncio.Event().wait()
                self.read.append(text)
                yield self._scored(str(place), query, text)
        finally:
            self.stopped = True

    def _scored(self, id: str, query: str, text: str) -> PairScore:
        reading = self.how.read(query, text)
        asked = set(reading.query.ids[: reading.kept.query])
        found = asked & set(reading.document.ids[: reading.kept.document])
        return PairScore(id, float(len(found)), reading.count, 0.5, 1.5)


class Lines:
    """`Boundaries` of texts whose sentences end with a full stop, and whose words are runs of letters."""

    def sentences(self, text: str) -> list[Span]:
        return [match.span() for match in re.finditer(r"[^.]*(\.\s*|$)", text) if match[0]]

    def words(self, text: str) -> list[Span]:
        return [match.span() for match in re.finditer(r"\w+", text)]
