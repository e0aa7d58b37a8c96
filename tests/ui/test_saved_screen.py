"""Saved states on the screen: how one gets its name, and how one is found, recalled and removed."""

import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from textual.app import App
from textual.content import Content
from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tests.fakes.hostile import HOSTILE
from tests.ui.screen import screen_text
from workbench.domain.saved import NAME_LIMIT, State
from workbench.domain.text import single_line
from workbench.domain.tuning import Tuning
from workbench.ui.screens.saved import RecallScreen, Removal, SaveScreen, StateList
from workbench.ui.themes import bundled_tokens

NOON = datetime(2031, 5, 24, 12, 0, tzinfo=UTC)
START = Tuning()
SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=["80x24", "120x36"])


def state(name: str, query: str = "", minutes: int = 5, corpus: str = "help-center", **tuning: object) -> State:
    saved = NOON - timedelta(minutes=minutes)
    return State.of(name, corpus, query, Tuning(**tuning), None, None, saved)  # type: ignore[arg-type]


STATES = (
    state("for Tuesday", "laptop gets hot while charging", 0, depth=50, weight=0.5),
    state("plain", "can I take a power bank on a plane", 90),
    state("no query yet", corpus="python-docs", minutes=60 * 50),
)


class Host(App[None]):
    """Something for a screen to lie over."""

    def __init__(self, screen: ModalScreen[object]) -> None:
        super().__init__()
        self.over = screen
        self.answers: list[object] = []

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return bundled_tokens(dark=True)

    def compose(self):
        yield Static(Content("what lies below"))

    def on_mount(self) -> None:
        self.push_screen(self.over, self.answers.append)

    @property
    def lines(self) -> list[str]:
        """What the box shows, frame and empty lines left out."""
        inner = [line.partition("│")[2].rpartition("│")[0].rstrip() for line in screen_text(self).splitlines()]
        return [line for line in inner if line.strip()]

    @property
    def chosen(self) -> str | None:
        chosen = self.over.query_one(StateList).chosen
        return chosen and chosen.name


def recall(states: Sequence[State] = STATES) -> Host:
    return Host(RecallScreen(states, START, "s", NOON))


async def type_filter(pilot: Pilot[None], text: str) -> None:
    pilot.app.screen.query_one(Input).value = text
    await pilot.pause()


def assert_safe(seen: str) -> None:
    assert not [char for char in seen if char != "\n" and unicodedata.category(char) in ("Cc", "Cs")]
    assert not set(seen) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\ufeff")


def many(count: int) -> list[State]:
    return [state(f"state {number}", f"query {number}", depth=50) for number in range(count)]


@SIZES
async def test_a_new_name_is_given_with_enter(size: tuple[int, int]) -> None:
    app = Host(SaveScreen("laptop gets hot", ["other"]))
    async with app.run_test(size=size) as pilot:
        assert "Save query and settings as" in screen_text(app)
        assert app.lines == ["  laptop gets hot"]
        await pilot.press("enter")
        assert app.answers == ["laptop gets hot"]
        assert "what lies below" in screen_text(app) and len(app.screen_stack) == 1


async def test_typing_replaces_the_suggestion() -> None:
    app = Host(SaveScreen("laptop gets hot", []))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"demo", "enter")
        assert app.answers == ["demo"]


async def test_a_name_that_is_taken_needs_enter_twice() -> None:
    app = Host(SaveScreen("demo", ["demo"]))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "  This name is taken: Enter twice replaces what it holds." in app.lines
        await pilot.press("enter")
        assert app.answers == []
        assert "  Enter again replaces what is saved under this name." in app.lines
        await pilot.press("enter")
        assert app.answers == ["demo"]


async def test_another_name_takes_the_confirmation_back() -> None:
    app = Host(SaveScreen("demo", ["demo", "demo2"]))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("enter", "end", "2", "enter")
        assert app.answers == []
        await pilot.press("backspace", "enter")
        assert app.answers == []
        await pilot.press("end", "3")
        assert app.lines == ["  demo3"]
        await pilot.press("enter")
        assert app.answers == ["demo3"]


