"""How the compare screen gets its answers: query, model and document, each in a worker of its own."""

import asyncio
import time
from contextlib import aclosing
from dataclasses import replace
from functools import partial

from textual import on, work
from textual.content import Content
from textual.reactive import reactive
from textual.timer import Timer
from textual.widgets import Static
from textual.worker import Worker, WorkerState

from workbench.config.logs import log_error, log_surprise
from workbench.domain.comparison import Comparison, StageError
from workbench.domain.deployment import ModelState, ModelStatus
from workbench.domain.errors import WorkbenchError
from workbench.domain.ranking import Explanation, Highlights
from workbench.domain.tuning import Tuning
from workbench.engines.threads import in_thread
from workbench.services.session import Session
from workbench.ui.screens.recovering import RecoveringScreen
from workbench.ui.text import safe_line
from workbench.ui.widgets.panels import Inspected
from workbench.ui.widgets.query_line import QueryLine
from workbench.ui.widgets.rank_list import RankList
from workbench.ui.widgets.shift_panel import ShiftPanel

PAUSE = 0.04
"""Seconds that typing must rest before the model is asked; BM25 answers every key."""
FRAME = 0.02
"""Seconds that the lists are given to be drawn before the panels below are."""
LATE = 0.25
"""Seconds that a cluster may take before what is shown is marked as that of an earlier search."""
COUNT_EVERY = 0.1
"""Seconds between two updates of the count of scored candidates."""


def same_search(one: Comparison, other: Comparison) -> bool:
    """Whether two comparisons are of the same question to the same index."""
    return (one.query, one.corpus, one.engine) == (other.query, other.corpus, other.engine)


