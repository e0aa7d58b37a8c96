"""Where the time of the last query went."""

from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from workbench.domain.comparison import Comparison
from workbench.ui.text import bar

BAR_CELLS = 10
STAGES = ("retrieve", "fetch", "tokenize", "rerank")


class LatencyPanel(Static):
    """A line per stage, in milliseconds, with bars that share one scale."""

    comparison: reactive[Comparison | None] = reactive(None, repaint=False)

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self.border_title = Content("Latency")

    def watch_comparison(self, comparison: Comparison | None) -> None:
        """Write the times of the newest finished comparison."""
        if comparison is None or not comparison.done:
            return
        latency = comparison.latency
        longest = max(getattr(latency, stage) for stage in STAGES) or 1.0
        lines = [
            Content.assemble(
                (f"{stage:<9}", "$muted"),
                (bar(getattr(latency, stage) / longest, BAR_CELLS), "$score-bar"),
                f"{getattr(latency, stage):>9.1f} ms",
            )
            for stage in STAGES
        ]
        self.border_subtitle = Content(f"{latency.total:.1f} ms in all")
        self.update(Content("\n").join(lines), layout=False)