async def test_a_blank_name_is_not_taken() -> None:
    app = Host(SaveScreen("", []))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("space", "enter")
        assert app.answers == [] and "  It needs a name." in app.lines
        await pilot.press("a", "enter")
        assert app.answers == ["a"]


@pytest.mark.parametrize("way", ["escape", "click"])
async def test_saving_can_be_given_up(way: str) -> None:
    app = Host(SaveScreen("demo", []))
    async with app.run_test(size=(80, 24)) as pilot:
        await (pilot.press("escape") if way == "escape" else pilot.click(offset=(1, 1)))
        assert app.answers == [None]


async def test_a_hostile_name_is_one_safe_line() -> None:
    app = Host(SaveScreen("", []))
    async with app.run_test(size=(80, 24)) as pilot:
        for _, title, body in HOSTILE:
            for text in (title, body):
                await type_filter(pilot, text)
                assert_safe(screen_text(app))
        await pilot.press("enter")
        assert app.answers == [single_line(HOSTILE[-1][2], NAME_LIMIT)]


@SIZES
async def test_a_state_says_its_name_corpus_age_query_and_what_differs(size: tuple[int, int]) -> None:
    app = recall()
    async with app.run_test(size=size):
        assert "Saved · 3" in screen_text(app)
        assert app.lines == [
            "  Type to narrow",
            "› for Tuesday  help-center · just now",
            "    laptop gets hot while charging",
            "    mix 0.7 → 0.5 · depth 30 → 50",
            "  plain  help-center · 1 h ago",
            "    can I take a power bank on a plane",
            "  no query yet  python-docs · 2 d ago",
            "    no query",
        ]


async def test_a_baseline_is_named_too() -> None:
    one = State.of("one", "notes", "q", Tuning(depth=50), Tuning(depth=10), None, NOON)
    two = State.of("two", "notes", "q", START, START, None, NOON)
    app = recall([one, two])
    async with app.run_test(size=(80, 24)):
        assert app.lines[3] == "    depth 30 → 50 · left list: depth 30 → 10"
        assert app.lines[6] == "    left list: reranked as at the start"


async def test_boosts_of_another_corpus_do_not_differ() -> None:
    app = recall([state("one", boosts=(("headline", 1.5),))])
    async with app.run_test(size=(80, 24)):
        assert len(app.lines) == 3


@SIZES
async def test_enter_recalls_the_state_under_the_cursor(size: tuple[int, int]) -> None:
    app = recall()
    async with app.run_test(size=size) as pilot:
        await pilot.press("down", "enter")
        assert app.answers == [STATES[1]]
        assert "what lies below" in screen_text(app)


async def test_a_click_recalls_the_state_and_one_beside_the_box_closes() -> None:
    app = recall()
    async with app.run_test(size=(80, 24)) as pilot:
        row = next(y for y, line in enumerate(screen_text(app).splitlines()) if "power bank" in line)
        await pilot.click(offset=(20, row))
        assert app.answers == [STATES[1]]
    app = recall()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.click(offset=(1, 1))
        assert app.answers == [None]


async def test_escape_closes_without_an_answer() -> None:
    app = recall()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("escape")
        assert app.answers == [None]


async def test_the_cursor_stops_at_both_ends_and_is_pointed_at_once() -> None:
    app = recall()
    async with app.run_test(size=(80, 24)) as pilot:
        seen = []
        for key in ("up", "down", "down", "down", "pageup", "pagedown"):
            await pilot.press(key)
            seen.append(app.chosen)
            assert sum(line.startswith("›") for line in app.lines) == 1
        assert seen == ["for Tuesday", "plain", "no query yet", "no query yet", "for Tuesday", "no query yet"]


