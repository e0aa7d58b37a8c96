"""The compare screen as a person uses it."""

import asyncio
import unicodedata
from dataclasses import replace

import pytest
from textual.command import CommandPalette
from textual.events import Paste
from textual.screen import Screen

from tests.fakes.hostile import hostile_documents
from tests.ui.conftest import Bench
from tests.ui.screen import compare_screen, reranked, screen_text, until
from workbench.domain.ranking import Retrieval
from workbench.domain.shift import movers
from workbench.domain.tuning import Boosts, Chosen
from workbench.engines.embedded import EmbeddedRetriever
from workbench.ui.keys import APP_KEYS, COMPARE_KEYS, PRESENT_KEYS
from workbench.ui.screens.explain import ExplainScreen
from workbench.ui.screens.help import HelpScreen
from workbench.ui.screens.query_drawer import QueryDrawer
from workbench.ui.screens.theme_picker import ThemePicker
from workbench.ui.widgets.document_panel import DocumentPanel
from workbench.ui.widgets.line_input import LineInput
from workbench.ui.widgets.query_line import QueryLine
from workbench.ui.widgets.rank_list import RankList
from workbench.ui.widgets.scores_panel import ScoresPanel
from workbench.ui.widgets.shift_panel import ShiftPanel

SIZES = [(80, 24), (120, 36), (160, 48)]


@pytest.mark.parametrize("size", SIZES)
async def test_it_opens_on_the_bundled_corpus_with_a_query_and_both_lists(bench: Bench, size: tuple[int, int]) -> None:
    async with bench.app().run_test(size=size) as pilot:
        screen = await reranked(pilot)
        assert screen.comparison
        text = screen_text(pilot.app)
        assert "help-center" in text
        assert screen.comparison.query in text
        assert "Reranked" in text
        assert ("BM25 ·" in text) == (size[0] >= 100), "a narrow terminal shows one list at a time"
        top = screen.comparison.reranked[0].candidate.document
        assert top.title[:20] in text
        assert screen.query_one("#bm25", RankList).cursor == screen.comparison.reranked[0].candidate.rank - 1
        assert screen.query_one("#reranked", RankList).cursor == 0
        assert all(len(line) <= size[0] for line in text.splitlines())


async def test_typing_searches_and_the_newest_query_wins(bench: Bench) -> None:
    async with bench.app().run_test(size=(120, 36)) as pilot:
        await reranked(pilot)
        await pilot.press(*"wifi slow")
        screen = await reranked(pilot, "wifi slow")
        assert screen.comparison and screen.comparison.query == "wifi slow"
        assert "wifi slow" in screen_text(pilot.app)


async def test_arrows_move_from_the_query_line_and_both_lists_follow(bench: Bench) -> None:
    async with bench.app().run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        assert isinstance(pilot.app.focused, QueryLine)
        await pilot.press("down", "down")
        await pilot.pause()
        assert screen.comparison
        third = screen.comparison.reranked[2]
        assert screen.selected_id == third.candidate.document.id
        assert screen.query_one("#bm25", RankList).cursor == third.candidate.rank - 1
        title = str(screen.query_one(DocumentPanel).border_title)
        assert title == third.candidate.document.title
        assert third.candidate.document.body.split()[0] in screen_text(pilot.app)


async def test_keys_of_a_list(bench: Bench) -> None:
    async with bench.app().run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        bm25 = screen.query_one("#bm25", RankList)
        bm25.focus()
        for key, index in (("home", 0), ("j", 1), ("j", 2), ("k", 1), ("G", 29), ("g", 0), ("end", 29)):
            await pilot.press(key)
            await pilot.pause()
            assert bm25.cursor == index, key
        assert bm25.scroll_offset.y > 0, "the selected row is in view"
        await pilot.press("pageup")
        await pilot.pause()
        assert bm25.cursor is not None and bm25.cursor < 29


