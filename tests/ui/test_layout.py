"""Nothing overlaps, leaves the screen or jumps, at any size and in any state."""

import pytest
from textual.pilot import Pilot

from tests.ui.conftest import Bench
from tests.ui.screen import (
    answered,
    compare_screen,
    listed,
    misplaced,
    panel_text,
    regions,
    reranked,
    screen_text,
    settled,
    until,
)
from workbench.domain.documents import Document
from workbench.domain.errors import IndexUnavailableError
from workbench.domain.ranking import Retrieval
from workbench.domain.tuning import Boosts, Chosen
from workbench.engines.embedded import EmbeddedRetriever
from workbench.ui.widgets.panels import TABS, PanelTabs
from workbench.ui.widgets.query_line import QueryLine

SIZES = [(80, 24), (120, 36), (160, 48)]
BREAKPOINTS = [
    (160, 48), (140, 44), (139, 43), (112, 36), (111, 36), (100, 30), (99, 30), (100, 29), (80, 24), (80, 16), (80, 15),
    (40, 12), (20, 6), (200, 70), (300, 100), (80, 100), (300, 24), (120, 36),
]  # fmt: skip


@pytest.mark.parametrize("size", BREAKPOINTS)
async def test_it_opens_in_its_place_at_every_size(bench: Bench, size: tuple[int, int]) -> None:
    async with bench.app().run_test(size=size) as pilot:
        screen = await reranked(pilot)
        await settled(pilot)
        assert misplaced(screen) == []
        assert all(len(line) <= size[0] for line in screen_text(pilot.app).splitlines())
        assert screen.query_one(QueryLine).region.width >= min(size[0] - 3, 30)
        assert any(screen.query_one(f"#{which}").region for which in ("bm25", "reranked"))


async def test_resizing_in_the_middle_of_queries_ends_as_if_it_had_always_been_so(bench: Bench) -> None:
    async with bench.app().run_test(size=(160, 48)) as pilot:
        screen = await reranked(pilot)
        for size in BREAKPOINTS:
            bench.gate.clear()
            screen.ask(f"slow wifi {size[0]}")
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert misplaced(screen) == [], size
            bench.gate.set()
            await reranked(pilot, f"slow wifi {size[0]}")
            await settled(pilot)
            assert misplaced(screen) == [], size
        here = regions(screen)
        fresh = bench.app(f"slow wifi {BREAKPOINTS[-1][0]}")
        async with fresh.run_test(size=BREAKPOINTS[-1]) as other:
            there = await reranked(other)
            await settled(other)
            assert regions(there) == here


@pytest.mark.parametrize("size", SIZES)
async def test_nothing_jumps_when_results_arrive(bench: Bench, size: tuple[int, int]) -> None:
    bench.gate.clear()
    async with bench.app().run_test(size=size) as pilot:
        screen = compare_screen(pilot.app)
        await until(pilot, lambda: bool(screen.comparison and screen.comparison.bm25), "BM25's list")
        await until(pilot, lambda: bool(screen.model and screen.model.state == "loaded"), "the model")
        await pilot.pause()
        early = panels(pilot)
        bench.gate.set()
        await reranked(pilot)
        await settled(pilot)
        assert panels(pilot) == early
        bench.gate.clear()
        screen.ask("slow wifi")
        await until(pilot, lambda: bool(screen.comparison and screen.comparison.query == "slow wifi"), "BM25's list")
        await pilot.pause()
        assert panels(pilot) == early
        bench.gate.set()
        await reranked(pilot, "slow wifi")
        await settled(pilot)
        assert panels(pilot) == early


def panels(pilot: Pilot[None]) -> dict[str, object]:
    """Where everything is; of a narrow terminal's two lists the one that is shown."""
    found = regions(compare_screen(pilot.app))
    if pilot.app.size.width < 100:
        found["list"] = found.pop("bm25", None) or found.pop("reranked")
    return dict(found)


@pytest.mark.parametrize("size", SIZES)
async def test_no_setting_or_panel_moves_the_lists(bench: Bench, size: tuple[int, int]) -> None:
    async with bench.app().run_test(size=size) as pilot:
        screen = await reranked(pilot)
        screen.query_one("#reranked").focus()
        await pilot.pause()
        where = screen.lists.region
        for keys in (["minus"], ["equals_sign"], ["f"], ["f"], ["t"], ["right"], ["f6"], ["f6"], ["slash", "x"]):
            await pilot.press(*keys)
            await settled(pilot)
            assert screen.lists.region == where and misplaced(screen) == [], keys


@pytest.mark.parametrize("size", SIZES)
async def test_f6_goes_round_the_panels_that_take_turns_and_back(bench: Bench, size: tuple[int, int]) -> None:
    async with bench.app().run_test(size=size) as pilot:
        screen = await reranked(pilot)
        turns = screen.panels.turns
        assert set(turns) | screen.panels.placed == set(TABS), "every panel has a place or a turn"
        for key, order in (("f6", [*turns[1:], turns[0]]), ("shift+f6", [*reversed(turns)])):
            for panel in order:
                await pilot.press(key)
                await settled(pilot)
                assert screen.query_one(PanelTabs).shown == panel
                shown = {child.id for child in screen.panels.query_one("#slots").children if child.region}
                assert shown == {panel} | screen.panels.placed
                assert misplaced(screen) == []


