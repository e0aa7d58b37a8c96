"""The query drawer: what it lists, how it is narrowed, and how a query is chosen."""

import unicodedata
from collections.abc import Sequence

import pytest
from textual.app import App
from textual.content import Content
from textual.pilot import Pilot
from textual.widgets import Input, Static

from tests.fakes.hostile import HOSTILE
from tests.ui.screen import screen_text
from workbench.domain.documents import Query
from workbench.domain.text import single_line
from workbench.ui.screens.query_drawer import QueryDrawer, QueryList, narrowed
from workbench.ui.themes import bundled_tokens

SAMPLES = (
    Query("q1", "laptop gets hot while charging"),
    Query("q2", "Hot-swap battery for a LAPTOP"),
    Query("q3", "can I take a power bank on a plane"),
)
SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=["80x24", "120x36"])


class Host(App[None]):
    """Something for the drawer to lie over."""

    def __init__(self, samples: Sequence[Query], recent: Sequence[str]) -> None:
        super().__init__()
        self.drawer = QueryDrawer(samples, recent)
        self.answers: list[str | None] = []

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return bundled_tokens(dark=True)

    def compose(self):
        yield Static(Content("what lies below"))

    def on_mount(self) -> None:
        self.push_screen(self.drawer, self.answers.append)

    @property
    def lines(self) -> list[str]:
        """What the drawer shows, without its frame."""
        return [line[1:].partition("│")[0].rstrip() for line in screen_text(self).splitlines()[1:-1]]

    @property
    def chosen(self) -> str | None:
        query = self.drawer.query_one(QueryList).chosen
        return query and query.text


def found(typed: str) -> list[str]:
    folded = [f"{query.id} {query.text}".casefold() for query in SAMPLES]
    return [query.id for query in narrowed(SAMPLES, folded, typed)]


async def type_filter(pilot: Pilot[None], text: str) -> None:
    pilot.app.screen.query_one(Input).value = text
    await pilot.pause()


@pytest.mark.parametrize(
    ("typed", "ids"),
    [
        ("", ["q1", "q2", "q3"]),
        ("  ", ["q1", "q2", "q3"]),
        ("laptop", ["q1", "q2"]),
        ("LAPTOP hOt", ["q1", "q2"]),
        ("hot laptop charg", ["q1"]),
        ("q3", ["q3"]),
        ("plane laptop", []),
        ("[a-z]+ (", []),
    ],
)
def test_every_typed_word_must_occur_in_any_order_and_case(typed: str, ids: list[str]) -> None:
    assert found(typed) == ids


def test_letters_that_fold_to_several_are_found() -> None:
    assert narrowed(SAMPLES[:1], ["große straße".casefold()], "STRASSE groß") == SAMPLES[:1]


@SIZES
async def test_recent_queries_and_samples_have_their_own_headings(size: tuple[int, int]) -> None:
    app = Host(SAMPLES, ["second", "first"])
    async with app.run_test(size=size):
        shown = [line for line in app.lines if line]
        assert shown[0].strip() == "Type to narrow"
        assert shown[1:4] == ["  Recent · 2", "› second", "  first"]
        assert shown[4:6] == ["  Sample queries · 3", "  q1 laptop gets hot while charging"]
        assert app.drawer.query_one("Vertical").region.width == 60


async def test_a_narrow_terminal_keeps_a_strip_of_the_screen_below() -> None:
    app = Host(SAMPLES, [])
    async with app.run_test(size=(40, 24)):
        assert app.drawer.query_one("Vertical").region.width == 36
        assert "› q1 laptop gets hot while chargi…" in app.lines


async def test_typing_narrows_both_and_tells_how_many_there_are() -> None:
    app = Host(SAMPLES, ["Cold laptop", "plane"])
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"LAP")
        shown = [line for line in app.lines if line]
        assert shown[1:4] == ["  Recent · 1 of 2", "› Cold laptop", "  Sample queries · 2 of 3"]
        assert len(shown) == 6
        await type_filter(pilot, "battery")
        assert [line for line in app.lines if line][1:] == [
            "  Sample queries · 1 of 3",
            "› q2 Hot-swap battery for a LAPTOP",
        ]


async def test_empty_states_say_so() -> None:
    app = Host([], [])
    async with app.run_test(size=(80, 24)) as pilot:
        text = screen_text(app)
        assert "Queries you run are kept here." in text
        assert "This corpus came without any." in text
        await type_filter(pilot, "zebra")
        assert "No query holds all of these words." in screen_text(app)
        assert "kept here" not in screen_text(app)
        await pilot.press("down", "up", "pagedown", "enter")
        assert app.answers == []
        await pilot.press("escape")
        assert app.answers == [None]


async def test_arrows_move_over_headings_while_the_filter_keeps_the_keyboard() -> None:
    app = Host(SAMPLES, ["one", "two"])
    async with app.run_test(size=(80, 24)) as pilot:
        seen = [app.chosen]
        for key in ("down", "down", "down", "down", "down", "up", "up", "up", "up", "up"):
            await pilot.press(key)
            seen.append(app.chosen)
        texts = ["one", "two", *(query.text for query in SAMPLES)]
        assert seen == [*texts, texts[4], *texts[3::-1], texts[0]]
        await pilot.press("tab", "n")
        assert app.drawer.query_one(Input).value == "n"