async def test_a_click_selects_the_row_under_it(bench: Bench) -> None:
    async with bench.app().run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        await pilot.click("#bm25", offset=(10, 4))
        await pilot.pause()
        assert screen.query_one("#bm25", RankList).cursor == 3


async def test_tab_walks_through_the_panels_and_slash_leads_back(bench: Bench) -> None:
    async with bench.app().run_test(size=(120, 36)) as pilot:
        await reranked(pilot)
        seen = []
        for _ in range(5):
            assert pilot.app.focused
            seen.append(pilot.app.focused.id)
            await pilot.press("tab")
        assert seen == ["query", "bm25", "reranked", "document", "shifts"]
        await pilot.press("tab", "slash")
        assert isinstance(pilot.app.focused, QueryLine)


async def test_sample_queries_step_through_what_came_with_the_corpus(bench: Bench) -> None:
    async with bench.app().run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        assert screen.session.opened
        queries = [query.text for query in screen.session.opened.queries]
        assert screen.query_one(QueryLine).value == queries[0]
        await pilot.press("f3")
        await reranked(pilot, queries[1])
        await pilot.press("f4", "f4")
        await reranked(pilot, queries[-1])
        await pilot.press("ctrl+u", *queries[4], "f3")
        await reranked(pilot, queries[5])


async def test_the_palette_holds_every_action_wherever_the_focus_is(bench: Bench) -> None:
    async with bench.app().run_test(size=(120, 48)) as pilot:
        screen = await reranked(pilot)
        for focus in ("#query", "#bm25", "#document"):
            screen.query_one(focus).focus()
            await pilot.pause()
            titles = [command.title for command in pilot.app.get_system_commands(screen)]
            assert {binding.tooltip for binding in (*COMPARE_KEYS, *APP_KEYS)} <= set(titles), focus
            assert len(titles) == len(set(titles)), "each once"
            assert not {binding.tooltip for binding in PRESENT_KEYS} & set(titles), "nothing outside presenter mode"
        await pilot.press("p")
        await pilot.pause()
        titles = [command.title for command in pilot.app.get_system_commands(screen)]
        assert {binding.tooltip for binding in PRESENT_KEYS} <= set(titles)


@pytest.mark.parametrize(
    ("title", "opens"),
    [
        ("Choose a theme, with a live preview", ThemePicker),
        ("Keys, panels and numbers explained", HelpScreen),
        ("Choose a recent or a sample query", QueryDrawer),
    ],
)
async def test_what_is_chosen_in_the_palette_is_done(bench: Bench, title: str, opens: type[Screen[object]]) -> None:
    async with bench.app().run_test(size=(120, 48)) as pilot:
        await reranked(pilot)
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(pilot.app.screen, CommandPalette), "the palette")
        await pilot.press(*title[:18])
        await until(pilot, lambda: title in screen_text(pilot.app), "the command")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, opens), title)


async def test_help_is_one_key_away(bench: Bench) -> None:
    async with bench.app().run_test(size=(120, 48)) as pilot:
        await reranked(pilot)
        await pilot.press("f1")
        await until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen), "help")


async def test_another_corpus_can_be_chosen_and_a_missing_one_is_explained(bench: Bench) -> None:
    bench.add("other", hostile_documents())
    async with bench.app().run_test(size=(120, 36), notifications=True) as pilot:
        screen = await reranked(pilot)
        screen.open_corpus("absent", other=True)
        await until(pilot, lambda: bool(pilot.app._notifications), "a message")
        (message,) = pilot.app._notifications
        assert "absent" in message.message and "help-center" in message.message
        assert screen.session.opened and screen.session.opened.retriever.corpus == "help-center"
        screen.open_corpus("other", other=True)
        await until(pilot, lambda: "other" in screen_text(pilot.app).split("\n")[0], "the other corpus")


