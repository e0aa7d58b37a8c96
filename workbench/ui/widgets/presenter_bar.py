"""The line below the lists in presenter mode: what the keys do there, and how the vote stands."""

from typing import TYPE_CHECKING

from textual.app import RenderResult
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from workbench.ui.text import flow

if TYPE_CHECKING:
    from workbench.domain.ballot import Ballot, Tally

QUESTION = "Which list is better?  1 A · 2 B · 0 no difference · r reveal"
KEYS = ("F3 next query", "b ends the vote")


class PresenterBar(Widget):
    """Says as little as a room full of people needs."""

    ballot: "reactive[Ballot | None]" = reactive(None)
    tally: "reactive[Tally | None]" = reactive(None)

    def render(self) -> RenderResult:
        """Draw the line; where it is too short for all, what is asked or was found goes before the keys."""
        ballot, width = self.ballot, self.size.width - 2
        keys: tuple[str, ...]
        if ballot is None:
            said, keys = "", ("F3 next query", "b blind vote", "h scores", "p leaves", "/ query")
        elif ballot.open:
            said, keys = QUESTION, KEYS
        else:
            said, keys = self.tally.summary if self.tally else "", KEYS
        parts = [Content.styled(said, "bold $primary")] if said else []
        return flow([*parts, *(Content.styled(key, "$muted") for key in keys)], width)[0]
