"""What a cluster could not do is tried again until it can: quietly, ever less often, and only while it is wanted."""

import asyncio
from collections.abc import Callable

from textual import work
from textual.screen import Screen

from workbench.domain.comparison import Comparison, StageError
from workbench.domain.deployment import ModelState, ModelStatus
from workbench.domain.errors import UnavailableError
from workbench.services.session import Session
from workbench.ui.widgets.status_bar import StatusBar

FIRST_WAIT, LONGEST_WAIT = 2.0, 30.0
"""Seconds until something is tried again; each time twice as long as the time before."""


class RecoveringScreen(Screen[None]):
    """Counts down to the next attempt, where a person sees it."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self._attempts = 0
        """How often it has been tried again in vain."""

    def stop_retrying(self) -> None:
        """Something else is asked now, or what failed works again."""
        self.workers.cancel_group(self, "retry")
        self._attempts = 0
        self.query_one(StatusBar).retrying = ""

    @work(exclusive=True, group="retry", exit_on_error=False)
    async def retry(self, again: Callable[[], object]) -> None:
        """Try again after a while.

        Args:
            again: Starts the attempt; if that fails too, it comes back here.
        """
        wait = min(FIRST_WAIT * 2**self._attempts, LONGEST_WAIT)
        self._attempts += wait < LONGEST_WAIT
        status = self.query_one(StatusBar)
        while wait > 0:
            status.retrying = f"retrying in {wait:.0f} s"
            await asyncio.sleep(min(wait, 1))
            wait -= 1
        status.retrying = "retrying…"
        again()

    def passing(self, comparison: Comparison, model: ModelStatus | None) -> bool:
        """Whether a comparison failed in a way that may pass by itself.

        Args:
            comparison: Done.
            model: Its state; one that is still on its way reranks by itself once it is there.
        """
        error = comparison.error
        if error is None or error.lasting or error.exit_code != UnavailableError.exit_code:
            return False
        if not self.session.engines.profile:
            return False
        failed = model is not None and model.state is ModelState.FAILED
        return error.stage == "retrieve" or failed or not isinstance(self.session.reranker, StageError)
