"""Whatever the screen says, counts or keeps belongs to the query, the settings and the corpus that it names."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.fakes.engines import documents
from tests.ui.conftest import Bench
from tests.ui.screen import answered, compare_screen, reranked, screen_text, settled, until
from workbench.domain.documents import Document
from workbench.domain.errors import IndexUnavailableError
from workbench.domain.ranking import Explanation, Highlights
from workbench.domain.tuning import Boosts, Chosen
from workbench.engines.embedded import EmbeddedRetriever
from workbench.services.session import Opened
from workbench.ui.screens.help import HelpScreen
from workbench.ui.widgets.document_panel import DocumentPanel
from workbench.ui.widgets.query_line import QueryLine
from workbench.ui.widgets.rank_list import RankList


@pytest.fixture
def two(bench: Bench) -> Iterator[Bench]:
    bench.add("other", documents(12))
    yield bench


async def test_a_vote_is_not_cast_on_the_lists_of_the_query_before(bench: Bench) -> None:
    async with bench.app("slow wifi").run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        await pilot.press("f2", "p", "b")
        bench.gate.clear()
        await pilot.press("f3", "1")
        assert screen.ballot and screen.ballot.open and not screen.ballot.vote
        bench.gate.set()
        await answered(pilot, lambda found: found.query != "slow wifi", "the next query")
        await settled(pilot)
        await pilot.press("1")
        await settled(pilot)
        assert screen.ballot and screen.ballot.query == screen.comparison.query  # type: ignore[union-attr]
        assert [vote.query for vote in screen.session.kept.votes.all()] == [screen.ballot.query]


async def test_other_settings_are_another_vote_with_a_tally_of_their_own(bench: Bench) -> None:
    async with bench.app("slow wifi").run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        await pilot.press("f2", "p", "b", "1")
        await settled(pilot)
        assert screen.tally and screen.tally.total == 1
        await pilot.press("equals_sign")
        await answered(pilot, lambda found: found.baseline is not None, "a baseline")
        assert screen.tally is None
        assert screen.ballot and screen.ballot.open, "these lists have not been voted on"


async def test_frozen_the_status_bar_speaks_of_the_lists_that_are_shown(bench: Bench) -> None:
    async with bench.app().run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        await pilot.press("f2", "f", "plus")
        await settled(pilot)
        assert screen.session.tuning.depth == 50
        assert "depth 30" in screen_text(pilot.app).splitlines()[0]
        await pilot.press("f")
        await until(pilot, lambda: "depth 50" in screen_text(pilot.app).splitlines()[0], "caught up")


async def test_a_baseline_that_waits_for_the_model_is_not_called_one_yet(bench: Bench) -> None:
    bench.gate.clear()
    async with bench.app("slow wifi").run_test(size=(120, 36)) as pilot:
        screen = compare_screen(pilot.app)
        await until(pilot, lambda: bool(screen.comparison and screen.comparison.bm25), "the first list")
        await pilot.press("f2", "equals_sign")
        await until(pilot, lambda: "= baseline" in screen_text(pilot.app), "pinned")
        bench.gate.set()
        await answered(pilot, lambda found: found.baseline is not None and bool(found.reranked), "a baseline")
        assert "to come" not in screen_text(pilot.app).splitlines()[0]


async def test_the_same_query_in_two_corpora_is_kept_for_both(two: Bench) -> None:
    async with two.app("word").run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        await pilot.press("enter")
        screen.open_corpus("other")
        await answered(pilot, lambda found: found.corpus == "other", "the other corpus")
        await pilot.press("enter")
        await settled(pilot)
        history = screen.session.kept.history
        assert history.recent("help-center") == history.recent("other") == ("word",)


async def test_what_is_typed_while_a_corpus_opens_stays(two: Bench) -> None:
    async with two.app("word").run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        opening, go_on, usual = asyncio.Event(), asyncio.Event(), screen.session.open

        async def slow(name: str) -> Opened:
            opening.set()
            await go_on.wait()
            return await usual(name)

        screen.session.open = slow  # type: ignore[method-assign]
        screen.open_corpus("other", other=True)
        await opening.wait()
        await pilot.press(*"s")
        go_on.set()
        found = await answered(pilot, lambda found: found.corpus == "other", "the other corpus")
        assert screen.query_one(QueryLine).value == found.query == "words"


class CannotExplain(EmbeddedRetriever):
    """Searches, but takes nothing apart."""

    async def highlight(self, query: str, document: Document) -> Highlights:
        raise IndexUnavailableError("The disk is gone.", "Plug it in.")

    async def explain(
        self, query: str, id: str, boosts: Boosts | None = None, chosen: Chosen = ()
    ) -> Explanation | None:
        raise AssertionError("nobody asks after a failure")


async def test_a_document_that_cannot_be_looked_into_is_shown_and_the_reason_said_once(bench: Bench) -> None:
    bench.retriever = CannotExplain
    async with bench.app("slow wifi").run_test(size=(120, 36), notifications=True) as pilot:
        screen = await reranked(pilot)
        await pilot.press("down", "down")
        await settled(pilot)
        (message,) = pilot.app._notifications
        assert message.message == "The disk is gone. Plug it in."
        assert screen.query_one(DocumentPanel).text


async def test_escape_leaves_presenter_mode_and_then_goes_to_the_query(bench: Bench) -> None:
    async with bench.app().run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        await pilot.press("f2", "p", "slash")
        assert screen.presenting and isinstance(pilot.app.focused, QueryLine)
        await pilot.press("escape")
        assert not screen.presenting
        await pilot.press("f2", "escape")
        assert isinstance(pilot.app.focused, QueryLine)


async def test_a_maximised_panel_gives_way_to_presenter_mode_and_none_is_maximised_there(bench: Bench) -> None:
    async with bench.app().run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        await pilot.press("f2", "z", "p")
        assert screen.presenting and not screen.maximized
        await pilot.press("z")
        assert not screen.maximized
        assert screen.query_one(QueryLine).region


async def test_no_dialog_comes_up_over_another(bench: Bench) -> None:
    async with bench.app().run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        screen.query_one(RankList).focus()
        saving = screen.action_save_state()
        await pilot.app.push_screen(HelpScreen())
        await asyncio.wait_for(saving.wait(), 10)
        assert [type(over) for over in pilot.app.screen_stack[1:]] == [HelpScreen]
