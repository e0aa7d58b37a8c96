"""Saved states: the small screen that asks for a name, and the list from which one is recalled or removed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from workbench.domain.saved import NAME_LIMIT, State, age
from workbench.domain.text import single_line
from workbench.domain.tuning import Tuning, differences
from workbench.ui.keys import DRAWER_KEYS, RECALL_KEYS, SAVE_KEYS
from workbench.ui.text import TITLE_LIMIT, safe_line
from workbench.ui.widgets.line_input import LineInput

FILTER_LIMIT = 200
"""Characters that can be typed to narrow the list."""
HINTED_NAME = 18
"""Characters of a name within the line at the bottom."""

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Removal:
    """A person wants a saved state to be forgotten."""

    name: str


class _Asking(ModalScreen[Answer | None]):
    """A box over the screen below with one line to type into and one line that says what Enter does."""

    CSS_PATH = "saved.tcss"
    AUTO_FOCUS = "LineInput"

    def say(self, text: str, warning: bool = False) -> None:
        """Change the line at the bottom.

        Args:
            text: May hold untrusted parts.
            warning: It asks for a confirmation or refuses.
        """
        hint = self.query_one("#hint", Static)
        hint.set_class(warning, "-warning")
        hint.update(safe_line(text))

    def answer(self, answer: Answer | None) -> None:
        """Close; a key or click that came in twice must not close the screen below as well."""
        if self.is_current:
            self.dismiss(answer)

    def action_close(self) -> None:
        """Close without an answer."""
        self.answer(None)

    def on_click(self, event: events.Click) -> None:
        """Close when the screen below is clicked."""
        if self.get_widget_at(*event.screen_offset)[0] is self:
            self.answer(None)


class SaveScreen(_Asking[str]):
    """Asks for the name to save under; gives it, or None."""

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
        self.say("This name is taken: Enter twice replaces what it holds." if taken else "")

    @on(Input.Submitted)
    def name_given(self) -> None:
        """Give the name, one that is taken only when Enter comes again."""
        name = self._typed
        if not name:
            self.say("It needs a name.", warning=True)
        elif name in self._existing and not self._confirmed:
            self._confirmed = True
            self.say("Enter again replaces what is saved under this name.", warning=True)
        else:
            self.answer(name)


class RecallScreen(_Asking[State | Removal]):
    """Lists what was saved; gives the state to recall, the one to remove, or None."""

    BINDINGS = [*DRAWER_KEYS, *RECALL_KEYS]

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
            self.say(f"Nothing is saved yet. Outside the query line, {self._save_key} saves.")

    @property
    def _list(self) -> "StateList":
        return self.query_one(StateList)

    @on(Input.Changed)
    def filter_changed(self, event: Input.Changed) -> None:
        """List what holds the typed words."""
        if self._states:
            self._removing = None
            found = self._list.narrow(event.value)
            self.say("" if found else "No saved state holds all of these words.")

    @on(Input.Submitted)
    def filter_submitted(self) -> None:
        """Recall the state the cursor is on."""
        if chosen := self._list.chosen:
            self.answer(chosen)

    @on(OptionList.OptionSelected)
    def clicked(self) -> None:
        """Recall the state that was clicked."""
        self.filter_submitted()

    @on(OptionList.OptionHighlighted)
    def moved(self) -> None:
        """Whatever else a person does takes back the wish to remove."""
        if self._removing and self._removing is not self._list.chosen:
            self._removing = None
            self.say("")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Within the typed words the key deletes a character."""
        return action != "remove" or self.query_one(LineInput).cursor_at_end

    def action_move(self, by: int) -> None:
        """Move the cursor while the filter keeps the keyboard."""
        self._list.move(by)

    def action_page(self, pages: int) -> None:
        """Move the cursor by a page."""
        self._list.move(pages * self._list.page)

    def action_remove(self) -> None:
        """Ask for the key once more, then remove the state the cursor is on."""
        chosen = self._list.chosen
        if chosen and self._removing is chosen:
            self.answer(Removal(chosen.name))
        elif chosen:
            self._removing = chosen
            name = single_line(chosen.name, HINTED_NAME)
            self.say(f"Del again removes “{name}” for good; a move keeps it.", warning=True)


class StateList(OptionList, can_focus=False):
    """States of two or three lines each: name, query, and the settings that differ."""

    def __init__(self, states: Sequence[State], start: Tuning, now: datetime) -> None:
        super().__init__(compact=True)
        self._said = [_said(state, start, now) for state in states]
        self._folded = [f"{state.name} {state.corpus} {state.query}".casefold() for state in states]
        self._states = states
        self._shown: list[int] = []
        self._pointed: int | None = None

    def on_mount(self) -> None:
        """List everything."""
        self.narrow("")

    def narrow(self, typed: str) -> int:
        """List the states that hold every typed word, in any order and any case, and tell how many they are."""
        words = typed.casefold().split()
        self._shown = [index for index, text in enumerate(self._folded) if all(word in text for word in words)]
        self._pointed = None
        self.set_options(Option(_pointed(self._said[index], False)) for index in self._shown)
        self.highlighted = 0 if self._shown else None
        return len(self._shown)

    @property
    def chosen(self) -> State | None:
        """The state the cursor is on."""
        return None if self.highlighted is None else self._states[self._shown[self.highlighted]]

    @property
    def page(self) -> int:
        """States that are moved by at once."""
        return max(self.scrollable_content_region.height // 3, 1)

    def move(self, by: int) -> None:
        """Move the cursor by so many states, no farther than to an end."""
        if self.highlighted is not None:
            self.highlighted = max(0, min(self.highlighted + by, len(self._shown) - 1))

    def watch_highlighted(self, highlighted: int | None) -> None:
        """Point at the state, so that the cursor shows without colours too."""
        for index, pointed in ((self._pointed, False), (highlighted, True)):
            if index is not None:
                self.replace_option_prompt_at_index(index, _pointed(self._said[self._shown[index]], pointed))
        self._pointed = highlighted
        super().watch_highlighted(highlighted)


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


def _pointed(said: Content, pointed: bool) -> Content:
    return Content("› " if pointed else "  ") + said