@pytest.mark.parametrize("size", SIZES)
async def test_hostile_documents_reach_no_terminal(bench: Bench, size: tuple[int, int]) -> None:
    bench.add("hostile", hostile_documents())
    async with bench.app("title lines red quit link evil a", corpus="hostile").run_test(size=size) as pilot:
        screen = await reranked(pilot)
        assert screen.comparison
        reached = set()
        for _ in range(len(screen.comparison.reranked)):
            reached.add(screen.selected_id)
            strips = screen._compositor.render_strips(pilot.app.size)
            text = "".join(segment.text for strip in strips for segment in strip)
            bad = {c for c in text if unicodedata.category(c) in ("Cc", "Cs")}
            bad |= set(text) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\u200d\ufeff")
            assert not bad, (screen.selected_id, bad)
            await pilot.press("down")
            await pilot.pause()
        assert len(reached) == len(screen.comparison.reranked)


async def test_a_mover_chosen_in_the_shifts_panel_is_selected_in_both_lists(bench: Bench) -> None:
    async with bench.app().run_test(size=(160, 48)) as pilot:
        screen = await reranked(pilot)
        assert screen.comparison
        farthest = movers(screen.comparison.reranked, 10, 3)
        for row in farthest:
            assert f"{'▲' if row.shift > 0 else '▼'}{abs(row.shift)}" in screen_text(pilot.app)
        screen.query_one(ShiftPanel).focus()
        await pilot.click("#shifts", offset=(4, 4))
        await pilot.pause()
        assert screen.selected_id == farthest[0].candidate.document.id
        assert screen.query_one("#bm25", RankList).cursor == farthest[0].candidate.rank - 1
        assert screen.query_one("#reranked", RankList).cursor == farthest[0].rank - 1
        await pilot.press("down")
        await pilot.pause()
        assert screen.selected_id == farthest[1].candidate.document.id


async def test_recent_queries_are_kept_over_restarts_and_offered_by_an_arrow_in_the_empty_line(bench: Bench) -> None:
    async with bench.app().run_test(size=(120, 36)) as pilot:
        await reranked(pilot)
        await pilot.press("ctrl+u", *"slow wifi", "enter")
        await reranked(pilot, "slow wifi")
        await pilot.app.workers.wait_for_complete()
    async with bench.app().run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        await pilot.press("ctrl+u", "up")
        await until(pilot, lambda: isinstance(pilot.app.screen, QueryDrawer), "the drawer")
        assert "slow wifi" in screen_text(pilot.app)
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.screen is screen, "the drawer closed")
        await reranked(pilot, "slow wifi")
        assert screen.query_one(QueryLine).value == "slow wifi"


async def test_a_sample_query_is_found_by_typing_a_part_of_it(bench: Bench) -> None:
    async with bench.app().run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        assert screen.session.opened
        wanted = screen.session.opened.queries[4].text
        await pilot.press("ctrl+r")
        await until(pilot, lambda: isinstance(pilot.app.screen, QueryDrawer), "the drawer")
        await pilot.press(*wanted.split()[-1], *" ", *wanted.split()[0])
        await pilot.press("enter")
        await reranked(pilot, wanted)


async def test_pasted_escape_sequences_are_harmless_in_every_line_that_takes_text(bench: Bench) -> None:
    hostile = "slow\x1b]0;owned\x07 wifi\u202e"
    async with bench.app().run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        screen.query_one(QueryLine).value = ""
        screen.query_one(QueryLine).post_message(Paste(hostile))
        await until(pilot, lambda: "slow" in screen.query_one(QueryLine).value, "the paste")
        assert "\x1b" not in screen.query_one(QueryLine).value
        assert "\u202e" not in screen_text(pilot.app)
        await pilot.press("ctrl+r")
        await until(pilot, lambda: isinstance(pilot.app.screen, QueryDrawer), "the drawer")
        pilot.app.screen.query_one(LineInput).post_message(Paste(hostile))
        await until(pilot, lambda: "slow" in pilot.app.screen.query_one(LineInput).value, "the paste")
        assert "\x1b" not in screen_text(pilot.app)


