"""Saved states: the small screen that asks for a name, and the list from which one is recalled or removed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input, OptionList, Static

from workbench.domain.saved import NAME_LIMIT, State, age
from workbench.domain.text import single_line
from workbench.domain.tuning import Tuning, differences
from workbench.ui.keys import DRAWER_KEYS, RECALL_KEYS, SAVE_KEYS
from workbench.ui.screens.dialog import Dialog, ListDialog, PointedList
from workbench.ui.text import TITLE_LIMIT, safe_line
from workbench.ui.widgets.line_input import LineInput

FILTER_LIMIT = 200
"""Characters that can be typed to narrow the list."""
HINTED_NAME = 18
"""Characters of a name within the line at the bottom."""


@dataclass(frozen=True)
class Removal:
    """A person wants a saved state to be forgotten."""

    name: str


def _say(screen: Screen[Any], text: str, warning: bool = False) -> None:
    """Change the line at the bottom of a dialog.

    Args:
        screen: The dialog.
        text: May hold untrusted parts.
        warning: It asks for a confirmation or refuses.
    """
    hint = screen.query_one("#hint", Static)
    hint.set_class(warning, "-warning")
    hint.update(safe_line(text))


class SaveScreen(Dialog[str]):
    """Asks for the name to save under; gives it, or None."""

    CSS_PATH = ["dialog.tcss", "saved.tcss"]
    BINDINGS = [*SAVE_KEYS]

    def __init__(self, suggested: str, existing: Collection[str]) -> None:
        """Ask for a name.

        Args:
            suggested: What the line holds at first, selected, so that typing replaces it.
            existing: Names that are taken; saving under one of them replaces it.
        """
        super().__init__()
        self._suggested = single_line(suggested, NAME_LIMIT)
        self._existing = frozenset(existing)
        self._confirmed = False

    def compose(self) -> ComposeResult:
        """One line and what it would do."""
        with Vertical() as box:
            box.border_title = Content("Save query and settings as")
            box.border_subtitle = Content("Enter saves · Esc closes")
            yield LineInput(self._suggested, placeholder="A name", max_length=NAME_LIMIT)
            yield Static(id="hint")

    def on_mount(self) -> None:
        """Select the suggestion."""
        self.query_one(LineInput).select_all()

    @property
    def _typed(self) -> str:
        return single_line(self.query_one(LineInput).value, NAME_LIMIT)

    @on(Input.Changed)
    def name_changed(self) -> None:
        """Say whether the name is taken."""
        self._confirmed = False
        taken = self._typed in self._existing
        _say(self, "This name is taken: Enter twice replaces what it holds." if taken else "")

    @on(Input.Submitted)
    def name_given(self) -> None:
        """Give the name, one that is taken only when Enter comes again."""
        name = self._typed
        if not name:
            _say(self, "It needs a name.", warning=True)
        elif name in self._existing and not self._confirmed:
            self._confirmed = True
            _say(self, "Enter again replaces what is saved under this name.", warning=True)
        else:
            self.answer(name)


class RecallScreen(ListDialog[State | Removal]):
    """Lists what was saved; gives the state to recall, the one to remove, or None."""

    CSS_PATH = ["dialog.tcss", "saved.tcss"]
    BINDINGS = [*DRAWER_KEYS, *RECALL_KEYS]
    ROW_LINES = 3

    def __init__(
        self, states: Sequence[State], start: Tuning, save_key: str = "s", now: datetime | None = None
    ) -> None:
        """List states.

        Args:
            states: In the order to list them.
            start: What settings are at first; those of a state that differ are named.
            save_key: What saves, as it is printed on the keyboard.
            now: What ages are counted from; by default the present.
        """
        super().__init__()
        self._states = states
        self._start = start
        self._save_key = save_key
        self._now = now or datetime.now(UTC)
        self._removing: State | None = None

    def compose(self) -> ComposeResult:
        """The filter above the list."""
        with Vertical() as box:
            box.border_title = Content(f"Saved · {len(self._states):,}")
            box.border_subtitle = Content("Enter recalls · Del removes · Esc closes")
            yield LineInput(placeholder="Type to narrow", max_length=FILTER_LIMIT)
            yield StateList(self._states, self._start, self._now)
            yield Static(id="hint")

    def on_mount(self) -> None:
        """Say how to save when nothing was."""
        if not self._states:
            _say(self, f"Nothing is saved yet. Outside the query line, {self._save_key} saves.")

    @property
    def choices(self) -> "StateList":
        """The states."""
        return self.query_one(StateList)

    @on(Input.Changed)
    def filter_changed(self, event: Input.Changed) -> None:
        """List what holds the typed words."""
        if self._states:
            self._removing = None
            found = self.choices.narrow(event.value)
            _say(self, "" if found else "No saved state holds all of these words.")

    @on(Input.Submitted)
    def filter_submitted(self) -> None:
        """Recall the state the cursor is on."""
        if chosen := self.choices.chosen:
            self.answer(chosen)

    @on(OptionList.OptionSelected)
    def clicked(self) -> None:
        """Recall the state that was clicked."""
        self.filter_submitted()

    @on(OptionList.OptionHighlighted)
    def moved(self) -> None:
        """Whatever else a person does takes back the wish to remove."""
        if self._removing and self._removing is not self.choices.chosen:
            self._removing = None
            _say(self, "")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Within the typed words the key deletes a character."""
        return action != "remove" or self.query_one(LineInput).cursor_at_end

    def action_remove(self) -> None:
        """Ask for the key once more, then remove the state the cursor is on."""
        chosen = self.choices.chosen
        if chosen and self._removing is chosen:
            self.answer(Removal(chosen.name))
        elif chosen:
            self._removing = chosen
            name = single_line(chosen.name, HINTED_NAME)
            _say(self, f"Del again removes “{name}” for good; a move keeps it.", warning=True)


