"""The line a person types the query into."""

from textual.message import Message

from workbench.ui.keys import QUERY_KEYS
from workbench.ui.widgets.line_input import LineInput


class QueryLine(LineInput):
    """The arrow and page keys move through the results without leaving the line; ↑ in an empty one asks for more."""

    BINDINGS = [*QUERY_KEYS]

    class Browse(Message):
        """A person moves through the results while typing."""

        def __init__(self, step: str, by: int) -> None:
            super().__init__()
            self.step = step
            """`move` or `page`."""
            self.by = by

    class Recall(Message):
        """A person wants a query they ran before."""

    def __init__(self, value: str, id: str) -> None:
        super().__init__(value, placeholder="Type a query, or ↑ for recent ones", id=id)

    def action_browse(self, step: str, by: int) -> None:
        """Ask the screen to move the selection, or for recent queries when there is nothing to move in."""
        self.post_message(self.Recall() if by < 0 and not self.value else self.Browse(step, by))
