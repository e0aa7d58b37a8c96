"""The app: themes, keymap, clipboard, palette and the first screen; everything else is in the screens."""

import gc
from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from textual import work
from textual.app import App, SystemCommand
from textual.binding import Binding
from textual.notifications import SeverityLevel
from textual.screen import Screen

from workbench.config.paths import bundled, user_paths
from workbench.config.settings import Settings
from workbench.config.themes import load_themes
from workbench.domain.text import sanitize, single_line
from workbench.engines.threads import in_thread
from workbench.services.session import Session
from workbench.ui.keys import APP_KEYS, printed, scope_of
from workbench.ui.screens.compare import CompareScreen
from workbench.ui.themes import fallback_tokens, to_textual
from workbench.ui.widgets.line_input import LineInput

if TYPE_CHECKING:
    from workbench.ui.clipboard import Clipboard

DEFAULT_THEME = "workbench-dark"
TEXTUALS = ("Theme", "Quit", "Screenshot")
"""Commands of Textual that the palette offers besides ours."""
LONG = 12
"""Seconds that a message stays that a person must be able to read twice."""


class WorkbenchApp(App[None]):
    """Two ranked lists for the same query."""

    TITLE = "workbench"
    CSS_PATH = "screens/compare.tcss"
    DEFAULT_MODE = "compare"
    BINDINGS = [*APP_KEYS]

    def __init__(self, session: Session, settings: Settings, query: str | None = None) -> None:
        """Wire the app; nothing is opened before the first picture.

        Args:
            session: Not yet open.
            settings: Theme, keys and corpus to start with.
            query: What to search first; None for the corpus's first sample query.
        """
        themes, refused = load_themes([bundled("themes"), user_paths().themes])
        super().__init__()
        self.session = session
        self.settings = settings
        self.add_mode("compare", lambda: CompareScreen(session, settings.corpus, query))
        for theme in themes:
            self.register_theme(to_textual(theme))
        self.keys: Mapping[str, str] = {}
        self._copier: Clipboard | None = None
        self._complaints = [("Themes", f"{error.message} {error.hint}") for error in refused]
        # Without its watcher, which runs at the start anyway and would parse every stylesheet once more.
        self.set_reactive(App.theme, self._first_theme())
        if settings.keys:
            self._map_keys()

    def _first_theme(self) -> str:
        wanted = self.settings.theme
        if not wanted:
            wanted = self._remembered_theme() or DEFAULT_THEME
        if wanted in self.available_themes:
            return wanted
        self._complaints.append(("Themes", f"There is no theme {wanted}; {DEFAULT_THEME} is used."))
        return DEFAULT_THEME

    def _remembered_theme(self) -> str | None:
        path = user_paths().remembered
        if not path.exists():
            return None
        from workbench.config.remembered import load_remembered

        remembered = load_remembered(path)
        if remembered.warning:
            self._complaints.append(("Themes", remembered.warning))
        return remembered.theme

    def _map_keys(self) -> None:
        from workbench.ui.keymap import checked_keys, moved_keys

        checked = checked_keys(self.settings.keys)
        self.keys = checked.keys
        self.set_keymap(checked.keys)
        LineInput.unconsumed = moved_keys(checked.keys)
        if checked.message:
            self._complaints.append(("Keys", checked.message))

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our colours, for themes that do not know them."""
        return fallback_tokens(self.current_theme)

    def get_key_display(self, binding: Binding) -> str:
        """Function keys as they are printed on the keyboard."""
        shown = super().get_key_display(binding)
        return shown.upper() if shown[:1] == "f" and shown[1:].isdigit() else shown

    def on_ready(self) -> None:
        """Say once what was wrong with themes and keys."""
        gc.freeze()
        gc.enable()
        for title in dict.fromkeys(title for title, _ in self._complaints):
            said = "\n".join(text for about, text in self._complaints if about == title)
            self.notify(said, title=title, severity="warning", markup=False, timeout=LONG)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Every action of the screen by name, then Textual's own."""
        # Not the active ones: those leave out the letters that a line of text takes.
        own = [binding for cls in type(screen).__mro__ for binding in cls.__dict__.get("BINDINGS", ())]
        for node, bindings in ((screen, own), (self, APP_KEYS)):
            for binding in bindings:
                if not isinstance(binding, Binding) or not binding.tooltip:
                    continue
                if not node.check_action(binding.action.partition("(")[0], ()):
                    continue
                key = self.keys.get(binding.id or "", binding.key).split(",")[0]
                yield SystemCommand(binding.tooltip, f"Key: {printed(key)}", partial(node.run_action, binding.action))
        # Textual's own "Keys" and "Maximize" would be there twice.
        yield from (command for command in super().get_system_commands(screen) if command.title in TEXTUALS)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """Say something in a corner of the screen; names and errors in it are untrusted."""
        super().notify(sanitize(message), title=single_line(title), severity=severity, timeout=timeout, markup=False)

    def copy_to_clipboard(self, text: str) -> None:
        """Copy untrusted text by whatever way works, and say which did."""
        from workbench.ui.clipboard import Clipboard

        self._copier = self._copier or Clipboard(self, user_paths().data / "copied.txt")
        self._copier.copy(text, f"a text of {len(text):,} characters")

    def action_help(self) -> None:
        """Explain keys, panels and numbers, those of the panel in use first."""
        from workbench.ui.screens.help import HelpScreen

        self.push_screen(HelpScreen(scope_of(self.focused), self.keys))

    @work(exclusive=True, group="theme", exit_on_error=False)
    async def action_themes(self) -> None:
        """Choose a theme, and remember it."""
        from workbench.config.remembered import remember
        from workbench.ui.screens.theme_picker import ThemePicker

        name = await self.push_screen_wait(ThemePicker())
        if name is None:
            return
        if self.settings.theme:
            self.notify(f"config.toml sets {self.settings.theme}; {name} is used until you quit.", markup=False)
            return
        kept = await in_thread(partial(remember, user_paths().remembered, name), "theme")
        if kept.warning:
            self.notify(kept.warning, title="Themes", severity="warning", markup=False, timeout=LONG)

    async def on_unmount(self) -> None:
        """Let go of index and model."""
        await self.session.close()
