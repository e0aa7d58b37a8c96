"""How the compare screen gets its answers: corpus, query, model and document, each in a worker of its own."""

import asyncio
import time
from contextlib import aclosing, suppress
from functools import partial
from typing import TYPE_CHECKING

from textual import on, work
from textual.reactive import reactive
from textual.screen import Screen
from textual.widgets import Static
from textual.worker import Worker, WorkerCancelled, WorkerFailed, WorkerState

from workbench.config.logs import log_error, log_surprise
from workbench.domain.comparison import Comparison
from workbench.domain.deployment import ModelStatus
from workbench.domain.errors import WorkbenchError
from workbench.domain.ranking import Explanation, Highlights
from workbench.domain.tuning import Tuning
from workbench.services.session import Session
from workbench.services.threads import in_thread
from workbench.ui.text import safe, safe_line
from workbench.ui.widgets.panels import Inspected
from workbench.ui.widgets.query_line import QueryLine
from workbench.ui.widgets.rank_list import RankList
from workbench.ui.widgets.shift_panel import ShiftPanel
from workbench.ui.widgets.status_bar import StatusBar

if TYPE_CHECKING:
    from workbench.domain.saved import State

PAUSE = 0.04
"""Seconds that typing must rest before the model is asked; BM25 answers every key."""
FRAME = 0.02
"""Seconds that the lists are given to be drawn before the panels below are."""
COUNT_EVERY = 0.1
"""Seconds between two updates of the count of scored candidates."""


class AskingScreen(Screen[None]):
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

    def __init__(self, session: Session, corpus: str, query: str | None) -> None:
        super().__init__()
        self.session = session
        self._corpus = corpus
        self._first_query = query
        self._sample = -1
        """Which sample query was run last; before the first, -1."""
        self._remembered = ("", "")
        """Corpus and query."""
        self._noted = self._said = ""
        self._newest: tuple[Comparison, Tuning] | None = None

    def on_mount(self) -> None:
        """Open the corpus once the first picture is out."""
        self._read_settings()
        self.made_with = self.session.tuning
        self.call_after_refresh(self.open_corpus, self._corpus)

    # Work -----------------------------------------------------------------------------------------

    @work(exclusive=True, group="corpus", exit_on_error=False)
    async def open_corpus(self, name: str, state: "State | None" = None, other: bool = False) -> None:
        """Open a corpus, run a query, and only then spend time on the model.

        Args:
            name: The corpus.
            state: What to go back to in it; None keeps query and settings as they are.
            other: It takes another one's place, so that its own first sample query replaces the query.
        """
        bm25 = self.query_one("#bm25", RankList)
        if not bm25.rows:
            bm25.show((), safe_line(f"opening {name}…"))
        line = self.query_one(QueryLine)
        typed = line.value
        try:
            opened = await self.session.open(name)
        except WorkbenchError as error:
            if self.session.opened is None:
                bm25.show((), safe(f"{error.message}\n{error.hint}"))
            self.app.notify(f"{error.message} {error.hint}", title="Corpus", severity="error", markup=False, timeout=12)
            return
        self.frozen = False  # What is shown is of another corpus.
        status = self.query_one(StatusBar)
        status.corpus, status.documents = opened.retriever.corpus, opened.documents
        if state:
            self._take_up(state)
        elif (other and line.value == typed) or not line.value:
            self._sample, self.chosen = 0 if opened.queries else -1, False
            self._write_query(opened.queries[0].text if opened.queries else "")
            line.select_all()
        self._read_settings()
        with suppress(WorkerCancelled, WorkerFailed):  # A key was faster, or the failure has been said.
            await self.run_query(line.value, 0).wait()
        if self.model is None:
            self.ready_model()

    @work(exclusive=True, group="query", exit_on_error=False)
    async def run_query(self, text: str, pause: float) -> None:
        """Run a query through both stages; a newer one cancels it."""
        if self.session.opened is None:
            return
        shown, tuning = time.monotonic(), self.session.tuning
        async with aclosing(self.session.compare(text, pause)) as stages:
            async for comparison in stages:
                if comparison.done or not comparison.scored or time.monotonic() - shown > COUNT_EVERY:
                    shown = time.monotonic()
                    self._newest = comparison, tuning
                    if not self.frozen:
                        self.show(comparison, tuning)

    def show(self, comparison: Comparison, tuning: Tuning) -> None:
        """Put a result on the screen, and know what it was made with."""
        self.made_with = tuning
        self.comparison = comparison

    @work(exclusive=True, group="model", exit_on_error=False)
    async def ready_model(self) -> None:
        """Get the model ready; rerank what is on screen as soon as it is."""
        async with aclosing(self.session.ready_model()) as states:
            async for status in states:
                self.model = status
        self.rerun()

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
            explanation = await retriever.explain(comparison.query, document.id, comparison.fields)
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
            corpus = self.session.opened.retriever.corpus
            recent = await in_thread(partial(self.session.kept.history.recent, corpus), "recent queries")
            if self.app.screen is self:
                self.app.push_screen(QueryDrawer(self.session.opened.queries, recent), self.ask)

    @work(group="history", exit_on_error=False)
    async def remember(self, query: str) -> None:
        """Keep a query that a person meant: one they entered, chose, or looked into."""
        opened = self.session.opened
        if opened and (opened.retriever.corpus, query) != self._remembered:
            self._remembered, history = (opened.retriever.corpus, query), self.session.kept.history
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

    def rerun(self) -> None:
        """Run the present query again, after a setting has changed."""
        self._read_settings()
        self.run_query(self.query_one(QueryLine).value, 0)

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

    def restore(self, state: "State") -> None:
        """Go back to a saved state."""
        opened = self.session.opened
        if opened is None or opened.retriever.corpus != state.corpus:
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
        if comparison is None or (comparison.scored and not comparison.done):
            return
        note = " ".join(comparison.warnings)
        if note != self._noted:
            self._noted = note
            self.query_one("#note", Static).update(safe_line(note))
        before = self.selected_id
        if not (self.chosen and comparison.candidate(before)):
            self.select_top(comparison)
        if self.selected_id == before:  # A change of it inspects the document by itself.
            self.inspect()

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
