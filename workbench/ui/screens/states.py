"""Saves what the compare screen shows under a name, and brings it back."""

from datetime import UTC, datetime
from functools import partial

from workbench.domain.saved import State
from workbench.engines.threads import in_thread
from workbench.ui.screens.opening import OpeningScreen
from workbench.ui.screens.saved import RecallScreen, Removal, SaveScreen
from workbench.ui.widgets.query_line import QueryLine


async def save_state(screen: OpeningScreen) -> None:
    """Ask for a name, and say that it is saved once it is on the disk. Runs in a worker."""
    session, query = screen.session, screen.query_one(QueryLine).value
    if session.opened is None:
        return
    # All of it now: while the name is typed, another corpus may open.
    place, tuning, baseline = session.place, session.tuning, session.baseline
    chosen = screen.selected_id if screen.chosen else None
    saved = session.kept.saved
    states = await in_thread(saved.all, "saved states")
    screen.warn("Saved states", saved.warning)
    if screen.app.screen is not screen:
        return
    name = await screen.app.push_screen_wait(SaveScreen(query, [state.name for state in states]))
    if name is None:
        return
    state = State.of(name, place, query, tuning, baseline, chosen, datetime.now(UTC))
    if await in_thread(partial(saved.save, state), "saved states"):
        screen.app.notify(f"Saved as {state.name}; o recalls it.", markup=False)
    screen.warn("Saved states", saved.warning)


async def recall_state(screen: OpeningScreen) -> None:
    """Let a person choose a saved state, and go back to it; or remove some. Runs in a worker."""
    saved = screen.session.kept.saved
    while isinstance(answer := await _choice(screen), Removal):
        await in_thread(partial(saved.remove, answer.name), "saved states")
        screen.warn("Saved states", saved.warning)
    if answer:
        screen.restore(answer)


async def _choice(screen: OpeningScreen) -> State | Removal | None:
    saved = screen.session.kept.saved
    states = await in_thread(saved.all, "saved states")
    screen.warn("Saved states", saved.warning)
    # Another modal may have come up meanwhile; the list that was just answered may still be there.
    if screen.app.screen is not screen and not isinstance(screen.app.screen, RecallScreen):
        return None
    return await screen.app.push_screen_wait(RecallScreen(states, screen.session.start))
