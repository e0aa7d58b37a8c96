"""The top line: what is searched, what reranks it, how deep, how fast."""

from rich.cells import cell_len
from textual.app import RenderResult
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from workbench.domain.comparison import Comparison
from workbench.domain.deployment import ModelState, ModelStatus
from workbench.domain.text import single_line
from workbench.domain.tuning import BOOST, Tuning, differences
from workbench.ui.widgets.model_panel import SIGNS


class StatusBar(Widget):
    """Left: corpus, model, tuning. Right: progress or the time of the last query."""

    corpus: reactive[str] = reactive("")
    documents: reactive[int] = reactive(0)
    model: reactive[ModelStatus | None] = reactive(None)
    tuning: reactive[Tuning] = reactive(Tuning())
    start: reactive[Tuning] = reactive(Tuning())
    """The settings at the start."""
    baseline: reactive[Tuning | None] = reactive(None)
    frozen: reactive[bool] = reactive(False)
    comparison: reactive[Comparison | None] = reactive(None)

    def render(self) -> RenderResult:
        """Draw the line; the right end stays where it is when the left grows."""
        right = self._activity()
        room = self.size.width - cell_len(right) - 3
        left = self._setting()
        left = left if left.cell_length <= room else left.truncate(max(room, 0), ellipsis=True)
        gap = max(self.size.width - left.cell_length - cell_len(right) - 1, 1)
        return Content.assemble(" ", left, " " * (gap - 1), (right, "$muted"), " ")

    def _setting(self) -> Content:
        parts: list[Content | str | tuple[str, str]] = [(single_line(self.corpus), "bold $primary")]
        if self.documents:
            parts.append((f" {self.documents:,} docs", "$muted"))
        if self.model:
            sign, colour = SIGNS[self.model.state]
            said = "" if self.model.state in (ModelState.LOADED, ModelState.READY) else f" {_brief(self.model)}"
            parts += [("  ▏", "$muted"), (sign, colour), f" {single_line(self.model.id)}{said}"]
        info = self.comparison.reranker if self.comparison else None
        if info is None or info.weight is not None:
            changed = self.tuning.weight != self.start.weight
            parts.append((f" mix {self.tuning.weight:g}{'●' if changed else ''}", "$match" if changed else "$muted"))
        changed = self.tuning.depth != self.start.depth
        parts += [
            ("  ▏", "$muted"),
            (f"depth {self.tuning.depth}{'●' if changed else ''}", "$match" if changed else ""),
        ]
        for name, _, value in differences(self.start, self.tuning):
            if name not in ("mix", "depth"):
                parts.append((f" {name.removeprefix(BOOST)} {value}●", "$match"))
        if self.baseline:
            parts += [("  ▏", "$muted"), ("= baseline", "bold $match")]
        if self.frozen:
            parts += [("  ▏", "$muted"), ("❄ frozen, f goes on", "bold $entered")]
        return Content.assemble(*parts)

    def _activity(self) -> str:
        comparison = self.comparison
        if comparison is None:
            return ""
        if not comparison.done:
            return f"scored {comparison.scored} of {len(comparison.bm25)}"
        return (
            f"{comparison.latency.total:.0f} ms"
            if comparison.latency.total >= 10
            else f"{comparison.latency.total:.1f} ms"
        )


def _brief(status: ModelStatus) -> str:
    progress = f" {status.progress.done / status.progress.total:.0%}" if status.progress else ""
    return f"{status.state}{progress}"