class AskingScreen(RecoveringScreen):
    """Holds the one comparison and the one selected document that every list and panel reads."""

    # Without repaint: a change redraws the widgets that read it, not the whole screen.
    comparison: reactive[Comparison | None] = reactive(None, repaint=False)
    selected_id: reactive[str | None] = reactive(None, repaint=False)
    chosen: reactive[bool] = reactive(False, repaint=False)
    """A person selected the document themselves, so that it stays selected while it is listed."""
    inspected: reactive[Inspected] = reactive(Inspected(), repaint=False)
    model: reactive[ModelStatus | None] = reactive(None, repaint=False)
    tuning: reactive[Tuning] = reactive(Tuning(), repaint=False)
    start: reactive[Tuning] = reactive(Tuning(), repaint=False)
    baseline: reactive[Tuning | None] = reactive(None, repaint=False)
    made_with: reactive[Tuning] = reactive(Tuning(), repaint=False)
    """The settings of what is shown."""
    frozen: reactive[bool] = reactive(False, repaint=False)
    """What is shown stays, while queries go on running."""
    searching: reactive[bool] = reactive(False, repaint=False)
    """What is shown is of an earlier search; the answer to the newest is still to come."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._sample = -1
        """Which sample query was run last; before the first, -1."""
        self._remembered = ("", "")
        """Place and query."""
        self._noted: tuple[str, ...] = ()
        self._said = ""
        self._late: Timer | None = None
        """Runs out when a cluster takes long to answer."""
        self._wanted = ""
        """The model that was made ready last, or is being."""
        self._newest: tuple[Comparison, Tuning] | None = None

    # Work -----------------------------------------------------------------------------------------

    @work(exclusive=True, group="query", exit_on_error=False)
    async def run_query(self, text: str, pause: float, again: bool = False) -> None:
        """Run a query through both stages; a newer one cancels it.

        Args:
            text: The query.
            pause: Seconds that typing must rest.
            again: It failed before, and what is shown says so until this is complete.
        """
        if self.session.opened is None:
            return
        if not again:
            self.stop_retrying()
        shown, tuning, comparison = time.monotonic(), self.session.tuning, None
        if self.session.opened.retriever.patience and not (again or self._late):
            self._late = self.set_timer(LATE, self._wait)
        async with aclosing(self.session.compare(text, pause)) as stages:
            async for comparison in stages:
                self._stop_waiting()
                counts = not comparison.scored or time.monotonic() - shown > COUNT_EVERY
                if comparison.done or (counts and not again):
                    shown = time.monotonic()
                    self._newest = comparison, tuning
                    if self.frozen:
                        self.searching = False
                    else:
                        self.show(comparison, tuning)
        if comparison is None or not self.passing(comparison, self.model):
            self.stop_retrying()
        elif self.model and self.model.state is ModelState.FAILED:
            self.retry(partial(self.ready_model, again=True))
        else:
            self.retry(partial(self.run_query, text, 0, again=True))

    def _wait(self) -> None:
        """Say that what is shown is not yet the answer; a key that supersedes a search does not start the wait anew."""
        self.searching = not self.frozen

    def _stop_waiting(self) -> None:
        if self._late:
            self._late.stop()
            self._late = None

    def show(self, comparison: Comparison, tuning: Tuning) -> None:
        """Put a result on the screen, and know what it was made with.

        A search that failed leaves the lists standing that the same search gave before.
        """
        before = self.comparison
        failed = comparison.error and comparison.error.stage == "retrieve"
        if failed and before and before.bm25 and same_search(before, comparison) and self.made_with == tuning:
            said = f"{comparison.error.message} {comparison.error.hint}" if comparison.error else ""
            comparison = replace(
                before, error=comparison.error, exchanges=comparison.exchanges, warnings=(said,), done=True
            )
        self.made_with = tuning
        self.comparison = comparison
        self.searching = False

    @work(exclusive=True, group="model", exit_on_error=False)
    async def ready_model(self, again: bool = False) -> None:
        """Get the model ready; rerank what is on screen as soon as it is, if none did.

        Before anything is open, nobody knows which model that will be.

        Args:
            again: It failed before.
        """
        if self.session.opened is None:
            return
        waits = isinstance(self.session.reranker, StageError) or again
        self._wanted = self.session.model
        async with aclosing(self.session.ready_model()) as states:
            async for status in states:
                self.model = status
        if waits:
            self.rerun(again)

    @work(exclusive=True, group="document", exit_on_error=False)
    async def inspect(self) -> None:
        """Find out about the selected document: first where the query matches, then how BM25 scored it."""
        await asyncio.sleep(FRAME)
        comparison = self.comparison
        found = comparison.candidate(self.selected_id) if comparison else None
        opened = self.session.opened
        if not found or not comparison or not opened or opened.retriever.corpus != comparison.corpus:
            self.inspected = Inspected(comparison)
            return
        document, retriever, explanation = found.document, opened.retriever, None
        tokens = next((row.tokens for row in comparison.reranked if row.candidate.document.id == document.id), None)
        highlights = Highlights()
        try:
            highlights = await retriever.highlight(comparison.query, document)
            self.inspected = Inspected(comparison, document, highlights, tokens)
            explanation = await retriever.explain(comparison.query, document.id, comparison.fields, comparison.chosen)
        except WorkbenchError as error:
            if self.session.opened is not opened:  # Another corpus was opened, and this one closed.
                return
            log_error(error)
            self._say_once(f"{error.message} {error.hint}")
        self.inspected = Inspected(comparison, document, highlights, tokens, explanation)

    def _say_once(self, text: str) -> None:
        """Say what went wrong with a document; the same again, with each document that is looked at, would be noise."""
        if text != self._said:
            self._said = text
            self.app.notify(text, title="Document", severity="error", markup=False)

    @work(exclusive=True, group="drawer", exit_on_error=False)
    async def choose_query(self) -> None:
        """Open the drawer of queries."""
        from workbench.ui.screens.query_drawer import QueryDrawer

        if self.session.opened:
            place = self.session.place
            recent = await in_thread(partial(self.session.kept.history.recent, place), "recent queries")
            if self.app.screen is self and self.session.place == place:
                self.app.push_screen(QueryDrawer(self.session.opened.queries, recent), self.ask)

    @work(group="history", exit_on_error=False)
    async def remember(self, query: str) -> None:
        """Keep a query that a person meant: one they entered, chose, or looked into."""
        place = self.session.place
        if place and (place, query) != self._remembered:
            self._remembered, history = (place, query), self.session.kept.history
            warned = history.warning
            await in_thread(partial(history.add, *self._remembered), "recent queries")
            if history.warning != warned:
                self.warn("Recent queries", history.warning)

    def warn(self, title: str, warning: str | None) -> None:
        """Pass on what a service warns of, if it does."""
        if warning:
            self.app.notify(warning, title=title, severity="warning", markup=False, timeout=12)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Work that failed in a way nobody expected is said and written down, and the app goes on."""
        if event.state is WorkerState.ERROR and event.worker.error:
            log_surprise(event.worker.error)
            text = f"{type(event.worker.error).__name__}: {event.worker.error}"
            self.app.notify(text, title="Something went wrong", severity="error", markup=False)

    @property
    def explanation(self) -> Explanation | None:
        """Of the selected document's BM25 score in what is shown; None while that is not known."""
        found = self.inspected
        current = found.comparison is self.comparison and found.document and found.document.id == self.selected_id
        return found.explanation if current else None

    # What a person asks ---------------------------------------------------------------------------

    def rerun(self, again: bool = False) -> None:
        """Run the present query again, after a setting has changed; or because it failed before."""
        self._read_settings()
        self.run_query(self.query_one(QueryLine).value, 0, again)
        if self.model and self._wanted != self.session.model:  # Another endpoint was chosen.
            self.ready_model()

    def ask(self, query: str | None) -> None:
        """Put a query into the line and run it; None leaves everything as it is."""
        if query is None:
            return
        self._write_query(query)
        self._let_go()
        self.run_query(query, 0)
        self.remember(query)

    def ask_sample(self, step: int) -> None:
        """Run another of the queries that came with the corpus."""
        queries = self.session.opened.queries if self.session.opened else ()
        if not queries:
            self.app.notify("This corpus came without sample queries.", markup=False)
            return
        texts, now = [query.text for query in queries], self.query_one(QueryLine).value
        if now in texts and now != texts[self._sample]:  # It came there by other ways.
            self._sample = texts.index(now)
        self._sample = (max(self._sample, -1 if step > 0 else 0) + step) % len(queries)
        self.ask(texts[self._sample])

    def _let_go(self) -> None:
        """Let the next result select what is on top of it; what is frozen stays as it is."""
        if not self.frozen:
            self.chosen = False

    def _write_query(self, query: str) -> None:
        line = self.query_one(QueryLine)
        with self.prevent(QueryLine.Changed):
            line.value = query
        line.cursor_position = len(query)

    def _read_settings(self) -> None:
        self.tuning, self.start, self.baseline = self.session.tuning, self.session.start, self.session.baseline

    @on(QueryLine.Changed)
    def query_changed(self, event: QueryLine.Changed) -> None:
        """Search as the person types."""
        self._let_go()
        self.run_query(event.value, PAUSE)

    @on(QueryLine.Submitted)
    def query_submitted(self, event: QueryLine.Submitted) -> None:
        """Search at once."""
        self.run_query(event.value, 0)
        self.remember(event.value)

    @on(QueryLine.Recall)
    def recall(self) -> None:
        """Offer the queries that were run before."""
        self.choose_query()

    @on(RankList.Selected)
    @on(ShiftPanel.Chosen)
    def row_selected(self, event: RankList.Selected | ShiftPanel.Chosen) -> None:
        """Light the row in both lists and show its text."""
        self.chosen = True
        self.selected_id = event.document_id
        self.remember(self.query_one(QueryLine).value)

    # What changed ---------------------------------------------------------------------------------

    def watch_comparison(self, comparison: Comparison | None) -> None:
        """Say how the query was read, and keep the person's choice or else select what is on top."""
        if comparison and comparison.scored and not comparison.done:
            return
        self._note(comparison.warnings if comparison else ())
        if comparison is None:
            return
        before = self.selected_id
        if not (self.chosen and comparison.candidate(before)):
            self.select_top(comparison)
        if self.selected_id == before:  # A change of it inspects the document by itself.
            self.inspect()

    def _note(self, warnings: tuple[str, ...]) -> None:
        """Show the first warning beside the query, and how many more there are."""
        if warnings != self._noted:
            self._noted = warnings
            more = len(warnings) - 1
            self.query_one("#note", Static).update(safe_line(warnings[0] if warnings else ""))
            self.query_one("#more", Static).update(Content(f" +{more} more " if more > 0 else ""))
            self.query_one("#prompt").set_class(more > 0, "-more")

    def select_top(self, comparison: Comparison) -> None:
        """Select what is on top of the fullest list there is."""
        rows = comparison.reranked or (comparison.baseline.reranked if comparison.baseline else ())
        top = rows[0].candidate if rows else next(iter(comparison.bm25), None)
        self.selected_id = top.document.id if top else None
        self.chosen = False

    def watch_selected_id(self) -> None:
        """Show the document that is selected now."""
        self.inspect()

    def watch_frozen(self, frozen: bool) -> None:
        """Show what has come in meanwhile."""
        if not frozen and self._newest is not None:
            if self.comparison and self._newest[0].query != self.comparison.query:
                self._let_go()
            self.show(*self._newest)
