"""Tokenizers of DeBERTa models, from Elasticsearch's vocabulary or from a SentencePiece model.

Importing this loads tokenizers.
"""

import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import groupby

from tokenizers import (
    AddedToken,
    Encoding,
    Regex,
    Tokenizer,
    models,
    normalizers,
    pre_tokenizers,
    processors,
)

from workbench.domain.documents import Span
from workbench.engines.library_tokenizer import LibraryTokenizer
from workbench.engines.sentencepiece_model import PieceType, read_model
from workbench.engines.token_sequences import Joined, Part, melts

_PREFIX = "▁"
"""How a piece writes the blank before a word."""
_BEGIN, _END, _UNKNOWN, _MASK = "[CLS]", "[SEP]", "[UNK]", "[MASK]"
_NEVER_SPLIT = (_BEGIN, _END, "[PAD]", _UNKNOWN, _MASK)
_WORD_START = rf"(?<=\A|\s|{'|'.join(map(re.escape, _NEVER_SPLIT))})"
ELASTIC_NOTES = (
    "Text is normalised by NFKC; the server's own map differs for some control and width characters.",
    "The server gives every token the token type 0, the document's too.",
)
SENTENCEPIECE_NOTES = (
    "A run of unknown characters is one token here; Elasticsearch makes one of every byte of it.",
    "The document's tokens have the token type 1 here; Elasticsearch gives them 0.",
)


class UnigramTokenizer(LibraryTokenizer):
    """A Unigram vocabulary, told where the bytes of a character that it lacks lie.

    The library takes a run of unknown characters for one, and gives every byte of such a run the whole run's span.

    Args:
        id: What it is, for people.
        tokenizer: Made of a Unigram model.
        notes: As in `Tokenizer`.
        splits_at_blanks: As in `LibraryTokenizer`.
        each_byte: Whether each byte of an unknown character is a token, which Elasticsearch does.
    """

    def __init__(
        self, id: str, tokenizer: Tokenizer, notes: tuple[str, ...], *, splits_at_blanks: bool, each_byte: bool
    ) -> None:
        super().__init__(id, tokenizer, notes, splits_at_blanks=splits_at_blanks)
        self._each_byte = each_byte
        self._unknown = tokenizer.token_to_id(_UNKNOWN) or 0
        named = ((byte, tokenizer.token_to_id(f"<0x{byte:02X}>")) for byte in range(256))
        self._of_byte = {byte: id for byte, id in named if id is not None}
        self._bytes = {id: byte for byte, id in self._of_byte.items()}
        self._odd = {*self._bytes, *([self._unknown] if each_byte else [])}

    def _written(self, text: str) -> str:
        return unicodedata.normalize("NFKC", text) if self._each_byte else text

    def _count(self, text: str, encoding: Encoding) -> int:
        if not self._each_byte or self._unknown not in encoding.ids:
            return len(encoding)
        # Which characters were unknown is lost on the fast way.
        return sum(map(len, self.tokenize([text])))

    def _parts(self, text: str, start: int, encoding: Encoding) -> tuple[Sequence[int], Sequence[Span]]:
        ids, spans = super()._parts(text, start, encoding)
        odd = [place for place, id in enumerate(ids) if id in self._odd]
        if not odd:
            return ids, spans
        ids = [*ids]
        all_ids: list[int] = []
        all_spans: list[Sequence[Span]] = []
        at = 0
        for places, surface in self._runs(encoding, ids, odd):
            begin, end = spans[places[0]][0] - start, spans[places[-1]][1] - start
            all_ids += ids[at : places.start]
            of_run: list[Span] = []
            for part, (first, last) in self._aligned(text, surface, (begin, end)):
                spelt = part.encode()
                all_ids += [self._of_byte.get(byte, self._unknown) for byte in spelt]
                of_run += [(first + start, last + start)] * len(spelt)
            all_spans += [Part(spans, range(at, places.start)), of_run]
            at = places.stop
        return [*all_ids, *ids[at:]], Joined([*all_spans, Part(spans, range(at, len(spans)))])

    def _runs(self, encoding: Encoding, ids: Sequence[int], odd: Sequence[int]) -> Iterator[tuple[range, str]]:
        """Yield the places of tokens that spell one run of unknown characters, and what they spell."""
        surfaces = encoding.tokens if any(ids[place] == self._unknown for place in odd) else []
        for _, run in groupby(enumerate(odd), key=lambda row: (row[1] - row[0], *self._run(row[1], ids, encoding))):
            tokens = [place for _, place in run]
            places = range(tokens[0], tokens[-1] + 1)
            if ids[tokens[0]] == self._unknown:
                if surfaces[tokens[0]] != _UNKNOWN:
                    yield places, surfaces[tokens[0]]
                continue
            # A literal <0x9F> is a piece too, and spells no character.
            with suppress(UnicodeDecodeError):
                yield places, bytes(self._bytes[ids[place]] for place in places).decode()

    def _run(self, place: int, ids: Sequence[int], encoding: Encoding) -> tuple[int, int]:
        """What the tokens of one run have in common: an unknown one is a run of its own, bytes begin where it does."""
        if ids[place] == self._unknown:
            return 1, place
        span = encoding.token_to_chars(place)
        assert span is not None, "every place has a span"
        return 0, span[0]

    def _aligned(self, text: str, surface: str, span: Span) -> list[tuple[str, Span]]:
        """Find which characters of a text normalise to which part of a run; the whole run where that is not clear."""
        start, end = span
        if text[start:end] == surface:
            return [(char, (start + place, start + place + 1)) for place, char in enumerate(surface)]
        normalize = self._tokenizer.normalizer.normalize_str
        parts = [(normalize(text[begin:stop]), (begin, stop)) for begin, stop in _characters(text, start, end)]
        if surface.startswith(_PREFIX) and "".join(part for part, _ in parts) == surface[1:]:
            return [(_PREFIX, parts[0][1]), *parts]
        return parts if "".join(part for part, _ in parts) == surface else [(surface, span)]


