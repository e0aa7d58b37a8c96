"""Experiments start when asked, can be stopped, go on unseen, and what they found stays."""

import pytest

from tests.ui.laboratory import DOCUMENTS, QUERY, GatedReranker, at_work, compared, made, reached
from tests.ui.screen import screen_text, until
from workbench.domain.comparison import StageError
from workbench.ui.experiments import KEPT, Experiment, Phase, Result, Results, Subject, Trial, View

VIEWS = [View.VERDICT, View.CHUNKS, View.ABLATION]
MISSING = StageError("rerank", "lexical is not ready: downloading.", "")


@pytest.mark.parametrize("view", VIEWS)
async def test_the_cost_is_said_before_anything_is_scored(view: View) -> None:
    reranker = GatedReranker()
    async with at_work(view, reranker) as (pilot, lab):
        trial = await reached(pilot, lab, Phase.WAITING)
        assert trial.pairs > 1 and trial.scored == 0 and reranker.read == []
        seconds = f"{trial.pairs * 0.002:.1f} s" if trial.pairs * 0.002 >= 0.05 else "no time"
        assert f"{trial.pairs} pairs to score · about {seconds} · Enter starts" in screen_text(pilot.app)


@pytest.mark.parametrize("view", VIEWS)
async def test_enter_makes_the_experiment_once(view: View) -> None:
    reranker = GatedReranker()
    async with at_work(view, reranker) as (pilot, lab):
        text = await made(pilot, lab)
        assert f"✓ {lab.trial.pairs} pairs scored" in text
        read = len(reranker.read)
        assert read == lab.trial.pairs == lab.trial.scored
        await pilot.press("enter")
        await pilot.pause()
        assert len(reranker.read) == read and not lab._runs


@pytest.mark.parametrize("view", VIEWS)
async def test_escape_stops_what_runs_and_leaves_when_nothing_does(view: View) -> None:
    reranker = GatedReranker()
    reranker.left = 2
    async with at_work(view, reranker) as (pilot, lab):
        await reached(pilot, lab, Phase.WAITING)
        await pilot.press("enter")
        await until(pilot, lambda: lab.trial.scored == 2, "two are scored")
        text = screen_text(pilot.app)
        assert f"2 of {lab.trial.pairs} " in text and "Esc stops" in text
        await pilot.press("escape")
        await reached(pilot, lab, Phase.STOPPED)
        assert f"stopped at 2 of {lab.trial.pairs} pairs · Enter starts anew" in screen_text(pilot.app)
        assert reranker.stopped and reranker.at_once == 0
        reranker.open()
        await pilot.press("enter")
        await reached(pilot, lab, Phase.DONE)
        await pilot.press("escape")
        assert pilot.app.screen is not lab


async def test_a_run_goes_on_while_another_view_is_looked_at() -> None:
    reranker = GatedReranker()
    reranker.left = 1
    async with at_work(View.VERDICT, reranker) as (pilot, lab):
        await reached(pilot, lab, Phase.WAITING)
        await pilot.press("enter")
        await until(pilot, lambda: lab.trial.scored == 1, "one is scored")
        lab.look(View.ABLATION)
        await reached(pilot, lab, Phase.WAITING)
        reranker.open()
        await until(pilot, lambda: lab.verdict_trial.phase is Phase.DONE, "the verdict is there")
        lab.look(View.VERDICT)
        await pilot.pause()
        assert "decisive" in screen_text(pilot.app)


async def test_what_was_found_stays_while_another_candidate_is_looked_at() -> None:
    reranker = GatedReranker()
    async with at_work(View.ABLATION, reranker) as (pilot, lab):
        await made(pilot, lab)
        found, read = lab.ablation, len(reranker.read)
        lab.choose("harmless")
        await reached(pilot, lab, Phase.WAITING)
        assert lab.ablation is not found
        lab.choose("late")
        await reached(pilot, lab, Phase.DONE)
        assert lab.ablation is found and len(reranker.read) == read


async def test_no_two_experiments_of_a_kind_run_at_once() -> None:
    reranker = GatedReranker()
    reranker.left = 1
    async with at_work(View.ABLATION, reranker) as (pilot, lab):
        await reached(pilot, lab, Phase.WAITING)
        await pilot.press("enter")
        await until(pilot, lambda: lab.trial.scored == 1, "one is scored")
        lab.choose("harmless")
        await reached(pilot, lab, Phase.WAITING)
        assert "it runs for “The answer comes late” now" in screen_text(pilot.app)
        await pilot.press("enter")
        await until(pilot, lambda: reranker.at_once == 1 and lab.trial.phase is Phase.RUNNING, "the other one runs")
        reranker.open()
        await reached(pilot, lab, Phase.DONE)
        assert reranker.most_at_once == 1
        lab.choose("late")
        await reached(pilot, lab, Phase.STOPPED)
        assert lab.trial.scored == 1


