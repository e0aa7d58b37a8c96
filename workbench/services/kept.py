"""What a person made and must find again: queries they ran, states they saved, votes they cast."""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.services.history import History
    from workbench.services.saved import SavedStates
    from workbench.services.votes import Votes


class Kept:
    """The files below the data folder, each looked at when it is first needed."""

    def __init__(self, data: Path) -> None:
        """Remember where the files go; nothing is read yet."""
        self.data = data

    @cached_property
    def history(self) -> "History":
        """Queries that were run."""
        from workbench.services.history import History

        return History(self.data / "history.jsonl")

    @cached_property
    def saved(self) -> "SavedStates":
        """States under a name."""
        from workbench.services.saved import SavedStates

        return SavedStates(self.data / "saved.json")

    @cached_property
    def votes(self) -> "Votes":
        """Blind votes."""
        from workbench.services.votes import Votes

        return Votes(self.data / "votes.jsonl")