async def test_in_a_long_list_the_cursor_and_the_hint_stay_in_sight() -> None:
    app = recall(many(40))
    async with app.run_test(size=(80, 24)) as pilot:
        for key in ("pagedown", "pagedown", "down", "down", "down", "delete"):
            await pilot.press(key)
            assert any(line.startswith("›") for line in app.lines)
        assert app.lines[-1].startswith("  Del again removes “state ")
        assert "Enter recalls" in screen_text(app)


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("LAPTOP", ["for Tuesday"]),
        ("plane bank", ["plain"]),
        ("python", ["no query yet"]),
        ("help-center", ["for Tuesday", "plain"]),
        ("laptop plane", []),
        ("[a-z]+ (", []),
    ],
)
async def test_typing_narrows_by_name_corpus_and_query(typed: str, names: list[str]) -> None:
    app = recall()
    async with app.run_test(size=(80, 24)) as pilot:
        await type_filter(pilot, typed)
        shown = [line for line in app.lines[1:] if line[:3].strip() not in ("", "N")]
        found = [state.name for state in STATES if any(line[2:].startswith(state.name) for line in shown)]
        assert found == names
        assert ("  No saved state holds all of these words." in app.lines) == (not names)
        await pilot.press("enter")
        assert app.answers == [one for one in STATES if one.name in names[:1]]


async def test_delete_removes_only_when_it_comes_twice() -> None:
    app = recall()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("down", "delete")
        assert app.answers == [] and app.lines[-1] == "  Del again removes “plain” for good; a move keeps it."
        await pilot.press("delete")
        assert app.answers == [Removal("plain")]


@pytest.mark.parametrize("key", ["up", "down", "p"])
async def test_anything_else_takes_the_wish_to_remove_back(key: str) -> None:
    app = recall()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("down", "delete", key)
        assert "Del again" not in screen_text(app)
        await pilot.press("delete")
        assert app.answers == [] and "Del again" in screen_text(app)


async def test_within_the_typed_words_delete_deletes_a_character() -> None:
    app = recall()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"xplain", "home", "delete")
        assert app.screen.query_one(Input).value == "plain"
        assert "Del again" not in screen_text(app)


async def test_with_nothing_saved_it_says_how_to_save() -> None:
    app = recall([])
    async with app.run_test(size=(80, 24)) as pilot:
        said = "  Nothing is saved yet. Outside the query line, s saves."
        assert app.lines[-1] == said
        await pilot.press("a", "enter", "down", "pagedown", "backspace", "delete", "delete")
        assert app.answers == [] and app.lines[-1] == said
        await pilot.press("escape")
        assert app.answers == [None]


async def test_an_answer_given_twice_leaves_the_screen_below_open() -> None:
    app = recall()
    async with app.run_test(size=(80, 24)) as pilot:
        field = app.over.query_one(Input)
        field.post_message(Input.Submitted(field, ""))
        field.post_message(Input.Submitted(field, ""))
        await pilot.pause()
        app.over.action_close()
        assert app.answers == [STATES[0]] and len(app.screen_stack) == 1


@SIZES
async def test_hostile_states_are_only_text(size: tuple[int, int]) -> None:
    states = [
        State.of(title, f"\x1b[31m{name}", body, Tuning(boosts=((title, 2.0),)), START, None, NOON)
        for name, title, body in HOSTILE
    ]
    app = recall([*states, State("\x1b[2J\u202e" * 2000, "\x9b31m", "\x1b]0;x\x07", START, None, None, NOON)])
    async with app.run_test(size=size) as pilot:
        seen = ""
        for _ in states:
            app.over.query_one(StateList).move(1)
            app.over.action_remove()
            await pilot.pause()
            seen += screen_text(app)
        assert "[/x] [red]title[/] [bold" in seen and "${x} {{ x }} %s {0}" in seen
        assert_safe(seen)
        await pilot.press("enter")
        assert len(app.answers) == 1


async def test_the_cursor_shows_without_colours() -> None:
    app = recall()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("down")
        assert [line for line in app.lines if line.startswith("›")] == ["› plain  help-center · 1 h ago"]
