"""Every blind vote that was cast, by corpus and by what was compared, kept for good."""

import json
import threading
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from workbench.domain.ballot import Ballot, Preference, Tally
from workbench.domain.comparison import Comparison
from workbench.domain.errors import BadInputError
from workbench.domain.saved import in_utc, stamp, text_of, time_of, tuning_of, tuning_record
from workbench.domain.text import single_line
from workbench.domain.tuning import Tuning
from workbench.services.disk import PATIENCE, append, held, reason


@dataclass(frozen=True)
class Sides:
    """What was compared with what."""

    model: str
    tuning: Tuning
    """Of the reranked list; its boosts are those of BM25 too."""
    baseline: Tuning | None = None
    """Of the list before; None when that is BM25."""

    @classmethod
    def of(cls, comparison: Comparison, tuning: Tuning) -> "Sides":
        """Name the sides of a comparison that was made with these settings; it must be reranked."""
        assert comparison.reranker, "there is only one list"
        return cls(comparison.reranker.model, tuning, comparison.baseline.tuning if comparison.baseline else None)


@dataclass(frozen=True)
class Vote:
    """One vote, with all that is needed to see later what it was about."""

    cast: datetime
    """When, in UTC, to the second."""
    corpus: str
    query: str
    sides: Sides
    before: tuple[str, ...]
    """Ids of the rows that were compared, in rank order, of the list before."""
    after: tuple[str, ...]
    """The same of the reranked list."""
    swapped: bool
    """The reranked list was at the left."""
    preferred: Preference

    @classmethod
    def of(cls, ballot: Ballot, comparison: Comparison, tuning: Tuning, cast: datetime) -> "Vote":
        """Put a vote on record.

        Args:
            ballot: With a vote.
            comparison: What was on the screen; done and reranked.
            tuning: What it was made with.
            cast: When.
        """
        assert ballot.preferred, "nobody has voted"
        return cls(
            in_utc(cast),
            single_line(comparison.corpus),
            single_line(ballot.query),
            Sides.of(comparison, tuning),
            comparison.before[: comparison.size],
            tuple(row.candidate.document.id for row in comparison.reranked[: comparison.size]),
            ballot.swapped,
            ballot.preferred,
        )

    def line(self) -> str:
        """One line of JSON."""
        sides = self.sides
        record = {
            "cast": stamp(self.cast),
            "corpus": self.corpus,
            "query": self.query,
            "preferred": self.preferred,
            "swapped": self.swapped,
            "model": sides.model,
            "tuning": tuning_record(sides.tuning),
            "baseline": sides.baseline and tuning_record(sides.baseline),
            "before": self.before,
            "after": self.after,
        }
        return json.dumps(record, ensure_ascii=False)

    @classmethod
    def read(cls, line: bytes) -> "Vote | None":
        """Check a line, as `line` gives it; None when it is something else."""
        try:
            table = json.loads(line)
            baseline = table.get("baseline")
            sides = Sides(
                single_line(text_of(table, "model")),
                tuning_of(table.get("tuning")),
                None if baseline is None else tuning_of(baseline),
            )
            return cls(
                time_of(table, "cast"),
                single_line(text_of(table, "corpus")),
                single_line(text_of(table, "query")),
                sides,
                _ids(table["before"]),
                _ids(table["after"]),
                bool(table["swapped"]),
                Preference(text_of(table, "preferred")),
            )
        except (BadInputError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None


class Votes:
    """A file that votes are added to, one JSON object per line; a line in it is never changed.

    All calls wait for the disk: make them in a thread.

    Attributes:
        warning: What went wrong with the file in the last call, for the person.
    """

    def __init__(self, path: Path) -> None:
        """Remember where the file is; nothing is read yet. Neither it nor its folder need exist."""
        self.path = path
        self.warning: str | None = None
        self._unsaved: list[Vote] = []
        self._turn = threading.Lock()

    def add(self, vote: Vote) -> bool:
        """Keep a vote; one on the same query and sides takes its place in the tally.

        Returns:
            Whether it is on the disk; if not, `warning` says why, and it is written together with the next.
        """
        with self._turn:
            self.warning = None
            self._unsaved.append(vote)
            try:
                with held(self.path, PATIENCE):
                    while self._unsaved:
                        append(self.path, self._unsaved[0].line())
                        del self._unsaved[0]
            except OSError as error:
                self.warning = f"Votes are kept until you quit; {self.path} cannot be written: {reason(error)}."
        return not self._unsaved

    def tally(self, corpus: str, sides: Sides) -> Tally:
        """Count the votes on a corpus between two sides; of each query the latest one."""
        name = single_line(corpus)
        latest = {vote.query: vote.preferred for vote in self.all() if (vote.corpus, vote.sides) == (name, sides)}
        return Tally.of(latest.values(), "baseline" if sides.baseline else "BM25")

    def all(self) -> tuple[Vote, ...]:
        """Every vote in the order they were cast; those that could not be written included."""
        with self._turn:
            self.warning = None
            try:
                lines = [line for line in self.path.read_bytes().splitlines() if line.strip()]
            except FileNotFoundError:
                lines = []
            except OSError as error:
                lines = []
                self.warning = f"Votes cannot be read from {self.path}: {reason(error)}."
            found = [Vote.read(line) for line in lines]
            votes = [vote for vote in found if vote]
            if broken := len(found) - len(votes):
                kind = "1 line" if broken == 1 else f"{broken:,} lines"
                self.warning = f"{kind} of {self.path} could not be read and is not counted; nothing was changed in it."
            return (*votes, *self._unsaved)


def _ids(raw: object) -> tuple[str, ...]:
    if not isinstance(raw, list):
        raise BadInputError("ids are a list.")
    return tuple(map(single_line, raw))
