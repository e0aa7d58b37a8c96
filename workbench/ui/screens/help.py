"""Help: what every part of the screen is for, its keys, and what its numbers and signs mean."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap

from textual import on
from textual.app import ComposeResult, RenderResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.widget import Widget

from workbench.ui.glossary import PARTS, Part
from workbench.ui.key_table import FIXED, key_rows
from workbench.ui.keys import HELP_KEYS, SCOPES
from workbench.ui.text import cells
from workbench.ui.widgets.line_input import LineInput

INDENT = 16
FILTER_LIMIT = 100


@dataclass(frozen=True)
class Section:
    """One part of the screen with all that is said of it."""

    title: str
    purpose: str
    rows: tuple[tuple[str, str], ...]
    """Keys, numbers or signs, each with what it does or means."""

    def narrowed(self, words: Sequence[str]) -> "Section | None":
        """Keep the rows that hold every word, the title counted in; None when nothing is left."""
        rows = tuple(row for row in self.rows if _holds(f"{self.title} {' '.join(row)}", words))
        named = _holds(f"{self.title} {self.purpose}", words)
        return Section(self.title, self.purpose, rows) if rows or named else None


def sections(scope: str | None, keymap: Mapping[str, str]) -> tuple[Section, ...]:
    """Everything the help says.

    Args:
        scope: What comes first; None for the usual order.
        keymap: The user's own keys by action id.
    """
    titles = list(dict.fromkeys([*SCOPES, *PARTS]))
    titles.sort(key=lambda title: title != scope)
    return tuple(_section(title, keymap) for title in titles)


def _section(title: str, keymap: Mapping[str, str]) -> Section:
    part = PARTS.get(title, Part(""))
    rows = key_rows(title, keymap) if title in SCOPES else ()
    rows += FIXED if title == "Everywhere" else ()
    return Section(title, part.purpose, (*((" ".join(row.keys), row.does) for row in rows), *part.meanings))


class HelpScreen(ModalScreen[None]):
    """A page over the screen below, narrowed by typing."""

    CSS_PATH = "help.tcss"
    AUTO_FOCUS = "LineInput"
    BINDINGS = [*HELP_KEYS]

    def __init__(self, scope: str | None = None, keymap: Mapping[str, str] | None = None) -> None:
        """Explain everything.

        Args:
            scope: Where the person is, as `keys.scope_of` names it; comes first.
            keymap: The user's own keys by action id, as they were given to the app.
        """
        super().__init__()
        self._keymap = keymap or {}
        self._sections = sections(scope, self._keymap)

    def compose(self) -> ComposeResult:
        """A line to narrow the page above the page."""
        with Vertical() as frame:
            frame.border_title = Content("Help")
            keys = {row.id: "/".join(row.keys) for row in key_rows("Help", self._keymap)}
            frame.border_subtitle = Content(
                f"{keys['help.up']} {keys['help.down']} scroll · {keys['help.close']} close"
            )
            yield LineInput(placeholder="Type to narrow", max_length=FILTER_LIMIT)
            with VerticalScroll(can_focus=False):
                yield HelpPage(self._sections)

    @on(LineInput.Changed)
    def filter_changed(self, event: LineInput.Changed) -> None:
        """Show what holds the typed words, from the top."""
        self.query_one(HelpPage).narrow(event.value)
        self.query_one(VerticalScroll).scroll_home(animate=False)

    def action_scroll(self, by: int) -> None:
        """Move the page by lines while the line keeps the keyboard."""
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)

    def action_page(self, by: int) -> None:
        """Move the page by what is in sight."""
        page = self.query_one(VerticalScroll)
        page.scroll_relative(y=by * max(page.scrollable_content_region.height - 1, 1), animate=False)

    def action_close(self) -> None:
        """Close; a key that came in twice must not close the screen below as well."""
        if self.is_current:
            self.dismiss(None)


class HelpPage(Widget):
    """The sections, broken into lines for whatever width it is given."""

    DEFAULT_CSS = "HelpPage { height: auto; }"

    def __init__(self, sections: Sequence[Section]) -> None:
        super().__init__()
        self._sections = sections
        self._words: list[str] = []

    def narrow(self, typed: str) -> None:
        """Show what holds all typed words."""
        self._words = typed.casefold().split()
        self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as it takes."""
        return len(self._lines(width))

    def render(self) -> RenderResult:
        """Draw all lines."""
        return Content("\n").join(self._lines(self.content_size.width))

    def _lines(self, width: int) -> list[Content]:
        found = filter(None, (section.narrowed(self._words) for section in self._sections))
        lines = [line for section in found for line in (*_lines(section, width), Content(""))]
        return lines[:-1] or [Content.styled("Nothing here holds all of these words.", "$muted")]


def _holds(text: str, words: Sequence[str]) -> bool:
    folded = text.casefold()
    return all(word in folded for word in words)


def _lines(section: Section, width: int) -> Iterator[Content]:
    yield Content.styled(section.title, "bold underline $primary")
    yield from map(Content, wrap(section.purpose, max(width, 1)))
    for left, right in section.rows:
        first, *rest = wrap(right, max(width - INDENT, 1))
        if cells(left) >= INDENT:
            yield Content.styled(left, "bold $primary")
            left = ""
        yield Content.assemble((left, "bold $primary"), " " * (INDENT - cells(left)), first)
        yield from (Content(f"{'':<{INDENT}}{line}") for line in rest)
