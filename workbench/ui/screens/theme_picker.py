"""The theme picker: every theme by name, while the screen below wears the one the cursor is on."""

from collections.abc import Iterable

from textual import on
from textual.app import ComposeResult
from textual.color import Color
from textual.containers import Vertical
from textual.content import Content
from textual.style import Style
from textual.theme import BUILTIN_THEMES, Theme
from textual.timer import Timer
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from workbench.domain.text import single_line
from workbench.ui.keys import DRAWER_KEYS
from workbench.ui.screens.dialog import ListDialog
from workbench.ui.themes import background, fallback_tokens
from workbench.ui.widgets.line_input import LineInput

PAUSE = 0.06
"""Seconds that the cursor rests before a preview: a held key repeats faster, and a switch takes about as long."""
NAME_CELLS = 21
FILTER_LIMIT = 100


def kind(theme: Theme) -> str:
    """One word for what a theme is: `dark`, `light`, or `ansi` for one of the terminal's own colours."""
    return "ansi" if theme.ansi else "dark" if theme.dark else "light"


def narrowed(themes: Iterable[Theme], typed: str) -> list[Theme]:
    """Find the themes whose name or kind holds every typed word, in any order and any case."""
    words = typed.casefold().split()
    return [theme for theme in themes if all(word in f"{theme.name} {kind(theme)}" for word in words)]


class ThemePicker(ListDialog[str]):
    """A list at the right of the screen below; gives the name of the theme that was chosen and is on, or None."""

    CSS_PATH = ["dialog.tcss", "theme_picker.tcss"]
    BINDINGS = [*DRAWER_KEYS]

    def __init__(self) -> None:
        super().__init__()
        self._before = ""
        self._pause: Timer | None = None

    def compose(self) -> ComposeResult:
        """The filter above the list."""
        with Vertical() as picker:
            picker.border_title = Content("Theme")
            picker.border_subtitle = Content("Enter keeps · Esc goes back")
            yield LineInput(placeholder="Type to narrow", max_length=FILTER_LIMIT)
            yield ThemeList(self.app.available_themes.values())

    def on_mount(self) -> None:
        """List everything, the cursor on the theme that is on."""
        self._before = self.app.theme
        self.choices.show("", self._before)

    @on(Input.Changed)
    def filter_changed(self, event: Input.Changed) -> None:
        """List what holds the typed words; the cursor stays where it was if that is among it."""
        themes = self.choices
        themes.show(event.value, themes.chosen or self.app.theme)

    @on(OptionList.OptionHighlighted)
    def preview_soon(self) -> None:
        """Put the theme on when the cursor has come to rest."""
        self._forget()
        self._pause = self.set_timer(PAUSE, self._preview)

    @on(Input.Submitted)
    def keep(self) -> None:
        """Keep the theme that the cursor is on."""
        if chosen := self.choices.chosen:
            self.answer(chosen)

    @on(OptionList.OptionSelected)
    def clicked(self, event: OptionList.OptionSelected) -> None:
        """Keep the theme that was clicked."""
        self.answer(event.option_id)

    @property
    def choices(self) -> "ThemeList":
        """The themes."""
        return self.query_one(ThemeList)

    def _preview(self) -> None:
        self._wear(self.choices.chosen)

    def _wear(self, name: str | None) -> None:
        if name and name in self.app.available_themes:
            self.app.theme = name

    def _forget(self) -> None:
        if self._pause:
            self._pause.stop()

    def answer(self, answer: str | None) -> None:
        """Keep a theme on, or put the one from before on again, and close."""
        if self.is_current:
            self._forget()
            self._wear(answer or self._before)
        super().answer(answer)


class ThemeList(OptionList, can_focus=False):
    """Ours and the person's own themes, then Textual's, each with its up and down on its background."""

    def __init__(self, themes: Iterable[Theme]) -> None:
        super().__init__(compact=True)
        self._themes = sorted(themes, key=lambda theme: (theme.name in BUILTIN_THEMES, theme.name))
        self._pointed: int | None = None

    def show(self, typed: str, at: str) -> None:
        """Replace what is listed.

        Args:
            typed: Words that the names or kinds must hold.
            at: The theme that gets the cursor; the first one when it is not listed.
        """
        found = narrowed(self._themes, typed)
        options: list[Option] = []
        for theme in found:
            if theme.name in BUILTIN_THEMES and (not options or options[-1].id not in BUILTIN_THEMES):
                options.append(Option(Content("  Textual's own"), disabled=True))
            options.append(Option(self._row(theme, False), theme.name))
        self._pointed = None
        self.set_options(options or [Option(Content("  No theme holds all of these words."), disabled=True)])
        names = [option.id for option in options]
        self.highlighted = names.index(at) if at in names else next((i for i, name in enumerate(names) if name), None)

    @property
    def chosen(self) -> str | None:
        """The theme the cursor is on."""
        return self.highlighted_option.id if self.highlighted_option else None

    def move(self, by: int) -> None:
        """Move the cursor by so many rows, past headings, no farther than to an end."""
        usable = [index for index, option in enumerate(self.options) if option.id]
        if usable and self.highlighted is not None:
            ahead = [i for i in usable if (i >= self.highlighted + by if by > 0 else i <= self.highlighted + by)]
            self.highlighted = (ahead or usable[-1:])[0] if by > 0 else (ahead or usable[:1])[-1]

    def watch_highlighted(self, highlighted: int | None) -> None:
        """Point at the row, so that the cursor shows without colours too."""
        for index, pointed in ((self._pointed, False), (highlighted, True)):
            theme = self._theme_at(index)
            if index is not None and theme:
                self.replace_option_prompt_at_index(index, self._row(theme, pointed))
        self._pointed = highlighted
        super().watch_highlighted(highlighted)

    def _theme_at(self, index: int | None) -> Theme | None:
        name = self.options[index].id if index is not None and index < len(self.options) else None
        return next((theme for theme in self._themes if theme.name == name), None)

    def _row(self, theme: Theme, pointed: bool) -> Content:
        tokens = fallback_tokens(theme) | theme.variables
        ground = background(theme)
        up, down = (Style(background=ground, foreground=Color.parse(tokens[key])) for key in ("rank-up", "rank-down"))
        name = single_line(theme.name, NAME_CELLS).ljust(NAME_CELLS)
        return Content.assemble("› " if pointed else "  ", (" ▲", up), ("▼ ", down), f" {name} {kind(theme)}")
