"""Runs a reranking model's graph on one text or one pair at a time, and counts what it read.

Importing this loads onnxruntime, tokenizers and numpy.
"""

import math
import os
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from workbench.domain.deployment import PreparedModel
from workbench.domain.errors import ModelUnavailableError

_SILENT = 3
"""onnxruntime's log severity for errors alone."""
_LONG = 4_096
"""Tokens past which a text's head is cheaper to tokenise again than to cut off."""
_LONGEST_WORD = 1_000
"""Characters past the cut that can still change the tokens before it."""


@dataclass(frozen=True)
class Reading:
    """How much of one text the model read, in tokens without the special ones."""

    tokens: int
    kept: int
    text_end: int
    """Character offset where reading stopped."""


@dataclass(frozen=True)
class Timing:
    """Milliseconds that one run took."""

    tokenize: float
    infer: float


class OnnxModel:
    """A graph in onnxruntime and its tokenizer.

    Everything runs as a batch of one without padding: an int8 graph finds its activation range per
    batch, so that batch mates and padding would change a score.

    Args:
        model: Which files to load.
        threads: How many threads one run may use; 0 takes the physical cores this process may use.

    Raises:
        Exception: Whatever onnxruntime and tokenizers raise for files they cannot read.
    """

    def __init__(self, model: PreparedModel, threads: int = 0) -> None:
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or physical_cores()
        options.inter_op_num_threads = 1
        options.log_severity_level = _SILENT
        self._id = model.id
        self._window = model.window
        self._session = onnxruntime.InferenceSession(str(model.onnx), options, providers=["CPUExecutionProvider"])
        self._inputs = [node.name for node in self._session.get_inputs()]
        self._outputs = [self._session.get_outputs()[0].name]
        self._tokenizer = Tokenizer.from_file(str(model.tokenizer))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self.runs = 0

    def vector(self, text: str) -> tuple[NDArray[np.float16], Reading, Timing]:
        """Encode one text, cut at its head to fit the window.

        Returns:
            The mean of the last hidden states, normalised, [hidden]; what was read; how long it took.

        Raises:
            ModelUnavailableError: The graph is no bi-encoder.
        """
        start = perf_counter()
        encoding, reading = self._head(self._tokenize(text)[0], self._room(pair=False), text)
        encoding = self._tokenizer.post_process(encoding)
        tokenized = perf_counter()
        states = self._run(encoding)
        if states.ndim != 3 or states.shape[:2] != (1, len(encoding)):
            raise self._refused(f"its output has the shape {list(states.shape)}, not one vector per token")
        mean = states[0].mean(axis=0, dtype=np.float32)
        length = self._finite(float(np.linalg.norm(mean)))
        unit = (mean / max(length, 1e-12)).astype("<f2")
        return unit, reading, _timing(start, tokenized)

    def logit(self, query: str, text: str) -> tuple[float, Reading, Reading, Timing]:
        """Score one pair, of which the longer side is cut first to fit the window.

        Returns:
            The logit; what was read of the query; what was read of the text; how long it took.

        Raises:
            ModelUnavailableError: The graph is no cross-encoder.
        """
        start = perf_counter()
        left, right = self._tokenize(query, text)
        keep_left, keep_right = longest_first(len(left), len(right), self._room(pair=True))
        left, of_query = self._head(left, keep_left, query)
        right, of_text = self._head(right, keep_right, text)
        encoding = self._tokenizer.post_process(left, right)
        tokenized = perf_counter()
        logits = self._run(encoding)
        if logits.shape not in ((1, 1), (1, 2)):
            raise self._refused(f"its output has the shape {list(logits.shape)}, not one or two numbers per pair")
        # One number, or the second of two less the first.
        last, *first = reversed(logits[0].tolist())
        return self._finite(last - sum(first)), of_query, of_text, _timing(start, tokenized)

    def _tokenize(self, *texts: str) -> list[Encoding]:
        # `encode` would hold the interpreter lock through a long document, `encode_batch` does not.
        return self._tokenizer.encode_batch(list(texts), add_special_tokens=False)

    def _head(self, encoding: Encoding, keep: int, text: str) -> tuple[Encoding, Reading]:
        """Keep the first tokens of an encoded text."""
        tokens = len(encoding)
        if tokens <= keep:
            return encoding, Reading(tokens, tokens, len(text))
        span = encoding.token_to_chars(keep - 1) if keep else None
        end = span[1] if span else 0
        if tokens > _LONG:
            # Cutting copies the whole tail, and holds the interpreter lock meanwhile.
            encoding = self._tokenize(text[: end + _LONGEST_WORD])[0]
        encoding.truncate(keep)
        return encoding, Reading(tokens, keep, end)

    def _room(self, *, pair: bool) -> int:
        return self._window - self._tokenizer.num_special_tokens_to_add(pair)

    def _run(self, encoding: Encoding) -> NDArray[np.float32]:
        values = {
            "input_ids": encoding.ids,
            "attention_mask": encoding.attention_mask,
            "token_type_ids": encoding.type_ids,
        }
        if unknown := [name for name in self._inputs if name not in values]:
            raise self._refused(f"it wants the input `{unknown[0]}`, which a text reranker has not")
        self.runs += 1
        output = self._session.run(self._outputs, {name: np.array([values[name]], np.int64) for name in self._inputs})
        result: NDArray[np.float32] = output[0]
        return result

    def _finite(self, value: float) -> float:
        if not math.isfinite(value):
            raise self._refused("it gives a score that is not a number")
        return value

    def _refused(self, reason: str) -> ModelUnavailableError:
        return ModelUnavailableError(
            f"Model {self._id} cannot rerank: {reason}.",
            hint=f"Choose another model, or `workbench models remove {self._id}` and download it again.",
        )


def cosine(left: NDArray[np.float16], right: NDArray[np.float16]) -> float:
    """Cosine of two unit vectors, the same on every machine; 0 when one of them is all zeros.

    Products of fp16 numbers are multiples of 2⁻⁴⁸, so double precision adds them up exactly in any order.
    """
    a, b = left.astype(np.float64), right.astype(np.float64)
    norms = float(a @ a) * float(b @ b)
    return float(a @ b) / norms**0.5 if norms else 0.0


def longest_first(query: int, document: int, room: int) -> tuple[int, int]:
    """Share the room between both sides as Hugging Face's `longest_first` does.

    Args:
        query: Tokens of the query.
        document: Tokens of the document.
        room: Tokens that fit, special ones not counted.

    Returns:
        How many tokens of the query and of the document are kept.
    """
    if query + document <= room:
        return query, document
    half = room // 2
    if query > document:
        kept = min(document, half)
        return room - kept, kept
    kept = min(query, half)
    return kept, room - kept


def _timing(start: float, tokenized: float) -> Timing:
    return Timing((tokenized - start) * 1000, (perf_counter() - tokenized) * 1000)


def physical_cores() -> int:
    """Count the cores this process may use, 0 (onnxruntime decides) where the system does not say."""
    if not hasattr(os, "sched_getaffinity"):
        return 0
    cpus = os.sched_getaffinity(0)
    try:
        topology = "/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list"
        return len({Path(topology.format(cpu)).read_text() for cpu in cpus})
    except OSError:
        return len(cpus)
