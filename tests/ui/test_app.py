"""Start, themes and the end of the app."""

import subprocess
import sys
from pathlib import Path

from tests.ui.conftest import Bench
from tests.ui.screen import reranked, screen_text, until
from workbench.config.paths import user_paths
from workbench.ui.app import WorkbenchApp
from workbench.ui.themes import bundled_tokens

FIRST_PAINT = """
import asyncio, sys
from workbench.cli.wiring import open_session, settings_for
from argparse import Namespace
from workbench.domain.errors import IndexUnavailableError
from workbench.ui.app import WorkbenchApp
from dataclasses import replace

settings = settings_for(Namespace())
session = open_session(settings)
heavy = {"onnxruntime", "onnx", "tantivy", "elasticsearch", "tokenizers", "numpy", "httpx", "Stemmer", "regex"}
loaded = []

async def first_work(name):
    loaded.append(sorted(set(sys.modules) & heavy))
    raise IndexUnavailableError("stop here")

session.engines = replace(session.engines, open_corpus=first_work)

async def main():
    app = WorkbenchApp(session, settings)
    async with app.run_test() as pilot:
        while not loaded:
            await pilot.pause()
    print(loaded)

asyncio.run(main())
"""


def test_the_first_picture_needs_no_engine(tmp_path: Path) -> None:
    """What opens the corpus runs after the first paint; until then nothing heavy has been imported."""
    done = subprocess.run([sys.executable, "-c", FIRST_PAINT], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[[]]", done.stderr


async def test_one_key_switches_between_dark_and_light(bench: Bench) -> None:
    async with bench.app().run_test(size=(120, 36)) as pilot:
        await reranked(pilot)
        assert pilot.app.current_theme.dark
        await pilot.press("ctrl+t")
        assert pilot.app.theme == "workbench-light"
        await pilot.press("ctrl+t")
        assert pilot.app.theme == "workbench-dark"


async def test_every_theme_of_textual_draws_the_screen_too(bench: Bench) -> None:
    async with bench.app().run_test(size=(120, 36)) as pilot:
        await reranked(pilot)
        for name in pilot.app.available_themes:
            pilot.app.theme = name
            await pilot.pause()
            assert "Reranked" in screen_text(pilot.app), name
            ours = bundled_tokens(pilot.app.current_theme.dark)
            if not name.startswith("workbench"):
                assert pilot.app.get_css_variables()["twin"] == ours["twin"], "dark and light have colours of their own"


async def test_a_persons_own_theme_is_there_and_a_wrong_one_is_named(bench: Bench) -> None:
    folder = user_paths().themes
    folder.mkdir(parents=True)
    good = (Path(__file__).parents[2] / "themes" / "workbench-dark.toml").read_text()
    (folder / "mine.toml").write_text(good.replace('"workbench-dark"', '"mine"').replace("#7aa2f7", "#ff8800"))
    (folder / "bad.toml").write_text(good.replace('"workbench-dark"', '"bad"').replace("#7aa2f7", "[red]"))
    app = bench.app(theme="mine")
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until(pilot, lambda: bool(pilot.app._notifications), "a message")
        assert pilot.app.theme == "mine"
        (message,) = pilot.app._notifications
        assert "bad.toml" in message.message and "colours.primary" in message.message
        await reranked(pilot)


async def test_an_unknown_theme_is_replaced_and_named(bench: Bench) -> None:
    app = bench.app(theme="nonsuch")
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until(pilot, lambda: bool(pilot.app._notifications), "a message")
        assert "nonsuch" in next(iter(pilot.app._notifications)).message
        assert pilot.app.theme == "workbench-dark"


async def test_quitting_lets_go_of_everything(bench: Bench) -> None:
    app: WorkbenchApp = bench.app()
    async with app.run_test(size=(120, 36)) as pilot:
        await reranked(pilot)
        await pilot.press("ctrl+q")
    assert app.return_code == 0
