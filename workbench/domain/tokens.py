"""Tokens of a query and a document: where they lie in the text, and which of them a model read."""

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, pairwise
from math import ceil
from typing import Protocol

from workbench.domain.documents import Span
from workbench.domain.truncation import Kept, Strategy, Window

WORDS_PER_TOKEN = 0.75
"""Of English; what Elasticsearch itself reckons with."""
ELASTIC = Window(512, 3, Strategy.BALANCED)
"""What Elastic Rerank reads."""
_UNSPACED = "\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
"""Scripts that put no blank between words: each character counts as a word."""
_IS_UNSPACED = re.compile(f"[{_UNSPACED}]")
_WORD = re.compile(f"[{_UNSPACED}]|[^\\s{_UNSPACED}]+")


@dataclass(frozen=True)
class TokenCount:
    """Tokens of one query and document pair, special tokens not counted."""

    query: int
    document: int
    kept_query: int
    kept_document: int
    budget: int
    """The model's window in tokens, special tokens included; for a bi-encoder, each side's own."""
    kept_text_end: int
    """Character offset into the text that the model was given where reading stopped."""
    exact: bool = True
    """False when no tokenizer counted: an estimate from the number of words."""

    @property
    def truncated(self) -> bool:
        """Whether the model missed a part of either side."""
        return self.kept_query < self.query or self.kept_document < self.document

    @property
    def cut(self) -> str:
        """Which side was cut: `none`, `query`, `document` or `both`."""
        query, document = self.kept_query < self.query, self.kept_document < self.document
        return "both" if query and document else "query" if query else "document" if document else "none"


@dataclass(frozen=True)
class Tokenized:
    """A text as a tokenizer sees it, special tokens around it not included.

    Ids and spans are of equal length. Spans are in text order and may be equal or overlap: several tokens can spell
    one character.
    """

    text: str
    ids: Sequence[int]
    spans: Sequence[Span]
    """Per token, the characters of `text` it stands for."""
    control: tuple[int, ...] = ()
    """Places among `ids` of special tokens that were spelled out in the text, such as a literal `[SEP]`."""

    def __len__(self) -> int:
        return len(self.ids)

    def end(self, kept: int) -> int:
        """Character offset where a model that keeps the first tokens stops reading.

        A character of which only some tokens are kept has not been read.
        """
        if kept >= len(self.ids):
            return len(self.text)
        return min(self.spans[kept - 1][1], self.spans[kept][0]) if kept > 0 else 0

    def token_at(self, offset: int) -> int:
        """Place of the first token that ends after a character offset; the number of tokens past the last."""
        return bisect_left(self.spans, offset + 1, key=lambda span: span[1])


@dataclass(frozen=True)
class Framing:
    """Ids of the special tokens that a model wants around what it reads."""

    before: tuple[int, ...]
    after: tuple[int, ...]
    between: tuple[int, ...] = ()
    """Of the two texts of a pair."""

    def __len__(self) -> int:
        return len(self.before) + len(self.between) + len(self.after)


