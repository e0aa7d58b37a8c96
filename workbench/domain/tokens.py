"""Tokens of a query and a document: where they lie in the text, and which of them a model read."""

import re
from abc import abstractmethod
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from math import ceil
from threading import Lock
from typing import Protocol, TypeVar, overload

from workbench.domain.documents import Span
from workbench.domain.truncation import Kept, Strategy, Window

_Item = TypeVar("_Item")

WORDS_PER_TOKEN = 0.75
"""Of English; what Elasticsearch itself reckons with."""
ELASTIC = Window(512, 3, Strategy.BALANCED)
"""What Elastic Rerank reads."""
_UNSPACED = "\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
"""Scripts that put no blank between words: each character counts as a word."""
_IS_UNSPACED = re.compile(f"[{_UNSPACED}]")
_WORD = re.compile(f"[{_UNSPACED}]|[^\\s{_UNSPACED}]+")
_AT_ONCE = 1_000_000
"""Characters that are cut into tokens in one go, at most; a longer text is by itself."""


class LazySequence(Sequence[_Item]):
    """Items that are made when they are asked for; a slice is a list of them."""

    @abstractmethod
    def _item(self, place: int) -> _Item:
        """Make one of them.

        Args:
            place: From 0, and less than the length.
        """

    @overload
    def __getitem__(self, place: int) -> _Item: ...
    @overload
    def __getitem__(self, place: slice) -> list[_Item]: ...
    def __getitem__(self, place: int | slice) -> _Item | list[_Item]:
        places = range(len(self))[place]
        return self._item(places) if isinstance(places, int) else [self._item(each) for each in places]

    def __iter__(self) -> Iterator[_Item]:
        return map(self._item, range(len(self)))


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

    def around(self, first: Sequence[int], second: Sequence[int] = ()) -> tuple[int, ...]:
        """Put the special tokens around the ids of a text, or of a pair."""
        return (*self.before, *first, *self.between, *second, *self.after)


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
    of: str = ""
    """Model that the vocabulary is known to be of, such as `.rerank-v1`; empty where nobody can tell."""
    picks: str = ""
    """Why a text is not read from its start, and what to do about it; empty where it is. Where it says something, what
    the window cuts off is not what the model missed."""

    def noted(self, note: str, exact: bool | None = None) -> "Reader":
        """The same with a note of the tokenizer more; and its counts called exact or not, where that is said."""
        tokenizer = copy(self.tokenizer)
        tokenizer.notes = (*tokenizer.notes, note)
        tokenizer.exact = tokenizer.exact if exact is None else exact
        return replace(self, tokenizer=tokenizer)

    def read(self, query: str, document: str) -> "Reading":
        """Tokenise a pair and cut it as the model does; blocks for as long as that takes."""
        of_query, of_document = self.tokenizer.tokenize([query, document])
        return Reading(of_query, of_document, self)

    def count(self, query: str, documents: Sequence[str]) -> list[TokenCount]:
        """Count the tokens of a query with each of some documents."""
        return [reading.count for reading in self.readings(query, documents)]

    def readings(self, query: str, documents: Sequence[str]) -> Iterator["Reading"]:
        """Read a query with each of some documents, without holding the tokens of all of them at once."""
        (of_query,) = self.tokenizer.tokenize([query])
        for batch in _batches(documents):
            for text in self.tokenizer.tokenize(batch):
                yield Reading(of_query, text, self)


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
        query, document = self.query.ids[: self.kept.query], self.document.ids[: self.kept.document]
        apart = self.reader.window.strategy is Strategy.HEAD_ONLY
        framing = self.reader.tokenizer.framing(pair=not apart)
        return (framing.around(query), framing.around(document)) if apart else (framing.around(query, document),)


class Estimate:
    """A `Tokenizer` that guesses from the number of words, where there is none."""

    id = "estimate"
    exact = False
    notes: tuple[str, ...] = ("Counts are estimates from the number of words: no tokenizer of the model is at hand.",)

    def framing(self, pair: bool) -> Framing:
        """As many special tokens as Elastic Rerank has."""
        return Framing((0,), (0,), (0,) if pair else ())

    def tokenize(self, texts: Sequence[str]) -> list[Tokenized]:
        """Cut every word into equal parts, so that the total is what `count` says; ids are all 0."""
        return [
            Tokenized(text, bytes(tokens), _EstimatedSpans(text, tokens))
            for text, tokens in zip(texts, self.count(texts), strict=True)
        ]

    def count(self, texts: Sequence[str]) -> list[int]:
        """Reckon from the number of words."""
        return [_tokens(_words(text)) for text in texts]

    def piece(self, id: int) -> str:
        """Nothing: there is no vocabulary."""
        return ""


ESTIMATE = Reader(Estimate(), ELASTIC)
"""Where no tokenizer is at hand."""


def _batches(texts: Sequence[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    characters = 0
    for text in texts:
        if batch and characters + len(text) > _AT_ONCE:
            yield batch
            batch, characters = [], 0
        batch.append(text)
        characters += len(text)
    if batch:
        yield batch


def _tokens(words: int) -> int:
    return ceil(words / WORDS_PER_TOKEN)


class _EstimatedSpans(LazySequence[Span]):
    """Parts of words, found as far as they are asked for: of a long text, a model reads the head."""

    def __init__(self, text: str, tokens: int) -> None:
        self._tokens = tokens
        self._rest = _WORD.finditer(text)
        self._words: list[Span] = []
        self._lock = Lock()

    def __len__(self) -> int:
        return self._tokens

    def _item(self, place: int) -> Span:
        word = int(place * WORDS_PER_TOKEN)
        with self._lock:
            missing = max(word + 1 - len(self._words), 0)
            self._words += (match.span() for match in islice(self._rest, missing))
        start, end = self._words[word]
        first, parts = _tokens(word), _tokens(word + 1) - _tokens(word)
        return _between(start, end, place - first, parts), _between(start, end, place - first + 1, parts)


def _between(start: int, end: int, part: int, parts: int) -> int:
    return start + (end - start) * part // parts


def _is_spaced(text: str) -> bool:
    return text.isascii() or not _IS_UNSPACED.search(text)


def _words(text: str) -> int:
    return len(text.split()) if _is_spaced(text) else sum(1 for _ in _WORD.finditer(text))
