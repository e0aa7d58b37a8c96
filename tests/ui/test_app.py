"""Start, themes and the end of the app."""

import subprocess
import sys
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.theme import BUILTIN_THEMES

from tests.ui.conftest import Bench
from tests.ui.screen import reranked, screen_text, until
from workbench.config.paths import user_paths
from workbench.ui.app import WorkbenchApp
from workbench.ui.screens.theme_picker import ThemePicker
from workbench.ui.themes import fallback_tokens
from workbench.ui.widgets.panels import Panels

FIRST_PAINT = """
import asyncio, sys
from workbench.cli.wiring import open_session, settings_for
from argparse import Namespace
from workbench.domain.errors import IndexUnavailableError
from workbench.ui.app import WorkbenchApp

settings = settings_for(Namespace(profile=sys.argv[1]))
session = open_session(settings)
heavy = {"onnxruntime", "onnx", "tantivy", "tokenizers", "numpy", "httpx", "Stemmer", "regex"}
heavy |= {"elasticsearch", "elastic_transport", "workbench.engines.elasticsearch"}
loaded = []

async def first_work(place):
    loaded.append(sorted(set(sys.modules) & heavy))
    raise IndexUnavailableError("stop here")

session.open = first_work

async def main():
    app = WorkbenchApp(session, settings)
    async with app.run_test() as pilot:
        while not loaded:
            await pilot.pause()
    print(loaded)

asyncio.run(main())
"""


@pytest.mark.parametrize("profile", ["-", "prod"])
def test_the_first_picture_needs_no_engine(profile: str) -> None:
    """What opens the corpus runs after the first paint; until then nothing heavy has been imported."""
    file = user_paths().profiles
    file.parent.mkdir(parents=True)
    file.write_text("[prod]\nhosts = ['http://localhost:9']\n")
    assert imported(FIRST_PAINT, profile) == "[[]]"


def test_a_cluster_is_reached_without_what_the_embedded_engine_needs() -> None:
    program = "import sys, workbench.engines.elasticsearch.engines; print({'Stemmer', 'tantivy'} & set(sys.modules))"
    assert imported(program) == "set()"


def imported(program: str, *words: str) -> str:
    command = [sys.executable, "-c", program, *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.strip()


async def choose_theme(pilot: Pilot[None], name: str) -> None:
    await pilot.press("ctrl+t")
    await until(pilot, lambda: isinstance(pilot.app.screen, ThemePicker), "the picker")
    await pilot.press(*name, "enter")
    await until(pilot, lambda: not isinstance(pilot.app.screen, ThemePicker), "back")
    await pilot.app.workers.wait_for_complete()
    assert pilot.app.theme == name


async def test_a_chosen_theme_is_there_again_at_the_next_start(bench: Bench) -> None:
    async with bench.app().run_test(size=(120, 36)) as pilot:
        await reranked(pilot)
        assert pilot.app.theme == "workbench-dark"
        await choose_theme(pilot, "workbench-light")
    async with bench.app().run_test(size=(120, 36)) as pilot:
        assert pilot.app.theme == "workbench-light"


async def test_a_theme_in_the_settings_wins_and_that_is_said(bench: Bench) -> None:
    async with bench.app(theme="aurora").run_test(size=(120, 36), notifications=True) as pilot:
        await reranked(pilot)
        assert pilot.app.theme == "aurora"
        await choose_theme(pilot, "workbench-light")
        assert "config.toml sets aurora" in next(iter(pilot.app._notifications)).message
    async with bench.app(theme="aurora").run_test(size=(120, 36)) as pilot:
        assert pilot.app.theme == "aurora"


async def test_keys_of_the_settings_work_and_a_wrong_one_is_named(bench: Bench) -> None:
    keys = {"panel.next": "f12", "baseline.pin": "ctrl+banana"}
    async with bench.app(keys=keys).run_test(size=(120, 36), notifications=True) as pilot:
        screen = await reranked(pilot)
        (message,) = pilot.app._notifications
        assert "baseline.pin" in message.message and "banana" in message.message
        await pilot.press("f12")
        assert screen.query_one(Panels).shown == "scores"
        await pilot.press("f6")
        assert screen.query_one(Panels).shown == "scores"


async def test_every_theme_of_textual_draws_the_screen_too(bench: Bench) -> None:
    async with bench.app().run_test(size=(120, 36)) as pilot:
        await reranked(pilot)
        for name in pilot.app.available_themes:
            pilot.app.theme = name
            await pilot.pause()
            assert "Reranked" in screen_text(pilot.app), name
            theme = pilot.app.current_theme
            if name in BUILTIN_THEMES:
                assert pilot.app.get_css_variables()["match"] == fallback_tokens(theme)["match"]


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
