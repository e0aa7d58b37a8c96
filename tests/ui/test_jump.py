"""Jump mode: where the labels stand, and where a letter or a click leads."""

from functools import partial

import pytest
from textual.geometry import Region
from textual.pilot import Pilot

from tests.ui.screen import screen_text, until
from tests.ui.small_app import Panel, SmallApp
from workbench.ui.screens.jump import JumpLabel, JumpScreen

Answers = list[str | None]


def _region(panel: Panel) -> Region:
    return panel.region


async def opened(pilot: Pilot[None]) -> tuple[dict[str, Panel], Answers]:
    panels = {panel.id[0]: panel for panel in pilot.app.query(Panel) if panel.id}
    answers: Answers = []
    places = {letter: partial(_region, panel) for letter, panel in panels.items()}
    await pilot.app.push_screen(JumpScreen(places), answers.append)
    await until(pilot, lambda: bool(labels(pilot)), "labels")
    return panels, answers


def labels(pilot: Pilot[None]) -> dict[str, tuple[int, int]]:
    return {label.letter: label.region.offset for label in pilot.app.screen.query(JumpLabel) if label.region}


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (160, 48), (6, 4)])
async def test_labels_stand_at_the_top_left_of_each_panel_and_never_outside(size: tuple[int, int]) -> None:
    async with SmallApp().run_test(size=size) as pilot:
        panels, _ = await opened(pilot)
        places = labels(pilot)
        assert set(places) == {"t", "l", "r"}
        assert len(set(places.values())) == 3
        for letter, (x, y) in places.items():
            assert 0 <= x <= size[0] - 3 and 0 <= y < size[1]
            if size[0] >= 80:
                assert (x, y) == panels[letter].region.offset


async def test_the_screen_beneath_stays_in_sight() -> None:
    async with SmallApp().run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        assert "beneath beneath" in screen_text(pilot.app)


@pytest.mark.parametrize("key", ["r", "R"])
async def test_a_letter_leads_to_its_panel(key: str) -> None:
    async with SmallApp().run_test() as pilot:
        _, answers = await opened(pilot)
        await pilot.press(key)
        assert answers == ["r"]
        assert len(pilot.app.screen_stack) == 1


async def test_a_click_on_a_label_leads_to_its_panel() -> None:
    async with SmallApp().run_test() as pilot:
        _, answers = await opened(pilot)
        x, y = labels(pilot)["l"]
        await pilot.click(offset=(x + 2, y))
        await until(pilot, lambda: bool(answers), "an answer")
        assert answers == ["l"]


@pytest.mark.parametrize("key", ["escape", "ctrl+g", "semicolon"])
async def test_the_way_out_leads_nowhere_however_often_it_is_pressed(key: str) -> None:
    async with SmallApp().run_test() as pilot:
        _, answers = await opened(pilot)
        await pilot.press(key, key)
        assert answers == [None]


async def test_a_click_beside_the_labels_leads_nowhere() -> None:
    async with SmallApp().run_test() as pilot:
        _, answers = await opened(pilot)
        await pilot.click(offset=(10, 10))
        await until(pilot, lambda: bool(answers), "an answer")
        assert answers == [None]


async def test_other_keys_do_nothing() -> None:
    async with SmallApp().run_test() as pilot:
        _, answers = await opened(pilot)
        await pilot.press("x", "enter", "down")
        assert answers == [] and isinstance(pilot.app.screen, JumpScreen)


async def test_what_is_not_in_sight_has_no_label_and_no_letter() -> None:
    async with SmallApp().run_test() as pilot:
        pilot.app.query_one("#left").display = False
        await pilot.pause()
        _, answers = await opened(pilot)
        assert set(labels(pilot)) == {"t", "r"}
        await pilot.press("l")
        assert answers == []


async def test_labels_follow_a_resize_and_a_panel_that_goes() -> None:
    async with SmallApp().run_test(size=(120, 36)) as pilot:
        panels, answers = await opened(pilot)
        await pilot.resize_terminal(60, 16)
        await until(pilot, lambda: labels(pilot).get("r") == (30, 1), "moved")
        panels["l"].display = False
        await until(pilot, lambda: set(labels(pilot)) == {"t", "r"}, "gone")
        await panels["l"].remove()
        await pilot.resize_terminal(20, 6)
        await until(pilot, lambda: labels(pilot).get("r") == (0, 1), "alone")
        await pilot.press("r")
        assert answers == ["r"]
