"""Documents, queries and names that try to take the terminal over, in every panel and screen of every theme."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from textual.app import App
from textual.command import CommandPalette
from textual.pilot import Pilot
from textual.screen import Screen

from tests.fakes.hostile import HOSTILE
from tests.ui.conftest import Bench
from tests.ui.screen import TURNS, compare_screen, panel_text, screen_text, until
from workbench.config.paths import bundled
from workbench.config.themes import read_theme
from workbench.domain.documents import Document
from workbench.domain.errors import ModelUnavailableError
from workbench.domain.saved import State
from workbench.domain.tuning import Tuning
from workbench.engines.embedded import EmbeddedRetriever
from workbench.ui.screens.compare import CompareScreen, Copyable
from workbench.ui.screens.explain import ExplainScreen
from workbench.ui.screens.help import HelpScreen
from workbench.ui.screens.jump import JumpScreen
from workbench.ui.screens.query_drawer import QueryDrawer
from workbench.ui.screens.saved import RecallScreen, SaveScreen
from workbench.ui.screens.theme_picker import ThemePicker
from workbench.ui.widgets.panels import TABS

THEMES = [read_theme(path).name for path in sorted(bundled("themes").glob("*.toml"))]
UNSAFE = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
ATTACK = (
    "\x1b]0;owned\x07 \x9b31m [/x] [red]no[/] [@click=app.quit]q[/] [link=https://evil.example]l[/link] \u202eabc\x7f"
)
SEEN = "[/x] [red]no[/]"
"""The part of `ATTACK` that must stand on the screen as it is: nothing of it is markup."""


class HostileName:
    """Answers as an engine does whose corpus has a name that none of ours could have."""

    def __init__(self, root: Path, name: str) -> None:
        self._answers = EmbeddedRetriever(root, name)
        self.corpus = f"corpus {ATTACK}"

    def __getattr__(self, name: str) -> object:
        return getattr(self._answers, name)


def assert_harmless(app: App[None], where: str) -> None:
    """Nothing that a terminal or Textual would obey is on the screen."""
    for strip in app.screen._compositor.render_strips(app.size):
        for text, style, control in strip:
            assert control is None and not UNSAFE.search(text), (where, text)
            assert style is None or not (style.link or "@click" in style.meta), (where, text)


async def in_every_theme(pilot: Pilot[None]) -> AsyncIterator[str]:
    for theme in THEMES:
        pilot.app.theme = theme
        await pilot.pause()
        yield theme


async def look(pilot: Pilot[None], where: str) -> None:
    """Look at what is on the screen in every theme."""
    async for theme in in_every_theme(pilot):
        assert_harmless(pilot.app, f"{where}, {theme}")


async def selected(pilot: Pilot[None], screen: CompareScreen, name: str) -> Document:
    """Select a document and wait until the panels have it; quicker than waiting for all to be idle."""
    screen.selected_id = name
    for _ in range(TURNS):
        await pilot.pause(0.001)
        if screen.inspected.document and screen.inspected.document.id == name:
            return screen.inspected.document
    raise AssertionError(f"never: {name} is shown")


async def opened(pilot: Pilot[None], query: str) -> CompareScreen:
    """Ask for every document."""
    screen = compare_screen(pilot.app)
    await until(pilot, lambda: screen.model is not None and screen.session.opened is not None, "opened")
    screen.ask(query)
    await until(pilot, lambda: bool(screen.comparison and len(screen.comparison.reranked) == len(HOSTILE)), "all found")
    return screen


def prepare(bench: Bench) -> str:
    """Index the documents, each with a word that finds them all, and give a hostile query for it."""
    bench.add("hostile", [Document.of(name, title, f"{body} needle") for name, title, body in HOSTILE])
    bench.retriever = HostileName  # type: ignore[assignment]
    return f"needle {ATTACK}"


async def test_hostile_documents_in_every_panel_and_theme(bench: Bench) -> None:
    query = prepare(bench)
    async with bench.app(corpus="hostile").run_test(size=(160, 48)) as pilot:
        screen = await opened(pilot, query)
        screen.chosen = True
        async for theme in in_every_theme(pilot):
            for name, _, _ in HOSTILE:
                document = await selected(pilot, screen, name)
                await pilot.pause(0.001)
                assert document.title[:4] in panel_text(pilot.app, screen.query_one("#document")), "it is shown"
                assert_harmless(pilot.app, f"{name}, {theme}")
        screen.selected_id = "textual-markup"
        await pilot.pause()
        assert screen_text(pilot.app).count("[/x] [red]title[/] [bold") >= 3, "in both lists and over the document"
        await pilot.resize_terminal(80, 24)
        for name in TABS:
            screen.panels.go_to("shifts" if name == "side" else name)
            await pilot.pause()
            await look(pilot, name)


async def test_what_is_copied_or_read_elsewhere_is_sanitised(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_TTY", "/dev/pts/1")  # So that no clipboard of this machine is used.
    monkeypatch.delenv("TMUX", raising=False)
    query = prepare(bench)
    async with bench.app(corpus="hostile").run_test(size=(160, 48)) as pilot:
        screen = await opened(pilot, query)
        screen.panels.go_to("request")
        await pilot.pause()
        await pilot.pause()

        def harmless(text: str) -> bool:
            return bool(text) and not UNSAFE.search(text.replace("\t", ""))

        for name, _, _ in HOSTILE:
            assert harmless((await selected(pilot, screen, name)).text), name
            for panel in screen.query("*"):
                if isinstance(panel, Copyable) and panel.can_focus and panel.id != "query":
                    assert harmless(panel.text), (name, panel.id)
        for id in ("request", "bm25", "document"):
            screen.query_one(f"#{id}").focus()
            await pilot.press("y")
            assert harmless(pilot.app.clipboard), id


SCREENS: dict[str, type[Screen[object]]] = {
    "f1": HelpScreen,
    "ctrl+t": ThemePicker,
    "ctrl+r": QueryDrawer,
    "s": SaveScreen,
    "o": RecallScreen,
    "f7": ExplainScreen,
    "semicolon": JumpScreen,
    "ctrl+p": CommandPalette,
}


async def test_hostile_names_on_every_screen_and_theme(bench: Bench) -> None:
    query = prepare(bench)
    app = bench.app(corpus="hostile")
    state = State.of(f"name {ATTACK}", f"corpus {ATTACK}", query, Tuning(), Tuning(depth=5), None, datetime.now(UTC))
    app.session.kept.saved.save(state)
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await opened(pilot, query)
        screen.query_one("#bm25").focus()
        for key, kind in SCREENS.items():
            await until(pilot, lambda: bool(screen.explanation), "explained")
            await pilot.press(key)
            await until(pilot, lambda kind=kind: isinstance(pilot.app.screen, kind), kind.__name__)
            await look(pilot, kind.__name__)
            if kind in (QueryDrawer, SaveScreen, RecallScreen):
                assert SEEN in screen_text(pilot.app), "nothing of it is markup"
            await pilot.press("escape")
            await until(pilot, lambda: pilot.app.screen is screen, "closed")
            screen.query_one("#bm25").focus()
        for key in ("equals_sign", "p", "b", "r"):
            await pilot.press(key)
            await look(pilot, key)
        assert SEEN in screen_text(pilot.app), "in the query line"


async def test_a_hostile_error_of_the_model_and_of_a_corpus(bench: Bench) -> None:
    def fail(*_: object) -> None:
        raise ModelUnavailableError(f"no model {ATTACK}", f"try {ATTACK}")

    query = prepare(bench)
    bench.ensure = fail  # type: ignore[assignment]
    async with bench.app(query, corpus="hostile").run_test(size=(120, 48), notifications=True) as pilot:
        await until(pilot, lambda: "no model" in screen_text(pilot.app), "the reason")
        assert SEEN in re.sub(r"\s+", " ", screen_text(pilot.app))
        await look(pilot, "failed")
        screen = compare_screen(pilot.app)
        screen.open_corpus(f"missing {ATTACK}")
        await until(pilot, lambda: "missing" in screen_text(pilot.app), "the error")
        await look(pilot, "no corpus")


async def test_hostile_themes_are_named_and_not_obeyed(bench: Bench, own_home: Path) -> None:
    themes = own_home / "config" / "themes"
    themes.mkdir(parents=True)
    (themes / "x\x1b[31m [red]y[-].toml").write_text('name = "\\u001b]0;owned\\u0007 [/x]"\n')
    async with bench.app(theme=ATTACK).run_test(size=(120, 36), notifications=True) as pilot:
        await until(pilot, lambda: "There is no theme" in screen_text(pilot.app), "the complaint")
        assert_harmless(pilot.app, "complaint")
        assert "[red]y[-].toml" in screen_text(pilot.app)


def test_there_are_themes() -> None:
    assert {"workbench-dark", "workbench-light", "terminal"} <= set(THEMES) and len(THEMES) >= 6
