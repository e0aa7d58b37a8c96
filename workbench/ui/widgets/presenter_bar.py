"""The line below the lists in presenter mode: what the keys do there, and how the vote stands."""

from typing import TYPE_CHECKING

from textual.app import RenderResult
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

if TYPE_CHECKING:
    from workbench.domain.ballot import Ballot, Tally


class PresenterBar(Widget):
    """Says as little as a room full of people needs."""

    ballot: "reactive[Ballot | None]" = reactive(None)
    tally: "reactive[Tally | None]" = reactive(None)

    def render(self) -> RenderResult:
        """Draw the line."""
        ballot = self.ballot
        if ballot is None:
            return Content.styled(" F3 next query · b blind vote · h scores · / query · p leaves", "$muted")
        if ballot.open:
            keys = " Which list is better?  1 A · 2 B · 0 no difference · r reveal"
            return Content.assemble((keys, "bold $primary"), ("  ·  F3 next query · b ends the vote", "$muted"))
        return Content.assemble(
            " ",
            (self.tally.summary if self.tally else "", "bold $match"),
            ("  ·  F3 next query · b ends the vote", "$muted"),
        )
