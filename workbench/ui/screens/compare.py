"""The compare screen: one query, two lists, and what is to be said about them."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from textual import on, work
from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.geometry import Region
from textual.widget import Widget
from textual.widgets import Static

from workbench.domain.errors import WorkbenchError
from workbench.domain.tuning import Tuning
from workbench.ui.keys import COMPARE_KEYS
from workbench.ui.screens.presenting import PresentingScreen
from workbench.ui.widgets.document_panel import DocumentPanel
from workbench.ui.widgets.key_bar import KeyBar
from workbench.ui.widgets.lists import Lists
from workbench.ui.widgets.panels import Panels
from workbench.ui.widgets.presenter_bar import PresenterBar
from workbench.ui.widgets.query_line import QueryLine
from workbench.ui.widgets.status_bar import StatusBar

if TYPE_CHECKING:
    from workbench.ui.experiments import Results
    from workbench.ui.widgets.tuning_panel import TuningPanel

JUMPS = {
    "q": "query",
    "b": "bm25",
    "r": "reranked",
    "d": "document",
    "s": "scores",
    "n": "tokens",
    "h": "shifts",
    "t": "tuning",
    "e": "request",
}
"""The letter of each panel in jump mode."""


@runtime_checkable
class Copyable(Protocol):
    """A panel that has something to copy."""

    @property
    def text(self) -> str:
        """What is copied."""
        ...


class CompareScreen(PresentingScreen):
    """Lays the screen out, and does what the keys say."""

    AUTO_FOCUS = "#query"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide"), (112, "-lines"), (140, "-broad")]
    VERTICAL_BREAKPOINTS = [(0, "-tiny"), (16, "-short"), (30, "-tall"), (44, "-taller"), (70, "-tower")]
    BINDINGS = [*COMPARE_KEYS]

    _results: "Results | None" = None
    """Of the experiments on truncation."""

    def compose(self) -> ComposeResult:
        """Lay the screen out from top to bottom."""
        here = CompareScreen
        # Textual would set them after the first layout, and style everything twice.
        for size, breakpoints in zip(
            self.app.size, (self.HORIZONTAL_BREAKPOINTS, self.VERTICAL_BREAKPOINTS), strict=True
        ):
            self.add_class(max((at, name) for at, name in breakpoints if at <= size)[1])
        yield StatusBar(id="status").data_bind(
            here.comparison, here.model, here.start, here.baseline, here.frozen, here.searching, tuning=here.made_with
        )
        with Horizontal(id="prompt"):
            yield Static(Content(" ❯ "))
            yield QueryLine(self._first_query or "", id="query")
            yield Static(id="note")
            yield Static(id="more")
        yield Lists("lists").data_bind(
            here.comparison, here.selected_id, here.model, here.chosen, here.pitch, here.ballot, here.searching
        )
        yield Panels("panels").data_bind(
            here.comparison,
            here.selected_id,
            here.inspected,
            here.model,
            here.tuning,
            here.start,
            here.baseline,
        )
        yield PresenterBar(id="presenter").data_bind(here.ballot, here.tally)
        yield KeyBar()

    @property
    def lists(self) -> Lists:
        """The two lists."""
        return self.query_one(Lists)

    @property
    def panels(self) -> Panels:
        """The panels below them."""
        return self.query_one(Panels)

    @on(QueryLine.Browse)
    def browse(self, event: QueryLine.Browse) -> None:
        """Move the selection in the list that matters while the cursor stays in the query."""
        active = self.lists.active
        (active.action_move if event.step == "move" else active.action_page)(event.by)

    def on_tuning_panel_changed(self, event: "TuningPanel.Changed") -> None:
        """Run the query with the new settings."""
        self.tune(event.tuning)

    def tune(self, tuning: Tuning) -> None:
        """Change the settings and run the query again."""
        if self.session.tune(tuning):
            self.rerun()

    def watch_focused(self, focused: Widget | None) -> None:
        """Give the whole screen back when the focus leaves the panel that has it."""
        if self.maximized and focused and self.maximized not in focused.ancestors_with_self:
            self.minimize()

    # Actions --------------------------------------------------------------------------------------

    def action_focus_query(self) -> None:
        """Go to the query line."""
        self.query_one(QueryLine).focus()

    def action_leave(self) -> None:
        """Leave the maximised panel or presenter mode, else go to the query line."""
        if self.maximized:
            self.minimize()
        elif self.presenting:
            self.presenting = False
        else:
            self.query_one(QueryLine).focus()

    def action_other_list(self) -> None:
        """Go to the ranked list that is not in use."""
        self.lists.show_other()

    def action_panel(self, step: int) -> None:
        """Show the next or the previous panel."""
        self.panels.turn(step)

    def action_tuning(self) -> None:
        """Go to the form of settings."""
        self.panels.go_to("tuning")

    def action_tune(self, name: str, step: int) -> None:
        """Change one setting by a step."""
        self.tune(self.session.tuning.stepped(name, step))

    def action_undo(self) -> None:
        """Take the last change of a setting back."""
        if self.session.undo():
            self.rerun()
        else:
            self.app.notify("No setting has been changed.", markup=False)

    def action_reset(self) -> None:
        """Set every setting back to what it was at the start."""
        self.tune(self.session.start)

    def action_baseline(self) -> None:
        """Compare with the present settings from now on; again, compare with BM25."""
        self.session.baseline = None if self.session.baseline else self.session.tuning
        self.rerun()

    def action_freeze(self) -> None:
        """Keep what is shown while queries go on running, or catch up."""
        self.frozen = not self.frozen

    def action_present(self) -> None:
        """Show nothing but the query and the two lists, or everything again."""
        if self.maximized:
            self.minimize()
        self.presenting = not self.presenting

    def action_zoom(self) -> None:
        """Give the panel in use the whole screen, or back; the lists have it in presenter mode."""
        if self.presenting:
            return
        if self.maximized:
            self.minimize()
        elif self.focused is None or self.focused.id in ("query", "bm25", "reranked"):
            self.lists.active.focus()
            self.maximize(self.lists, container=False)
        else:
            self.maximize(self.focused, container=False)

    def action_explain(self) -> None:
        """Take the selected document's first-stage score apart."""
        from workbench.ui.screens.explain import ExplainScreen

        if self.explanation is None or self.selected_id is None or self.comparison is None:
            self.app.notify("No document is selected whose score could be explained.", markup=False)
            return
        found = self.inspected.document
        heading = (found and found.title) or self.selected_id
        self.app.push_screen(ExplainScreen(heading, self.explanation, self.comparison.ranking))

    def action_inspect_tokens(self) -> None:
        """See what the model read of the selected document, and what it did not."""
        from workbench.ui.experiments import Results
        from workbench.ui.screens.truncation import TruncationScreen

        if self.comparison is None or self.comparison.candidate(self.selected_id) is None:
            self.app.notify("No document is selected.", markup=False)
            return
        self._results = self._results or Results()
        screen = TruncationScreen(self.session, self.comparison, self.selected_id, self._results)
        self.app.push_screen(screen, self._inspected)

    def _inspected(self, document_id: str | None) -> None:
        """Select what was looked at last."""
        if document_id and self.comparison and self.comparison.candidate(document_id):
            self.chosen, self.selected_id = True, document_id

    def action_sample(self, step: int) -> None:
        """Run another of the queries that came with the corpus."""
        self.ask_sample(step)

    def action_queries(self) -> None:
        """Choose from the recent and the sample queries."""
        self.choose_query()

    @work(exclusive=True, group="corpora", exit_on_error=False)
    async def action_corpora(self) -> None:
        """Search another corpus, index or profile."""
        from workbench.ui.screens.places import choose_place

        await choose_place(self)

    @work(exclusive=True, group="corpora", exit_on_error=False)
    async def action_profiles(self) -> None:
        """Switch to another cluster, or to this machine."""
        from workbench.ui.screens.places import choose_profile

        await choose_profile(self)

    def action_template(self) -> None:
        """Edit the query template that is the first stage, or begin one, and run the query with it."""
        from workbench.ui.external import edit_file

        try:
            file = self.session.engines.template(self.session.tuning.chosen)
        except WorkbenchError as error:
            self.warn("Template", f"{error.message} {error.hint}")
            return
        if file is None:
            self.app.notify("Query templates are for clusters: w switches to a profile that leads to one.")
        elif edit_file(self.app, file):
            self.open_corpus(self.session.place)  # A new one is one more first stage.
            self.app.notify(f"`first stage` in Tuning (t) chooses it: template {file.stem}.")

    @work(exclusive=True, group="states", exit_on_error=False)
    async def action_save_state(self) -> None:
        """Save query and settings under a name."""
        from workbench.ui.screens.states import save_state

        await save_state(self)

    @work(exclusive=True, group="states", exit_on_error=False)
    async def action_recall_state(self) -> None:
        """Go back to a saved query with its settings."""
        from workbench.ui.screens.states import recall_state

        await recall_state(self)

    def action_copy(self) -> None:
        """Copy what is selected, or what the panel in use shows."""
        panel = self.focused
        if isinstance(panel, Static):
            text = str(panel.content)
        else:
            text = (panel if isinstance(panel, Copyable) else self.query_one(DocumentPanel)).text
        self.app.copy_to_clipboard(self.get_selected_text() or text)

    def action_pager(self) -> None:
        """Read the selected document in $PAGER."""
        from workbench.ui.external import open_in_pager

        self._show_outside(open_in_pager)

    def action_editor(self) -> None:
        """Open a copy of the selected document in $EDITOR."""
        from workbench.ui.external import open_in_editor

        self._show_outside(open_in_editor)

    def _show_outside(self, show: Callable[[App[None], str, str], None]) -> None:
        document = self.inspected.document
        if document is None:
            self.app.notify("No document is selected.", markup=False)
        else:
            show(self.app, document.text, document.id)

    def action_model(self) -> None:
        """Try again to get the model ready."""
        self.ready_model()

    def action_jump(self) -> None:
        """Go to a panel by its letter."""
        from workbench.ui.screens.jump import JumpScreen

        self.app.push_screen(JumpScreen({letter: partial(self._place, letter) for letter in JUMPS}), self._jump)

    def _target(self, letter: str) -> str:
        """The panel of a letter; in a blind vote those of the lists tell left from right alone."""
        id = JUMPS[letter]
        swapped = self.ballot and self.ballot.open and self.ballot.swapped
        return {"bm25": "reranked", "reranked": "bm25"}.get(id, id) if swapped else id

    def _place(self, letter: str) -> Region:
        """Where a panel is, or else its tab."""
        id = self._target(letter)
        found = self._visible(id)
        return found.region if found else self.panels.tab_region(id)

    def _visible(self, id: str) -> Widget | None:
        return next((widget for widget in self.query(f"#{id}") if widget.region), None)

    def _jump(self, letter: str | None) -> None:
        if letter is None:
            return
        id = self._target(letter)
        if found := self._visible(id):
            found.focus()
        else:
            self.panels.go_to(id)
