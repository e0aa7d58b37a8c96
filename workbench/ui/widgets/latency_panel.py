"""Where the time of the last query went."""

from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from workbench.domain.comparison import Comparison
from workbench.domain.latency import Latency
from workbench.ui.text import bar

STAGES = ("retrieve", "fetch", "tokenize", "rerank")


class LatencyPanel(Static):
    """A line per stage, in milliseconds, with bars that share one scale; two stages to a line where it is low."""

    comparison: reactive[Comparison | None] = reactive(None, repaint=False)

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self.border_title = Content("Latency")
        self._latency: Latency | None = None

    def watch_comparison(self, comparison: Comparison | None) -> None:
        """Write the times of the newest finished comparison."""
        if comparison and comparison.done:
            self._latency = comparison.latency
            self.border_subtitle = Content(f"{comparison.latency.total:.1f} ms in all")
            self.on_resize()

    def on_resize(self) -> None:
        """Write them for the new size."""
        if self._latency is None:
            return
        times = [(stage, getattr(self._latency, stage)) for stage in STAGES]
        width, height = self.content_size
        if height < len(STAGES):
            said = [Content.assemble((f"{stage:<9}", "$muted"), f"{time:>6.1f} ms") for stage, time in times]
            lines = [Content("  ").join(pair).truncate(width, ellipsis=True) for pair in (said[:2], said[2:])]
        else:
            longest = max(1.0, *(time for _, time in times))
            room = max(width - 23, 0)
            lines = [
                Content.assemble(
                    (f"{stage:<9} ", "$muted"), (bar(time / longest, room), "$score-bar"), f" {time:>8.1f} ms"
                )
                for stage, time in times
            ]
        self.update(Content("\n").join(lines), layout=False)
