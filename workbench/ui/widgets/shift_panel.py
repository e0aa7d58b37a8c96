"""How much the reranker moved: counts, measures, and the documents that moved farthest."""

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Static

from workbench.domain.comparison import Comparison
from workbench.domain.ranking import Reranked
from workbench.domain.shift import ShiftSummary, movers
from workbench.ui.keys import SHIFTS_KEYS
from workbench.ui.text import flow, safe_line


class ShiftPanel(Static, can_focus=True):
    """Counts of movement and measures of agreement over the compared rows; movers can be chosen."""

    BINDINGS = [*SHIFTS_KEYS]

    comparison: reactive[Comparison | None] = reactive(None, repaint=False)
    selected_id: reactive[str | None] = reactive(None, repaint=False)

    class Chosen(Message):
        """A person chose a mover."""

        def __init__(self, document_id: str) -> None:
            super().__init__()
            self.document_id = document_id

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self.border_title = Content("Shifts")
        self._movers: tuple[Reranked, ...] = ()
        self._first = 0
        """The line of the first mover."""

    def watch_comparison(self, comparison: Comparison | None) -> None:
        """Write the numbers of the newest comparison."""
        self.border_subtitle = Content(f"top {comparison.size}" if comparison else "")
        self._write()

    def watch_selected_id(self) -> None:
        """Mark the mover that is selected."""
        self._write()

    def on_resize(self) -> None:
        """Show as many movers as fit."""
        self._write()

    def action_choose(self, step: int) -> None:
        """Select the next mover, or the first when none is selected."""
        ids = [row.candidate.document.id for row in self._movers]
        if ids:
            at = ids.index(self.selected_id) + step if self.selected_id in ids else 0
            self.post_message(self.Chosen(ids[max(0, min(at, len(ids) - 1))]))

    def on_click(self, event: events.Click) -> None:
        """Select the mover that was clicked."""
        offset = event.get_content_offset(self)
        index = -1 if offset is None else offset.y - self._first
        if 0 <= index < len(self._movers):
            self.post_message(self.Chosen(self._movers[index].candidate.document.id))

    def _write(self) -> None:
        comparison, self._movers = self.comparison, ()
        if comparison is None or comparison.shift is None or not comparison.reranked:
            text = "not reranked" if comparison and comparison.done else ""
            self.update(Content.styled(text, "$muted"), layout=False)
            return
        lines = summary(comparison.shift, self.content_size.width)
        self._first = len(lines)
        self._movers = movers(comparison.reranked, comparison.size, max(self.content_size.height - self._first, 0))
        lines += [self._mover(row) for row in self._movers]
        self.update(Content("\n").join(lines), layout=False)

    def _mover(self, row: Reranked) -> Content:
        document = row.candidate.document
        shift = row.shift or 0
        sign, colour = (f"▲{shift}", "$rank-up") if shift > 0 else (f"▼{-shift}", "$rank-down")
        chosen = document.id == self.selected_id
        title = safe_line(document.title or document.id, limit=max(self.content_size.width - 7, 1))
        return Content.assemble(("› " if chosen else "  ", "bold"), (f"{sign:<5}", colour), title)


def summary(shift: ShiftSummary, width: int) -> list[Content]:
    """Counts, then what changed and measures, in as few lines as they need."""
    tau = "–" if shift.kendall_tau is None else f"{shift.kendall_tau:.2f}"
    counts = [
        Content.styled(f"▲ {shift.up} up", "$rank-up"),
        Content.styled(f"▼ {shift.down} down", "$rank-down"),
        Content.styled(f"= {shift.same} same", "$rank-same"),
    ]
    measures = [
        Content.styled(f"+ {shift.entered} entered", "$entered"),
        Content.styled(f"- {shift.left} left", "$left"),
        Content.assemble(("tau ", "$muted"), tau),
        Content.assemble(("rbo .9 ", "$muted"), f"{shift.rbo:.2f}", ("  .5 ", "$muted"), f"{shift.rbo_top:.2f}"),
        Content.assemble(("jaccard ", "$muted"), f"{shift.jaccard:.2f}"),
    ]
    return [*flow(counts, width, "  "), *flow(measures, width, "  ")]
