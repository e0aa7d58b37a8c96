"""Runs a reranking model's graph on one text or one pair at a time, fed what its `Reader` says.

Importing this loads onnxruntime, tokenizers and numpy.
"""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from workbench.domain.deployment import ModelKind, PreparedModel
from workbench.domain.errors import ModelUnavailableError
from workbench.domain.tokens import Reader, TokenCount
from workbench.domain.truncation import Strategy, Window
from workbench.engines.library_tokenizer import from_json

_SILENT = 3
"""onnxruntime's log severity for errors alone."""


@dataclass(frozen=True)
class Share:
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
        self._session = onnxruntime.InferenceSession(str(model.onnx), options, providers=["CPUExecutionProvider"])
        self._inputs = [node.name for node in self._session.get_inputs()]
        self._outputs = [self._session.get_outputs()[0].name]
        self._tokenizer = from_json(model.id, model.tokenizer.read_bytes())
        self._apart, self._pair = (
            Reader(self._tokenizer, Window(model.window, len(self._tokenizer.framing(pair)), strategy))
            for pair, strategy in ((False, Strategy.HEAD_ONLY), (True, Strategy.LONGEST_FIRST))
        )
        self.reader = self._apart if model.kind is ModelKind.BI_ENCODER else self._pair
        self.runs = 0

    def vector(self, text: str) -> tuple[NDArray[np.float16], Share, Timing]:
        """Encode one text, cut at its head to fit the window.

        Returns:
            The mean of the last hidden states, normalised, [hidden]; what was read; how long it took.

        Raises:
            ModelUnavailableError: The graph is no bi-encoder.
        """
        start = perf_counter()
        [tokens] = self._tokenizer.tokenize([text])
        kept = self._apart.window.kept(0, len(tokens)).document
        ids = self._tokenizer.framing(pair=False).around(tokens.ids[:kept])
        tokenized = perf_counter()
        states = self._run(ids, self._tokenizer.types(kept))
        if states.ndim != 3 or states.shape[:2] != (1, len(ids)):
            raise self._refused(f"its output has the shape {list(states.shape)}, not one vector per token")
        mean = states[0].mean(axis=0, dtype=np.float32)
        length = self._finite(float(np.linalg.norm(mean)))
        unit = (mean / max(length, 1e-12)).astype("<f2")
        return unit, Share(len(tokens), kept, tokens.end(kept)), _timing(start, tokenized)

    def logit(self, query: str, text: str) -> tuple[float, TokenCount, Timing]:
        """Score one pair, of which the longer side is cut first to fit the window.

        Returns:
            The logit; what was read; how long it took.

        Raises:
            ModelUnavailableError: The graph is no cross-encoder.
        """
        start = perf_counter()
        reading = self._pair.read(query, text)
        [ids] = reading.inputs
        tokenized = perf_counter()
        logits = self._run(ids, self._tokenizer.types(*reading.kept))
        if logits.shape not in ((1, 1), (1, 2)):
            raise self._refused(f"its output has the shape {list(logits.shape)}, not one or two numbers per pair")
        # One number, or the second of two less the first.
        last, *first = reversed(logits[0].tolist())
        return self._finite(last - sum(first)), reading.count, _timing(start, tokenized)

    def _run(self, ids: Sequence[int], types: Sequence[int]) -> NDArray[np.float32]:
        values: dict[str, Sequence[int]] = {
            "input_ids": ids,
            "attention_mask": [1] * len(ids),
            "token_type_ids": types,
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
