"""How much the reranker moved, in a few numbers."""

from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from workbench.domain.comparison import Comparison


class ShiftPanel(Static):
    """Counts of movement and three measures of agreement over the compared rows."""

    comparison: reactive[Comparison | None] = reactive(None)

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self.border_title = Content("Shifts")

    def watch_comparison(self, comparison: Comparison | None) -> None:
        """Write the numbers of the newest comparison."""
        self.border_subtitle = Content(f"top {comparison.size}" if comparison else "")
        self.update(summary(comparison), layout=False)


def summary(comparison: Comparison | None) -> Content:
    """The shift summary, as wide as the panel allows; one item per line break."""
    if comparison is None or comparison.shift is None or not comparison.reranked:
        return Content.styled("not reranked" if comparison and comparison.done else "", "$muted")
    shift = comparison.shift
    tau = "–" if shift.kendall_tau is None else f"{shift.kendall_tau:.2f}"
    return Content.assemble(
        (f"▲ {shift.up} up", "$rank-up"), "  ", (f"▼ {shift.down} down", "$rank-down"), "  ",
        (f"= {shift.same} same", "$rank-same"), "\n",
        (f"+ {shift.entered} entered", "$rank-entered"), "  ", (f"- {shift.left} left", "$rank-down"), "\n",
        ("tau ", "$muted"), tau, ("  rbo ", "$muted"), f"{shift.rbo:.2f}",
        ("  jaccard ", "$muted"), f"{shift.jaccard:.2f}",
    )  # fmt: skip
