"""A tour of the app, step by step: a test walks it, and the README's pictures are taken on the way."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from textual.pilot import Pilot
from textual.screen import Screen

from tests.ui.screen import compare_screen, settled, until
from workbench.ui.screens.compare import CompareScreen
from workbench.ui.screens.theme_picker import ThemePicker
from workbench.ui.screens.truncation import TruncationScreen

QUERY = "laptop gets hot while charging"


@dataclass(frozen=True)
class Step:
    """Keys, and what holds once their work is done."""

    name: str
    keys: tuple[str, ...]
    holds: Callable[[CompareScreen], bool]
    over: type[Screen[object]] | None = None
    """The screen that lies over the compare screen afterwards."""
    rearranged: bool = False
    """What is where may differ from before; after any other step it must not."""


def _weight(screen: CompareScreen) -> float | None:
    info = screen.comparison.reranker if screen.comparison else None
    return info.weight if info else None


def _depth(screen: CompareScreen) -> int:
    return screen.comparison.depth if screen.comparison else 0


def _boost(screen: CompareScreen) -> float:
    return dict(screen.comparison.fields)["title"] if screen.comparison else 0


def _baseline(screen: CompareScreen) -> bool:
    return bool(screen.comparison and screen.comparison.baseline)


def _asked(screen: CompareScreen, query: str) -> bool:
    return bool(screen.comparison and screen.comparison.query == query)


def _in_use(screen: CompareScreen, id: str) -> bool:
    return bool(screen.focused and screen.focused.id == id)


def _inspects(screen: CompareScreen) -> bool:
    over = screen.app.screen
    return isinstance(over, TruncationScreen) and over.reading is not None and not over.partial


def _judged(screen: CompareScreen) -> bool:
    over = screen.app.screen
    return isinstance(over, TruncationScreen) and bool(over.counterfactual and over.counterfactual.done)


TOUR = (
    Step("open", (), lambda screen: bool(screen.comparison), rearranged=True),
    Step("type", ("ctrl+u", *QUERY), lambda screen: _asked(screen, QUERY)),
    Step("select", ("f2", "f2", "down", "down"), lambda screen: screen.chosen and _in_use(screen, "reranked")),
    Step("lines", ("down", "down", "up", "home", "down"), lambda screen: screen.lists.lines.chosen),
    Step("depth", ("plus",), lambda screen: _depth(screen) == 50),
    Step("form", ("t",), lambda screen: _in_use(screen, "tuning"), rearranged=True),
    Step("boost", ("right",), lambda screen: _boost(screen) == 3),
    Step("baseline", ("equals_sign",), _baseline),
    Step("mix", ("down", "down", "left", "left", "left"), lambda screen: _weight(screen) == 0.4 and _baseline(screen)),
    Step("undo", ("u",), lambda screen: _weight(screen) == 0.5),
    Step("against BM25", ("equals_sign", "U"), lambda screen: not _baseline(screen) and _depth(screen) == 30),
    Step("document", ("f6", "f6"), lambda screen: True, rearranged=True),
    Step("presenter", ("f2", "p"), lambda screen: screen.presenting, rearranged=True),
    Step("blind", ("b",), lambda screen: bool(screen.ballot and screen.ballot.open), rearranged=True),
    Step("vote", ("2",), lambda screen: bool(screen.tally and screen.tally.total == 1), rearranged=True),
    Step("next vote", ("f3",), lambda screen: bool(screen.ballot and screen.ballot.open), rearranged=True),
    Step("reveal", ("r",), lambda screen: bool(screen.ballot and screen.ballot.revealed), rearranged=True),
    Step("everything", ("p",), lambda screen: not screen.presenting and screen.ballot is None, rearranged=True),
    Step("inspect", ("i", "right_curly_bracket"), _inspects, over=TruncationScreen),
    Step("verdict", ("2", "enter"), _judged, over=TruncationScreen),
    Step("back", ("escape",), lambda screen: screen.chosen),
    Step("themes", ("ctrl+t", "up", "up", "up"), lambda screen: screen.app.theme == "risograph", over=ThemePicker),
    Step("theme", ("enter",), lambda screen: screen.app.theme == "risograph"),
)


async def walk(pilot: Pilot[None]) -> AsyncIterator[Step]:
    """Go on the tour; each step is given once its work is done. Quitting is up to who walks."""
    screen = compare_screen(pilot.app)
    for step in TOUR:
        await pilot.press(*step.keys)

        def done(step: Step = step) -> bool:
            there = isinstance(pilot.app.screen, step.over or CompareScreen)
            answer = screen.comparison
            return bool(there and answer and answer.done and answer.reranked and step.holds(screen))

        await until(pilot, done, f"the tour's step {step.name}")
        if step.over is None:
            await settled(pilot)
        yield step
