"""The blind vote: which of two lists a person prefers when nothing says which is which."""

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from workbench.domain.errors import BadInputError

FEWEST = 6
"""Votes for a side below which even a unanimous result has p > 0.05."""


class Choice(StrEnum):
    """What a person votes for: a place on the screen."""

    LEFT = "left"
    RIGHT = "right"
    SAME = "same"


class Preference(StrEnum):
    """What a vote means: a ranking, or neither."""

    BEFORE = "before"
    """The list that is compared with, BM25's or the baseline's."""
    AFTER = "after"
    """The reranked list."""
    SAME = "same"


@dataclass(frozen=True)
class Ballot:
    """One vote on one query."""

    query: str
    swapped: bool
    """The reranked list is at the left."""
    vote: Choice | None = None
    revealed: bool = False
    """It was said which list is which; the vote before that stays as it is."""

    @classmethod
    def drawn(cls, query: str, draw: random.Random) -> "Ballot":
        """Begin a vote, each side as likely at the left."""
        return cls(query, draw.random() < 0.5)

    @property
    def open(self) -> bool:
        """Neither was a vote cast nor anything revealed."""
        return self.vote is None and not self.revealed

    @property
    def preferred(self) -> Preference | None:
        """What the vote means; None without one."""
        if self.vote is None:
            return None
        if self.vote is Choice.SAME:
            return Preference.SAME
        return Preference.AFTER if (self.vote is Choice.LEFT) == self.swapped else Preference.BEFORE

    def voted(self, vote: str) -> "Ballot":
        """Cast the vote, or another one in its place.

        Args:
            vote: A `Choice`.

        Raises:
            BadInputError: The person knows already which list is which.
        """
        if self.revealed:
            raise BadInputError("This vote is closed: it was said which list is which.", "Vote on another query.")
        return replace(self, vote=Choice(vote))

    def shown(self) -> "Ballot":
        """Say which list is which; without a vote until then, there will be none."""
        return replace(self, revealed=True)


@dataclass(frozen=True)
class Tally:
    """How often each side was preferred, each query once."""

    before: int = 0
    after: int = 0
    same: int = 0
    against: str = "BM25"
    """What the list before is called."""

    @classmethod
    def of(cls, preferences: Iterable[Preference], against: str = "BM25") -> "Tally":
        """Count preferences."""
        found = Counter(preferences)
        return cls(found[Preference.BEFORE], found[Preference.AFTER], found[Preference.SAME], against)

    @property
    def total(self) -> int:
        """All votes, those for neither side included."""
        return self.before + self.after + self.same

    @property
    def p_value(self) -> float:
        """How likely a result at least this uneven is when neither side is better, by `sign_test`."""
        return sign_test(self.before, self.after)

    @property
    def summary(self) -> str:
        """Counts, and what can be said of them, in one line."""
        if not self.total:
            return "No votes yet"
        counts = (
            f"Reranked {self.after:,} · {self.against} {self.before:,} · no difference {self.same:,} of {self.total:,}"
        )
        if self.before + self.after < FEWEST:
            return f"{counts}; too few to tell"
        p = self.p_value
        shown = f"= {p:.2f}" if p >= 0.1 else f"= {p:.3f}" if p >= 0.001 else "< 0.001"
        return f"{counts}; with a sign test p {shown}"


def sign_test(before: int, after: int) -> float:
    """The exact sign test, two-sided, with ties left out (Dixon and Mood 1946).

    Args:
        before: Votes for one side.
        after: Votes for the other.

    Returns:
        The probability of a split at least as uneven when each vote is a fair coin, 0–1; 1 without votes.
    """
    votes = before + after
    ways = tail = 1
    for count in range(min(before, after)):
        ways = ways * (votes - count) // (count + 1)
        tail += ways
    return min(1.0, 2 * tail / (1 << votes))
