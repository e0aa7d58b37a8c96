"""What every dialog over the compare screen does: it closes by a key or a click beside it, and answers once."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from textual import events
from textual.content import Content
from textual.geometry import Region
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

Answer = TypeVar("Answer")


class Dialog(ModalScreen[Answer | None]):
    """A box with a line to type into; gives its answer, or None."""

    AUTO_FOCUS = "LineInput"

    def answer(self, answer: Answer | None) -> None:
        """Close; a key or click that came in twice must not close the screen below as well."""
        if self.is_current:
            self.dismiss(answer)

    def action_close(self) -> None:
        """Close without an answer."""
        self.answer(None)

    def on_click(self, event: events.Click) -> None:
        """Close when the screen below is clicked."""
        if self.get_widget_at(*event.screen_offset)[0] is self:
            self.answer(None)


class Movable(Protocol):
    """A list with a cursor."""

    @property
    def scrollable_content_region(self) -> Region:
        """What is in view."""
        ...

    def move(self, by: int) -> None:
        """Move the cursor by so many rows, no farther than to an end."""
        ...


class ListDialog(Dialog[Answer]):
    """A dialog whose list moves while the line above it keeps the keyboard."""

    ROW_LINES = 1
    """Lines that a row of the list has, at most."""

    @property
    def choices(self) -> Movable:
        """The list."""
        raise NotImplementedError

    def action_move(self, by: int) -> None:
        """Move the cursor."""
        self.choices.move(by)

    def action_page(self, pages: int) -> None:
        """Move the cursor by a page."""
        lines = self.choices.scrollable_content_region.height - 1
        self.choices.move(pages * max(lines // self.ROW_LINES, 1))


class PointedList(OptionList, can_focus=False):
    """Rows, the one under the cursor pointed at, so that it shows without colours too."""

    def __init__(self) -> None:
        super().__init__(compact=True)
        self._rows: Sequence[Content] = ()
        self._pointed: int | None = None

    def list_rows(self, rows: Sequence[Content], at: int = 0) -> None:
        """Replace what is listed.

        Args:
            rows: From top to bottom.
            at: Where the cursor goes.
        """
        self._rows, self._pointed = rows, None
        self.set_options(Option(_led(row, False)) for row in rows)
        self.highlighted = at if rows else None

    def move(self, by: int) -> None:
        """Move the cursor by so many rows, no farther than to an end."""
        if self.highlighted is not None:
            self.highlighted = max(0, min(self.highlighted + by, len(self._rows) - 1))

    def watch_highlighted(self, highlighted: int | None) -> None:
        """Point at the row."""
        for index, pointed in ((self._pointed, False), (highlighted, True)):
            if index is not None:
                self.replace_option_prompt_at_index(index, _led(self._rows[index], pointed))
        self._pointed = highlighted
        super().watch_highlighted(highlighted)


def _led(row: Content, pointed: bool) -> Content:
    return Content("› " if pointed else "  ") + row
