"""What is on the screen while the model is fetched, and when it failed."""

import threading
from collections.abc import Callable

import pytest

from tests.ui.conftest import Bench, Waiting
from tests.ui.screen import compare_screen, misplaced, reranked, screen_text, until
from workbench.domain.deployment import ModelStatus, PreparedModel
from workbench.domain.errors import ModelUnavailableError

SIZES = [(80, 24), (120, 36), (160, 48)]


def failing(report: Callable[[ModelStatus], None], stop: threading.Event) -> PreparedModel:
    raise ModelUnavailableError("The [/red] network is down.", "Go online.")


@pytest.mark.parametrize("size", SIZES)
async def test_bm25_answers_while_the_model_is_fetched_and_the_list_says_what_it_waits_for(
    bench: Bench, size: tuple[int, int]
) -> None:
    waiting = Waiting(bench)
    async with bench.app().run_test(size=size) as pilot:
        await until(pilot, lambda: "41%" in screen_text(pilot.app), "progress")
        screen = compare_screen(pilot.app)
        await until(pilot, lambda: bool(screen.comparison and screen.comparison.bm25), "BM25's list")
        text = screen_text(pilot.app)
        assert screen.comparison and len(screen.comparison.bm25) == 30 and "BM25 ·" in text
        assert screen.comparison.bm25[0].document.title[:20] in text
        assert "downloading" in text.splitlines()[0]
        assert screen.comparison.reranked == ()
        if size[0] < 100:
            await pilot.press("f2")
        text = screen_text(pilot.app)
        assert "Waiting for" in text and "BM25 works meanwhile" in text
        assert misplaced(screen) == []
        waiting.over.set()
        await reranked(pilot)
        assert "Waiting" not in screen_text(pilot.app) and "downloading" not in screen_text(pilot.app)


async def test_every_key_searches_while_the_model_is_fetched(bench: Bench) -> None:
    waiting = Waiting(bench)
    async with bench.app().run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: "41%" in screen_text(pilot.app), "progress")
        await pilot.press("ctrl+u", *"slow wifi")
        screen = compare_screen(pilot.app)
        await until(pilot, lambda: bool(screen.comparison and screen.comparison.query == "slow wifi"), "BM25's answer")
        assert "Waiting for" in screen_text(pilot.app)
        waiting.over.set()
        await reranked(pilot, "slow wifi")


@pytest.mark.parametrize("size", SIZES)
async def test_a_model_that_failed_says_why_and_can_be_tried_again(bench: Bench, size: tuple[int, int]) -> None:
    bench.ensure = failing
    async with bench.app().run_test(size=size) as pilot:
        await until(pilot, lambda: "failed" in screen_text(pilot.app).splitlines()[0], "the state")
        assert "BM25 ·" in screen_text(pilot.app)
        if size[0] < 100:
            await pilot.press("f2")
        text = screen_text(pilot.app)
        assert "Not reranked: The [/red] network is down." in text and "Go online." in text and "F5" in text
        assert misplaced(compare_screen(pilot.app)) == []
        bench.ensure = lambda report, stop: bench.model
        await pilot.press("f5")
        await reranked(pilot)
        assert "failed" not in screen_text(pilot.app) and "Not reranked" not in screen_text(pilot.app)


async def test_trying_again_without_need_changes_nothing(bench: Bench) -> None:
    async with bench.app().run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        await pilot.press("f5")
        await pilot.app.workers.wait_for_complete()
        await reranked(pilot)
        assert "Scoring" not in screen_text(pilot.app) and "Loading" not in screen_text(pilot.app)
        assert screen.comparison and screen.comparison.reranked
