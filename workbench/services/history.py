"""The queries a person ran, by corpus, kept over restarts and shared by every open workbench."""

import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from workbench.domain.text import single_line
from workbench.services.disk import PATIENCE, held, reason, replace

QUERY_LIMIT = 1000
"""Characters that are kept of one query."""


class Entry(NamedTuple):
    """One query that was run."""

    corpus: str
    query: str

    @classmethod
    def of(cls, corpus: str, query: str) -> "Entry":
        """Sanitise untrusted parts into an entry."""
        return cls(single_line(corpus), single_line(query, QUERY_LIMIT))


class History:
    """A file of recent queries, oldest first, one JSON object per line.

    Every process reads, merges and replaces the file under a lock, so none loses what another added. What cannot
    be written stays in memory and is written together with the next query.

    Attributes:
        warning: What went wrong with the file, for the person; it stays the same as long as the cause does.
    """

    def __init__(self, path: Path, limit: int = 500) -> None:
        """Remember where the file is; nothing is read yet.

        Args:
            path: Need not exist, nor its folder.
            limit: Queries to keep, of all corpora together; it bounds the file and the time to read it.
        """
        self.path = path
        self.limit = limit
        self.warning: str | None = None
        self._unsaved: list[Entry] = []
        self._turn = threading.Lock()

    def add(self, corpus: str, query: str) -> None:
        """Keep a query; it is on the disk afterwards, or `warning` says why not. Blank ones are left out.

        Waits for the disk: call it in a thread.
        """
        entry = Entry.of(corpus, query)
        if entry.query:
            with self._turn:
                self._unsaved = _latest([*self._unsaved, entry], self.limit)
                self._save()

    def recent(self, corpus: str) -> tuple[str, ...]:
        """The queries of a corpus, newest first, each one once; those of other processes included. Reads the disk."""
        with self._turn:
            try:
                saved, broken = self._read()
            except OSError as error:
                saved, broken = [], 0
                self.warning = f"Recent queries cannot be read from {self.path}: {reason(error)}."
            entries = _latest([*saved, *self._unsaved], self.limit)
            if broken:
                self._save()
        name = single_line(corpus)
        return tuple(entry.query for entry in reversed(entries) if entry.corpus == name)

    def _read(self) -> tuple[list[Entry], int]:
        """The good entries of the file, and how many lines are broken."""
        try:
            lines = self.path.read_bytes().splitlines()
        except FileNotFoundError:
            return [], 0
        found = [_parse(line) for line in lines if line.strip()]
        entries = [entry for entry in found if entry]
        return entries, len(found) - len(entries)

    def _save(self) -> None:
        try:
            with held(self.path, PATIENCE):
                saved, broken = self._read()
                entries = _latest([*saved, *self._unsaved], self.limit)
                lines = (json.dumps(entry._asdict(), ensure_ascii=False) + "\n" for entry in entries)
                aside = replace(self.path, "".join(lines), aside=broken > 0)
        except OSError as error:
            self.warning = f"Recent queries are kept until you quit; {self.path} cannot be written: {reason(error)}."
        else:
            self._unsaved = []
            if aside:
                lost = "1 line" if broken == 1 else f"{broken:,} lines"
                self.warning = f"{lost} of {self.path.name} could not be read; the file was set aside as {aside}."


def _latest(entries: Sequence[Entry], limit: int) -> list[Entry]:
    """Each entry once, at its latest place; the latest of them."""
    return list(dict.fromkeys(reversed(entries)))[:limit][::-1]


def _parse(line: bytes) -> Entry | None:
    try:
        raw = json.loads(line)
        entry = Entry.of(raw["corpus"], raw["query"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return entry if entry.query else None