@pytest.mark.parametrize("view", VIEWS)
async def test_an_error_midway_is_said_with_its_hint_and_what_was_found_stays(view: View) -> None:
    reranker = GatedReranker(fail_after=2)
    async with at_work(view, reranker) as (pilot, lab):
        text = await made(pilot, lab)
        assert lab.trial.phase is Phase.FAILED and lab.trial.scored == 2
        assert "✗ The model broke. Mend it. · Enter tries again" in text
        reranker.fail_after = -1
        await pilot.press("enter")
        await reached(pilot, lab, Phase.DONE)
        assert "The model broke" not in screen_text(pilot.app)


@pytest.mark.parametrize("view", VIEWS)
async def test_without_a_reranker_the_view_says_why_and_what_to_do(view: View) -> None:
    async with at_work(view, MISSING) as (pilot, lab):
        await reached(pilot, lab, Phase.BLOCKED)
        text = screen_text(pilot.app)
        assert "lexical is not ready: downloading. Experiments need a model that scores" in text
        lab.session.reranker = GatedReranker()
        await reached(pilot, lab, Phase.WAITING)
        assert "is not ready" not in screen_text(pilot.app), "noticed without a key"


async def test_a_list_of_another_model_is_not_judged_by_the_one_in_use() -> None:
    subject = Subject.of(await compared(), "late")
    reranker = GatedReranker()
    reranker.model = "another"
    async with at_work(View.VERDICT, reranker, subject) as (pilot, lab):
        await reached(pilot, lab, Phase.BLOCKED)
        assert "The list was reranked by lexical, and now another is in use." in screen_text(pilot.app)


async def test_results_outlive_the_screen_and_the_oldest_are_let_go() -> None:
    reranker, results = GatedReranker(), Results()
    subject = Subject.of(await compared(), "late")
    async with at_work(View.ABLATION, reranker, subject, results=results) as (pilot, lab):
        await made(pilot, lab)
    read = len(reranker.read)
    async with at_work(View.ABLATION, reranker, subject, results=results) as (pilot, lab):
        await reached(pilot, lab, Phase.DONE)
        assert len(reranker.read) == read
        result = results.get(lab._asked(Experiment.SENTENCES)[0])  # type: ignore[index]
        assert isinstance(result, Result)
        for number in range(KEPT):
            results.keep(number, Result(result.subject, result.finding, Trial()))
        assert results.get(0) and results.get(KEPT - 1)
        assert results.get(lab._asked(Experiment.SENTENCES)[0]) is None  # type: ignore[index]


async def test_leaving_in_the_middle_stops_the_model_and_keeps_what_there_is() -> None:
    reranker, results = GatedReranker(), Results()
    reranker.left = 1
    async with at_work(View.ABLATION, reranker, results=results) as (pilot, lab):
        await reached(pilot, lab, Phase.WAITING)
        await pilot.press("enter")
        await until(pilot, lambda: lab.trial.scored == 1, "one is scored")
        key = lab._asked(Experiment.SENTENCES)[0]  # type: ignore[index]
        lab.leave()
        await until(pilot, lambda: reranker.at_once == 0, "the model is let go")
        kept = results.get(key)
        assert kept and kept.trial.phase is Phase.STOPPED and kept.trial.scored == 1


@pytest.mark.parametrize("view", VIEWS)
async def test_the_terminal_may_change_its_size_in_the_middle(view: View) -> None:
    reranker = GatedReranker()
    reranker.left = 1
    async with at_work(view, reranker) as (pilot, lab):
        await reached(pilot, lab, Phase.WAITING)
        await pilot.press("enter")
        for size in ((80, 24), (20, 8), (240, 60), (100, 30)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert len(screen_text(pilot.app).splitlines()) == size[1]
        reranker.open()
        await reached(pilot, lab, Phase.DONE)


async def test_a_blank_text_costs_nothing_and_says_so() -> None:
    for view in VIEWS:
        async with at_work(view, GatedReranker(), Subject(QUERY, "  \n ")) as (pilot, lab):
            await reached(pilot, lab, Phase.DONE)
            assert "✓ nothing to score" in screen_text(pilot.app)


async def test_a_candidate_that_is_not_in_the_list_is_not_chosen() -> None:
    async with at_work(View.VERDICT) as (_, lab):
        lab.choose("nobody")
        assert lab.subject and lab.subject.id == "late"
        assert len(DOCUMENTS) == 4
