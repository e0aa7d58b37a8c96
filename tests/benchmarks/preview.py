"""Measures the preview of a long document: opening, counting, keys, and how long each turn of the event loop takes.

Run from the root of the project: `python -m tests.benchmarks.preview tokenizer.json`, with any model's file. Nothing
is asked of the screen while it is measured: a painting is noted when it is made. Textual paints at most `TEXTUAL_FPS`
times a second, 60 unless that is set.
"""

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from textual import events
from textual.app import App

from tests.ui.still import Screens
from workbench.domain.documents import Document
from workbench.domain.tokens import Reader
from workbench.domain.truncation import Strategy, Window
from workbench.engines.library_tokenizer import from_json
from workbench.ui.screens.truncation import TruncationScreen
from workbench.ui.widgets.token_view import TokenView

REST = 0.15
"""Seconds between two keys, so that each finds the app at rest."""
SENTENCES = (
    "The adapter gets very warm while charging the laptop, unplug it.",
    "Nobody who returned the parcel within a fortnight has ever been asked for a reason.",
    "Hold the power button for ten seconds; the light turns amber, then white.",
    "If it doesn't, the battery (model B-7) must be replaced by a technician.",
)


def long_text(tokens: int) -> str:
    """Sentences in paragraphs of uneven length, of about as many tokens."""
    paragraphs, number = [], 0
    while number < tokens // 15:
        length = 2 + number * 7 % 9
        paragraphs.append(" ".join(SENTENCES[(number + at * at) % len(SENTENCES)] for at in range(length)))
        number += length
    return "\n\n".join(paragraphs)


class Probe:
    """Notes every turn of the event loop that takes long, and every painting."""

    def __init__(self, app: App[Any]) -> None:
        self.turns: list[tuple[float, float]] = []
        """Seconds of each callback that took over a millisecond, and how many of them it worked for.

        The rest of the time it waited: for the interpreter lock, or for a processor.
        """
        self.paints: list[float] = []
        self._painted = asyncio.Event()
        paint, run, turns = app._display, asyncio.events.Handle._run, self.turns  # type: ignore[attr-defined]

        def painted(*what: Any) -> None:
            paint(*what)
            self.paints.append(time.perf_counter())
            self._painted.set()

        def timed(handle: Any) -> None:
            started, worked = time.perf_counter(), time.thread_time()
            run(handle)
            if (took := time.perf_counter() - started) > 0.001:
                turns.append((took, time.thread_time() - worked))

        app._display = painted  # type: ignore[method-assign]
        asyncio.events.Handle._run = timed  # type: ignore[attr-defined]

    async def until(self, holds: Callable[[], bool]) -> float:
        """When the first painting from now on ended after which something holds."""
        self.paints.clear()
        while not (self.paints and holds()):
            self._painted.clear()
            await self._painted.wait()
        return self.paints[-1]

    def said(self) -> str:
        """The slowest turns since this was last asked."""
        slow = sorted(self.turns, reverse=True)[:3]
        worst = ", ".join(f"{took * 1000:.1f} ({worked * 1000:.1f} at work)" for took, worked in slow)
        over = sum(took > 0.005 for took, _ in self.turns)
        self.turns.clear()
        return f"slowest turns {worst or 'under 1'} ms, {over} over 5 ms"


async def measure(reader: Reader, text: str, size: tuple[int, int], keys: int) -> None:
    """Open the preview twice, the first time with its style sheet unread, and press keys."""
    with tempfile.TemporaryDirectory() as folder:
        app = Screens(Path(folder), reader, [Document.of("a", "Long", text)], selected=None)
        async with app.run_test(size=size):
            await asyncio.sleep(REST)
            probe = Probe(app)
            for name in ("first", "second"):
                screen = TruncationScreen(app.session, app.comparison, "a")
                started = time.perf_counter()
                app.push_screen(screen)
                await _opened(probe, screen, name, started)
                if name == "first":
                    await asyncio.sleep(3)
                    print(f"  lines broken; {probe.said()}")
                    screen.dismiss()
                    await asyncio.sleep(REST)
                    print(f"  left; {probe.said()}")
            await asyncio.sleep(3)
            print(f"  lines broken: {screen.query_one(TokenView).virtual_size.height:,}; {probe.said()}")
            for key in ("down", "pagedown", "up", "c", "end", "plus", "minus", "home", "plus", "s", "r", "p", "n", "p"):
                await _pressed(app, probe, key, 1 if key in ("c", "p", "n", "s", "r") else keys)


async def _opened(probe: Probe, screen: TruncationScreen, name: str, started: float) -> None:
    shown = await probe.until(lambda: screen.is_mounted and screen.reading is not None)
    print(f"{name} opening: first page painted after {(shown - started) * 1000:.0f} ms; {probe.said()}")
    if screen.partial:
        whole = await probe.until(lambda: not screen.partial)
        print(f"  counted and painted after {(whole - started) * 1000:.0f} ms; {probe.said()}")


async def _pressed(app: Screens, probe: Probe, key: str, times: int) -> None:
    found = []
    for _ in range(times):
        await asyncio.sleep(REST)
        started = time.perf_counter()
        assert app._driver
        app._driver.send_message(events.Key(key, key if len(key) == 1 else None))
        try:
            found.append((await asyncio.wait_for(probe.until(lambda: True), 1) - started) * 1000)
        except TimeoutError:
            continue
    await asyncio.sleep(REST)
    said = f"p50 {median(found):.1f} ms, slowest {max(found):.1f} ms" if found else "nothing changed"
    print(f"{key}: painted after {said}; {probe.said()}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tokenizer", type=Path)
    parser.add_argument("--tokens", type=int, default=200_000)
    parser.add_argument("--keys", type=int, default=20)
    parser.add_argument("--size", default="120x36")
    options = parser.parse_args()
    os.environ.setdefault("WORKBENCH_HOME", tempfile.mkdtemp())
    reader = Reader(from_json("the tokenizer", options.tokenizer.read_bytes()), Window(512, 3, Strategy.BALANCED))
    text = long_text(options.tokens)
    print(f"{len(text):,} characters, {reader.tokenizer.count([text])[0]:,} tokens")
    columns, rows = map(int, options.size.split("x"))
    asyncio.run(measure(reader, text, (columns, rows), options.keys))


if __name__ == "__main__":
    main()
