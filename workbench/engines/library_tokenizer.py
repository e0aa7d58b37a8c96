"""Cuts texts into tokens with the `tokenizers` library and without holding the interpreter up.

Importing this loads tokenizers.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice, pairwise

from tokenizers import Encoding, Tokenizer
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

from workbench.domain.documents import Span
from workbench.domain.errors import BadInputError
from workbench.domain.text import single_line
from workbench.domain.tokens import Framing, Tokenized
from workbench.engines.token_sequences import Ids, Joined, Spans

_PROBES = ("a", "the", "1", ".")
"""Texts of which one has tokens in any vocabulary."""
_BLOCK = 16_384
"""Characters of a long text that are taken at once where it may be split at blanks."""
_BLANK = re.compile(r"(?<=\S) (?=\S)")


@dataclass(frozen=True)
class _Frame:
    """The special tokens around what a model reads, and the token type ids of all."""

    framing: Framing
    types: tuple[tuple[int, ...], int, tuple[int, ...], int, tuple[int, ...]]
    """Before, of the first text, between, of the second text, after."""


class LibraryTokenizer:
    """A `Tokenizer` of the `tokenizers` library.

    Ids and spans are made when they are asked for: as lists, those of a long text would hold the interpreter lock for
    tens of milliseconds.

    Args:
        id: What it is, for people.
        tokenizer: Its truncation and its padding are switched off.
        notes: As in `Tokenizer`.
        splits_at_blanks: Whether no token ever reaches across a blank, so that a long text may be taken in blocks.

    Raises:
        ValueError: It puts its special tokens in an order that no model for a query and a document has.
        BadInputError: It fails at the simplest text; `tokenize` and `count` raise the same for a text it fails at.
    """

    exact = True

    def __init__(
        self, id: str, tokenizer: Tokenizer, notes: tuple[str, ...] = (), *, splits_at_blanks: bool = False
    ) -> None:
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self.id = id
        self.notes = notes
        self._tokenizer = tokenizer
        self._splits_at_blanks = splits_at_blanks
        added = tokenizer.get_added_tokens_decoder()
        self._special = {id: token.content for id, token in added.items() if token.special}
        self._frames = {pair: self._probe(pair) for pair in (False, True)}

    def framing(self, pair: bool) -> Framing:
        """Special tokens around a pair, or around one text."""
        return self._frames[pair].framing

    def types(self, first: int, second: int | None = None) -> list[int]:
        """Token type ids of a text, or of a pair, with the special tokens around it.

        Args:
            first: Tokens of the text.
            second: Tokens of the other one; None where there is none.
        """
        before, of_first, between, of_second, after = self._frames[second is not None].types
        return [*before, *[of_first] * first, *between, *[of_second] * (second or 0), *after]

    def tokenize(self, texts: Sequence[str]) -> list[Tokenized]:
        """Cut texts into tokens."""
        blocks = [self._blocks(text) for text in texts]
        pieces = [text[start:end] for text, spans in zip(texts, blocks, strict=True) for start, end in spans]
        # `encode` would hold the interpreter lock through a long document, `encode_batch` does not.
        encodings = iter(self._encoded(pieces, self._tokenizer.encode_batch))
        return [self._joined(text, spans, encodings) for text, spans in zip(texts, blocks, strict=True)]

    def count(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has."""
        blocks = [[text[start:end] for start, end in self._blocks(text)] for text in texts]
        pieces = [*chain.from_iterable(blocks)]
        counts = map(self._count, pieces, self._encoded(pieces, self._tokenizer.encode_batch_fast))
        return [sum(islice(counts, len(each))) for each in blocks]

    def piece(self, id: int) -> str:
        """How the vocabulary writes a token; empty for an id that it does not have."""
        try:
            return self._tokenizer.id_to_token(id) or ""
        except OverflowError:
            return ""

    def _encoded(self, texts: Sequence[str], encode: Callable[..., list[Encoding]]) -> list[Encoding]:
        """Let the library work; it panics at some rules of its own, such as an expression that takes too long."""
        try:
            return encode(texts, add_special_tokens=False)
        except BaseException as error:
            if not isinstance(error, Exception) and not is_panic(error):
                raise
            raise BadInputError(
                f"The tokenizer {single_line(self.id, 80)} fails at a text: it is broken, or made for others.",
                hint="Name another tokenizer.",
                detail=repr(error),
            ) from error

    def _written(self, text: str) -> str:
        """A text as it is when special tokens are looked for in it."""
        return text

    def _count(self, text: str, encoding: Encoding) -> int:
        """How many tokens a text has that was encoded the fast way, which knows no spans."""
        return len(encoding)

    def _parts(self, text: str, start: int, encoding: Encoding) -> tuple[Sequence[int], Sequence[Span]]:
        """Ids and spans of an encoded text, which begins at an offset of the whole one."""
        return Ids(encoding), Spans(encoding, text, start)

    def _joined(self, text: str, blocks: Iterable[Span], encodings: Iterator[Encoding]) -> Tokenized:
        parts = [self._parts(text[start:end], start, next(encodings)) for start, end in blocks]
        ids, spans = parts[0] if len(parts) == 1 else map(Joined, zip(*parts, strict=True))
        return Tokenized(text, ids, spans, self._control(text, ids, spans))

    def _control(self, text: str, ids: Sequence[int], spans: Sequence[Span]) -> tuple[int, ...]:
        written = self._written(text)
        if not any(content in written for content in self._special.values()):
            return ()
        # A word that the vocabulary lacks has the same id as a literal [UNK].
        return tuple(
            place
            for place, id in enumerate(ids)
            if id in self._special and self._written(text[slice(*spans[place])]).strip() == self._special[id]
        )

    def _blocks(self, text: str) -> list[Span]:
        """Where a text is split for tokenising."""
        starts = [0]
        if self._splits_at_blanks:
            while blank := _BLANK.search(text, starts[-1] + _BLOCK):
                starts.append(blank.start())
        return list(pairwise([*starts, len(text)]))

    def _probe(self, pair: bool) -> _Frame:
        """Read off one example what is put around a text."""
        encodings = self._encoded(_PROBES, self._tokenizer.encode_batch)
        tokens = next((each for each in encodings if len(each)), None)
        if tokens is None:
            raise ValueError("the vocabulary has no common word, letter or digit")
        framed = self._tokenizer.post_process(tokens, tokens if pair else None)
        # Not by `sequence_ids`: the first text of a pair has none.
        special: list[list[tuple[int, int]]] = [[]]
        of_text: list[int] = []
        seen: list[int] = []
        for is_special, id, type in zip(framed.special_tokens_mask, framed.ids, framed.type_ids, strict=True):
            if is_special:
                special[-1].append((id, type))
                continue
            if len(seen) % len(tokens) == 0:
                of_text.append(type)
                special.append([])
            seen.append(id)
        if seen != tokens.ids * (2 if pair else 1):
            raise ValueError("it does not put special tokens before, between and after the texts alone")
        if not pair:
            special, of_text = [special[0], [], special[1]], [of_text[0], 0]
        before, between, after = (tuple(id for id, _ in each) for each in special)
        types = [tuple(type for _, type in each) for each in special]
        return _Frame(Framing(before, after, between), (types[0], of_text[0], types[1], of_text[1], types[2]))


def is_panic(error: BaseException) -> bool:
    """Whether a library of Rust panicked; that is no `Exception`, and has no importable name."""
    return type(error).__name__ == "PanicException"


def from_json(id: str, content: bytes) -> LibraryTokenizer:
    """Build the tokenizer that a `tokenizer.json` describes.

    Args:
        id: What it is, for people.
        content: The whole file.

    Raises:
        Exception: Whatever the library raises for what it cannot read.
    """
    tokenizer = Tokenizer.from_str(content.decode())
    by_words = isinstance(tokenizer.normalizer, BertNormalizer) and isinstance(
        tokenizer.pre_tokenizer, BertPreTokenizer
    )
    added = tokenizer.get_added_tokens_decoder().values()
    return LibraryTokenizer(id, tokenizer, splits_at_blanks=by_words and not any(" " in each.content for each in added))
