"""The form of settings: what they are, what they were, and keys that change them at once."""

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Static

from workbench.domain.errors import BadInputError
from workbench.domain.text import single_line
from workbench.domain.tuning import Tuning
from workbench.ui.keys import TUNING_KEYS
from workbench.ui.text import cells, safe_line

NAME_CELLS = 13
VALUE_CELLS = 14
"""Cells of names and values at least; longer ones get more where there is room."""
MOST_TYPED = 8
HINT = "◂ ▸ change · a number and Enter set it · ⌫ as at the start · = pins it all"


class TuningPanel(Static, can_focus=True):
    """A line per setting; a changed one is marked, with what it was at the start."""

    BINDINGS = [*TUNING_KEYS]

    tuning: reactive[Tuning] = reactive(Tuning(), repaint=False)
    start: reactive[Tuning] = reactive(Tuning(), repaint=False)
    """The settings at the start."""
    baseline: reactive[Tuning | None] = reactive(None, repaint=False)
    """The settings of the pinned baseline."""

    class Changed(Message):
        """A person changed a setting."""

        def __init__(self, tuning: Tuning) -> None:
            super().__init__()
            self.tuning = tuning

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self.border_title = Content("Tuning")
        self._at = 0
        self._typed = ""
        self._refused = ""
        self._first = 0
        """The setting in the first line."""
        self._shown = 0
        """How many lines the settings have."""

    def watch_tuning(self) -> None:
        """Write the settings as they are now."""
        self._write()

    watch_start = watch_baseline = on_mount = watch_tuning

    @property
    def _setting(self) -> str:
        names = list(self.tuning.values())
        return names[min(self._at, len(names) - 1)]

    def action_move(self, step: int) -> None:
        """Go to another setting."""
        self._typed = self._refused = ""
        self._at = max(0, min(self._at + step, len(self.tuning.values()) - 1))
        self._write()

    def action_change(self, step: int) -> None:
        """Change the setting by a step."""
        self._ask(self.tuning.stepped(self._setting, step))

    def action_restore(self) -> None:
        """Take back the last typed digit; with none, set the setting back to what it was at the start."""
        if self._typed:
            self._typed = self._typed[:-1]
            self._write()
        else:
            self._ask(self.tuning.restored(self._setting, self.start))

    def on_key(self, event: events.Key) -> None:
        """Collect a typed number; Enter sets it."""
        character = event.character or ""
        if character and character in "0123456789." and self._setting not in ("reads", *dict(self.tuning.chosen)):
            self._typed = (self._typed + character)[:MOST_TYPED]
        elif event.key == "enter" and self._typed:
            typed, self._typed = self._typed, ""
            try:
                self._ask(self.tuning.given(self._setting, float(typed)))
            except ValueError:
                self._refused = f"{typed} is not a number."
            except BadInputError as error:
                self._refused = f"{error.message} {error.hint}"
            self._write()
            event.stop()
            return
        elif self._typed and event.is_printable:
            self._refused = f"{character} is no part of a number."
        else:
            return
        event.stop()
        event.prevent_default()
        self._refused = "" if character in "0123456789." else self._refused
        self._write()

    def on_click(self, event: events.Click) -> None:
        """Go to the setting that was clicked; a click on an arrow changes it."""
        offset, values = event.get_content_offset(self), list(self.tuning.values().values())
        at = -1 if offset is None else self._first + offset.y
        if offset is None or not self._first <= at < min(self._first + self._shown, len(values)):
            return
        self.action_move(at - self._at)
        names, _ = self._rooms
        arrow = offset.x - 2 - names
        if arrow in (0, 1):
            self.action_change(-1)
        elif arrow - 2 - self._value(values[at]).cell_length in (0, 1):
            self.action_change(1)

    def on_blur(self) -> None:
        """Forget what was typed and not entered."""
        self._typed = self._refused = ""
        self._write()

    def on_resize(self) -> None:
        """Keep the setting in use in sight."""
        self._write()

    def _ask(self, tuning: Tuning) -> None:
        self._typed = self._refused = ""
        if tuning != self.tuning:
            self.post_message(self.Changed(tuning))

    def _write(self) -> None:
        start, now = self.start.values(), self.tuning.values()
        changed = sum(value != start.get(name) for name, value in now.items())
        self.border_subtitle = Content(f"{changed} changed · u undoes" if changed else "")
        said = Content.styled(self._refused or HINT, "$cut" if self._refused else "$muted")
        width, height = self.content_size
        below = said.wrap(width) if width else [said]
        self._shown = max(height - len(below), 1) if height else len(now)
        self._first = max(self._at - self._shown + 1, 0)
        part = f" · {self._first + 1}–{self._first + self._shown} of {len(now)}" if self._shown < len(now) else ""
        self.border_title = Content(f"Tuning{part}")
        lines = [self._line(index, *setting) for index, setting in enumerate(now.items())]
        lines = [line.truncate(width, ellipsis=True) for line in lines] if width else lines
        if self._shown > len(lines):
            below.insert(0, Content(""))
        lines = lines[self._first : self._first + self._shown]
        self.update(Content("\n").join([*lines, *below]), layout=False)

    @property
    def _rooms(self) -> tuple[int, int]:
        """Cells of names and of values."""
        width = self.content_size.width
        longest = max(map(cells, self.tuning.values()))
        return max(NAME_CELLS, min(longest + 1, width // 3)), max(VALUE_CELLS, width // 3)

    def _value(self, value: str) -> Content:
        return safe_line(value).truncate(self._rooms[1], ellipsis=True)

    def _line(self, index: int, name: str, value: str) -> Content:
        """One setting: name, value, and what it was at the start and is in the baseline where that differs."""
        here, start = index == self._at, self.start.values().get(name, "–")
        shown = Content(f"{self._typed}_") if here and self._typed else self._value(value)
        names, _ = self._rooms
        called = safe_line(name).truncate(names - 1, ellipsis=True)
        pinned = self.baseline.values().get(name, value) if self.baseline else value
        return Content.assemble(
            ("› " if here else "  ", "bold $primary"),
            called.pad_right(names - called.cell_length).stylize("bold" if here else "$muted"),
            ("◂ " if here else "  ", "$primary"),
            shown.stylize("bold $match" if value != start else "bold"),
            (f"{' ▸' if here else '':<{max(VALUE_CELLS + 3 - shown.cell_length, 3)}}", "$primary"),
            safe_line(f"● was {start}" if value != start else "", "$match"),
            (f"  baseline {single_line(pinned)}" if pinned != value else "", "$muted"),
        )
