"""Jump mode over the real screen: every panel by its letter, wherever the focus is."""

import pytest

from tests.ui.conftest import Bench
from tests.ui.screen import reranked, screen_text, settled, until
from workbench.ui.screens.compare import JUMPS
from workbench.ui.screens.jump import JumpLabel, JumpScreen

SIZES = [(80, 24), (120, 36), (160, 48)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("key", ["ctrl+g", "semicolon"])
async def test_every_panel_is_two_keys_away(bench: Bench, size: tuple[int, int], key: str) -> None:
    async with bench.app().run_test(size=size) as pilot:
        screen = await reranked(pilot)
        screen.query_one("#bm25").focus()
        for letter, panel in JUMPS.items():
            if key == "semicolon" and screen.focused and screen.focused.id == "query":
                await pilot.press("tab")  # There it is a character of the query.
            await pilot.press(key)
            await until(pilot, lambda: isinstance(pilot.app.screen, JumpScreen), "the letters")
            labels = {label.letter: label for label in pilot.app.screen.query(JumpLabel)}
            hidden = size[0] < 100 and panel in ("bm25", "reranked") and not screen.query_one(f"#{panel}").display
            assert labels[letter].display != hidden, panel
            if hidden:
                await pilot.press("escape", "f2")
            else:
                await pilot.press(letter)
            await until(pilot, lambda panel=panel: bool(screen.focused and screen.focused.id == panel), panel)
            assert screen.focused and screen.focused.region.area


@pytest.mark.parametrize("size", SIZES)
async def test_each_letter_stands_on_its_panel_or_on_its_tab(bench: Bench, size: tuple[int, int]) -> None:
    async with bench.app().run_test(size=size) as pilot:
        screen = await reranked(pilot)
        await pilot.press("ctrl+g")
        await settled(pilot)
        labels = [label for label in pilot.app.screen.query(JumpLabel) if label.display]
        spots = [label.region for label in labels]
        assert all(not one.overlaps(other) for one in spots for other in spots if one is not other)
        for label in labels:
            home = next((widget.region for widget in screen.query(f"#{JUMPS[label.letter]}") if widget.region), None)
            home = home or screen.panels.tab_region(JUMPS[label.letter])
            assert home.contains_region(label.region) or home.intersection(label.region).area, label.letter


@pytest.mark.parametrize("key", ["p", "z"])
async def test_there_is_no_letter_for_what_is_hidden(bench: Bench, key: str) -> None:
    async with bench.app().run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        screen.query_one("#reranked").focus()
        await pilot.press(key, "semicolon")
        await settled(pilot)
        letters = {label.letter for label in pilot.app.screen.query(JumpLabel) if label.display}
        assert letters == ({"q", "b", "r"} if key == "p" else {"b", "r"})
        await pilot.press("d")
        assert isinstance(pilot.app.screen, JumpScreen), "its letter does nothing"
        await pilot.press("escape")
        assert screen_text(pilot.app)
