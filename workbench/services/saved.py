"""States of the compare screen that a person saved under a name, shared by every open workbench."""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from workbench.domain.errors import BadInputError, WorkbenchError
from workbench.domain.saved import NAME_LIMIT, State
from workbench.domain.text import single_line
from workbench.services.disk import PATIENCE, held, reason, replace

VERSION = 1
NAMED = 3
"""Broken entries that a warning names."""


class _DamagedError(WorkbenchError):
    """The file holds something else."""


class SavedStates:
    """A JSON file of states, in the order they were saved.

    Every process reads, merges and replaces the file under a lock. Entries that cannot be read stay in it as they
    are, and so does whatever it holds besides. All calls wait for the disk: make them in a thread.

    Attributes:
        warning: What went wrong with the file in the last call, for the person.
    """

    def __init__(self, path: Path) -> None:
        """Remember where the file is; nothing is read yet. Neither it nor its folder need exist."""
        self.path = path
        self.warning: str | None = None
        self._changes: dict[str, State | None] = {}
        """What is not on the disk yet, by name; None for a state that was removed."""
        self._turn = threading.Lock()

    def all(self) -> tuple[State, ...]:
        """Every state, newest first; those of other processes and those that could not be written included."""
        with self._turn:
            self.warning, content = None, _Content()
            try:
                content = self._read()
                self.warning = content.complaint(self.path.name)
            except _DamagedError as error:
                self.warning = f"{error.message} No state can be read; it is set aside when the next one is saved."
            except (OSError, BadInputError) as error:
                self.warning = f"Saved states cannot be read from {self.path}: {_why(error)}"
            found = content.states() | self._changes
        return tuple(sorted(filter(None, reversed(found.values())), key=lambda state: state.saved, reverse=True))

    def save(self, state: State) -> bool:
        """Keep a state in place of one with the same name.

        Returns:
            Whether it is on the disk; if not, `warning` says why, and it is kept until the program ends.
        """
        return self._change(state.name, state)

    def remove(self, name: str) -> bool:
        """Forget a state; returns as `save` does."""
        return self._change(name, None)

    def _change(self, name: str, state: State | None) -> bool:
        with self._turn:
            self.warning = None
            self._changes.pop(name, None)  # So that it becomes the last.
            self._changes[name] = state
            try:
                with held(self.path, PATIENCE):
                    self._write()
            except (OSError, RecursionError, BadInputError) as error:
                self.warning = f"This lasts until you quit; {self.path} cannot be written: {_why(error)}"
                return False
            self._changes = {}
        return True

    def _write(self) -> None:
        try:
            content, damaged = self._read(), ""
        except _DamagedError as error:
            content, damaged = _Content(), error.message
        aside = replace(self.path, content.changed(self._changes), aside=bool(damaged))
        if aside:
            self.warning = f"{damaged} It was set aside as {aside}."

    def _read(self) -> "_Content":
        try:
            table = json.loads(self.path.read_bytes())
            entries, version = table.get("states", []), table.get("version", VERSION)
        except FileNotFoundError:
            return _Content()
        except (ValueError, AttributeError, RecursionError) as error:
            raise _DamagedError(f"{self.path.name} is not JSON as it was written.") from error
        if not isinstance(entries, list) or not isinstance(version, int):
            raise _DamagedError(f"{self.path.name} holds something else than saved states.")
        if version > VERSION:
            raise BadInputError("a newer workbench wrote it.")
        return _Content(table, [_Entry.of(raw) for raw in entries])


@dataclass(frozen=True)
class _Entry:
    raw: object
    state: State | None
    wrong: str = ""

    @classmethod
    def of(cls, raw: object) -> "_Entry":
        try:
            return cls(raw, State.read(raw))
        except BadInputError as error:
            return cls(raw, None, f"{error.message} {error.hint}".strip())


@dataclass(frozen=True)
class _Content:
    """All that is in the file, known or not."""

    table: Mapping[str, object] = field(default_factory=dict)
    entries: list[_Entry] = field(default_factory=list)

    def states(self) -> dict[str, State | None]:
        return {entry.state.name: entry.state for entry in self.entries if entry.state}

    def changed(self, changes: Mapping[str, State | None]) -> str:
        kept = [entry.raw for entry in self.entries if not entry.state or entry.state.name not in changes]
        before = {entry.state.name: entry.raw for entry in self.entries if entry.state}
        for name, state in changes.items():
            if state:
                record, raw = state.record(), before.get(name)
                more = raw if isinstance(raw, dict) else {}
                kept.append(record | {key: value for key, value in more.items() if key not in record})
        return json.dumps({"version": VERSION, **self.table, "states": kept}, indent=2, ensure_ascii=False) + "\n"

    def complaint(self, file: str) -> str | None:
        broken = [
            f"{_name(entry.raw) or f'entry {number}'}: {entry.wrong}"
            for number, entry in enumerate(self.entries, 1)
            if not entry.state
        ]
        if not broken:
            return None
        more = f" And {len(broken) - NAMED:,} more." if len(broken) > NAMED else ""
        return f"{file} holds what cannot be read, and stays as it is. {' '.join(broken[:NAMED])}{more}"


def _name(raw: object) -> str:
    name = raw.get("name") if isinstance(raw, dict) else None
    return f"“{single_line(name, NAME_LIMIT)}”" if isinstance(name, str) and single_line(name, NAME_LIMIT) else ""


def _why(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"{reason(error)}."
    return error.message if isinstance(error, BadInputError) else "it is nested too deeply."
