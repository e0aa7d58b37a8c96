"""How the compare screen comes to what it searches: a corpus or an index, and saved states that bring their own."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from textual import work
from textual.worker import WorkerCancelled, WorkerFailed

from workbench.domain.errors import BadInputError, UnavailableError, WorkbenchError
from workbench.services.session import Session
from workbench.ui.screens.asking import AskingScreen
from workbench.ui.text import safe, safe_line
from workbench.ui.widgets.panels import Inspected
from workbench.ui.widgets.query_line import QueryLine
from workbench.ui.widgets.rank_list import RankList
from workbench.ui.widgets.status_bar import StatusBar

if TYPE_CHECKING:
    from workbench.domain.saved import State


class OpeningScreen(AskingScreen):
    """Opens one place after the other; of the one before nothing stays on the screen."""

    def __init__(self, session: Session, place: str, query: str | None) -> None:
        super().__init__(session)
        self._tried = place
        """What was to be opened last, while nothing is open."""
        self._first_query = query

    def on_mount(self) -> None:
        """Open the corpus once the first picture is out."""
        self._read_settings()
        self._name_profile()
        self.made_with = self.session.tuning
        self.call_after_refresh(self.open_corpus, self._tried)

    @work(exclusive=True, group="corpus", exit_on_error=False)
    async def open_corpus(
        self, place: str, state: "State | None" = None, other: bool = False, again: bool = False
    ) -> None:
        """Open a corpus or an index, run a query, and only then spend time on the model.

        Args:
            place: The corpus or the index, with its profile if it has one; see `Session.open`.
            state: What to go back to in it; None keeps query and settings as they are.
            other: It takes another one's place, so that its own first sample query, if it has one, replaces the query.
            again: It failed before, and what is shown says so.
        """
        bm25, status = self.query_one("#bm25", RankList), self.query_one(StatusBar)
        if self.session.opened is None and not again:
            self.stop_retrying()
            self._tried = place
            self._name_profile()
        if not (again or bm25.rows):
            bm25.show((), safe_line(f"opening {place.rstrip(':')}…"))
        status.opening = opening = f"opening {place.rstrip(':')}…" if ":" in place and not again else ""
        line, engines = self.query_one(QueryLine), self.session.engines
        typed = line.value
        try:
            opened = await self.session.open(place)
        except WorkbenchError as error:
            retry = partial(self.open_corpus, place, state, other, again=True)
            await self._not_opened(place, error, None if again else "Corpus", retry)
            return
        finally:
            if status.opening == opening:  # Else another one is being opened.
                status.opening = ""
        self.stop_retrying()
        if self.session.engines.profile or self.session.engines is not engines:
            self._forget(self.session.engines is engines)
        self.frozen = False  # What is shown is of another corpus.
        self._name_profile()
        status.corpus, status.documents = opened.retriever.corpus, opened.documents
        if state:
            self._take_up(state)
        elif opened.queries and ((other and line.value == typed) or not line.value):
            self._sample, self.chosen = 0, False
            self._write_query(opened.queries[0].text)
            line.select_all()
        self._read_settings()
        with suppress(WorkerCancelled, WorkerFailed):  # A key was faster, or the failure has been said.
            await self.run_query(line.value, 0).wait()
        if self.model is None:
            self.ready_model()

    @property
    def profile(self) -> str:
        """The profile in use, or while nothing is open the one that is to be; empty for this machine."""
        if self.session.opened or ":" not in self._tried:
            return self.session.engines.profile
        return self._tried.split(":")[0]

    def _name_profile(self) -> None:
        status, engines = self.query_one(StatusBar), self.session.engines
        status.profile, status.accent, status.marks = self.profile, engines.accent, engines.marks

    async def _not_opened(
        self, place: str, error: WorkbenchError, title: str | None, retry: Callable[[], object]
    ) -> None:
        """Say why; where a profile leads to several indices, let a person choose; where it may pass, try again."""
        if isinstance(error, BadInputError) and place.endswith(":"):
            from workbench.ui.screens.places import choose_index

            if await choose_index(self, place.removesuffix(":")):
                return
        if title:
            self.app.notify(f"{error.message} {error.hint}", title=title, severity="error", markup=False, timeout=12)
        if self.session.opened is None:
            self.query_one("#bm25", RankList).show((), safe(f"{error.message}\n{error.hint}"))
            if ":" in place and isinstance(error, UnavailableError) and not error.lasting:
                self.retry(retry)

    def _forget(self, same_model: bool) -> None:
        """Nothing that is shown belongs to what is open now."""
        for group in ("query", "document", *(() if same_model else ("model",))):
            self.workers.cancel_group(self, group)
        self._newest, self.comparison = None, None
        self.model = self.model if same_model else None
        self.chosen, self.selected_id, self.inspected = False, None, Inspected()
        self.made_with = self.session.tuning

    def restore(self, state: "State") -> None:
        """Go back to a saved state."""
        if self.session.place != state.corpus:
            self.open_corpus(state.corpus, state)
        else:
            self._take_up(state)
            self.rerun()

    def _take_up(self, state: "State") -> None:
        self.frozen = False
        self.session.tune(state.tuning)
        self.session.baseline = state.baseline
        self._write_query(state.query)
        self.chosen = state.selected is not None
        self.selected_id = state.selected or self.selected_id
        self.remember(state.query)