class Tokenizer(Protocol):
    """Cuts texts into tokens. Blocks; its methods may be called from several threads at once."""

    id: str
    """What it is, for people: a model's id or the file's name."""
    exact: bool
    """False for an estimate from the number of words."""
    notes: tuple[str, ...]
    """Where its counts may differ from those of the model that it stands for; a sentence each."""

    def framing(self, pair: bool) -> Framing:
        """Special tokens around a pair, or around one text."""
        ...

    def tokenize(self, texts: Sequence[str]) -> list[Tokenized]:
        """Cut texts into tokens."""
        ...

    def count(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has, with less work than `tokenize`."""
        ...

    def piece(self, id: int) -> str:
        """How the vocabulary writes a token; empty for an id that it does not have."""
        ...


@dataclass(frozen=True)
class Reader:
    """How a model reads: its tokenizer and its window."""

    tokenizer: Tokenizer
    window: Window

    def read(self, query: str, document: str) -> "Reading":
        """Tokenise a pair and cut it as the model does; blocks for as long as that takes."""
        of_query, of_document = self.tokenizer.tokenize([query, document])
        return Reading(of_query, of_document, self)

    def count(self, query: str, documents: Sequence[str]) -> list[TokenCount]:
        """Count the tokens of a query with each of some documents."""
        of_query, *texts = self.tokenizer.tokenize([query, *documents])
        return [Reading(of_query, text, self).count for text in texts]


@dataclass(frozen=True)
class Reading:
    """A query and a document as a model read them."""

    query: Tokenized
    document: Tokenized
    reader: Reader

    @cached_property
    def kept(self) -> Kept:
        """Tokens of both sides that the model read."""
        return self.reader.window.kept(len(self.query), len(self.document))

    @property
    def count(self) -> TokenCount:
        """The same in numbers."""
        kept, window = self.kept, self.reader.window
        return TokenCount(
            len(self.query),
            len(self.document),
            kept.query,
            kept.document,
            window.budget,
            self.document.end(kept.document),
            self.reader.tokenizer.exact,
        )

    @property
    def inputs(self) -> tuple[tuple[int, ...], ...]:
        """Every id that the model is fed, in order: one sequence for a pair, two for a model that reads apart."""
        query, document = tuple(self.query.ids[: self.kept.query]), tuple(self.document.ids[: self.kept.document])
        apart = self.reader.window.strategy is Strategy.HEAD_ONLY
        framing = self.reader.tokenizer.framing(pair=not apart)
        if apart:
            return tuple((*framing.before, *ids, *framing.after) for ids in (query, document))
        return ((*framing.before, *query, *framing.between, *document, *framing.after),)


class Estimate:
    """A `Tokenizer` that guesses from the number of words, where there is none."""

    id = "estimate"
    exact = False
    notes: tuple[str, ...] = ("Counts are estimates from the number of words: no tokenizer of the model is at hand.",)

    def framing(self, pair: bool) -> Framing:
        """As many special tokens as Elastic Rerank has."""
        return Framing((0,), (0,), (0,) if pair else ())

    def tokenize(self, texts: Sequence[str]) -> list[Tokenized]:
        """Cut every word into equal parts, so that the total is what `estimate` says; ids are all 0."""
        return [_estimated(text) for text in texts]

    def count(self, texts: Sequence[str]) -> list[int]:
        """Reckon from the number of words."""
        return [_tokens(_words(text)) for text in texts]

    def piece(self, id: int) -> str:
        """Nothing: there is no vocabulary."""
        return ""


ESTIMATE = Reader(Estimate(), ELASTIC)
"""Where no tokenizer is at hand."""


def estimate(query: str, document: str, window: Window = ELASTIC) -> TokenCount:
    """Count the tokens of a pair from its words, where no tokenizer is at hand."""
    tokens = [_tokens(_words(text)) for text in (query, document)]
    kept = window.kept(*tokens)
    end = len(document)
    if kept.document < tokens[1]:
        end = _end_of(document, int(kept.document * WORDS_PER_TOKEN))
    return TokenCount(tokens[0], tokens[1], kept.query, kept.document, window.budget, end, exact=False)


def _tokens(words: int) -> int:
    return ceil(words / WORDS_PER_TOKEN)


def _estimated(text: str) -> Tokenized:
    spans: list[Span] = []
    for words, match in enumerate(_WORD.finditer(text), start=1):
        start, end = match.span()
        parts = _tokens(words) - len(spans)
        at = [start + (end - start) * part // parts for part in range(parts + 1)]
        spans += pairwise(at)
    return Tokenized(text, [0] * len(spans), spans)


def _is_spaced(text: str) -> bool:
    return text.isascii() or not _IS_UNSPACED.search(text)


def _words(text: str) -> int:
    return len(text.split()) if _is_spaced(text) else sum(1 for _ in _WORD.finditer(text))


def _end_of(text: str, words: int) -> int:
    """Where the first words of a text end; it has more of them."""
    if not words:
        return 0
    if _is_spaced(text):
        rest = text.split(None, words)[words]
        return len(text[: len(text) - len(rest)].rstrip())
    return next(islice(_WORD.finditer(text), words - 1, None)).end()
