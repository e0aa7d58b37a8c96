"""A Unigram vocabulary that SentencePiece trains from the bundled corpus, as DeBERTa's was trained."""

import io
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import sentencepiece

FIXTURES = Path(__file__).parents[2] / "fixtures" / "help-center"


def sentences() -> Iterator[str]:
    """Lines of the bundled documents, in a fixed order."""
    for file in sorted(FIXTURES.rglob("*.md")):
        yield from filter(None, map(str.strip, file.read_text().splitlines()))


@cache
def trained(byte_fallback: bool = False, rule: str = "nmt_nfkc", size: int = 1500) -> bytes:
    """A SentencePiece model with DeBERTa's special pieces."""
    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=sentences(),
        model_writer=written,
        model_type="unigram",
        vocab_size=size,
        normalization_rule_name=rule,
        byte_fallback=byte_fallback,
        character_coverage=0.999,
        pad_id=0,
        pad_piece="[PAD]",
        bos_id=1,
        bos_piece="[CLS]",
        eos_id=2,
        eos_piece="[SEP]",
        unk_id=3,
        unk_piece="[UNK]",
        num_threads=1,
        minloglevel=2,
    )
    return written.getvalue()


def processor(model: bytes) -> sentencepiece.SentencePieceProcessor:
    """The library that is agreed with."""
    return sentencepiece.SentencePieceProcessor(model_proto=model)


def vocabulary_json(model: bytes) -> bytes:
    """The pieces and scores of a model as Elasticsearch's vocabulary file holds them, [MASK] last."""
    source = processor(model)
    size = source.get_piece_size()
    pieces = [*(source.id_to_piece(id) for id in range(size)), "[MASK]"]
    # Special pieces have no score there.
    scores = [
        *(0.0 if source.is_control(id) or source.is_unknown(id) else source.get_score(id) for id in range(size)),
        0.0,
    ]
    return json.dumps({"vocabulary": pieces, "scores": scores}).encode()
