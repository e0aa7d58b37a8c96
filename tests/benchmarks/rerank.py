"""Measures the local reranker against a bare onnxruntime loop on the same token ids."""

import argparse
import asyncio
import os
import platform
import random
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from tests.fakes.tiny_models import prepared
from workbench.config.paths import user_paths
from workbench.domain.deployment import ModelKind, PreparedModel
from workbench.domain.documents import Document
from workbench.domain.ranking import Candidate, Retrieval
from workbench.engines.onnx_model import physical_cores
from workbench.engines.onnx_reranker import OnnxReranker
from workbench.models.store import ModelStore

MODEL = "all-minilm-l6-v2"
WORDS = (
    "laptop",
    "battery",
    "charging",
    "heat",
    "fan",
    "screen",
    "warranty",
    "update",
    "travel",
    "the",
    "of",
    "to",
    "with",
)

REST = 0.2
"""Seconds between two measurements; onnxruntime's idle threads spin for a while before they sleep."""


class BareLoop:
    """The least that can be done: one session, ready-made ids, one run each."""

    def __init__(self, model: PreparedModel) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = physical_cores()
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(model.onnx), options, providers=["CPUExecutionProvider"])
        self._tokenizer = Tokenizer.from_file(str(model.tokenizer))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(model.window)

    def feeds(self, text: str) -> dict[str, np.ndarray]:
        encoding = self._tokenizer.encode(text)
        values = {
            "input_ids": encoding.ids,
            "attention_mask": encoding.attention_mask,
            "token_type_ids": encoding.type_ids,
        }
        return {node.name: np.array([values[node.name]], np.int64) for node in self._session.get_inputs()}

    def run(self, feeds: Sequence[dict[str, np.ndarray]]) -> float:
        """Return milliseconds for all."""
        start = perf_counter()
        for each in feeds:
            self._session.run(None, each)
        return (perf_counter() - start) * 1000


async def timed(reranker: OnnxReranker, query: str, documents: Sequence[Candidate]) -> tuple[float, float]:
    """Return milliseconds to the first score and to the last."""
    start, first = perf_counter(), 0.0
    async for _ in reranker.score(query, Retrieval(tuple(documents), len(documents), 0.0, 0.0)):
        first = first or perf_counter() - start
    return first * 1000, (perf_counter() - start) * 1000


async def measure(model: PreparedModel, rounds: int, size: int) -> list[tuple[str, float, float, str]]:
    dice = random.Random(1)
    texts = [" ".join(dice.choices(WORDS, k=260)) for _ in range(size)]
    documents = [Candidate(rank, Document.of(str(rank), "", text), 1.0) for rank, text in enumerate(texts, 1)]
    queries = [" ".join(dice.choices(WORDS, k=4)) + f" {number}" for number in range(2 * rounds + 2)]
    bare = BareLoop(model)
    document_feeds = [bare.feeds(text) for text in texts]
    with tempfile.TemporaryDirectory() as folder:
        fresh, cached = OnnxReranker(model), OnnxReranker(model, Path(folder))
        await timed(fresh, queries[-1], documents)
        await timed(cached, queries[-2], documents)
        loops, firsts, alls, encodes, agains = [], [], [], [], []
        for number in range(rounds):
            await asyncio.sleep(REST)
            loops.append(bare.run([bare.feeds(queries[number]), *document_feeds]))
            await asyncio.sleep(REST)
            first, last = await timed(fresh, queries[number], documents)
            firsts.append(first)
            alls.append(last)
            await asyncio.sleep(REST)
            encodes.append(bare.run([bare.feeds(queries[rounds + number])]))
            await asyncio.sleep(REST)
            agains.append((await timed(cached, queries[rounds + number], documents))[1])
        await fresh.close()
        await cached.close()
    per_document = min(loops) / (size + 1)
    tokens = document_feeds[0]["input_ids"].shape[1]
    return [
        (f"{size} documents x {tokens} tokens", min(alls), min(loops), "bare loop"),
        ("first score", min(firsts), per_document, "one document in the bare loop"),
        ("the same documents again", min(agains), min(encodes), "one query in the bare loop"),
    ]


def machine() -> str:
    cpu = platform.processor() or platform.machine()
    if (info := Path("/proc/cpuinfo")).exists():
        cpu = next((line.split(":")[1].strip() for line in info.read_text().splitlines() if "model name" in line), cpu)
    return f"{cpu}, {os.cpu_count()} CPUs, Python {platform.python_version()}, onnxruntime {onnxruntime.__version__}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, help="folder of prepared models (default: the user's)")
    parser.add_argument("--tiny", action="store_true", help="measure a tiny model: our own overhead and little else")
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--documents", type=int, default=30)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = ModelStore(options.models or user_paths().models)
        model = prepared(Path(folder), ModelKind.BI_ENCODER) if options.tiny else store.prepared(MODEL)
        if model is None:
            parser.error(f"{MODEL} is not prepared; run `workbench models download {MODEL}`, or use --tiny")
        rows = asyncio.run(measure(model, options.rounds, options.documents))
    print(f"{model.id}, best of {options.rounds}; {machine()}\n")
    print(f"{'what':32}{'ms':>10}{'baseline ms':>13}{'ratio':>8}{'more ms':>9}  baseline")
    for name, value, baseline, what in rows:
        print(f"{name:32}{value:10.2f}{baseline:13.2f}{value / baseline:8.3f}{value - baseline:9.2f}  {what}")


if __name__ == "__main__":
    warnings.simplefilter("error")
    main()
