"""Measures how long a key takes from the query line to the painted BM25 list, over a large corpus, without a terminal.

Run from the root of the project: `python -m tests.benchmarks.keystroke`. Textual paints at most `TEXTUAL_FPS` times a
second; the app starts with 240.
"""

import argparse
import asyncio
import os
import tempfile
import time
from pathlib import Path
from statistics import quantiles
from typing import Any

from tests.benchmarks.retrieval import Corpus
from workbench.config.settings import Settings
from workbench.domain.errors import ModelUnavailableError
from workbench.domain.tuning import Tuning
from workbench.engines.base import Opened
from workbench.engines.corpora import corpus_info
from workbench.engines.embedded import EmbeddedRetriever
from workbench.engines.index import build_index
from workbench.services.kept import Kept
from workbench.services.local import LocalEngines, LocalModel
from workbench.services.models import ModelLibrary
from workbench.services.session import Session

REST = 0.3
"""Seconds between two keys, so that each finds the app at rest."""


async def paint_times(root: Path, corpus: Corpus, keys: int, size: tuple[int, int]) -> list[float]:
    """Milliseconds from a changed query line to the first painting that holds its candidates."""
    from workbench.ui.app import WorkbenchApp
    from workbench.ui.screens.compare import CompareScreen
    from workbench.ui.widgets.query_line import QueryLine

    async def opened(name: str) -> Opened:
        return Opened(EmbeddedRetriever(root, name), corpus_info(root, name).documents, ())

    def no_models() -> ModelLibrary:
        raise ModelUnavailableError("BM25 alone is measured.")

    none = LocalModel("none", no_models, lambda model: no_models())  # type: ignore[arg-type, return-value]
    engines = LocalEngines(opened, lambda: ["benchmark"], none)
    app = WorkbenchApp(Session(engines, Tuning(), Kept(root)), Settings(corpus="benchmark"), corpus.draw(2))
    screen: CompareScreen | None = None
    wanted, seen, paint = "", asyncio.Event(), app._display

    def watched(*what: Any) -> None:
        paint(*what)
        if screen and screen.comparison and screen.comparison.query == wanted:
            seen.set()

    app._display = watched  # type: ignore[method-assign]
    times = []
    async with app.run_test(size=size):
        screen = next(one for one in app.screen_stack if isinstance(one, CompareScreen))
        line = screen.query_one(QueryLine)
        for _ in range(keys):
            await asyncio.sleep(REST)
            wanted = corpus.draw(2)
            seen.clear()
            started = time.perf_counter()
            line.value = wanted
            await seen.wait()
            times.append((time.perf_counter() - started) * 1000)
    return times[5:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--keys", type=int, default=60)
    parser.add_argument("--size", default="160x48")
    options = parser.parse_args()
    os.environ.setdefault("TEXTUAL_FPS", "240")
    os.environ.setdefault("WORKBENCH_HOME", tempfile.mkdtemp())
    corpus = Corpus()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        build_index(root, "benchmark", "drawn words", corpus.documents(options.documents), workers=2)
        columns, rows = map(int, options.size.split("x"))
        times = asyncio.run(paint_times(root, corpus, options.keys, (columns, rows)))
    cuts = quantiles(times, n=20)
    print(f"{len(times)} keys over {options.documents:,} documents: p50 {cuts[9]:.1f} ms, p95 {cuts[18]:.1f} ms")


if __name__ == "__main__":
    main()
