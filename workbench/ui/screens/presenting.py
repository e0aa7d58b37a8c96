"""Presenter mode: the query, the two lists and their lines; and the blind vote on which list is better."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from textual import work
from textual.reactive import reactive

from workbench.domain.comparison import Comparison
from workbench.domain.tuning import Tuning
from workbench.engines.threads import in_thread
from workbench.services.session import place_of
from workbench.ui.keys import PRESENT_KEYS
from workbench.ui.screens.opening import OpeningScreen
from workbench.ui.widgets.query_line import QueryLine
from workbench.ui.widgets.rank_list import RankList

if TYPE_CHECKING:
    from workbench.domain.ballot import Ballot, Tally

ACTIONS = {"scores", "blind", "vote", "reveal"}
ROOMY = 26
"""Rows of the terminal from which the lists are spaced out."""


class PresentingScreen(OpeningScreen):
    """What the compare screen can do in presenter mode."""

    BINDINGS = [*PRESENT_KEYS]

    presenting: reactive[bool] = reactive(False, repaint=False, bindings=True)
    ballot: "reactive[Ballot | None]" = reactive(None, repaint=False)
    """The vote on the present query; None outside a blind vote."""
    tally: "reactive[Tally | None]" = reactive(None, repaint=False)
    """How the votes stand; None before the first."""
    pitch: reactive[int] = reactive(1, repaint=False)
    """Lines per row of the lists."""

    _sides: tuple[object, ...] = ()
    """What the lists are of: place, model and the settings of both."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The presenter's keys work in presenter mode alone."""
        if action in ACTIONS:
            return self.presenting
        return super().check_action(action, parameters)

    def watch_presenting(self, presenting: bool) -> None:
        """Hide what distracts; the keys for voting are letters, so the focus leaves the query line."""
        self.set_class(presenting, "-presenting")
        self.on_resize()
        if presenting:
            self.query_one("#reranked", RankList).focus()
        else:
            self.ballot = None
            self._show_scores(True)

    def on_resize(self) -> None:
        """Space the lists out where there is room."""
        self.pitch = 2 if self.presenting and self.size.height >= ROOMY else 1

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
            self._draw(self.comparison)
        else:
            self.app.notify("There is nothing to vote on until a query is reranked.", markup=False)

    def action_vote(self, vote: str) -> None:
        """Say which list is better, and learn which it was."""
        ballot, comparison = self.ballot, self.comparison
        if not (ballot and ballot.open and comparison and comparison.done and comparison.reranked):
            return
        if not self.frozen and self.query_one(QueryLine).value != comparison.query:
            return  # The lists are still those of the query before.
        self.ballot = ballot.voted(vote)
        self._count(self.ballot, comparison, self.made_with)

    def action_reveal(self) -> None:
        """Say which list is which without a vote."""
        if self.ballot and self.ballot.open and self.comparison:
            self.ballot = self.ballot.shown()
            self._count(self.ballot, self.comparison, self.made_with)

    def show(self, comparison: Comparison, tuning: Tuning) -> None:
        """In a blind vote both lists change at once: the one that takes longer would be known by that."""
        if self.ballot and not comparison.done:
            self.searching = True
        else:
            super().show(comparison, tuning)

    def watch_comparison(self, comparison: Comparison | None) -> None:
        """Another query, or other lists, are another vote."""
        super().watch_comparison(comparison)
        if comparison is None:
            self.tally, self._sides = None, ()
            return
        baseline = comparison.baseline and comparison.baseline.tuning
        sides = (
            self._searched(comparison),
            comparison.reranker and comparison.reranker.model,
            self.made_with,
            baseline,
        )
        if sides != self._sides:
            self.tally = None
        if self.ballot and (sides, comparison.query) != (self._sides, self.ballot.query):
            self._draw(comparison)
        self._sides = sides
        self._select_blindly()

    def _searched(self, comparison: Comparison) -> str:
        # Nothing that is shown is of another profile: what was goes when one is opened.
        return place_of(self.session.engines.profile, comparison.corpus)

    def watch_ballot(self) -> None:
        """Select again what is on top, once that tells nothing any more."""
        self._select_blindly()

    def _select_blindly(self) -> None:
        if self.ballot and self.ballot.open:
            # The app itself would select what is on top of the reranked list.
            self.selected_id = self.selected_id if self.chosen else None
        elif self.selected_id is None and self.comparison:
            self.select_top(self.comparison)

    def _draw(self, comparison: Comparison) -> None:
        import random

        from workbench.domain.ballot import Ballot

        self.chosen = False
        self.ballot = Ballot.drawn(comparison.query, random.SystemRandom())

    @work(group="votes", exit_on_error=False)
    async def _count(self, ballot: "Ballot", comparison: Comparison, tuning: Tuning) -> None:
        """Write a vote down, if there is one, then count all."""
        from workbench.services.votes import Sides, Vote

        votes, place = self.session.kept.votes, self._searched(comparison)
        if ballot.preferred:
            vote = Vote.of(ballot, replace(comparison, corpus=place), tuning, datetime.now(UTC))
            await in_thread(partial(votes.add, vote), "votes")
            self.warn("Votes", votes.warning)
        if comparison.reranker:
            sides = Sides.of(comparison, tuning)
            self.tally = await in_thread(partial(votes.tally, place, sides), "votes")
            self.warn("Votes", votes.warning)
