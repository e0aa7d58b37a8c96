"""The panels below the lists: some take turns, and where there is room some have a place of their own."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult, RenderResult
from textual.containers import Container, Horizontal, Vertical
from textual.content import Content
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from workbench.domain.comparison import Comparison
from workbench.domain.deployment import ModelStatus
from workbench.domain.documents import Document
from workbench.domain.ranking import Explanation, Highlights
from workbench.domain.tokens import TokenCount
from workbench.domain.tuning import Tuning
from workbench.ui.widgets.document_panel import DocumentPanel
from workbench.ui.widgets.latency_panel import LatencyPanel
from workbench.ui.widgets.model_panel import ModelPanel
from workbench.ui.widgets.shift_panel import ShiftPanel

if TYPE_CHECKING:
    from workbench.ui.widgets.scores_panel import ScoresPanel
    from workbench.ui.widgets.tokens_panel import TokensPanel

TABS = {
    "document": "Document",
    "scores": "Scores",
    "tokens": "Tokens",
    "side": "Shifts",
    "tuning": "Tuning",
    "request": "Request",
}
"""By the id of what they show."""
SIDE_FROM, SIDE_ROWS = 100, 30
"""Columns and rows of the terminal from which shifts, latency and model have their own place."""
SCORES_FROM = 140
"""Columns from which the scores have theirs."""


@dataclass(frozen=True)
class Inspected:
    """The selected document and what was found out about it."""

    comparison: Comparison | None = None
    """The comparison it was selected in."""
    document: Document | None = None
    highlights: Highlights = field(default_factory=Highlights)
    tokens: TokenCount | None = None
    explanation: Explanation | None = None


class PanelTabs(Widget):
    """The names of the panels that take turns; a click shows one."""

    names: reactive[tuple[str, ...]] = reactive(())
    shown: reactive[str] = reactive("document")

    class Chosen(Message):
        """A person chose a panel."""

        def __init__(self, panel: str) -> None:
            super().__init__()
            self.panel = panel

    def render(self) -> RenderResult:
        """Draw the names, the shown one reversed, which needs no colour."""
        return Content.assemble(
            *((f" {TABS[name]} ", "bold reverse" if name == self.shown else "") for name in self.names)
        )

    def region_of(self, name: str) -> Region:
        """Where a name stands on the screen; nowhere when it is not among them."""
        if name not in self.names or not self.region:
            return Region()
        before = self.names[: self.names.index(name)]
        x = self.content_region.x + sum(len(TABS[other]) + 2 for other in before)
        return Region(x, self.content_region.y, len(TABS[name]) + 2, 1)

    def on_click(self, event: events.Click) -> None:
        """Show the panel whose name was clicked."""
        for name in self.names:
            if self.region_of(name).contains(*event.screen_offset):
                self.post_message(self.Chosen(name))


class Panels(Vertical):
    """Hands what is known to the panels; those that nobody has looked at yet do not exist."""

    comparison: reactive[Comparison | None] = reactive(None, repaint=False)
    selected_id: reactive[str | None] = reactive(None, repaint=False)
    inspected: reactive[Inspected] = reactive(Inspected(), repaint=False)
    model: reactive[ModelStatus | None] = reactive(None, repaint=False)
    tuning: reactive[Tuning] = reactive(Tuning(), repaint=False)
    start: reactive[Tuning] = reactive(Tuning(), repaint=False)
    baseline: reactive[Tuning | None] = reactive(None, repaint=False)
    shown: reactive[str] = reactive("document", repaint=False)
    """The one of `TABS` that a person chose."""

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self._scores: ScoresPanel | None = None
        self._tokens: TokensPanel | None = None

    def compose(self) -> ComposeResult:
        """The names above the panels."""
        yield PanelTabs()
        with Horizontal(id="slots"):
            yield DocumentPanel("document").add_class("-first")
            with Container(id="side"):
                yield ShiftPanel("shifts").data_bind(Panels.comparison, Panels.selected_id)
                yield LatencyPanel("latency").data_bind(Panels.comparison)
                yield ModelPanel("model").data_bind(status=Panels.model)

    @property
    def placed(self) -> set[str]:
        """Panels that have a place of their own in a terminal of this size."""
        width, height = self.app.size
        side = {"side"} if width >= SIDE_FROM and height >= SIDE_ROWS else set()
        return side | ({"scores"} if width >= SCORES_FROM else set())

    @property
    def turns(self) -> tuple[str, ...]:
        """Panels that take turns in the first place."""
        return tuple(name for name in TABS if name not in self.placed)

    def on_resize(self) -> None:
        """Give each panel its place in the new size."""
        self._arrange()

    def watch_shown(self) -> None:
        """Show the panel that was chosen."""
        self._arrange()

    def turn(self, step: int) -> None:
        """Show the next panel of those that take turns."""
        if self._hidden():
            return
        turns = self.turns
        at = turns.index(self.shown) if self.shown in turns else 0
        self.shown = turns[(at + step) % len(turns)]

    def go_to(self, id: str) -> None:
        """Show a panel and give it the focus."""
        if self._hidden():
            return
        self.shown = "side" if id == "shifts" else id
        self.call_after_refresh(lambda: self.query_one(f"#{id}").focus())

    def _hidden(self) -> bool:
        if not self.display:
            self.app.notify("The panels are hidden: leave presenter mode, or make the terminal higher.", markup=False)
        return not self.display

    def tab_region(self, id: str) -> Region:
        """Where the name of a panel that takes turns stands on the screen."""
        return self.query_one(PanelTabs).region_of("side" if id == "shifts" else id)

    def on_panel_tabs_chosen(self, event: PanelTabs.Chosen) -> None:
        """Show the panel whose name was clicked."""
        self.shown = event.panel

    def _arrange(self) -> None:
        turns, placed = self.turns, self.placed
        shown = self.shown if self.shown in turns else "document"
        slots = self.query_one("#slots")
        for name in ({shown} | placed) - {child.id for child in slots.children}:
            slots.mount(self._made(name), **({"before": "#side"} if name == "scores" else {"after": "#document"}))
        for child in slots.children:
            child.display = child.id == shown or child.id in placed
            child.set_class(child.id == shown, "-first")
        tabs = self.query_one(PanelTabs)
        tabs.names, tabs.shown = turns, shown

    def _made(self, name: str) -> Widget:
        if name == "scores":
            from workbench.ui.widgets.scores_panel import ScoresPanel

            self._scores = ScoresPanel("scores")
            self.call_after_refresh(self._show_scores)
            return self._scores
        if name == "tokens":
            from workbench.ui.widgets.tokens_panel import TokensPanel

            self._tokens = TokensPanel("tokens")
            self._tokens.data_bind(Panels.comparison)
            self.call_after_refresh(self._show_tokens)
            return self._tokens
        if name == "tuning":
            from workbench.ui.widgets.tuning_panel import TuningPanel

            tuning: Widget = TuningPanel("tuning").data_bind(Panels.tuning, Panels.start, Panels.baseline)
            return tuning
        from workbench.ui.widgets.request_panel import RequestPanel

        return RequestPanel("request").data_bind(Panels.comparison)

    def watch_inspected(self, inspected: Inspected) -> None:
        """Show the selected document and its scores."""
        reads = inspected.comparison.reads if inspected.comparison else ()
        self.query_one(DocumentPanel).show(inspected.document, inspected.highlights, inspected.tokens, reads)
        self._show_scores()
        self._show_tokens()

    def _show_scores(self) -> None:
        if self._scores:
            self._scores.show(self.comparison, self.selected_id, self.inspected.explanation)

    def _show_tokens(self) -> None:
        if self._tokens:
            found = self.inspected
            self._tokens.show(found.document, found.tokens, found.comparison.reads if found.comparison else ())
