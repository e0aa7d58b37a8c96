"""`f` keeps what is shown while queries go on running, and catches up when it is pressed again."""

from textual.pilot import Pilot

from tests.fakes.hostile import hostile_documents
from tests.ui.conftest import Bench
from tests.ui.screen import answered, reranked, screen_text, settled, until
from workbench.ui.app import WorkbenchApp
from workbench.ui.screens.compare import CompareScreen
from workbench.ui.widgets.query_line import QueryLine


def below_the_query(app: WorkbenchApp) -> list[list[tuple[str, str]]]:
    """Text and colours of everything but the status bar and the query line."""
    strips = app.screen._compositor.render_strips(app.size)[2:]
    return [[(segment.text, str(segment.style)) for segment in strip.simplify()] for strip in strips]


async def ran(screen: CompareScreen, pilot: Pilot[None], query: str) -> None:
    """Wait until the answer to a query is known, though not shown."""
    await until(
        pilot,
        lambda: bool(screen._newest and screen._newest[0].query == query and screen._newest[0].done),
        f"{query} has run",
    )


async def test_typing_while_frozen_changes_nothing_but_the_query_line(bench: Bench) -> None:
    async with bench.app().run_test(size=(160, 48)) as pilot:
        screen = await reranked(pilot)
        screen.query_one("#reranked").focus()
        await pilot.press("down", "down", "f", "slash")
        await settled(pilot)
        frozen, first = below_the_query(pilot.app), screen.comparison
        assert "frozen" in screen_text(pilot.app).splitlines()[0]
        await pilot.press("ctrl+u", *"slow wifi")
        await ran(screen, pilot, "slow wifi")
        await settled(pilot)
        assert below_the_query(pilot.app) == frozen and screen.comparison is first
        assert "slow wifi" in screen_text(pilot.app).splitlines()[1]


async def test_going_on_shows_what_came_in_meanwhile(bench: Bench) -> None:
    async with bench.app().run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        screen.query_one("#reranked").focus()
        await pilot.press("down", "down", "f", "slash", "ctrl+u", *"slow wifi")
        await ran(screen, pilot, "slow wifi")
        await pilot.press("tab", "f")
        await reranked(pilot, "slow wifi")
        await settled(pilot)
        assert "frozen" not in screen_text(pilot.app)
        assert screen.comparison and screen.comparison.reranked[0].candidate.document.title[:20] in screen_text(
            pilot.app
        )
        top = screen.comparison.reranked[0].candidate.document.id
        assert screen.selected_id == top and not screen.chosen, "the choice was made in another answer"


async def test_settings_go_on_changing_and_the_selected_document_stays_across_them(bench: Bench) -> None:
    async with bench.app().run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        screen.query_one("#reranked").focus()
        await pilot.press("down", "f", "plus")
        chosen, query = screen.selected_id, screen.query_one(QueryLine).value
        await until(pilot, lambda: bool(screen._newest and screen._newest[0].depth == 50), "depth 50 has run")
        await settled(pilot)
        assert screen.comparison and screen.comparison.depth == 30
        await pilot.press("f")
        await answered(pilot, lambda now: now.depth == 50 and now.query == query, "depth 50")
        assert screen.selected_id == chosen


async def test_rows_can_be_looked_into_while_frozen(bench: Bench) -> None:
    async with bench.app().run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        screen.query_one("#reranked").focus()
        await pilot.press("f", "slash", "ctrl+u", *"slow wifi")
        await ran(screen, pilot, "slow wifi")
        await pilot.press("down")
        await settled(pilot)
        assert screen.comparison
        document = screen.comparison.reranked[1].candidate.document
        assert screen.selected_id == document.id and screen.inspected.document == document
        assert screen.explanation is not None, "of the query that is shown"


async def test_in_the_middle_of_a_query_it_keeps_what_is_there_and_catches_up_with_the_end(bench: Bench) -> None:
    async with bench.app().run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        bench.gate.clear()
        screen.ask("slow wifi")
        await until(pilot, lambda: bool(screen.comparison and screen.comparison.query == "slow wifi"), "BM25's list")
        await pilot.press("f2", "f")
        bench.gate.set()
        await ran(screen, pilot, "slow wifi")
        assert screen.comparison and not screen.comparison.done
        await pilot.press("f")
        await reranked(pilot, "slow wifi")


async def test_another_corpus_is_shown_at_once(bench: Bench) -> None:
    bench.add("other", hostile_documents())
    async with bench.app().run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        await pilot.press("f2", "f")
        screen.open_corpus("other", other=True)
        await answered(pilot, lambda now: now.corpus == "other", "the other corpus")
        assert not screen.frozen
