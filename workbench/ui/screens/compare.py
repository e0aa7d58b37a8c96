"""The compare screen: one query, two lists, and what is to be said about them."""

import time
from contextlib import aclosing, suppress
from dataclasses import replace
from functools import partial

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.reactive import reactive
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Footer, Static
from textual.worker import Worker, WorkerCancelled, WorkerState

from workbench.config.logs import log_surprise
from workbench.config.settings import DEPTH_LIMIT
from workbench.domain.comparison import Comparison
from workbench.domain.deployment import ModelStatus
from workbench.domain.errors import WorkbenchError
from workbench.domain.ranking import Explanation, Highlights
from workbench.services.session import Session
from workbench.services.threads import in_thread
from workbench.ui.keys import COMPARE_KEYS
from workbench.ui.notices import bm25_notice, bm25_title, model_notice, reranked_notice, reranked_title
from workbench.ui.rows import bm25_rows, reranked_rows
from workbench.ui.text import safe, safe_line
from workbench.ui.widgets.document_panel import DocumentPanel
from workbench.ui.widgets.gutter import Gutter
from workbench.ui.widgets.latency_panel import LatencyPanel
from workbench.ui.widgets.model_panel import ModelPanel
from workbench.ui.widgets.query_line import QueryLine
from workbench.ui.widgets.rank_list import RankList
from workbench.ui.widgets.scores_panel import ScoresPanel
from workbench.ui.widgets.shift_panel import ShiftPanel
from workbench.ui.widgets.status_bar import StatusBar

PAUSE = 0.04
"""Seconds that typing must rest before the model is asked; BM25 answers every key."""
COUNT_EVERY = 0.1
"""Seconds between two updates of the count of scored candidates."""
DEPTHS = (5, 10, 20, 30, 50, 75, 100, 150, 200, 300, 500, DEPTH_LIMIT)
WEIGHT_STEP = 0.1


