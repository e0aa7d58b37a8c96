"""Whole-screen pictures of the main states.

To keep them anew: WORKBENCH_REWRITE_SNAPSHOTS=1 pytest tests/ui/test_snapshots.py

They are of the bundled corpus and a tiny model, with a fixed time in place of every measured one.
"""

import itertools
import random
import re
from collections.abc import Awaitable, Callable

import pytest
from textual.pilot import Pilot

from tests.ui.conftest import Bench, Waiting
from tests.ui.screen import answered, compare_screen, reranked, screen_text, settled, until
from tests.ui.snapshot import FOLDER, check, difference, normalised
from workbench.domain.latency import Latency
from workbench.domain.scores import ScoreSpace, min_max
from workbench.domain.verdict import Counterfactual
from workbench.ui.experiments import Phase
from workbench.ui.screens.compare import CompareScreen
from workbench.ui.screens.truncation import TruncationScreen
from workbench.ui.widgets.rank_list import RankList
from workbench.ui.widgets.wrapped_text import WrappedText

SMALL, MIDDLE, LARGE = (80, 24), (120, 36), (160, 48)
QUERY = "laptop gets hot while charging"
TAKEN = Latency(retrieve=0.4, fetch=0.2, tokenize=1.1, rerank=310.0, total=312.0)
Prepare = Callable[[Pilot[None], CompareScreen], Awaitable[None]]


class AlwaysSwapped(random.Random):
    """Draws the reranked list to the left."""

    def random(self) -> float:
        return 0.0


@pytest.fixture(autouse=True)
def fixed(monkeypatch: pytest.MonkeyPatch) -> None:
    """No measured time and no chance."""
    monkeypatch.setattr("workbench.services.compare.Latency", lambda *measured, **more: TAKEN)
    monkeypatch.setattr(random, "SystemRandom", AlwaysSwapped)


def keys(*pressed: str, until_holds: Callable[[CompareScreen], bool] = lambda screen: True) -> Prepare:
    """Go to the reranked list and press keys."""

    async def prepare(pilot: Pilot[None], screen: CompareScreen) -> None:
        screen.query_one("#reranked").focus()
        await pilot.press(*pressed)
        await until(pilot, lambda: until_holds(screen), "what the picture is of")

    return prepare


def panel(id: str, *pressed: str) -> Prepare:
    """Go to a panel and press keys."""

    async def prepare(pilot: Pilot[None], screen: CompareScreen) -> None:
        screen.panels.go_to(id)
        await until(pilot, lambda: bool(screen.focused and screen.focused.id == id), id)
        await pilot.press(*pressed)

    return prepare


def depth(screen: CompareScreen) -> bool:
    return bool(screen.comparison and screen.comparison.baseline and screen.comparison.depth == 20)


def voted(screen: CompareScreen) -> bool:
    return screen.tally is not None


BASELINE = ("equals_sign", "minus", "t", "down", "right")
STATES: dict[str, tuple[tuple[int, int], Prepare]] = {
    "compare-80": (SMALL, keys()),
    "compare-120": (MIDDLE, keys()),
    "compare-160": (LARGE, keys("down", "down")),
    "scores-80": (SMALL, panel("scores", "right", "right")),
    "scores-160": (LARGE, panel("scores", "right", "right")),
    "shifts-120": (MIDDLE, panel("shifts", "down")),
    "request-160": (LARGE, panel("request")),
    "tuning-80": (SMALL, panel("tuning", "down", "down", "9", "enter")),
    "baseline-120": (MIDDLE, keys(*BASELINE, until_holds=depth)),
    "baseline-160": (LARGE, keys(*BASELINE, until_holds=depth)),
    "presenter-80": (SMALL, keys("p")),
    "presenter-120": (MIDDLE, keys("p", "down")),
    "blind-120": (MIDDLE, keys("p", "b")),
    "voted-160": (LARGE, keys("p", "b", "1", until_holds=voted)),
    "maximised-120": (MIDDLE, keys("z", "down")),
    "frozen-120": (MIDDLE, keys("f")),
    "jump-160": (LARGE, keys("semicolon")),
}


async def still(pilot: Pilot[None], rest: Callable[[Pilot[None]], Awaitable[None]] = settled) -> None:
    """Wait until nothing moves any more, and lines are as wide as the scroll bars of the end leave them."""
    await rest(pilot)
    for _ in range(2):
        for scrolled in compare_screen(pilot.app).query("RankList, DocumentPanel, RequestPanel"):
            assert isinstance(scrolled, RankList | WrappedText)
            scrolled.on_resize()
            scrolled.refresh()
        await rest(pilot)


@pytest.mark.parametrize("name", STATES)
async def test_the_screen_looks_as_it_did(bench: Bench, name: str) -> None:
    size, prepare = STATES[name]
    async with bench.app(QUERY).run_test(size=size) as pilot:
        screen = await reranked(pilot)
        await settled(pilot)
        await prepare(pilot, screen)
        await still(pilot)
        check(name, pilot.app.export_screenshot(simplify=True))


INSPECTED: dict[str, tuple[tuple[int, int], tuple[str, ...]]] = {
    "tokens-80": (SMALL, ("c",)),
    "tokens-120": (MIDDLE, ("c",)),
    "tokens-160": (LARGE, ("p", "n")),
    "verdict-120": (MIDDLE, ("2", "enter")),
    "chunks-120": (MIDDLE, ("3", "enter", "end")),
    "ablation-120": (MIDDLE, ("4", "enter")),
}
"""Pictures of the truncation screen, by the keys that lead there from the first candidate that is cut."""


