"""Jump mode: a letter on every panel, and one key press to be there."""

from collections.abc import Callable, Mapping

from textual import events
from textual.app import ComposeResult
from textual.content import Content
from textual.geometry import Offset, Region
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Static

from workbench.ui.keys import JUMP_KEYS

LABEL_CELLS = 3


Place = Callable[[], Region]
"""Where something is on the screen now; without an area when it cannot be seen."""


class JumpScreen(ModalScreen[str | None]):
    """Letters over the screen below; gives the one that was pressed or clicked, or None.

    What is not in sight has no label and its letter does nothing.
    """

    CSS_PATH = "jump.tcss"
    BINDINGS = [*JUMP_KEYS]

    def __init__(self, places: Mapping[str, Place]) -> None:
        """Offer places to go.

        Args:
            places: By letter, in lower case.
        """
        super().__init__()
        self._places = places

    def compose(self) -> ComposeResult:
        """A label for each target."""
        yield from (JumpLabel(letter) for letter in self._places)

    def on_mount(self) -> None:
        """Put the labels in place, now and whenever the screen below is laid out anew."""
        below = self.app.screen_stack[-2]
        below.screen_layout_refresh_signal.subscribe(self, lambda _: self._place())
        self._place()

    def on_resize(self) -> None:
        """Put the labels in place for the new size."""
        self._place()

    def _place(self) -> None:
        taken: set[Offset] = set()
        for label in self.query(JumpLabel):
            region = self._places[label.letter]()
            label.display = bool(region.area) and bool(region.overlaps(self.region))
            if not label.display:
                continue
            # On the border before a title; on the first letter of a name that has no border.
            x = max(0, min(region.x - (region.height == 1), self.size.width - LABEL_CELLS))
            y = max(0, min(region.y, self.size.height - 1))
            while Offset(x, y) in taken and x + 2 * LABEL_CELLS <= self.size.width:
                x += LABEL_CELLS
            taken.add(Offset(x, y))
            label.styles.offset = (x, y)

    def on_key(self, event: events.Key) -> None:
        """Go to the target with this letter."""
        letter = (event.character or "").lower()
        if any(label.display and label.letter == letter for label in self.query(JumpLabel)):
            event.stop()
            self._answer(letter)

    def on_jump_label_clicked(self, event: "JumpLabel.Clicked") -> None:
        """Go to the target whose label was clicked."""
        self._answer(event.letter)

    def on_click(self) -> None:
        """Stay when anything else is clicked."""
        self._answer(None)

    def action_close(self) -> None:
        """Stay."""
        self._answer(None)

    def _answer(self, letter: str | None) -> None:
        # A key or click that came in twice must not close the screen below as well.
        if self.is_current:
            self.dismiss(letter)


class JumpLabel(Static):
    """A letter to press or click."""

    class Clicked(Message):
        """A person clicked a label."""

        def __init__(self, letter: str) -> None:
            super().__init__()
            self.letter = letter

    def __init__(self, letter: str) -> None:
        super().__init__(Content(letter.center(LABEL_CELLS)))
        self.letter = letter

    def on_click(self, event: events.Click) -> None:
        """Say which."""
        event.stop()
        self.post_message(self.Clicked(self.letter))
