"""The line a person types the query into."""

from textual.binding import Binding
from textual.geometry import Size
from textual.message import Message
from textual.reactive import Reactive
from textual.widgets import Input


class QueryLine(Input):
    """One line of text; the arrow and page keys move through the results without leaving it."""

    BINDINGS = [
        Binding("down", "browse('move', 1)", "Next row", show=False, id="query.next-row"),
        Binding("up", "browse('move', -1)", "Previous row", show=False, id="query.previous-row"),
        Binding("pagedown", "browse('page', 1)", "Next page", show=False, id="query.next-page"),
        Binding("pageup", "browse('page', -1)", "Previous page", show=False, id="query.previous-page"),
    ]

    virtual_size = Reactive(Size(0, 0))
    """As in any widget, but a longer text does not lay the whole screen out anew: this line has no scroll bar."""

    class Browse(Message):
        """A person moves through the results while typing."""

        def __init__(self, step: str, by: int) -> None:
            super().__init__()
            self.step = step
            """`move` or `page`."""
            self.by = by

    def __init__(self, value: str, id: str) -> None:
        super().__init__(value, id=id, placeholder="Type a query", compact=True, select_on_focus=False)
        self.cursor_blink = False

    def action_browse(self, step: str, by: int) -> None:
        """Ask the screen to move the selection."""
        self.post_message(self.Browse(step, by))
