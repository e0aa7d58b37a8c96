"""A line to type into that lets nothing in which a terminal would obey, pasted text included."""

from typing import ClassVar

from textual.geometry import Size
from textual.reactive import Reactive
from textual.widgets import Input

from workbench.domain.text import sanitize


class LineInput(Input):
    """One line of text, no blinking, no frame; whatever is put into it is sanitised."""

    virtual_size = Reactive(Size(0, 0))
    """As in any widget, but a longer text does not lay the whole screen out anew: this line has no scroll bar."""

    unconsumed: ClassVar[frozenset[str]] = frozenset()
    """Default keys of actions that the user moved to other keys: Textual would take such an action for typed over."""

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Whether a key is typed into the line."""
        return super().check_consume_key(key, character) and key not in self.unconsumed

    def __init__(self, value: str = "", *, placeholder: str, id: str | None = None, max_length: int = 0) -> None:
        super().__init__(
            value, placeholder=placeholder, id=id, max_length=max_length, compact=True, select_on_focus=False
        )
        self.cursor_blink = False

    def validate_value(self, value: str) -> str:
        """Sanitise; line breaks and tabs become spaces."""
        return sanitize(value).replace("\n", " ").replace("\t", " ")
