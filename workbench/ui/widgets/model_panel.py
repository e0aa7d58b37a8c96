"""What state the reranking model is in, and what it is waiting for."""

from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from workbench.domain.deployment import ModelState, ModelStatus
from workbench.domain.text import single_line
from workbench.ui.text import bar

SIGNS = {
    ModelState.ABSENT: ("○", "$muted"),
    ModelState.DOWNLOADING: ("◐", "$entered"),
    ModelState.VERIFYING: ("◑", "$entered"),
    ModelState.PREPARING: ("◑", "$entered"),
    ModelState.READY: ("●", "$rank-up"),
    ModelState.LOADED: ("●", "$rank-up"),
    ModelState.FAILED: ("✗", "$cut"),
}
"""A sign and a colour per state; the sign alone says enough."""
NAME_LIMIT = 26
"""Characters of a model's name, so that its state stands in the same line."""


class ModelPanel(Static):
    """The model's name, state, progress where it is known, and the next step where there is one."""

    status: reactive[ModelStatus | None] = reactive(None, repaint=False)

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self.border_title = Content("Model")

    def watch_status(self, status: ModelStatus | None) -> None:
        """Write the newest state."""
        if status is not None:
            self.update(describe(status), layout=False)


def describe(status: ModelStatus) -> Content:
    """All that is known of a model's state, in a few lines."""
    sign, colour = SIGNS[status.state]
    # What a cluster has loaded is not known; that it answers is.
    state = ModelState.READY if status.state is ModelState.LOADED and status.where != "local" else status.state
    parts: list[Content | str | tuple[str, str]] = [
        (sign, colour), " ", single_line(status.id, NAME_LIMIT), "  ", (state, colour)
    ]  # fmt: skip
    if line := progress_line(status):
        parts += ["\n", line]
    if status.reason:
        parts += ["\n", (single_line(status.reason, 300), "$cut")]
    if status.next:
        parts += ["\n", (single_line(status.next, 300), "$muted")]
    return Content.assemble(*parts)


def progress_line(status: ModelStatus, cells: int = 12) -> str:
    """A bar and a share, empty when the total is not known."""
    if not status.progress:
        return ""
    done, total = status.progress.done, status.progress.total
    unit = f"{done / 1e6:.0f} of {total / 1e6:.0f} MB" if status.progress.unit == "bytes" else f"{done} of {total}"
    return f"{bar(done / total, cells)} {done / total:.0%}  {unit}"
