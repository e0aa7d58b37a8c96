"""Presenter mode: the query, the two lists, the lines, and nothing else."""

import pytest

from tests.ui.conftest import Bench
from tests.ui.screen import compare_screen, misplaced, panel_text, regions, reranked, screen_text, settled, until
from workbench.ui.keys import PRESENT_KEYS
from workbench.ui.widgets.gutter import Gutter
from workbench.ui.widgets.query_line import QueryLine
from workbench.ui.widgets.rank_list import RankList

SIZES = [(80, 24), (120, 36), (160, 48)]


@pytest.mark.parametrize("size", SIZES)
async def test_p_hides_everything_but_query_lists_and_lines_and_brings_it_back(
    bench: Bench, size: tuple[int, int]
) -> None:
    async with bench.app().run_test(size=size) as pilot:
        screen = await reranked(pilot)
        screen.query_one("#reranked").focus()
        await pilot.pause()
        before = regions(screen)
        await pilot.press("p")
        await settled(pilot)
        shown = set(regions(screen))
        narrow = {"bm25", "gutter"} if size[0] < 100 else set()
        assert shown - {"Static", "note"} == {"query", "bm25", "gutter", "reranked", "presenter"} - narrow
        assert misplaced(screen) == []
        assert screen.comparison and screen.comparison.query in screen_text(pilot.app)
        assert "help-center" not in screen_text(pilot.app)
        await pilot.press("p")
        await settled(pilot)
        assert regions(screen) == before


@pytest.mark.parametrize(("size", "pitch"), [((80, 24), 1), ((120, 36), 2), ((160, 48), 2)])
async def test_rows_are_spaced_out_where_there_is_room_and_lines_still_meet_them(
    bench: Bench, size: tuple[int, int], pitch: int
) -> None:
    async with bench.app().run_test(size=size) as pilot:
        screen = await reranked(pilot)
        screen.query_one("#reranked").focus()
        await pilot.press("p")
        await settled(pilot)
        right = screen.query_one("#reranked", RankList)
        lines = panel_text(pilot.app, right).splitlines()[1:]
        first = next(at for at, line in enumerate(lines) if " 1 " in line[:6])
        second = next(at for at, line in enumerate(lines) if " 2 " in line[:6])
        assert second - first == pitch
        if size[0] >= 112:
            gutter = panel_text(pilot.app, screen.query_one(Gutter)).splitlines()
            offset = right.content_region.y - right.region.y
            for row in range(3):
                assert gutter[offset + row * pitch].strip("\u2800 "), "a line ends at each row"


async def test_the_spacing_follows_the_terminals_size(bench: Bench) -> None:
    async with bench.app().run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        screen.query_one("#reranked").focus()
        await pilot.press("p")
        for height, pitch in ((20, 1), (40, 2)):
            await pilot.resize_terminal(120, height)
            await until(pilot, lambda pitch=pitch: screen.pitch == pitch, f"{height} rows")
            assert misplaced(screen) == []


async def test_h_hides_the_scores_and_shows_them_again(bench: Bench) -> None:
    async with bench.app().run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        assert screen.comparison
        top = screen.comparison.reranked[0]
        scores = f"{top.score:.3f}", f"{top.candidate.score:.2f}"
        screen.query_one("#reranked").focus()
        await pilot.press("p")
        await settled(pilot)
        assert all(score in screen_text(pilot.app) for score in scores)
        shifts = screen_text(pilot.app).count("▲")
        await pilot.press("h")
        assert not any(score in screen_text(pilot.app) for score in scores)
        assert screen_text(pilot.app).count("▲") == shifts, "what moved is still to be seen"
        await pilot.press("h")
        assert all(score in screen_text(pilot.app) for score in scores)
        await pilot.press("h", "p")
        await settled(pilot)
        assert all(score in screen_text(pilot.app) for score in scores), "nothing stays hidden afterwards"


async def test_a_query_can_be_typed_chosen_and_looked_into_while_presenting(bench: Bench) -> None:
    async with bench.app().run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        screen.query_one("#reranked").focus()
        await pilot.press("p", "slash", "ctrl+u", *"slow wifi")
        await reranked(pilot, "slow wifi")
        assert screen.presenting and isinstance(pilot.app.focused, QueryLine)
        assert screen.session.opened
        await pilot.press("f3")
        await reranked(pilot, screen.session.opened.queries[1].text)
        await pilot.press("tab", "down")
        await until(pilot, lambda: screen.chosen, "a selection")
        assert screen_text(pilot.app).count("›") == 2, "in both lists"


async def test_its_keys_do_nothing_elsewhere(bench: Bench) -> None:
    async with bench.app().run_test(size=(120, 36), notifications=True) as pilot:
        screen = await reranked(pilot)
        screen.query_one("#reranked").focus()
        await pilot.pause()
        text = screen_text(pilot.app)
        keys = [key for binding in PRESENT_KEYS for key in binding.key.split(",")]
        await pilot.press(*keys)
        await settled(pilot)
        assert screen_text(pilot.app) == text
        assert screen.ballot is None and not bench.data.joinpath("votes.jsonl").exists()


@pytest.mark.parametrize("size", [(120, 36), (120, 14)])
async def test_keys_for_hidden_panels_say_so_and_leave_the_focus_where_it_can_be_seen(
    bench: Bench, size: tuple[int, int]
) -> None:
    async with bench.app().run_test(size=size, notifications=True) as pilot:
        screen = await reranked(pilot)
        screen.query_one("#reranked").focus()
        if size[1] > 16:
            await pilot.press("p")
        await pilot.press("t")
        await until(pilot, lambda: "The panels are hidden" in screen_text(pilot.app), "a word")
        for key in ("t", "f6", "tab", "tab", "tab", "semicolon", "t", "d", "escape"):
            await pilot.press(key)
            await pilot.pause()
            focused = compare_screen(pilot.app).focused
            assert focused is not None and focused.region.area, key
