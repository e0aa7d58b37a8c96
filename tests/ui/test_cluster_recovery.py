"""A cluster that fails and comes back: what is still shown, what is said, and that it is asked again by itself."""

from collections.abc import AsyncGenerator
from itertools import pairwise

import pytest

from tests.ui.cluster import DOWN, World
from tests.ui.screen import answered, compare_screen, listed, reranked, screen_text, settled, until
from workbench.domain.deployment import ModelState, ModelStatus
from workbench.domain.errors import BadInputError, UnavailableError
from workbench.ui.screens import asking, recovering
from workbench.ui.widgets.rank_list import RankList

BROKEN = UnavailableError("The endpoint is overloaded.", "Wait, or add allocations.")


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """No waiting between attempts."""
    monkeypatch.setattr(recovering, "FIRST_WAIT", 0.01)


async def test_a_first_stage_that_failed_says_why_and_what_to_do_in_the_left_list(world: World) -> None:
    async with world.app().run_test(size=(80, 24)) as pilot:
        screen = await reranked(pilot)
        world.prod.down = DOWN
        screen.ask("another word")
        await answered(pilot, lambda found: found.error is not None, "the failure")
        text = screen_text(pilot.app)
        assert DOWN.message in text and DOWN.hint in text
        assert listed(screen, "bm25") == listed(screen, "reranked") == []
        assert "retrying in 2 s" in text.splitlines()[0]


async def test_the_same_search_that_fails_later_leaves_its_lists_standing_and_says_so(world: World) -> None:
    async with world.app().run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        before = listed(screen, "bm25"), listed(screen, "reranked")
        world.prod.down = DOWN
        screen.rerun()
        await answered(pilot, lambda found: found.error is not None, "the failure")
        assert (listed(screen, "bm25"), listed(screen, "reranked")) == before
        assert DOWN.message in screen_text(pilot.app)
        assert "retrying in 2 s" in screen_text(pilot.app).splitlines()[0]


async def test_while_a_new_search_takes_its_time_the_old_answer_is_marked_as_such(world: World) -> None:
    async with world.app().run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        lists = list(screen.query(RankList))
        world.prod.answering.clear()
        screen.ask("another word")
        await until(pilot, lambda: all(each.stale for each in lists), "the mark on both lists")
        top = screen_text(pilot.app).splitlines()[0]
        assert "searching…" in top and " ms" not in top
        world.prod.answering.set()
        await answered(pilot, lambda found: found.query == "another word" and found.done, "the answer")
        await settled(pilot)
        assert not any(each.stale for each in lists)
        assert "searching…" not in screen_text(pilot.app)


async def test_a_failed_reranking_keeps_the_first_list(world: World) -> None:
    async with world.app().run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        world.prod.broken = BROKEN
        screen.rerun()
        await answered(pilot, lambda found: found.error is not None, "the failure")
        assert len(listed(screen, "bm25")) == 12 and not listed(screen, "reranked")
        assert BROKEN.message in screen_text(pilot.app) and BROKEN.hint in screen_text(pilot.app)


@pytest.mark.usefixtures("soon")
async def test_when_the_cluster_is_back_the_lists_are_too(world: World) -> None:
    async with world.app().run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        for fault in ("down", "broken"):
            setattr(world.prod, fault, DOWN)
            screen.rerun()
            await answered(pilot, lambda found: found.error is not None, "the failure")
            asked = world.prod.asked
            await until(pilot, lambda asked=asked: world.prod.asked >= asked + 3, "more attempts")
            assert DOWN.message in screen_text(pilot.app), "what is known stays while it is tried again"
            setattr(world.prod, fault, None)
            await answered(pilot, lambda found: bool(found.reranked), "both lists")
            await settled(pilot)
            assert "retrying" not in screen_text(pilot.app)


async def test_it_waits_longer_each_time_up_to_a_limit(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) > 200:
            world.prod.down = None

    async with world.app().run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        with monkeypatch.context() as patched:
            patched.setattr(recovering.asyncio, "sleep", sleep)
            world.prod.down = DOWN
            waits, before = [], recovering.RecoveringScreen.retry

            def counted(self: object, again: object) -> object:
                waits.append(sum(waited))
                return before(self, again)  # type: ignore[arg-type]

            patched.setattr(recovering.RecoveringScreen, "retry", counted)
            screen.rerun()
            await answered(pilot, lambda found: bool(found.reranked), "the end of it")
        steps = [round(after - at) for at, after in pairwise(waits)]
        assert steps[:5] == [2, 4, 8, 16, 30] and set(steps[5:]) == {30}


