"""Tells the person what was pointed at and did not become a document."""

from collections.abc import Sequence

from workbench.cli.main import say
from workbench.cli.progress import noun
from workbench.corpora.base import Reader, Skipped


def tell_left_out(named: Sequence[Skipped], count: int) -> None:
    """Name records that were left out, and count those that are not named."""
    for record in named:
        say(f"left out: {record}")
    if count > len(named):
        say(f"left out: {count - len(named):,} more")


def tell_ignored(reader: Reader) -> None:
    """Count the files that a reader passed over."""
    if reader.ignored:
        files = noun(reader.ignored, "file of another kind", "files of other kinds")
        say(f"{reader.ignored:,} {files} passed over")