@pytest.mark.parametrize("size", SIZES)
async def test_the_scores_of_the_selected_document_are_one_key_away(bench: Bench, size: tuple[int, int]) -> None:
    async with bench.app().run_test(size=size) as pilot:
        screen = await reranked(pilot)
        assert screen.comparison
        score = f"{screen.comparison.reranked[0].candidate.score:.2f}"
        if size[0] < 130:
            assert not any(panel.display for panel in screen.query(ScoresPanel))
            await pilot.press("f6")
        await until(pilot, lambda: "cosine" in screen_text(pilot.app), "the scores")
        assert f"bm25 {score}" in screen_text(pilot.app)


async def test_the_explanation_of_a_score_adds_up_on_its_own_page(bench: Bench) -> None:
    async with bench.app().run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        await until(pilot, lambda: screen.explanation is not None, "an explanation")
        await pilot.press("f7")
        await until(pilot, lambda: isinstance(pilot.app.screen, ExplainScreen), "the page")
        assert screen.comparison
        assert f"{screen.comparison.reranked[0].candidate.score:.6g}"[:5] in screen_text(pilot.app)
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is screen, "back")


class FirstSearchNeverEnds(EmbeddedRetriever):
    """Answers every search but the first."""

    waits = True

    async def search(self, query: str, depth: int, boosts: Boosts | None = None, chosen: Chosen = ()) -> Retrieval:
        if self.waits:
            self.waits = False
            await asyncio.Event().wait()
        return await super().search(query, depth, boosts, chosen)


async def test_a_key_that_is_faster_than_the_first_answer_does_not_keep_the_model_from_starting(bench: Bench) -> None:
    bench.retriever = FirstSearchNeverEnds
    async with bench.app().run_test(size=(120, 36), notifications=True) as pilot:
        screen = compare_screen(pilot.app)
        await until(pilot, lambda: bool(screen.query_one(QueryLine).value), "the first query")
        await pilot.press("ctrl+u", *"slow wifi")
        await reranked(pilot, "slow wifi")
        assert not pilot.app._notifications


async def test_depth_down_and_up_again_compares_as_many_rows_as_before(bench: Bench) -> None:
    async with bench.app().run_test(size=(120, 36)) as pilot:
        await reranked(pilot)
        for key, size in (("ctrl+down", 5), ("ctrl+up", 10)):
            await pilot.press(key, key, key)
            await until(pilot, lambda size=size: f"top {size} " in screen_text(pilot.app), f"the top {size}")


async def test_a_corpus_that_cannot_be_opened_leaves_the_query_alone(bench: Bench) -> None:
    async with bench.app("slow wifi").run_test(size=(120, 36), notifications=True) as pilot:
        screen = await reranked(pilot)
        screen.open_corpus("absent", other=True)
        await until(pilot, lambda: bool(pilot.app._notifications), "a message")
        assert screen.query_one(QueryLine).value == "slow wifi"


async def test_an_earlier_answer_is_not_shown_as_the_present_one(bench: Bench) -> None:
    async with bench.app().run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        assert screen.comparison
        screen.comparison = replace(screen.comparison, query="newer", reranked=(), shift=None, scored=0, done=False)
        right = screen.query_one("#reranked", RankList)
        await until(pilot, lambda: right.stale, "it fades while the model takes its time")
        assert "scoring" in str(right.border_title)


async def test_an_explanation_is_never_that_of_another_document_or_query(bench: Bench) -> None:
    async with bench.app().run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        await until(pilot, lambda: screen.explanation is not None, "an explanation")
        await pilot.press("ctrl+u", *"zzyzx")
        await until(pilot, lambda: "Nothing matches" in screen_text(pilot.app), "nothing found")
        await until(pilot, lambda: screen.explanation is None, "no explanation for no document")
        await pilot.press("f7")
        assert pilot.app.screen is screen
