"""How many tokens a model was given and how many of them it read."""

import re
from dataclasses import dataclass
from itertools import islice
from math import ceil
from typing import NamedTuple

WORDS_PER_TOKEN = 0.75
"""Of English; what Elasticsearch itself reckons with."""
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


class Kept(NamedTuple):
    """Tokens of a pair that are left after truncation."""

    query: int
    document: int


def balanced(query: int, document: int, budget: int = 512, special: int = 3) -> Kept:
    """Truncate a pair as Elasticsearch does: the longer side first, down to half of what there is.

    Args:
        query: Tokens of the query.
        document: Tokens of the document.
        budget: The model's window, special tokens included.
        special: Special tokens of a pair.
    """
    room = budget - special
    if query + document <= room:
        return Kept(query, document)
    half = room // 2
    kept = min(query, half if document > half else room - document)
    return Kept(kept, min(document, room - kept))


def estimate(query: str, document: str, budget: int = 512, special: int = 3) -> TokenCount:
    """Count the tokens of a pair from its words, where no tokenizer is at hand."""
    tokens = [ceil(_words(text) / WORDS_PER_TOKEN) for text in (query, document)]
    kept = balanced(tokens[0], tokens[1], budget, special)
    end = len(document)
    if kept.document < tokens[1]:
        end = _end_of(document, int(kept.document * WORDS_PER_TOKEN))
    return TokenCount(tokens[0], tokens[1], kept.query, kept.document, budget, end, exact=False)


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
