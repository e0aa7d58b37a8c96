"""The top line: what is searched, what reranks it, how deep, how fast."""

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
    """Left: corpus, model, tuning. Right: baseline, frozen, and progress or the time of the last query."""

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
        """Draw the line; where it is short the settings give way, so that the right end stays whole."""
        right = self._activity()
        room = max(self.size.width - right.cell_length - 3, 0)
        left = self._setting(self.documents)
        if left.cell_length > room:
            left = self._setting(0)
        if left.cell_length > room:
            left = left.truncate(room, ellipsis=True)
        gap = max(self.size.width - left.cell_length - right.cell_length - 2, 1)
        return Content.assemble(" ", left, " " * gap, right, " ")

    def _setting(self, documents: int) -> Content:
        """Corpus with its number of documents unless that is 0, model, and what is tuned."""
        parts: list[Content | str | tuple[str, str]] = [(single_line(self.corpus), "bold $primary")]
        if documents:
            parts.append((f" {documents:,} docs", "$muted"))
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
        return Content.assemble(*parts)

    def _activity(self) -> Content:
        """What is unusual about the lists, and how far the query is or how long it took."""
        parts: list[Content] = []
        if self.baseline:
            there = self.comparison and self.comparison.baseline
            parts.append(Content.styled("= baseline" if there else "= baseline to come", "bold $match"))
        if self.frozen:
            parts.append(Content.styled("❄ frozen, f goes on", "bold $entered"))
        if comparison := self.comparison:
            total = comparison.latency.total
            took = f"{total:.0f} ms" if total >= 10 else f"{total:.1f} ms"
            counted = f"scored {comparison.scored} of {len(comparison.bm25)}"
            parts.append(Content.styled(took if comparison.done else counted, "$muted"))
        return Content.styled("  ▏", "$muted").join(parts)


def _brief(status: ModelStatus) -> str:
    progress = f" {status.progress.done / status.progress.total:.0%}" if status.progress else ""
    return f"{status.state}{progress}"
