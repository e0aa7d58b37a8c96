"""Where to search: the corpora of this machine, the indices of a cluster, and the profiles that lead to others."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static

from workbench.domain.errors import BadInputError, WorkbenchError
from workbench.engines.threads import in_thread
from workbench.services.compare import stage_error
from workbench.services.session import place_of
from workbench.ui.keys import DRAWER_KEYS
from workbench.ui.screens.dialog import ListDialog, PointedList
from workbench.ui.screens.opening import OpeningScreen
from workbench.ui.text import TITLE_LIMIT, cells, safe_line
from workbench.ui.widgets.line_input import LineInput
from workbench.ui.widgets.status_bar import StatusBar

FILTER_LIMIT = 100
NAME_CELLS = 36
"""Cells of a name, so that what it is stands in a column with the others'."""
HERE = ":"
"""Stands for this machine among the profiles."""


@dataclass(frozen=True)
class Entry:
    """One place that can be searched."""

    place: str
    """As `Session.open` takes it; `HERE` for a choice among the corpora of this machine."""
    name: str
    kind: str


@dataclass(frozen=True)
class Source:
    """Somebody who knows places, and may take long to say or fail."""

    name: str
    """Who is asked, and for what."""
    ask: Callable[[], Awaitable[Sequence[Entry]]]


async def choose_place(screen: OpeningScreen) -> None:
    """Let a person choose among everything within reach, and go there. Runs in a worker."""
    sources = [_places(screen, name) for name in dict.fromkeys((screen.profile, ""))]
    await _go(screen, await _chosen(screen, "Search where?", [*sources, Source("", partial(_profiles, screen))]))


async def choose_profile(screen: OpeningScreen) -> None:
    """Let a person choose a profile or this machine, and go there. Runs in a worker."""

    async def ask() -> Sequence[Entry]:
        if found := await _profiles(screen):
            return [Entry(HERE, "this machine", "no cluster"), *found]
        raise BadInputError("There is no profile yet.", "`workbench profile add NAME --host URL` makes one.")

    await _go(screen, await _chosen(screen, "Switch profile", [Source("", ask)]))


async def choose_index(screen: OpeningScreen, profile: str) -> bool:
    """Let a person choose among the indices of a profile that names none, and go there. Runs in a worker.

    Returns:
        False when nothing came of it, and nothing is open.
    """
    status = screen.query_one(StatusBar)
    status.opening = f"asking {profile} for its indices…"
    try:
        names = await screen.session.names(profile)
    except WorkbenchError:  # Why it cannot be opened has been said already.
        return False
    finally:
        status.opening = ""
    entries = [Entry(place_of(profile, name), name, f"index of {profile}") for name in names]
    if not entries:
        return False
    place = await _chosen(screen, f"Search which index of {profile}?", [Source("", partial(_given, entries))])
    await _go(screen, place)
    return bool(place or screen.session.opened)


async def _go(screen: OpeningScreen, place: str | None) -> None:
    if place == HERE:
        place = await _chosen(screen, "Search which corpus?", [_places(screen, "")])
    if place and place != screen.session.place:
        screen.open_corpus(place, other=True)


async def _chosen(screen: OpeningScreen, title: str, sources: Sequence[Source]) -> str | None:
    # Another dialog may have come up meanwhile.
    if screen.app.screen is not screen:
        return None
    return await screen.app.push_screen_wait(PlacePicker(title, sources, screen.session.place))


async def _given(entries: Sequence[Entry]) -> Sequence[Entry]:
    return entries


def _places(screen: OpeningScreen, profile: str) -> Source:
    kind = f"index of {profile}" if profile else "corpus of this machine"

    async def ask() -> Sequence[Entry]:
        return [Entry(place_of(profile, name), name, kind) for name in await screen.session.names(profile)]

    return Source(f"asking {profile} for its indices…" if profile else "", ask)


async def _profiles(screen: OpeningScreen) -> Sequence[Entry]:
    used = screen.session.engines.profile
    names = await in_thread(screen.session.profiles, "profiles")
    return [Entry(f"{name}:", f"profile {name}", f"cluster{' · in use' if name == used else ''}") for name in names]