class StateList(PointedList):
    """States of two or three lines each: name, query, and the settings that differ."""

    def __init__(self, states: Sequence[State], start: Tuning, now: datetime) -> None:
        super().__init__()
        self._said = [_said(state, start, now) for state in states]
        self._folded = [f"{state.name} {state.corpus} {state.query}".casefold() for state in states]
        self._states = states
        self._shown: list[int] = []

    def on_mount(self) -> None:
        """List everything."""
        self.narrow("")

    def narrow(self, typed: str) -> int:
        """List the states that hold every typed word, in any order and any case, and tell how many they are."""
        words = typed.casefold().split()
        self._shown = [index for index, text in enumerate(self._folded) if all(word in text for word in words)]
        self.list_rows([self._said[index] for index in self._shown])
        return len(self._shown)

    @property
    def chosen(self) -> State | None:
        """The state the cursor is on."""
        return None if self.highlighted is None else self._states[self._shown[self.highlighted]]


def _said(state: State, start: Tuning, now: datetime) -> Content:
    """Everything about a state, a line each."""
    where = safe_line(f"  {state.corpus} · {age(state.saved, now)}", "$muted", TITLE_LIMIT)
    name = safe_line(state.name, "bold") + Content("  ") + where
    query = safe_line(state.query, limit=TITLE_LIMIT) if state.query else Content.styled("no query", "$muted")
    changed = [_changes(start, state.tuning)]
    if state.baseline:
        changed.append(f"left list: {_changes(start, state.baseline) or 'reranked as at the start'}")
    settings = " · ".join(filter(None, changed))
    lines = [name, query, *([safe_line(settings, "$match")] if settings else [])]
    return Content("\n    ").join(lines)


def _changes(start: Tuning, tuning: Tuning) -> str:
    found = differences(start.fitted(tuning.boosts, start.choices), tuning)
    # With the settings of another engine nothing can be compared.
    unknown = dict(tuning.chosen).keys() - dict(start.chosen).keys()
    return " · ".join(f"{name} {before} → {after}" for name, before, after in found if name not in unknown)
