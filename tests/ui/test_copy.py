"""What `y` copies: what the panel in use shows, or what the mouse was dragged over."""

from collections.abc import Iterator

import pytest
from textual.pilot import Pilot

from tests.ui.conftest import Bench
from tests.ui.screen import answered, at_panel, panel_text, screen_text, settled, until
from workbench.ui.widgets.rank_list import RankList
from workbench.ui.widgets.request_panel import RequestPanel


@pytest.fixture(autouse=True)
def no_programs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No clipboard program of this machine takes part."""
    for variable in ("DISPLAY", "WAYLAND_DISPLAY", "TMUX"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr("workbench.ui.clipboard.which", lambda name: None)
    yield


async def copied(pilot: Pilot[None]) -> str:
    """What the terminal was sent once `y` was pressed."""
    pilot.app._clipboard = ""
    await pilot.press("y")
    await settled(pilot)
    return pilot.app.clipboard


@pytest.mark.parametrize("panel", ["bm25", "reranked"])
async def test_of_a_list_it_is_every_row_with_rank_score_id_and_title(bench: Bench, panel: str) -> None:
    async with bench.app().run_test(size=(120, 36)) as pilot:
        screen = await at_panel(pilot, panel)
        lines = [line.split("\t") for line in (await copied(pilot)).splitlines()]
        rows = screen.query_one(f"#{panel}", RankList).rows
        assert lines == [[str(row.rank), row.score, row.document.id, row.document.title] for row in rows]


async def test_of_the_document_it_is_its_whole_text(bench: Bench) -> None:
    async with bench.app().run_test(size=(120, 36)) as pilot:
        screen = await at_panel(pilot, "document")
        assert screen.comparison
        assert await copied(pilot) == screen.comparison.reranked[0].candidate.document.text


async def test_of_the_request_it_is_the_request_that_ran(bench: Bench) -> None:
    async with bench.app().run_test(size=(120, 36)) as pilot:
        screen = await at_panel(pilot, "request")
        text = await copied(pilot)
        assert text == screen.query_one(RequestPanel).text
        assert screen.comparison and text.startswith(screen.comparison.request)
        await pilot.press("minus")
        await answered(pilot, lambda now: now.depth == 20, "depth 20")
        assert '"depth": 20' in await copied(pilot)


@pytest.mark.parametrize(
    ("panel", "words"), [("shifts", ("up", "down", "rbo")), ("tuning", ("boost title", "depth", "30"))]
)
async def test_of_shifts_and_settings_it_is_what_they_say(bench: Bench, panel: str, words: tuple[str, ...]) -> None:
    async with bench.app().run_test(size=(120, 36)) as pilot:
        screen = await at_panel(pilot, panel)
        text = await copied(pilot)
        shown = panel_text(pilot.app, screen.query_one(f"#{panel}"))
        for word in words:
            assert word in text and word in shown


async def test_what_the_mouse_is_dragged_over_in_a_list_goes_before_the_whole(bench: Bench) -> None:
    async with bench.app().run_test(size=(120, 36)) as pilot:
        screen = await at_panel(pilot, "bm25")
        bm25 = screen.query_one("#bm25", RankList)
        x, y = bm25.content_region.offset - bm25.region.offset
        await pilot.mouse_down(bm25, offset=(x, y + 1))
        await pilot.hover(bm25, offset=(x + 20, y + 3))
        await pilot.mouse_up(bm25, offset=(x + 20, y + 3))
        await pilot.pause()
        marked = screen.get_selected_text()
        assert marked and marked.splitlines()[0].split()[0] == "2" and len(marked.splitlines()) == 3
        assert bm25.rows[1].document.title[:10] in marked
        assert await copied(pilot) == marked


async def test_without_anything_to_copy_it_says_so(bench: Bench) -> None:
    async with bench.app("zzyzx").run_test(size=(120, 36), notifications=True) as pilot:
        await until(pilot, lambda: "Nothing matches" in screen_text(pilot.app), "nothing found")
        await pilot.press("f2", "y")
        await until(pilot, lambda: "There is nothing to copy." in screen_text(pilot.app), "a word")


@pytest.mark.parametrize("key", ["v", "e"])
async def test_pager_and_editor_without_a_document_say_so(bench: Bench, key: str) -> None:
    async with bench.app("zzyzx").run_test(size=(120, 36), notifications=True) as pilot:
        await until(pilot, lambda: "Nothing matches" in screen_text(pilot.app), "nothing found")
        await pilot.press("f2", key)
        await until(pilot, lambda: "No document is selected." in screen_text(pilot.app), "a word")


async def test_f7_without_a_document_says_so(bench: Bench) -> None:
    async with bench.app("zzyzx").run_test(size=(120, 36), notifications=True) as pilot:
        await until(pilot, lambda: "Nothing matches" in screen_text(pilot.app), "nothing found")
        await pilot.press("f7")
        await until(pilot, lambda: "No document is selected" in screen_text(pilot.app), "a word")
