"""An app for one screen under test: our colours, three panels, and nothing else."""

from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.widgets import Static

from workbench.ui.themes import bundled_tokens


class Panel(Static, can_focus=True):
    pass


class SmallApp(App[None]):
    CSS = """
    Panel { border: round $primary; height: 1fr; width: 1fr; }
    #top { border: none; height: 1; }
    Horizontal { height: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.animation_level = "none"

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return bundled_tokens(True)

    def compose(self) -> ComposeResult:
        yield Panel("a query", id="top")
        with Horizontal():
            yield Panel("beneath " * 40, id="left")
            yield Panel("right " * 40, id="right")
