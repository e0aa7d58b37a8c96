"""Reads the running app's screen, and waits for it without sleeping for luck."""

from collections.abc import Callable

from textual.app import App
from textual.pilot import Pilot

from workbench.ui.screens.compare import CompareScreen

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