@pytest.mark.parametrize("size", SIZES)
async def test_a_click_on_a_name_shows_its_panel(bench: Bench, size: tuple[int, int]) -> None:
    async with bench.app().run_test(size=size) as pilot:
        screen = await reranked(pilot)
        tabs = screen.query_one(PanelTabs)
        for panel in reversed(screen.panels.turns):
            at = panel_text(pilot.app, tabs).index(TABS[panel])
            await pilot.click(tabs, offset=(at, 0))
            await settled(pilot)
            assert screen.panels.query_one(f"#{panel}").region.area
            assert tabs.shown == panel


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("zzyzx", "Nothing matches this query."),
        ("the of and", "another corpus with Ctrl+O"),
        ("   ", "Type a query."),
        ('"', "another corpus with Ctrl+O"),
    ],
)
async def test_an_empty_list_says_what_to_do_next(bench: Bench, size: tuple[int, int], query: str, said: str) -> None:
    async with bench.app().run_test(size=size) as pilot:
        screen = await reranked(pilot)
        await settled(pilot)
        screen.ask(query)
        await answered(pilot, lambda now: now.query == query, "the answer")
        await settled(pilot)
        assert said in screen_text(pilot.app)
        assert misplaced(screen) == []
        assert screen.selected_id is None and screen.inspected.document is None, "nothing of the answer before"


async def test_in_a_narrow_terminal_the_list_that_says_why_is_the_one_in_sight(bench: Bench) -> None:
    async with bench.app().run_test(size=(80, 24)) as pilot:
        screen = await reranked(pilot)
        screen.ask("zzyzx")
        await answered(pilot, lambda now: now.query == "zzyzx", "the answer")
        await settled(pilot)
        assert "Nothing matches" in screen_text(pilot.app)


@pytest.mark.parametrize("size", SIZES)
async def test_a_missing_corpus_at_the_start_is_explained_and_leaves_the_app_usable(
    bench: Bench, size: tuple[int, int]
) -> None:
    async with bench.app(corpus="absent").run_test(size=size) as pilot:
        await until(pilot, lambda: "absent" in screen_text(pilot.app), "the message")
        screen = compare_screen(pilot.app)
        assert misplaced(screen) == []
        await pilot.press(*"query", "f2", "y", "f7", "t", "f6", "o", "escape", "z", "z", "p", "b", "p")
        await pilot.press("escape")
        screen.open_corpus("help-center", other=True)
        await reranked(pilot)


class Broken(EmbeddedRetriever):
    """An index that went away."""

    async def search(self, query: str, depth: int, boosts: Boosts | None = None, chosen: Chosen = ()) -> Retrieval:
        raise IndexUnavailableError("The [/index] is damaged.", "Build it again.")


@pytest.mark.parametrize("size", SIZES)
async def test_a_search_that_failed_says_why(bench: Bench, size: tuple[int, int]) -> None:
    bench.retriever = Broken
    async with bench.app().run_test(size=size) as pilot:
        await until(pilot, lambda: "damaged" in screen_text(pilot.app), "the reason")
        await settled(pilot)
        text = screen_text(pilot.app)
        assert "The [/index] is damaged." in text and "Build it again." in text
        assert misplaced(compare_screen(pilot.app)) == []


@pytest.mark.parametrize("size", SIZES)
async def test_how_a_broken_query_was_read_is_said_at_every_size(bench: Bench, size: tuple[int, int]) -> None:
    async with bench.app('"power bank').run_test(size=size) as pilot:
        await reranked(pilot)
        line = screen_text(pilot.app).splitlines()[1]
        assert '"power bank' in line and "A quotation mark is not closed." in line
        assert misplaced(compare_screen(pilot.app)) == []
        await pilot.press("ctrl+u", *"slow wifi")
        await reranked(pilot, "slow wifi")
        await until(pilot, lambda: "quotation" not in screen_text(pilot.app), "the note is gone")


async def test_the_keys_fit_the_smallest_terminal(bench: Bench) -> None:
    async with bench.app().run_test(size=(80, 24)) as pilot:
        await reranked(pilot)
        footer = screen_text(pilot.app).splitlines()[-1]
        for name in ("Help", "Query", "List", "Queries", "Panel", "palette"):
            assert f" {name}" in footer, footer


async def test_a_corpus_of_one_document_and_a_title_of_a_thousand_characters(bench: Bench) -> None:
    bench.add("other", [Document.of("one", "word " * 200, "")])
    async with bench.app("word", corpus="other").run_test(size=(160, 48)) as pilot:
        screen = await reranked(pilot)
        await settled(pilot)
        assert listed(screen, "bm25") == listed(screen, "reranked") == ["one"]
        for size in SIZES:
            await pilot.resize_terminal(*size)
            await settled(pilot)
            assert misplaced(screen) == []
            assert "…" in screen_text(pilot.app)
