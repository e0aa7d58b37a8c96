"""What state a reranking model is in, and what is needed to run it."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from workbench.domain.truncation import Strategy, Window


class ModelKind(StrEnum):
    """How a model turns a query and a document into a score."""

    BI_ENCODER = "bi-encoder"
    """One vector each; the score is their cosine."""
    CROSS_ENCODER = "cross-encoder"
    """Reads both together; the score is a logit."""


class ModelState(StrEnum):
    """A local model's life, in order; `failed` can follow any of them."""

    ABSENT = "absent"
    DOWNLOADING = "downloading"
    VERIFYING = "verifying"
    PREPARING = "preparing"
    READY = "ready"
    LOADED = "loaded"
    FAILED = "failed"


@dataclass(frozen=True)
class Progress:
    """How far a step has come."""

    done: int
    total: int
    """More than zero; a step whose total is unknown has no `Progress`."""
    unit: str
    """`bytes` or `parts`."""


@dataclass(frozen=True)
class ModelStatus:
    """What is known about one model at one moment."""

    id: str
    state: ModelState
    where: str = "local"
    """`local`, or the profile's name."""
    progress: Progress | None = None
    """None when the state has none or it is not known."""
    reason: str | None = None
    """Why it failed."""
    next: str | None = None
    """The one next action, for a person."""


@dataclass(frozen=True)
class PreparedModel:
    """A model on disk, verified and ready to load."""

    id: str
    kind: ModelKind
    onnx: Path
    """The graph: inputs `input_ids`, `attention_mask` and, where it has them, `token_type_ids`."""
    tokenizer: Path
    """A `tokenizer.json`."""
    window: int
    """Tokens read at most, special tokens included."""
    fingerprint: str
    """Changes when the scores it gives may change; keys caches."""


class TokenizerKind(StrEnum):
    """What a tokenizer's file holds."""

    HUGGING_FACE = "tokenizer.json"
    """Everything: vocabulary, normaliser, special tokens."""
    ELASTIC = "vocab.json"
    """Elasticsearch's vocabulary of a DeBERTa model: `vocabulary` and `scores`."""
    SENTENCEPIECE = "spm.model"
    """A SentencePiece model of a DeBERTa model."""


@dataclass(frozen=True)
class TokenizerFile:
    """A tokenizer on disk, checked and ready to open."""

    id: str
    """What it is, for people, such as `.rerank-v1` or a file's name."""
    kind: TokenizerKind
    path: Path
    window: Window
    """How the model that it belongs to reads."""
    notes: tuple[str, ...] = ()
    """What is assumed about it; a sentence each."""


def window_of(kind: ModelKind, budget: int) -> Window:
    """How a model of a kind reads; its special tokens are counted when its tokenizer is opened."""
    apart = kind is ModelKind.BI_ENCODER
    return Window(budget, 2 if apart else 3, Strategy.HEAD_ONLY if apart else Strategy.LONGEST_FIRST)
