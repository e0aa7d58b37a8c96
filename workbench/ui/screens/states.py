"""Saves what the compare screen shows under a name, and brings it back."""

from datetime import UTC, datetime
from functools import partial

from workbench.domain.saved import State
from workbench.services.threads import in_thread
from workbench.ui.screens.asking import AskingScreen
from workbench.ui.screens.saved import RecallScreen, Removal, SaveScreen
from workbench.ui.widgets.query_line import QueryLine


async def save_state(screen: AskingScreen) -> None:
    """Ask for a name, and say that it is saved once it is on the disk. Runs in a worker."""
    session, query = screen.session, screen.query_one(QueryLine).value
    if session.opened is None:
        return
    saved = session.kept.saved
    states = await in_thread(saved.all, "saved states")
    _warn(screen, saved.warning)
    name = await screen.app.push_screen_wait(SaveScreen(query, [state.name for state in states]))
    if name is None:
        return
    chosen = screen.selected_id if screen.chosen else None
    corpus, now = session.opened.retriever.corpus, datetime.now(UTC)
    state = State.of(name, corpus, query, session.tuning, session.baseline, chosen, now)
    if await in_thread(partial(saved.save, state), "saved states"):
        screen.app.notify(f"Saved as {state.name}; o recalls it.", markup=False)
    _warn(screen, saved.warning)


async def recall_state(screen: AskingScreen) -> None:
    """Let a person choose a saved state, and go back to it; or remove some. Runs in a worker."""
    saved = screen.session.kept.saved
    while True:
        states = await in_thread(saved.all, "saved states")
        _warn(screen, saved.warning)
        answer = await screen.app.push_screen_wait(RecallScreen(states, screen.session.start))
        if isinstance(answer, State):
            screen.restore(answer)
        if not isinstance(answer, Removal):
            return
        await in_thread(partial(saved.remove, answer.name), "saved states")
        _warn(screen, saved.warning)


def _warn(screen: AskingScreen, warning: str | None) -> None:
    if warning:
        screen.app.notify(warning, title="Saved states", severity="warning", markup=False, timeout=12)
