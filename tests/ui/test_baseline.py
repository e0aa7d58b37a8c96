"""`=` pins the present settings: what is compared with is then the result before a change, not BM25."""

import pytest

from tests.ui.conftest import Bench, Waiting
from tests.ui.screen import answered, listed, panel_text, reranked, screen_text, settled, until
from workbench.domain.shift import summarize
from workbench.ui.widgets.gutter import Gutter
from workbench.ui.widgets.rank_list import RankList


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (160, 48)])
async def test_the_left_list_becomes_the_baseline_and_bm25_again(bench: Bench, size: tuple[int, int]) -> None:
    async with bench.app().run_test(size=size) as pilot:
        screen = await reranked(pilot)
        bm25 = listed(screen, "bm25")
        screen.query_one("#bm25").focus()
        await pilot.press("equals_sign")
        pinned = await answered(pilot, lambda now: now.baseline is not None, "the baseline")
        assert listed(screen, "bm25") == listed(screen, "reranked") == list(pinned.before) != bm25
        assert "Baseline" in screen_text(pilot.app) and "BM25 ·" not in screen_text(pilot.app)
        assert "= b" in screen_text(pilot.app).splitlines()[0]
        assert all(row.shift == 0 for row in screen.query_one("#reranked", RankList).rows), "nothing has changed yet"
        await pilot.press("equals_sign")
        await answered(pilot, lambda now: now.baseline is None, "BM25")
        assert listed(screen, "bm25") == bm25
        assert "BM25 ·" in screen_text(pilot.app) and "aseline" not in screen_text(pilot.app)


async def test_a_change_is_compared_with_what_was_before_it(bench: Bench) -> None:
    async with bench.app().run_test(size=(160, 48)) as pilot:
        screen = await reranked(pilot)
        before = listed(screen, "reranked")
        screen.query_one("#bm25").focus()
        await pilot.press("equals_sign", *["left_square_bracket"] * 4)
        now = await answered(pilot, lambda now: bool(now.reranker and now.reranker.weight == 0.3), "less of the model")
        assert now.baseline and now.baseline.tuning.weight == 0.7
        assert listed(screen, "bm25") == list(now.before) == before, "the list from before the change"
        after = listed(screen, "reranked")
        assert after != before
        for place, row in enumerate(screen.query_one("#reranked", RankList).rows):
            assert row.shift == before.index(row.document.id) - place
        assert now.shift == summarize(before[:10], now.reranked[:10])
        title = panel_text(pilot.app, screen.query_one("#bm25")).splitlines()[0]
        assert "Baseline" in title and "mix 0.7" in title
        await pilot.press("t")
        await until(pilot, lambda: "baseline 0.7" in screen_text(pilot.app), "the form says what the baseline is")


async def test_documents_that_only_one_side_has_are_told_apart(bench: Bench) -> None:
    async with bench.app().run_test(size=(160, 48)) as pilot:
        screen = await reranked(pilot)
        screen.query_one("#bm25").focus()
        await pilot.press("equals_sign", "minus", "minus", "minus")
        now = await answered(pilot, lambda now: now.depth == 5, "depth 5")
        before, after = listed(screen, "bm25"), listed(screen, "reranked")
        assert (len(before), len(after)) == (30, 5)
        rows = {row.document.id: row for row in screen.query_one("#bm25", RankList).rows}
        gone = [id for id in before[:5] if id not in after]
        assert gone and all(rows[id].mark == "-" and rows[id].shift is None for id in gone)
        assert now.shift and now.shift.left == len(gone)
        await pilot.press("home")
        await pilot.press(*["down"] * before.index(gone[0]))
        await until(pilot, lambda: screen.selected_id == gone[0], "one that left")
        await settled(pilot)
        document = screen.inspected.document
        assert document and document.id == gone[0], "it can still be read"
        await pilot.press(*["plus"] * 4, "equals_sign", "equals_sign", *["plus"] * 2)
        now = await answered(pilot, lambda now: now.depth == 100 and now.baseline is not None, "depth 100")
        new = [row for row in now.reranked if row.before is None]
        assert len(new) == len(now.reranked) - 50
        shown = {row.document.id: row for row in screen.query_one("#reranked", RankList).rows}
        assert all(shown[row.candidate.document.id].other_rank is None for row in new)


async def test_a_new_query_is_compared_under_both_settings(bench: Bench) -> None:
    async with bench.app().run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        screen.query_one("#bm25").focus()
        await pilot.press("equals_sign", "left_square_bracket", "slash", "ctrl+u", *"slow wifi")
        now = await reranked(pilot, "slow wifi")
        assert now.comparison and now.comparison.baseline
        assert now.comparison.baseline.tuning.weight == 0.7
        assert listed(screen, "bm25") == list(now.comparison.before)
        fresh = bench.app("slow wifi")
        async with fresh.run_test(size=(120, 36)) as other:
            assert listed(await reranked(other, "slow wifi"), "reranked") == listed(screen, "bm25")


async def test_while_the_baseline_is_made_for_a_new_query_both_lists_fade_and_no_line_joins_them(bench: Bench) -> None:
    async with bench.app().run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        before, after = screen.query_one("#bm25", RankList), screen.query_one("#reranked", RankList)
        await pilot.press("f2", "equals_sign")
        await answered(pilot, lambda now: now.baseline is not None, "the baseline")
        bench.gate.clear()
        await pilot.press("slash", "ctrl+u", *"slow wifi")
        await until(pilot, lambda: before.stale and after.stale, "both are of the query before")
        assert screen.comparison and screen.comparison.query == "slow wifi" and not screen.comparison.done
        assert not panel_text(pilot.app, screen.query_one(Gutter)).strip("\u2800 \n")
        assert "Nothing matches" not in screen_text(pilot.app)
        bench.gate.set()
        await reranked(pilot, "slow wifi")
        assert not before.stale and not after.stale


async def test_a_baseline_pinned_before_the_model_is_ready_waits_for_it(bench: Bench) -> None:
    waiting = Waiting(bench)
    async with bench.app().run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: "Waiting for" in screen_text(pilot.app), "the download")
        await pilot.press("f2", "equals_sign")
        await until(pilot, lambda: "BM25 ·" in screen_text(pilot.app), "BM25 meanwhile")
        waiting.over.set()
        await answered(pilot, lambda now: now.baseline is not None, "the baseline")
        assert "Baseline" in screen_text(pilot.app)