async def test_pages_move_and_the_cursor_stays_in_sight() -> None:
    app = Host([Query(str(number), f"sample {number}") for number in range(100)], ["recent"])
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("pageup")
        assert app.chosen == "recent"
        for _ in range(7):
            await pilot.press("pagedown")
            assert any(line.startswith("›") for line in app.lines)
        assert app.chosen == "sample 99"
        for _ in range(7):
            await pilot.press("pageup")
        assert app.chosen == "recent"
        assert "  Recent · 1" in app.lines
        await pilot.resize_terminal(80, 12)
        await pilot.press("pagedown", "pagedown", "pagedown")
        await pilot.resize_terminal(80, 8)
        await pilot.pause()
        assert any(line.startswith("›") for line in app.lines)


@SIZES
async def test_enter_gives_the_query_under_the_cursor(size: tuple[int, int]) -> None:
    app = Host(SAMPLES, ["recent"])
    async with app.run_test(size=size) as pilot:
        await pilot.press("down", "down", "enter")
        assert app.answers == [SAMPLES[1].text]
        assert "what lies below" in screen_text(app)


@SIZES
async def test_a_click_gives_the_query_and_one_on_a_heading_nothing(size: tuple[int, int]) -> None:
    app = Host(SAMPLES, ["recent"])
    async with app.run_test(size=size) as pilot:
        for heading in ("Recent", "Sample queries"):
            row = next(y for y, line in enumerate(app.lines) if heading in line)
            await pilot.click(offset=(5, row + 1))
        assert app.answers == [] and isinstance(app.focused, Input)
        row = next(y for y, line in enumerate(app.lines) if "power bank" in line)
        await pilot.click(offset=(5, row + 1))
        assert app.answers == [SAMPLES[2].text]


async def test_a_click_after_scrolling_gives_what_is_shown() -> None:
    app = Host([Query(str(number), f"sample {number}") for number in range(100)], [])
    async with app.run_test(size=(80, 24)) as pilot:
        app.drawer.query_one(QueryList).scroll_to(y=50, animate=False, immediate=True)
        await pilot.pause()
        row = next(y for y, line in enumerate(app.lines) if "sample 60" in line)
        await pilot.click(offset=(10, row + 1))
        assert app.answers == ["sample 60"]


async def test_a_click_beside_the_drawer_closes_it() -> None:
    app = Host(SAMPLES, [])
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.click(offset=(70, 12))
        assert app.answers == [None]


async def test_an_answer_given_twice_leaves_the_screen_below_open() -> None:
    app = Host(SAMPLES, [])
    async with app.run_test(size=(80, 24)) as pilot:
        field, queries = app.drawer.query_one(Input), app.drawer.query_one(QueryList)
        field.post_message(Input.Submitted(field, ""))
        field.post_message(Input.Submitted(field, ""))
        queries.post_message(QueryList.Clicked(SAMPLES[1]))
        await pilot.pause()
        app.drawer.action_close()
        assert app.answers == [SAMPLES[0].text]
        assert len(app.screen_stack) == 1


async def test_many_recent_queries_leave_the_samples_in_sight() -> None:
    app = Host(SAMPLES, [f"recent {number}" for number in range(1234)])
    async with app.run_test(size=(80, 24)) as pilot:
        assert "  … 1,226 more, type to narrow" in app.lines
        assert "  Sample queries · 3" in app.lines
        await type_filter(pilot, "recent 1233")
        assert "› recent 1233" in app.lines
        assert "more" not in screen_text(app)


async def test_without_samples_every_recent_query_can_be_reached() -> None:
    app = Host([], [f"recent {number}" for number in range(30)])
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("pagedown", "pagedown")
        assert app.chosen == "recent 29"


async def test_thousands_of_queries_are_all_in_the_list() -> None:
    app = Host([Query(f"query-{number}", f"sample {number}") for number in range(20_000)], [])
    async with app.run_test(size=(80, 24)) as pilot:
        assert "  Sample queries · 20,000" in app.lines
        app.drawer.query_one(QueryList).move(20_000)
        await pilot.press("enter")
        assert app.answers == ["sample 19999"]


async def test_ids_stand_in_one_column() -> None:
    app = Host([Query("1", "one"), Query("PLAIN-10234", "two"), Query("", "three")], [])
    async with app.run_test(size=(80, 24)):
        assert [line for line in app.lines if line][-3:] == ["› 1        one", "  PLAIN-1… two", "  three"]


@SIZES
async def test_hostile_queries_are_only_text(size: tuple[int, int]) -> None:
    app = Host([Query(f"\x1b[31m{name}", body) for name, _, body in HOSTILE], [title for _, title, _ in HOSTILE])
    async with app.run_test(size=size) as pilot:
        seen = ""
        for _ in range(4):
            seen += screen_text(app)
            await pilot.press("pagedown")
        for _, title, body in HOSTILE:
            for typed in (title, body):
                await type_filter(pilot, typed[:200])
                seen += "".join(app.lines[2:])
        assert "[/x] [red]title[/] [bold" in seen and "${x} {{ x }} %s {0}" in seen
        assert not [char for char in seen if char != "\n" and unicodedata.category(char) in ("Cc", "Cs")]
        assert not set(seen) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\ufeff")


async def test_what_is_chosen_is_whole_and_of_one_safe_line() -> None:
    text = "\x1b]0;owned\x07 two\nlines " + "word " * 20_000
    app = Host([Query("q1", text)], [])
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("enter")
        assert app.answers == [single_line(text)] and len(single_line(text)) > 100_000
