"""The help screen: what it says, in which order, with whose keys, at any size."""

import pytest
from textual.containers import VerticalScroll
from textual.pilot import Pilot

from tests.ui.screen import screen_text, until
from tests.ui.small_app import SmallApp
from workbench.ui.keys import SCOPES
from workbench.ui.screens.help import HelpScreen, sections


async def opened(pilot: Pilot[None], scope: str | None = None, keymap: dict[str, str] | None = None) -> HelpScreen:
    screen = HelpScreen(scope, keymap)
    await pilot.app.push_screen(screen)
    await until(
        pilot, lambda: "│" in screen_text(pilot.app) and screen.query_one(VerticalScroll).max_scroll_y > 0, "help"
    )
    return screen


def test_every_action_and_every_number_is_explained() -> None:
    rows = [row for section in sections(None, {}) for row in section.rows]
    said = dict(rows)
    purposes = {section.title for section in sections(None, {}) if section.purpose}
    assert set(SCOPES) - purposes == {"Everywhere", "Help"}
    assert {binding.tooltip for bindings in SCOPES.values() for binding in bindings} <= {right for _, right in rows}
    for number in ("tau", "rbo .9", "rbo .5", "jaccard", "▲4 ▼2 =", "entered", "left", "bm25", "logit", "sigmoid",
                   "cosine", "mix", "es", "threshold", "behind, ahead", "│", "✂", "┊", "tokens", "top 10"):  # fmt: skip
        assert said[number]
    assert "max(logit, 0) + min(e^logit, 1)" in said["es"]


def test_the_panel_a_person_came_from_is_first_and_the_others_keep_their_order() -> None:
    usual = [section.title for section in sections(None, {})]
    titles = [section.title for section in sections("Scores", {})]
    assert titles[0] == "Scores"
    assert titles[1:] == [title for title in usual if title != "Scores"]


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (40, 12)])
async def test_it_fits_and_says_the_panel_first(size: tuple[int, int]) -> None:
    async with SmallApp().run_test(size=size) as pilot:
        await opened(pilot, "Shifts")
        lines = screen_text(pilot.app).splitlines()
        assert "Help" in lines[0] + lines[1]
        top = next(index for index, line in enumerate(lines) if "╭─ Help" in line)
        edge = lines[top].index("╭─ Help")
        assert lines[top + 3][edge:].split("│")[1].strip() == "Shifts"
        assert "Esc/F1 close" in screen_text(pilot.app)


async def test_definitions_hang_below_one_another() -> None:
    async with SmallApp().run_test(size=(80, 24)) as pilot:
        await opened(pilot, "Shifts")
        lines = screen_text(pilot.app).splitlines()
        at = next(index for index, line in enumerate(lines) if " tau " in line)
        column = lines[at].index("Kendall")
        assert lines[at + 1][column] != " " and not lines[at + 1][column - 4 : column].strip()


async def test_the_users_own_keys_are_shown() -> None:
    async with SmallApp().run_test(size=(80, 24)) as pilot:
        keymap = {"shifts.next": "n", "shifts.previous": "ctrl+alt+shift+pageup", "help.close": "f10"}
        screen = await opened(pilot, "Shifts", keymap)
        text = screen_text(pilot.app)
        assert "n               Next mover" in text
        assert "Alt+Ctrl+Shift+PgUp" in text
        assert "F10 close" in text
        assert screen.is_current


async def test_typing_narrows_it_and_says_when_nothing_is_left() -> None:
    async with SmallApp().run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await pilot.press(*"overlap")
        await until(pilot, lambda: "rbo .9" in screen_text(pilot.app), "narrowed")
        assert "tau" not in screen_text(pilot.app)
        await pilot.press(*"zz")
        await until(pilot, lambda: "Nothing here" in screen_text(pilot.app), "nothing")
        await pilot.press("ctrl+u")
        await until(pilot, lambda: "Everywhere" in screen_text(pilot.app), "everything")


async def test_the_keys_scroll_it_while_the_line_keeps_the_keyboard() -> None:
    async with SmallApp().run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot)
        page = screen.query_one(VerticalScroll)
        await pilot.press("down", "down", "up")
        assert page.scroll_y == 1
        await pilot.press("pagedown")
        assert page.scroll_y > 10
        await pilot.press("pageup", "pageup")
        assert page.scroll_y == 0
        await pilot.press(*"tau")
        assert screen_text(pilot.app).count("tau")


async def test_a_resize_breaks_the_lines_anew() -> None:
    async with SmallApp().run_test(size=(120, 36)) as pilot:
        await opened(pilot, "Scores")
        await pilot.resize_terminal(60, 20)
        await until(pilot, lambda: max(map(len, screen_text(pilot.app).splitlines())) <= 60, "narrower")
        words = " ".join(screen_text(pilot.app).replace("│", " ").split())
        assert "how close its neighbours are" in words


@pytest.mark.parametrize("key", ["escape", "f1"])
async def test_it_closes_once_however_often_the_key_comes(key: str) -> None:
    async with SmallApp().run_test() as pilot:
        await opened(pilot)
        await pilot.press(key, key)
        assert len(pilot.app.screen_stack) == 1
