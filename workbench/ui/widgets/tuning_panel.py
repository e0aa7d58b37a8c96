"""The form of settings: what they are, what they were, and keys that change them at once."""

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Static

from workbench.domain.errors import BadInputError
from workbench.domain.tuning import Tuning
from workbench.ui.keys import TUNING_KEYS

NAME_CELLS = 13
VALUE_CELLS = 14
MOST_TYPED = 8
HINT = "◂ ▸ change · type a number, Enter sets it · ⌫ back to the start · = pins the baseline"


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
        if character and character in "0123456789." and self._setting != "reads":
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
        else:
            return
        event.stop()
        event.prevent_default()
        self._refused = ""
        self._write()

    def on_click(self, event: events.Click) -> None:
        """Go to the setting that was clicked; a click on an arrow changes it."""
        offset = event.get_content_offset(self)
        if offset is None or not 0 <= offset.y < len(self.tuning.values()):
            return
        self.action_move(offset.y - self._at)
        arrow = offset.x - 2 - NAME_CELLS
        if arrow in (0, 1):
            self.action_change(-1)
        elif arrow in (2 + VALUE_CELLS, 3 + VALUE_CELLS):
            self.action_change(1)

    def _ask(self, tuning: Tuning) -> None:
        self._typed = self._refused = ""
        if tuning != self.tuning:
            self.post_message(self.Changed(tuning))

    def _write(self) -> None:
        start, pinned = self.start.values(), self.baseline.values() if self.baseline else {}
        changed = sum(value != start.get(name) for name, value in self.tuning.values().items())
        self.border_subtitle = Content(f"{changed} changed · u undoes" if changed else "")
        lines = []
        for index, (name, value) in enumerate(self.tuning.values().items()):
            here = index == self._at
            shown = f"{self._typed}_" if here and self._typed else value
            differs = value != start.get(name)
            line = [
                ("› " if here else "  ", "bold $primary"),
                (f"{name:<{NAME_CELLS}}", "bold" if here else "$muted"),
                ("◂ " if here else "  ", "$primary"),
                (f"{shown:<{VALUE_CELLS}}", "bold $match" if differs else "bold"),
                ("▸ " if here else "  ", "$primary"),
                (f"● was {start.get(name, '–')}" if differs else "", "$match"),
            ]
            if name in pinned and pinned[name] != value:
                line.append((f"  baseline {pinned[name]}", "$muted"))
            lines.append(Content.assemble(*line))
        lines += [Content(""), Content.styled(self._refused or HINT, "$cut" if self._refused else "$muted")]
        self.update(Content("\n").join(lines), layout=False)
