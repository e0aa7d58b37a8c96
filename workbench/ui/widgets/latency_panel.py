"""Where the time of the last query went."""

from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from workbench.domain.comparison import Comparison
from workbench.domain.latency import Latency
from workbench.ui.text import bar

STAGES = ("retrieve", "fetch", "tokenize", "rerank")


def stages(latency: Latency, cluster: bool, room: int) -> list[tuple[str, float]]:
    """Where the time went, by name, in milliseconds.

    Args:
        latency: Of one query.
        cluster: Servers were asked: the network and our own part are told apart from what they say they took.
        room: Lines; with fewer than there are stages the small ones are counted in with those before or after.
    """
    times = {stage: getattr(latency, stage) for stage in STAGES}
    if not cluster:
        return list(times.items())
    ours = max(latency.total - latency.network - sum(times.values()), 0.0)
    if room < len(times) + 2 or not (latency.fetch or latency.tokenize):
        times = {"retrieve": latency.retrieve + latency.fetch, "rerank": latency.tokenize + latency.rerank}
    return [*times.items(), ("network", latency.network), ("ours", ours)]


class LatencyPanel(Static):
    """A line per stage, in milliseconds, with bars that share one scale; two stages to a line where it is low."""

    comparison: reactive[Comparison | None] = reactive(None, repaint=False)

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self.border_title = Content("Latency")
        self._latency: Latency | None = None
        self._cluster = False

    def watch_comparison(self, comparison: Comparison | None) -> None:
        """Write the times of the newest finished comparison."""
        if comparison is None:
            self._latency = None
            self.border_subtitle = Content("")
            self.update("", layout=False)
        elif comparison.done:
            self._latency, self._cluster = comparison.latency, bool(comparison.exchanges)
            self.border_subtitle = Content(f"{comparison.latency.total:.1f} ms in all")
            self.on_resize()

    def on_resize(self) -> None:
        """Write them for the new size."""
        if self._latency is None:
            return
        width, height = self.content_size
        times = stages(self._latency, self._cluster, height)
        if height < len(times):
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