async def test_another_query_is_asked_at_once_and_ends_the_waiting_for_the_one_before(world: World) -> None:
    async with world.app().run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        world.prod.down = DOWN
        screen.rerun()
        await until(pilot, lambda: "retrying" in screen_text(pilot.app), "the wait")
        world.prod.down = None
        screen.query_one("#query").focus()
        await pilot.press("end", "s")
        await reranked(pilot, "words")
        await settled(pilot)
        assert "retrying" not in screen_text(pilot.app)
        assert not [worker for worker in pilot.app.workers if worker.group == "retry" and not worker.is_finished]


async def test_what_cannot_pass_by_itself_is_not_tried_again(world: World) -> None:
    async with world.app().run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        world.prod.down = BadInputError("The template is no JSON.", "Mend it.")
        screen.rerun()
        await answered(pilot, lambda found: found.error is not None, "the failure")
        await settled(pilot)
        assert "retrying" not in screen_text(pilot.app)


@pytest.mark.usefixtures("soon")
async def test_a_cluster_that_is_down_at_the_start_is_opened_once_it_is_there(world: World) -> None:
    world.prod.down = DOWN
    async with world.app().run_test(size=(120, 36), notifications=True) as pilot:
        await until(pilot, lambda: "retrying" in screen_text(pilot.app), "the wait")
        assert DOWN.message in screen_text(pilot.app)
        await until(pilot, lambda: compare_screen(pilot.app)._attempts > 3, "attempts")
        assert len(pilot.app._notifications) == 1, "said once"
        world.prod.down = None
        await reranked(pilot, "word")
        await settled(pilot)
        assert "retrying" not in screen_text(pilot.app)


@pytest.mark.usefixtures("soon")
async def test_a_model_that_failed_is_made_ready_once_the_cluster_is_back(world: World) -> None:
    async with world.app("help-center").run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        rerankers = world.prod.rerankers

        async def failing(model: str = "") -> AsyncGenerator[ModelStatus, None]:
            yield ModelStatus(
                ".rerank-v1-elasticsearch", ModelState.FAILED, "prod", reason="No allocation.", next="Add one."
            )

        world.prod.rerankers = failing  # type: ignore[method-assign, assignment]
        screen.open_corpus("prod:", other=True)
        await until(pilot, lambda: bool(screen.model and screen.model.state is ModelState.FAILED), "a failed model")
        assert len(listed(screen, "bm25")) == 12 and "No allocation." in screen_text(pilot.app)
        world.prod.rerankers = rerankers  # type: ignore[method-assign]
        await reranked(pilot, "word")
        assert screen.model and screen.model.state is ModelState.LOADED


async def test_an_engine_on_this_machine_is_not_asked_again(world: World) -> None:
    async with world.app("help-center").run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        assert screen.session.opened
        screen.session.opened.retriever.error = DOWN  # type: ignore[attr-defined]
        screen.rerun()
        await answered(pilot, lambda found: found.error is not None, "the failure")
        await settled(pilot)
        assert "retrying" not in screen_text(pilot.app)


async def test_what_will_not_pass_by_itself_is_said_once_and_not_asked_again(world: World) -> None:
    refused = UnavailableError("The licence does not include it.", "Start a trial.")
    refused.lasting = True
    async with world.app().run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        world.prod.broken = refused
        screen.rerun()
        await answered(pilot, lambda found: found.error is not None, "the refusal")
        await settled(pilot)
        assert refused.message in screen_text(pilot.app)
        assert "retrying" not in screen_text(pilot.app)
        assert not [each for each in screen.workers if each.group == "retry" and not each.is_finished]


async def test_typing_on_does_not_keep_an_old_answer_from_being_marked(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world.app().run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        world.prod.answering.clear()
        started: list[float] = []
        timers = screen.set_timer
        monkeypatch.setattr(screen, "set_timer", lambda *what: started.append(what[0]) or timers(*what))
        for query in ("a", "an", "ano", "anot"):
            screen.ask(query)
            await pilot.pause()
        assert started.count(asking.LATE) == 1
        await until(pilot, lambda: all(each.stale for each in screen.query(RankList)), "the mark on both lists")
        world.prod.answering.set()
        await answered(pilot, lambda found: found.query == "anot" and found.done, "the answer")
