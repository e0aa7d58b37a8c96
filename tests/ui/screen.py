"""Reads the running app's screen, and waits for it without sleeping for luck."""

from collections.abc import Callable
from itertools import combinations

from textual.app import App
from textual.geometry import Region
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widget import Widget

from workbench.domain.comparison import Comparison
from workbench.ui.screens.compare import CompareScreen
from workbench.ui.widgets.rank_list import RankList

TURNS = 1500


def screen_text(app: App[None]) -> str:
    """What a person sees, line by line."""
    strips = app.screen._compositor.render_strips(app.size)
    return "\n".join(strip.text.rstrip() for strip in strips)


async def until(pilot: Pilot[None], condition: Callable[[], bool], what: str) -> None:
    """Let the app run until something holds; the limit is there to end a broken test, not to time one."""
    for _ in range(TURNS):
        if condition():
            await pilot.pause()
            return
        await pilot.pause(0.01)
    raise AssertionError(f"never: {what}\n{screen_text(pilot.app)}")


def compare_screen(app: App[None]) -> CompareScreen:
    """The compare screen, whatever lies over it."""
    return next(screen for screen in app.screen_stack if isinstance(screen, CompareScreen))


async def reranked(pilot: Pilot[None], query: str | None = None) -> CompareScreen:
    """Wait for the complete comparison of a query; of any when none is given."""
    screen = compare_screen(pilot.app)

    def ready() -> bool:
        found = screen.comparison
        return bool(found and found.done and found.reranked and (query is None or found.query == query))

    await until(pilot, ready, f"{query!r} reranked")
    return screen


async def answered(pilot: Pilot[None], what: Callable[[Comparison], bool], why: str) -> Comparison:
    """Wait for a complete comparison of a kind."""
    screen = compare_screen(pilot.app)
    await until(pilot, lambda: bool(screen.comparison and screen.comparison.done and what(screen.comparison)), why)
    assert screen.comparison
    return screen.comparison


async def settled(pilot: Pilot[None]) -> None:
    """Wait until nothing is under way any more."""
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


async def at_panel(pilot: Pilot[None], panel: str) -> CompareScreen:
    """Give the focus to a panel by its id."""
    screen = await reranked(pilot)
    if panel in ("bm25", "reranked"):
        screen.query_one(f"#{panel}").focus()
    else:
        screen.panels.go_to(panel)
    await until(pilot, lambda: bool(screen.focused and screen.focused.id == panel), panel)
    await settled(pilot)
    return screen


def listed(screen: CompareScreen, which: str) -> list[str]:
    """Ids of the rows that a list shows, in their order."""
    return [row.document.id for row in screen.query_one(f"#{which}", RankList).rows]


def regions(screen: Screen[object]) -> dict[str, Region]:
    """Where everything is that can be seen and holds nothing else."""
    found = {}
    for widget in screen.walk_children(Widget):
        if widget.region.area and not any(child.region.area for child in widget.children):
            found[widget.id or type(widget).__name__] = widget.region
    return found


def misplaced(screen: Screen[object]) -> list[str]:
    """What overlaps something else or lies outside the screen."""
    found = regions(screen)
    wrong = [
        f"{name} {region} is outside" for name, region in found.items() if not screen.region.contains_region(region)
    ]
    return wrong + [
        f"{one} {found[one]} overlaps {other} {found[other]}"
        for one, other in combinations(found, 2)
        if found[one].overlaps(found[other])
    ]


def panel_text(app: App[None], widget: Widget) -> str:
    """What a person sees of one widget, line by line."""
    x, y, width, height = widget.region
    strips = app.screen._compositor.render_strips(app.size)[y : y + height]
    return "\n".join(strip.crop(x, x + width).text.rstrip() for strip in strips)
