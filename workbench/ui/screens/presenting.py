"""Presenter mode: the query, the two lists and their lines; and the blind vote on which list is better."""

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from textual import work
from textual.reactive import reactive

from workbench.domain.comparison import Comparison
from workbench.services.threads import in_thread
from workbench.ui.keys import PRESENT_KEYS
from workbench.ui.screens.asking import AskingScreen
from workbench.ui.widgets.rank_list import RankList

if TYPE_CHECKING:
    from workbench.domain.ballot import Ballot, Tally

ACTIONS = {"scores", "blind", "vote", "reveal"}
ROOMY = 26
"""Rows of the terminal from which the lists are spaced out."""


class PresentingScreen(AskingScreen):
    """What the compare screen can do in presenter mode."""

    BINDINGS = [*PRESENT_KEYS]

    presenting: reactive[bool] = reactive(False, repaint=False, bindings=True)
    ballot: "reactive[Ballot | None]" = reactive(None, repaint=False)
    """The vote on the present query; None outside a blind vote."""
    tally: "reactive[Tally | None]" = reactive(None, repaint=False)
    """How the votes stand; None before the first."""
    pitch: reactive[int] = reactive(1, repaint=False)
    """Lines per row of the lists."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The presenter's keys work in presenter mode alone."""
        if action in ACTIONS:
            return self.presenting
        return super().check_action(action, parameters)

    def action_present(self) -> None:
        """Show nothing but the query and the two lists, or everything again."""
        self.presenting = not self.presenting

    def watch_presenting(self, presenting: bool) -> None:
        """Hide what distracts; the keys for voting are letters, so the focus leaves the query line."""
        self.set_class(presenting, "-presenting")
        self.pitch = 2 if presenting and self.size.height >= ROOMY else 1
        if presenting:
            self.query_one("#reranked", RankList).focus()
        else:
            self.ballot = None
            self._show_scores(True)

    def action_scores(self) -> None:
        """Hide the scores, or show them."""
        self._show_scores(not self.query_one("#bm25", RankList).scores)

    def _show_scores(self, shown: bool) -> None:
        for rank_list in self.query(RankList):
            rank_list.scores = shown

    def action_blind(self) -> None:
        """Begin to vote without knowing which list is which, or end it."""
        if self.ballot:
            self.ballot = None
        elif self.comparison and self.comparison.reranked:
            self.ballot = self._drawn(self.comparison)
        else:
            self.app.notify("There is nothing to vote on until a query is reranked.", markup=False)

    def action_vote(self, vote: str) -> None:
        """Say which list is better, and learn which it was."""
        ballot, comparison = self.ballot, self.comparison
        if ballot and ballot.open and comparison and comparison.done and comparison.reranked:
            self.ballot = ballot.voted(vote)
            self._keep_vote(self.ballot, comparison)

    def action_reveal(self) -> None:
        """Say which list is which without a vote."""
        if self.ballot and self.ballot.open:
            self.ballot = self.ballot.shown()

    def watch_comparison(self, comparison: Comparison | None) -> None:
        """Another query is another vote."""
        super().watch_comparison(comparison)
        if comparison and self.ballot and self.ballot.query != comparison.query:
            self.ballot = self._drawn(comparison)

    def _drawn(self, comparison: Comparison) -> "Ballot":
        import random

        from workbench.domain.ballot import Ballot

        return Ballot.drawn(comparison.query, random.SystemRandom())

    @work(group="votes", exit_on_error=False)
    async def _keep_vote(self, ballot: "Ballot", comparison: Comparison) -> None:
        """Write a vote down, then count it."""
        from workbench.services.votes import Vote

        vote = Vote.of(ballot, comparison, self.session.tuning, datetime.now(UTC))
        votes = self.session.kept.votes
        await in_thread(partial(votes.add, vote), "votes")
        if votes.warning:
            self.app.notify(votes.warning, title="Votes", severity="warning", markup=False, timeout=12)
        self.tally = await in_thread(partial(votes.tally, vote.corpus, vote.sides), "votes")
