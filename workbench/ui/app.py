"""The app: themes, palette and the first screen; everything else is in the screens."""

import gc
from collections.abc import Iterable
from functools import partial

from textual.app import App, SystemCommand
from textual.binding import Binding
from textual.screen import Screen

from workbench.config.paths import bundled, user_paths
from workbench.config.settings import Settings
from workbench.config.themes import load_themes
from workbench.services.session import Session
from workbench.ui.screens.compare import CompareScreen
from workbench.ui.themes import bundled_tokens, to_textual

_OTHER = "Switch between dark and light"


class WorkbenchApp(App[None]):
    """Two ranked lists for the same query."""

    TITLE = "workbench"
    CSS_PATH = "screens/compare.tcss"
    DEFAULT_MODE = "compare"
    BINDINGS = [Binding("ctrl+t", "other_theme", "Dark or light", False, id="theme.other", tooltip=_OTHER)]

    def __init__(self, session: Session, settings: Settings, query: str | None = None) -> None:
        """Wire the app; nothing is opened before the first picture.

        Args:
            session: Not yet open.
            settings: Theme and corpus to start with.
            query: What to search first; None for the corpus's first sample query.
        """
        themes, self._refused = load_themes([bundled("themes"), user_paths().themes])
        super().__init__()
        self.session = session
        self.add_mode("compare", lambda: CompareScreen(session, settings.corpus, query))
        self.settings = settings
        for theme in themes:
            self.register_theme(to_textual(theme))
        self._dark = next((theme.name for theme in themes if theme.dark), "textual-dark")
        self._light = next((theme.name for theme in themes if not theme.dark), "textual-light")
        # Without its watcher, which runs at the start anyway and would parse every stylesheet once more.
        self.set_reactive(App.theme, settings.theme if settings.theme in self.available_themes else self._dark)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our colours, for themes that do not know them."""
        return bundled_tokens(self.current_theme.dark)

    def get_key_display(self, binding: Binding) -> str:
        """Function keys as they are printed on the keyboard."""
        shown = super().get_key_display(binding)
        return shown.upper() if shown[:1] == "f" and shown[1:].isdigit() else shown

    def on_ready(self) -> None:
        """Say once what was wrong with the themes."""
        gc.freeze()
        gc.enable()
        said = [f"{error.message} {error.hint}" for error in self._refused]
        if self.settings.theme not in self.available_themes:
            said.append(f"There is no theme {self.settings.theme}; {self.theme} is used.")
        if said:
            self.notify("\n".join(said), title="Themes", severity="warning", markup=False, timeout=12)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Every action of the screen by name, then Textual's own."""
        for binding in (*screen.BINDINGS, *self.BINDINGS):
            if isinstance(binding, Binding) and binding.tooltip:
                yield SystemCommand(
                    binding.tooltip,
                    f"Key: {self.get_key_display(binding)}",
                    partial(screen.run_action, binding.action),
                )
        yield from super().get_system_commands(screen)

    def action_other_theme(self) -> None:
        """Switch between the first dark and the first light theme."""
        self.theme = self._light if self.current_theme.dark else self._dark

    async def on_unmount(self) -> None:
        """Let go of index and model."""
        await self.session.close()