def _characters(text: str, start: int, end: int) -> Iterator[Span]:
    """Yield spans of characters, each with the marks that may melt into it."""
    begin = start
    for place in range(start + 1, end):
        if not melts(text[place]):
            yield begin, place
            begin = place
    yield begin, end


def elastic_tokenizer(id: str, content: bytes) -> UnigramTokenizer:
    """Build Elastic Rerank's tokenizer.

    Args:
        id: What it is, for people.
        content: A JSON object with `vocabulary`, the pieces by id, and `scores`.

    Raises:
        ValueError: It is none.
        KeyError: It lacks a list or a piece.
    """
    described = json.loads(content)
    pieces, scores = described["vocabulary"], described["scores"]
    ids = {piece: id for id, piece in enumerate(pieces)}
    vocabulary = [(piece, float(score)) for piece, score in zip(pieces, scores, strict=True)]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=ids[_UNKNOWN], byte_fallback=True))
    # The library gives no prefix to a word that begins as if it had one; the server does.
    doubled = normalizers.Replace(Regex(_WORD_START + _PREFIX), 2 * _PREFIX)
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), doubled])
    metaspace = pre_tokenizers.Metaspace(_PREFIX, prepend_scheme="always", split=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), metaspace])
    # The server looks for them in the normalised text, so that those of full width are found.
    tokenizer.add_special_tokens([AddedToken(piece, normalized=True) for piece in _NEVER_SPLIT if piece in ids])
    tokenizer.post_processor = _template(ids[_BEGIN], ids[_END], second_type=0)
    return UnigramTokenizer(id, tokenizer, ELASTIC_NOTES, splits_at_blanks=True, each_byte=True)


def sentencepiece_tokenizer(id: str, content: bytes) -> UnigramTokenizer:
    """Build the tokenizer of a DeBERTa model as it is published.

    Args:
        id: What it is, for people.
        content: A SentencePiece model.

    Raises:
        ValueError: It is none, or no Unigram model.
        KeyError: It lacks a piece that DeBERTa wants.
    """
    model = read_model(content)
    ids = {piece: id for id, (piece, _) in enumerate(model.pieces)}
    unknown = [id for id, type in enumerate(model.types) if type is PieceType.UNKNOWN]
    unigram = models.Unigram(model.pieces, unk_id=ids[_UNKNOWN], byte_fallback=model.byte_fallback)
    if unknown != [ids[_UNKNOWN]]:
        raise ValueError(f"its unknown piece is not {_UNKNOWN}")
    tokenizer = Tokenizer(unigram)
    steps: list[normalizers.Normalizer] = [normalizers.Precompiled(model.charsmap)] if model.charsmap else []
    if model.remove_extra_whitespaces:
        steps += [normalizers.Replace(Regex(r"\A +| +\z"), ""), normalizers.Replace(Regex(" {2,}"), " ")]
    tokenizer.normalizer = normalizers.Sequence(steps)
    scheme = "always" if model.add_dummy_prefix else "never"
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(_PREFIX, prepend_scheme=scheme)
    tokenizer.add_tokens([AddedToken(piece, normalized=False) for piece in model.of_type(PieceType.USER_DEFINED)])
    tokenizer.add_special_tokens([_UNKNOWN, *model.of_type(PieceType.CONTROL)])
    tokenizer.add_special_tokens([_MASK])
    tokenizer.post_processor = _template(ids[_BEGIN], ids[_END], second_type=1)
    # A blank begins a piece where it is not removed for being one too many.
    whole = model.add_dummy_prefix and model.remove_extra_whitespaces
    inside = any(_PREFIX in piece[1:] for piece, _ in model.pieces)
    return UnigramTokenizer(id, tokenizer, SENTENCEPIECE_NOTES, splits_at_blanks=whole and not inside, each_byte=False)


def _template(begin: int, end: int, second_type: int) -> processors.TemplateProcessing:
    return processors.TemplateProcessing(
        single=f"{_BEGIN} $A {_END}",
        pair=f"{_BEGIN} $A {_END} $B:{second_type} {_END}:{second_type}",
        special_tokens=[(_BEGIN, begin), (_END, end)],
    )