class PlacePicker(ListDialog[str]):
    """A list that fills as the answers come in, narrowed by typing; gives the chosen place, or None."""

    CSS_PATH = ["dialog.tcss", "places.tcss"]
    BINDINGS = [*DRAWER_KEYS]

    def __init__(self, title: str, sources: Sequence[Source], here: str) -> None:
        """List places.

        Args:
            title: What is asked; untrusted.
            sources: In the order of their places in the list.
            here: The place that is open.
        """
        super().__init__()
        self._heading = title
        self._sources = sources
        self._waiting = [source.name for source in sources]
        self._wrong: list[str] = []
        self._found: list[Sequence[Entry]] = [() for _ in sources]
        self._here = here

    def compose(self) -> ComposeResult:
        """The filter above the list."""
        with Vertical() as box:
            box.border_title = safe_line(self._heading)
            box.border_subtitle = Content("Enter opens · Esc closes")
            yield LineInput(placeholder="Type to narrow", max_length=FILTER_LIMIT)
            yield PlaceList(self._here)
            yield Static(id="hint")

    @property
    def choices(self) -> "PlaceList":
        """The places."""
        return self.query_one(PlaceList)

    def on_mount(self) -> None:
        """Ask everybody at once."""
        for index in range(len(self._sources)):
            self._ask(index)
        self._say()

    @work(exit_on_error=False)
    async def _ask(self, index: int) -> None:
        source = self._sources[index]
        try:
            self._found[index] = await source.ask()
        except Exception as error:
            failed = stage_error("names", error)
            self._wrong.append(f"{failed.message} {failed.hint}")
        self._waiting[index] = ""
        self._list()
        self._say()

    def _list(self) -> None:
        entries = [entry for found in self._found for entry in found]
        self.choices.show(entries, self.query_one(LineInput).value)

    def _say(self) -> None:
        """What went wrong, and who has not answered yet."""
        hint = self.query_one("#hint", Static)
        hint.set_class(bool(self._wrong), "-warning")
        said = " · ".join(filter(None, (*self._wrong, *self._waiting)))
        hint.update(safe_line(said))
        hint.display = bool(said)

    @on(Input.Changed)
    def filter_changed(self) -> None:
        """List what holds the typed words."""
        self._list()

    @on(Input.Submitted)
    @on(OptionList.OptionSelected)
    def chosen(self) -> None:
        """Go to the place the cursor is on."""
        if place := self.choices.chosen:
            self.answer(place)


class PlaceList(PointedList):
    """Places, a line each; the one that is open is marked."""

    def __init__(self, here: str) -> None:
        super().__init__()
        self._here = here
        self._shown: list[Entry] = []

    def show(self, entries: Sequence[Entry], typed: str) -> None:
        """Replace what is listed; the cursor stays where it is, if that is still there.

        Args:
            entries: All there are.
            typed: Words that are held by names or kinds.
        """
        at, words = self.chosen, typed.casefold().split()
        folded = [(entry, f"{entry.name} {entry.kind}".casefold()) for entry in entries]
        self._shown = [entry for entry, text in folded if all(word in text for word in words)]
        longest = min(max((cells(entry.name) for entry in self._shown), default=0), NAME_CELLS)
        places = [entry.place for entry in self._shown]
        self.list_rows([self._row(entry, longest) for entry in self._shown], places.index(at) if at in places else 0)

    @property
    def chosen(self) -> str | None:
        """The place the cursor is on."""
        return None if self.highlighted is None else self._shown[self.highlighted].place

    def _row(self, entry: Entry, longest: int) -> Content:
        kind = f"{entry.kind}{' · open now' if entry.place == self._here else ''}"
        name = safe_line(entry.name, "bold" if entry.place == self._here else "", TITLE_LIMIT)
        gap = " " * max(longest - name.cell_length, 0)
        return Content.assemble(name, gap, "  ", safe_line(kind, "$muted"))