class CompareScreen(Screen[None]):
    """Holds the one comparison and the one selected document that every list and panel reads."""

    CSS_PATH = "compare.tcss"
    AUTO_FOCUS = "#query"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide"), (130, "-gutter")]
    VERTICAL_BREAKPOINTS = [(0, "-tiny"), (16, "-short"), (30, "-tall"), (44, "-tall-48")]
    BINDINGS = [*COMPARE_KEYS]

    # Without repaint: a change redraws the widgets that read it, not the whole screen.
    comparison: reactive[Comparison | None] = reactive(None, repaint=False)
    selected_id: reactive[str | None] = reactive(None, repaint=False)
    model: reactive[ModelStatus | None] = reactive(None, repaint=False)

    def __init__(self, session: Session, corpus: str, query: str | None) -> None:
        super().__init__()
        self.session = session
        self._corpus = corpus
        self._first_query = query
        self._sample = -1
        """Which sample query was run last; before the first, -1."""
        self._moved = False
        self._remembered = ""
        self._noted = ""
        self._fading: Timer | None = None
        self._explanation: Explanation | None = None

    def compose(self) -> ComposeResult:
        """Lay the screen out from top to bottom."""
        yield StatusBar(id="status").data_bind(CompareScreen.comparison, CompareScreen.model)
        with Horizontal(id="prompt"):
            yield Static(Content(" ❯ "))
            yield QueryLine(self._first_query or "", id="query")
            yield Static(id="note")
        with Horizontal(id="lists", classes="-bm25"):
            yield RankList("bm25", "BM25").data_bind(CompareScreen.selected_id)
            yield Gutter("gutter").data_bind(CompareScreen.comparison, CompareScreen.selected_id)
            yield RankList("reranked", "Reranked").data_bind(CompareScreen.selected_id)
        with Horizontal(id="panels"):
            yield DocumentPanel("document")
            yield ScoresPanel("scores")
            with Vertical(id="side"):
                yield ShiftPanel("shifts").data_bind(CompareScreen.comparison, CompareScreen.selected_id)
                yield LatencyPanel("latency").data_bind(CompareScreen.comparison)
                yield ModelPanel("model").data_bind(status=CompareScreen.model)
        yield Footer(compact=True)

    def on_mount(self) -> None:
        """Open the corpus once the first picture is out."""
        self.query_one(StatusBar).options = self.session.options
        for side, rank_list in (("left_top", "#bm25"), ("right_top", "#reranked")):
            self.watch(self.query_one(rank_list), "scroll_y", partial(self._list_scrolled, side), init=False)
        self.call_after_refresh(self.open_corpus, self._corpus)

    def _list_scrolled(self, side: str, row: float) -> None:
        setattr(self.query_one(Gutter), side, round(row))

    # Work -----------------------------------------------------------------------------------------

    @work(exclusive=True, group="corpus", exit_on_error=False)
    async def open_corpus(self, name: str, other: bool = False) -> None:
        """Open a corpus, run a query, and only then spend time on the model.

        Args:
            name: The corpus.
            other: It takes another one's place, so that its own first sample query replaces the query.
        """
        bm25 = self.query_one("#bm25", RankList)
        if not bm25.rows:
            bm25.show((), safe_line(f"opening {name}…"))
        try:
            opened = await self.session.open(name)
        except WorkbenchError as error:
            if self.session.opened is None:
                bm25.show((), safe(f"{error.message}\n{error.hint}"))
            self.app.notify(f"{error.message} {error.hint}", title="Corpus", severity="error", markup=False, timeout=12)
            return
        status = self.query_one(StatusBar)
        status.corpus, status.documents = opened.retriever.corpus, opened.documents
        line = self.query_one(QueryLine)
        if other or not line.value:
            self._sample, self._moved = 0 if opened.queries else -1, False
            with self.prevent(QueryLine.Changed):
                line.value = opened.queries[0].text if opened.queries else ""
            line.select_all()
        with suppress(WorkerCancelled):  # A key was faster; its query runs now.
            await self.run_query(line.value, 0).wait()
        if self.model is None:
            self.ready_model()

    @work(exclusive=True, group="query", exit_on_error=False)
    async def run_query(self, text: str, pause: float) -> None:
        """Run a query through both stages; a newer one cancels it."""
        if self.session.opened is None:
            return
        shown = time.monotonic()
        async with aclosing(self.session.compare(text, pause)) as stages:
            async for comparison in stages:
                if comparison.done or not comparison.scored or time.monotonic() - shown > COUNT_EVERY:
                    self.comparison, shown = comparison, time.monotonic()

    @work(exclusive=True, group="model", exit_on_error=False)
    async def ready_model(self) -> None:
        """Get the model ready; rerank what is on screen as soon as it is."""
        async with aclosing(self.session.ready_model()) as states:
            async for status in states:
                self.model = status
        self.rerun()

    @work(exclusive=True, group="document", exit_on_error=False)
    async def show_document(self, document_id: str | None) -> None:
        """Show the selected document with its matches."""
        panel, scores, comparison = self.query_one(DocumentPanel), self.query_one(ScoresPanel), self.comparison
        self._explanation = None
        found = [row for row in comparison.bm25 if row.document.id == document_id] if comparison else []
        if not found or not comparison or not self.session.opened:
            panel.show(None, Highlights((), ()), None)
            scores.show(comparison, None, None)
            return
        tokens = next((row.tokens for row in comparison.reranked if row.candidate is found[0]), None)
        document = found[0].document
        retriever = self.session.opened.retriever
        panel.show(document, await retriever.highlight(comparison.query, document), tokens)
        self._explanation = await retriever.explain(comparison.query, document.id)
        scores.show(comparison, document.id, self._explanation)

    @work(exclusive=True, group="drawer", exit_on_error=False)
    async def choose_query(self) -> None:
        """Open the drawer of queries."""
        from workbench.ui.screens.query_drawer import QueryDrawer

        if self.session.opened:
            corpus = self.session.opened.retriever.corpus
            recent = await in_thread(partial(self.session.history.recent, corpus), "recent queries")
            self.app.push_screen(QueryDrawer(self.session.opened.queries, recent), self._ask)

    @work(group="history", exit_on_error=False)
    async def remember(self, query: str) -> None:
        """Keep a query that a person meant: one they entered, chose, or looked into."""
        if self.session.opened and query != self._remembered:
            self._remembered, history = query, self.session.history
            warned = history.warning
            await in_thread(partial(history.add, self.session.opened.retriever.corpus, query), "recent queries")
            if history.warning and history.warning != warned:
                self.app.notify(history.warning, title="Recent queries", severity="warning", markup=False)

    def rerun(self) -> None:
        """Run the present query again, after a setting has changed."""
        self.query_one(StatusBar).options = self.session.options
        self.run_query(self.query_one(QueryLine).value, 0)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Work that failed in a way nobody expected is said and written down, and the app goes on."""
        if event.state is WorkerState.ERROR and event.worker.error:
            log_surprise(event.worker.error)
            text = f"{type(event.worker.error).__name__}: {event.worker.error}"
            self.app.notify(text, title="Something went wrong", severity="error", markup=False)

    # What changed ---------------------------------------------------------------------------------

    @on(QueryLine.Changed)
    def query_changed(self, event: QueryLine.Changed) -> None:
        """Search as the person types."""
        self._moved = False
        self.run_query(event.value, PAUSE)

    @on(QueryLine.Submitted)
    def query_submitted(self, event: QueryLine.Submitted) -> None:
        """Search at once."""
        self.run_query(event.value, 0)
        self.remember(event.value)

    @on(QueryLine.Browse)
    def browse(self, event: QueryLine.Browse) -> None:
        """Move the selection in the list that matters while the cursor stays in the query."""
        rank_list = self._active_list()
        (rank_list.action_move if event.step == "move" else rank_list.action_page)(event.by)

    @on(QueryLine.Recall)
    def recall(self) -> None:
        """Offer the queries that were run before."""
        self.choose_query()

    @on(RankList.Selected)
    @on(ShiftPanel.Chosen)
    def row_selected(self, event: RankList.Selected | ShiftPanel.Chosen) -> None:
        """Light the row in both lists and show its text."""
        self._moved = True
        self.selected_id = event.document_id
        self.remember(self.query_one(QueryLine).value)

    def watch_comparison(self, comparison: Comparison | None) -> None:
        """Fill the lists."""
        if comparison is None:
            return
        bm25, reranked = self.query_one("#bm25", RankList), self.query_one("#reranked", RankList)
        if comparison.scored and not comparison.done:
            reranked.stale = True
            return
        bm25.show(bm25_rows(comparison), bm25_notice(comparison))
        bm25.border_title = bm25_title(comparison)
        self._note(" ".join(comparison.warnings))
        reranked.border_title = reranked_title(comparison)
        if self._fading:
            self._fading.stop()
        if comparison.done:
            reranked.stale = False
            reranked.show(reranked_rows(comparison), reranked_notice(comparison, self.model))
        else:
            # What it still shows is an earlier answer; where the new one takes long enough to notice, it fades.
            self._fading = self.set_timer(COUNT_EVERY, partial(setattr, reranked, "stale", True))
        before = self.selected_id
        self._choose(comparison)
        if self.selected_id == before:  # A change of it shows the document by itself.
            self.show_document(before)

    def _note(self, text: str) -> None:
        """Say beside the query how it was read, at every size of the terminal."""
        note = self.query_one("#note", Static)
        if text != self._noted:
            self._noted = text
            note.update(safe_line(text))

    def watch_selected_id(self, document_id: str | None) -> None:
        """Show the text of the document that is selected now."""
        self.show_document(document_id)

    def watch_model(self, status: ModelStatus | None) -> None:
        """Say in the empty list what it is waiting for."""
        if status is not None and not (self.comparison and self.comparison.reranked):
            self.query_one("#reranked", RankList).show((), model_notice(status))

    def _choose(self, comparison: Comparison) -> None:
        """Keep the person's choice while it is listed; else select what is on top."""
        listed = {row.document.id for row in comparison.bm25}
        if self._moved and self.selected_id in listed:
            return
        top = comparison.reranked[0].candidate if comparison.reranked else next(iter(comparison.bm25), None)
        self.selected_id = top.document.id if top else None
        if comparison.reranked and not self._moved:
            self.query_one("#lists").set_classes("-reranked")

    # Actions --------------------------------------------------------------------------------------

    def _active_list(self) -> RankList:
        focused = self.focused
        if isinstance(focused, RankList):
            return focused
        shown = "#reranked" if self.query_one("#lists").has_class("-reranked") else "#bm25"
        return self.query_one(shown, RankList)

    def action_focus_query(self) -> None:
        """Go to the query line."""
        self.query_one(QueryLine).focus()

    def action_other_list(self) -> None:
        """Go to the ranked list that is not in use."""
        other = "bm25" if self._active_list().id == "reranked" else "reranked"
        self.query_one("#lists").set_classes(f"-{other}")
        self.query_one(f"#{other}", RankList).focus()

    def on_descendant_focus(self) -> None:
        """The list in use is the one that a narrow terminal shows."""
        if isinstance(self.focused, RankList):
            self.query_one("#lists").set_classes(f"-{self.focused.id}")

    def action_other_panel(self) -> None:
        """Where there is room for one of them, show the document's scores instead of its text, or back."""
        self.query_one("#panels").toggle_class("-scores")

    def action_explain(self) -> None:
        """Take the selected document's BM25 score apart."""
        from workbench.ui.screens.explain import ExplainScreen

        if self._explanation is None or self.selected_id is None:
            self.app.notify("No document is selected whose BM25 score could be explained.", markup=False)
            return
        self.app.push_screen(ExplainScreen(self.selected_id, self._explanation))

    def action_depth(self, step: int) -> None:
        """Rerank more or fewer candidates."""
        now = self.session.options.depth
        further = [depth for depth in DEPTHS if (depth > now if step > 0 else depth < now)]
        if further:
            depth = further[0] if step > 0 else further[-1]
            self.session.options = replace(self.session.options, depth=depth)
            self.rerun()

    def action_weight(self, step: int) -> None:
        """Change the model's share in the mix."""
        weight = round(min(1.0, max(0.0, self.session.options.weight + step * WEIGHT_STEP)), 2)
        self.session.options = replace(self.session.options, weight=weight)
        self.rerun()

    def action_sample(self, step: int) -> None:
        """Run another of the queries that came with the corpus."""
        queries = self.session.opened.queries if self.session.opened else ()
        if not queries:
            self.app.notify("This corpus came without sample queries.", markup=False)
            return
        self._sample = (max(self._sample, -1 if step > 0 else 0) + step) % len(queries)
        self._ask(queries[self._sample].text)

    def action_queries(self) -> None:
        """Choose from the recent and the sample queries."""
        self.choose_query()

    def _ask(self, query: str | None) -> None:
        if query is None:
            return
        line = self.query_one(QueryLine)
        with self.prevent(QueryLine.Changed):
            line.value = query
        line.cursor_position = len(query)
        self._moved = False
        self.run_query(query, 0)
        self.remember(query)

    @work(exclusive=True, group="corpora", exit_on_error=False)
    async def action_corpora(self) -> None:
        """Pick another corpus."""
        names = await in_thread(self.session.engines.corpus_names, "corpora")
        commands = [(name, lambda name=name: self.switch_corpus(name), f"Search {name}") for name in names]
        self.app.search_commands(commands, placeholder="Search which corpus?")

    def switch_corpus(self, name: str) -> None:
        """Search another corpus, starting with its own first query."""
        self.open_corpus(name, other=True)

    def action_model(self) -> None:
        """Try again to get the model ready."""
        self.ready_model()

    def action_help(self) -> None:
        """Explain keys, columns and panels."""
        from workbench.ui.screens.help import HelpScreen

        self.app.push_screen(HelpScreen(self.BINDINGS))