async def inspected(pilot: Pilot[None], *pressed: str) -> TruncationScreen:
    """Open the truncation screen and press keys, each when the one before has done its work."""
    compared = await reranked(pilot)
    await settled(pilot)
    compared.query_one("#reranked").focus()
    await pilot.press("i")
    screen = pilot.app.screen
    assert isinstance(screen, TruncationScreen)
    await until(pilot, lambda: screen.counted is not None and screen.reading is not None, "the tokens")
    await pilot.press("right_curly_bracket")
    for key in pressed:
        if key == "enter":
            await until(pilot, lambda: trial_of(screen) is Phase.WAITING, "its cost")
        await pilot.press(key)
        await settled(pilot)
    if "enter" in pressed:
        await until(pilot, lambda: trial_of(screen) is Phase.DONE, "its end")
    return screen


def trial_of(screen: TruncationScreen) -> Phase | None:
    return screen.experiment and screen._trial(screen.experiment).phase


@pytest.mark.parametrize("name", INSPECTED)
async def test_the_truncation_screen_looks_as_it_did(bench: Bench, name: str) -> None:
    size, pressed = INSPECTED[name]
    async with bench.app(QUERY).run_test(size=size) as pilot:
        await inspected(pilot, *pressed)
        await still(pilot)
        check(name, pilot.app.export_screenshot(simplify=True))


async def test_nothing_found_looks_as_it_did(bench: Bench) -> None:
    async with bench.app("zzyzx").run_test(size=SMALL) as pilot:
        await answered(pilot, lambda now: now.query == "zzyzx" and now.error is None, "the answer")
        await still(pilot)
        check("nothing-80", pilot.app.export_screenshot(simplify=True))


async def test_waiting_for_the_model_looks_as_it_did(bench: Bench) -> None:
    waiting = Waiting(bench)
    async with bench.app(QUERY).run_test(size=MIDDLE) as pilot:
        screen = compare_screen(pilot.app)
        await until(pilot, lambda: "41%" in screen_text(pilot.app) and screen.explanation is not None, "the download")
        await still(pilot, lambda pilot: pilot.pause())
        check("waiting-120", pilot.app.export_screenshot(simplify=True))
        waiting.over.set()


async def test_another_theme_looks_as_it_did(bench: Bench) -> None:
    async with bench.app(QUERY, theme="workbench-light").run_test(size=MIDDLE) as pilot:
        await reranked(pilot)
        await still(pilot)
        check("light-120", pilot.app.export_screenshot(simplify=True))


async def test_no_number_on_the_pictures_is_where_a_hairs_breadth_would_change_it(bench: Bench) -> None:
    """Scores of two machines may differ in their last bits: no order and no printed digit may hang on those."""
    async with bench.app(QUERY).run_test(size=LARGE) as pilot:
        now = (await reranked(pilot)).comparison
        assert now and now.reranker and now.reranker.score_space is ScoreSpace.MIX
        for scores, digits in (
            ([row.score for row in now.reranked], 3),
            ([row.raw for row in now.reranked], 3),
            ([row.score for row in now.bm25], 3),
            (min_max([row.raw for row in now.reranked]), 3),
        ):
            assert all(abs(score * 10**digits % 1 - 0.5) > 1e-3 for score in scores)
        final = sorted(row.score for row in now.reranked)
        assert min(more - less for less, more in itertools.pairwise(final)) > 1e-5


async def test_no_number_of_an_experiment_is_where_a_hairs_breadth_would_change_it(bench: Bench) -> None:
    async with bench.app(QUERY).run_test(size=MIDDLE) as pilot:
        screen = await inspected(pilot, "2", "enter", "3", "enter", "4", "enter")
        assert isinstance(screen.counterfactual, Counterfactual) and screen.lab and screen.ablation
        pairs = [(verdict.score, verdict.best.score) for verdict in screen.counterfactual.verdicts]
        numbers = [score for pair in pairs for score in pair]
        numbers += [best for way in screen.lab.ways if (best := way.best) is not None]
        numbers += [best - (screen.lab.truncated or 0.0) for best in numbers[2 * len(pairs) :]]
        numbers += [screen.ablation.share(part) or 0.0 for part in screen.ablation.parts]
        assert all(abs(number * 1000 % 1 - 0.5) > 1e-3 for number in numbers)
        assert all(abs(best - read) > 1e-5 for read, best in pairs), "an effect hangs on which is larger"


async def test_a_changed_cell_and_a_changed_colour_are_found_and_named(bench: Bench) -> None:
    kept = (FOLDER / "compare-120.svg").read_text(encoding="utf-8")
    assert normalised(kept) == kept and "http" not in re.sub(r'xmlns="[^"]*"', "", kept)
    assert difference(kept, kept) == ""
    cell = difference(kept, kept.replace("Reranked", "Reranker", 1))
    assert cell.startswith("The text differs") and "Reranker" in cell
    (colour, *_) = re.findall(r"\.terminal-r2 \{ fill: (#\w+)", kept)
    look = difference(kept, kept.replace(f".terminal-r2 {{ fill: {colour}", ".terminal-r2 { fill: #123456", 1))
    assert look.startswith("The text is the same; its look differs") and "#123456" in look
    ground = re.search(r'<rect fill="(#\w+)" x="[\d.]+" y="[\d.]+" width="[\d.]+"', kept)
    assert ground
    look = difference(kept, kept.replace(ground.group(), ground.group().replace(ground.group(1), "#123456"), 1))
    assert "ground #123456" in look
    style = difference(kept, kept.replace(";font-weight: bold }", " }", 1))
    assert style.startswith("The text is the same; its look differs")
