"""`z` gives the panel in use the whole screen; `z`, Esc or going elsewhere gives it back."""

import pytest
from textual.pilot import Pilot
from textual.widget import Widget

from tests.ui.conftest import Bench
from tests.ui.screen import at_panel, misplaced, regions, reranked, screen_text, settled
from workbench.ui.screens.compare import CompareScreen

SIZES = [(80, 24), (120, 36), (160, 48)]
PANELS = ["bm25", "reranked", "document", "scores", "shifts", "tuning", "request"]


async def at(pilot: Pilot[None], panel: str) -> tuple[CompareScreen, Widget]:
    """Go to a panel."""
    screen = await at_panel(pilot, panel)
    assert screen.focused
    return screen, screen.focused


@pytest.mark.parametrize("size", SIZES)
async def test_every_panel_takes_the_whole_screen_and_gives_it_back(bench: Bench, size: tuple[int, int]) -> None:
    async with bench.app().run_test(size=size) as pilot:
        for panel in PANELS:
            screen, widget = await at(pilot, panel)
            before = regions(screen)
            for back in ("z", "escape"):
                await pilot.press("z")
                await settled(pilot)
                whole = screen.lists if panel in ("bm25", "reranked") else widget
                assert whole.region == screen.region, panel
                assert misplaced(screen) == [], panel
                assert screen.focused is widget, "it is in use as before"
                await pilot.press(back)
                await settled(pilot)
                assert screen.maximized is None and regions(screen) == before, (panel, back)
                assert screen.focused is widget, (panel, back)


@pytest.mark.parametrize(
    ("panel", "key", "shown"), [("tuning", "right", "◂ 3"), ("document", "end", ""), ("scores", "x", "")]
)
async def test_a_maximised_panel_works_as_before(bench: Bench, panel: str, key: str, shown: str) -> None:
    async with bench.app().run_test(size=(120, 36)) as pilot:
        screen, widget = await at(pilot, panel)
        await pilot.press("z", key)
        await settled(pilot)
        assert screen.maximized is widget and shown in screen_text(pilot.app)


async def test_rows_are_chosen_in_maximised_lists_and_lines_are_drawn(bench: Bench) -> None:
    async with bench.app().run_test(size=(160, 48)) as pilot:
        screen, _ = await at(pilot, "reranked")
        await pilot.press("z", "down", "down")
        await settled(pilot)
        assert screen.comparison and screen.selected_id == screen.comparison.reranked[2].candidate.document.id
        await pilot.press("f2", "down")
        assert screen.maximized is screen.lists, "the other list is a part of it"
        assert screen_text(pilot.app).count("›") == 2


@pytest.mark.parametrize("key", ["f2", "t", "f6", "slash"])
async def test_going_elsewhere_gives_the_screen_back(bench: Bench, key: str) -> None:
    async with bench.app().run_test(size=(120, 36)) as pilot:
        screen, widget = await at(pilot, "document")
        await pilot.press("z", key)
        await settled(pilot)
        assert screen.maximized is None
        assert screen.focused is not widget
        assert screen.focused is None or screen.focused.region.area


async def test_from_the_query_line_it_is_the_lists(bench: Bench) -> None:
    async with bench.app().run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        screen.action_zoom()
        await settled(pilot)
        assert screen.maximized is screen.lists
        assert screen.focused is screen.lists.active, "no key goes to a line that cannot be seen"


@pytest.mark.parametrize("panel", PANELS)
async def test_a_resize_while_maximised_leaves_nothing_blank_or_out_of_place(bench: Bench, panel: str) -> None:
    async with bench.app().run_test(size=(160, 48)) as pilot:
        screen, _ = await at(pilot, panel)
        await pilot.press("z")
        for size in ((80, 24), (120, 36), (100, 12), (160, 48)):
            await pilot.resize_terminal(*size)
            await settled(pilot)
            assert misplaced(screen) == [], size
            assert screen_text(pilot.app).strip(), size
            assert screen.maximized is None or screen.maximized.region == screen.region, size
