"""Measures the embedded engine: how fast an index is built, in how much memory, and how soon a query is answered.

Run from the root of the project: `python -m tests.benchmarks.retrieval`.
"""

import argparse
import asyncio
import random
import re
import resource
import tempfile
import time
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from statistics import quantiles

from tests.engines.docstrings import docstrings
from workbench.domain.documents import Document
from workbench.engines.embedded import EmbeddedRetriever
from workbench.engines.index import build_index


class Corpus:
    """Documents of about 280 characters whose words are drawn from a Zipf distribution over real ones."""

    def __init__(self, seed: int = 1) -> None:
        text = " ".join(document.text for document in docstrings(1_000))
        self._words = sorted(set(re.findall("[A-Za-z]{2,}", text)))
        self._random = random.Random(seed)
        self._random.shuffle(self._words)
        self._weights = list(accumulate(1 / rank for rank in range(1, len(self._words) + 1)))

    def draw(self, count: int) -> str:
        return " ".join(self._random.choices(self._words, cum_weights=self._weights, k=count))

    def documents(self, count: int) -> Iterator[Document]:
        for number in range(count):
            yield Document.of(f"d{number}", self.draw(5), f"{self.draw(14)}. {self.draw(14)}, {self.draw(12)}.")


async def query_times(root: Path, corpus: Corpus, count: int, depth: int) -> list[float]:
    """Milliseconds per query, documents' text included."""
    retriever = EmbeddedRetriever(root, "benchmark")
    times = []
    for _ in range(count):
        query = corpus.draw(random.randint(1, 6))
        started = time.perf_counter()
        await retriever.search(query, depth)
        times.append((time.perf_counter() - started) * 1000)
    await retriever.close()
    return times[20:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=1_000)
    parser.add_argument("--depth", type=int, default=30)
    parser.add_argument("--workers", type=int, nargs="*", default=[0, 2])
    options = parser.parse_args()
    corpus = Corpus()
    documents = list(corpus.documents(options.documents))
    with tempfile.TemporaryDirectory() as folder:
        for workers in options.workers:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            started = time.perf_counter()
            info = build_index(Path(folder), "benchmark", "drawn words", documents, workers=workers)
            seconds = time.perf_counter() - started
            own, children = (
                resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
            )
            print(
                f"build, {workers} workers: {info.text_bytes / 1e6:.1f} MB in {seconds:.1f} s, "
                f"{info.text_bytes / 1e6 / seconds:.1f} MB/s; peak memory {own / 1024:.0f} MB "
                f"({before / 1024:.0f} before, with all documents held), largest child {children / 1024:.0f} MB; "
                f"{info.disk_bytes / 1e6:.1f} MB on disk"
            )
        times = asyncio.run(query_times(Path(folder), corpus, options.queries, options.depth))
    cuts = quantiles(times, n=20)
    print(f"query, depth {options.depth}: p50 {cuts[9]:.2f} ms, p95 {cuts[18]:.2f} ms, worst {max(times):.2f} ms")


if __name__ == "__main__":
    main()
