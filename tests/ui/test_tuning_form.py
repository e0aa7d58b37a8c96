"""The form of settings: by keys, by typing and by the mouse, seen at once and taken back."""

import pytest
from textual.pilot import Pilot

from tests.ui.conftest import Bench
from tests.ui.screen import answered, panel_text, reranked, screen_text, settled, until
from workbench.ui.screens.compare import CompareScreen
from workbench.ui.widgets.tuning_panel import TuningPanel

SIZES = [(80, 24), (120, 36), (160, 48)]
SETTINGS = ("boost title", "boost body", "mix", "depth", "size", "reads")
UNCHANGED = {"boost title": "2", "boost body": "1", "mix": "0.7", "depth": "30", "size": "10", "reads": "title + body"}


async def opened(pilot: Pilot[None]) -> tuple[CompareScreen, TuningPanel]:
    screen = await reranked(pilot)
    screen.query_one("#reranked").focus()
    await pilot.press("t")
    await until(pilot, lambda: isinstance(pilot.app.focused, TuningPanel), "the form")
    return screen, screen.query_one(TuningPanel)


def form_text(pilot: Pilot[None]) -> str:
    return panel_text(pilot.app, pilot.app.screen.query_one(TuningPanel))


def line(pilot: Pilot[None], name: str) -> str:
    """The form's line of a setting."""
    (found,) = (line for line in form_text(pilot).splitlines() if f" {name}  " in line)
    return found


@pytest.mark.parametrize("size", SIZES)
async def test_it_opens_with_every_setting_in_sight(bench: Bench, size: tuple[int, int]) -> None:
    async with bench.app().run_test(size=size) as pilot:
        await opened(pilot)
        for name, value in UNCHANGED.items():
            assert value in line(pilot, name)
        assert "●" not in form_text(pilot), "nothing is changed"
        assert "number" in form_text(pilot) and "Enter" in form_text(pilot), "how to change them"


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [("boost title", "right", "3"), ("boost body", "l", "1.5"), ("mix", "left", "0.6"), ("depth", "h", "20"),
     ("size", "right", "15"), ("reads", "right", "title")],
)  # fmt: skip
async def test_each_setting_is_changed_by_a_key_and_the_query_runs_again(
    bench: Bench, name: str, key: str, value: str
) -> None:
    async with bench.app().run_test(size=(120, 36)) as pilot:
        screen, _ = await opened(pilot)
        first = screen.comparison
        await pilot.press(*["down"] * SETTINGS.index(name), key)
        await answered(pilot, lambda now: now is not first, "another answer")
        assert screen.session.tuning.values() == UNCHANGED | {name: value}
        assert value in line(pilot, name) and f"was {UNCHANGED[name]}" in line(pilot, name)
        made = screen.comparison
        assert made
        got = {
            "boost title": f"{dict(made.fields)['title']:g}",
            "boost body": f"{dict(made.fields)['body']:g}",
            "mix": f"{made.reranker.weight:g}" if made.reranker and made.reranker.weight is not None else "",
            "depth": str(made.depth),
            "size": str(made.size),
            "reads": " + ".join(made.reads),
        }
        assert got == UNCHANGED | {name: value}, "the answer was made with what the form says"


async def test_up_and_down_stop_at_the_ends(bench: Bench) -> None:
    async with bench.app().run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        for key, name in (("up", "boost title"), ("k", "boost title"), *(("j", name) for name in SETTINGS[1:])):
            await pilot.press(key)
            assert "›" in line(pilot, name) and "◂" in line(pilot, name), key
        await pilot.press("down")
        assert "›" in line(pilot, "reads")


async def test_a_typed_number_is_seen_as_it_is_typed_and_enter_sets_it(bench: Bench) -> None:
    async with bench.app().run_test(size=(120, 36)) as pilot:
        screen, _ = await opened(pilot)
        await pilot.press("down", "down", "0", ".", "2", "6")
        assert "0.26_" in line(pilot, "mix")
        assert screen.session.tuning.weight == 0.7, "not before Enter"
        await pilot.press("backspace", "5", "enter")
        await answered(pilot, lambda now: bool(now.reranker and now.reranker.weight == 0.25), "the mix")
        assert "0.25" in line(pilot, "mix") and "_" not in line(pilot, "mix")


@pytest.mark.parametrize("size", SIZES)
async def test_a_number_that_cannot_be_is_refused_in_sight_and_changes_nothing(
    bench: Bench, size: tuple[int, int]
) -> None:
    async with bench.app().run_test(size=size) as pilot:
        screen, _ = await opened(pilot)
        first = screen.comparison
        for name, typed, said in (
            ("boost title", "1.2.3", "1.2.3 is not a number."),
            ("boost body", "99999999", "Use 0 to 1000."),
            ("mix", "9", "9 is out of range for mix. Use 0 to 1."),
            ("depth", "0", "0 is out of range for depth. Use 1 to 1000."),
            ("depth", ".", ". is not a number."),
            ("size", "2.5", "size is a whole number."),
        ):
            while "›" not in line(pilot, name):
                await pilot.press("down")
            assert said not in screen_text(pilot.app), "the last one went with the next key"
            await pilot.press(*typed, "enter")
            await settled(pilot)
            assert said in screen_text(pilot.app)
            assert screen.session.tuning.values() == UNCHANGED and screen.comparison is first


async def test_the_last_searched_field_cannot_be_taken_away(bench: Bench) -> None:
    async with bench.app().run_test(size=(120, 36)) as pilot:
        screen, _ = await opened(pilot)
        await pilot.press("0", "enter")
        await answered(pilot, lambda now: dict(now.fields)["title"] == 0, "the body alone")
        await pilot.press("down", "0", "enter")
        await settled(pilot)
        assert "One field must be searched. Raise another field's boost first." in screen_text(pilot.app)
        assert dict(screen.session.tuning.boosts) == {"title": 0, "body": 1}


async def test_the_reranked_fields_are_no_number(bench: Bench) -> None:
    async with bench.app().run_test(size=(120, 36)) as pilot:
        screen, _ = await opened(pilot)
        await pilot.press(*["down"] * 5, "7", "enter")
        assert "7" not in line(pilot, "reads") and "title + body" in line(pilot, "reads")
        assert screen.session.tuning.values() == UNCHANGED


async def test_what_was_typed_and_not_entered_is_forgotten_when_the_form_is_left(bench: Bench) -> None:
    async with bench.app().run_test(size=(120, 36)) as pilot:
        screen, _ = await opened(pilot)
        await pilot.press("down", "down", "down", "7", "escape")
        await pilot.pause()
        assert "7_" not in screen_text(pilot.app)
        assert screen.session.tuning.values() == UNCHANGED


async def test_the_status_bar_marks_what_is_changed_and_the_form_counts_it(bench: Bench) -> None:
    async with bench.app().run_test(size=(160, 48)) as pilot:
        await opened(pilot)
        await pilot.press("right", "down", "down", "down", "right")
        await answered(pilot, lambda now: now.depth == 50, "depth 50")
        top = screen_text(pilot.app).splitlines()[0]
        assert "depth 50●" in top and "title 3●" in top and "mix 0.7 " in top
        assert "2 changed" in screen_text(pilot.app)


async def test_u_takes_the_changes_back_one_by_one_and_then_says_that_there_are_none(bench: Bench) -> None:
    async with bench.app().run_test(size=(120, 36), notifications=True) as pilot:
        screen, _ = await opened(pilot)
        await pilot.press("right", "right", "down", "right")
        await answered(pilot, lambda now: dict(now.fields) == {"title": 4, "body": 1.5}, "three changes")
        for title, body in ((4, 1), (3, 1), (2, 1)):
            await pilot.press("u")
            await answered(pilot, lambda now, t=title, b=body: dict(now.fields) == {"title": t, "body": b}, "one less")
        assert "●" not in screen_text(pilot.app).splitlines()[0].replace("▏●", "")
        await pilot.press("u")
        await until(pilot, lambda: "No setting has been changed." in screen_text(pilot.app), "a word")
        assert screen.session.tuning.values() == UNCHANGED


async def test_capital_u_sets_everything_back_and_that_can_be_undone_too(bench: Bench) -> None:
    async with bench.app().run_test(size=(120, 36)) as pilot:
        screen, _ = await opened(pilot)
        await pilot.press("right", "down", "right", "down", "left", "down", "left", "down", "left", "down", "right")
        changed = screen.session.tuning
        assert all(value != UNCHANGED[name] for name, value in changed.values().items())
        await pilot.press("U")
        await answered(pilot, lambda now: now.depth == 30 and now.reads == ("title", "body"), "the start")
        assert screen.session.tuning.values() == UNCHANGED
        await pilot.press("u")
        await answered(pilot, lambda now: now.depth == 20, "undone")
        assert screen.session.tuning == changed


async def test_backspace_sets_one_setting_back(bench: Bench) -> None:
    async with bench.app().run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await pilot.press("right", "down", "right", "backspace")
        await answered(pilot, lambda now: dict(now.fields) == {"title": 3, "body": 1}, "the body's boost as it was")
        assert "was 2" in line(pilot, "boost title") and "was" not in line(pilot, "boost body")


@pytest.mark.parametrize("size", SIZES)
async def test_a_click_goes_to_a_setting_and_one_on_its_arrows_changes_it(bench: Bench, size: tuple[int, int]) -> None:
    async with bench.app().run_test(size=size) as pilot:
        screen, form = await opened(pilot)

        async def click(name: str, what: str) -> None:
            y = form_text(pilot).splitlines().index(line(pilot, name))
            await pilot.click(form, offset=(line(pilot, name).index(what), y))

        await click("depth", "depth")
        assert "›" in line(pilot, "depth") and screen.session.tuning.depth == 30
        await click("depth", "▸")
        await answered(pilot, lambda now: now.depth == 50, "deeper")
        for _ in range(2):
            await click("depth", "◂")
        await answered(pilot, lambda now: now.depth == 20, "shallower")
        lines = form_text(pilot).splitlines()
        await pilot.click(form, offset=(6, lines.index(line(pilot, "reads")) + 1))
        assert "›" in line(pilot, "depth"), "below the last setting is none"


async def test_depth_and_mix_have_keys_of_their_own_wherever_the_focus_is(bench: Bench) -> None:
    async with bench.app().run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        for key, name, value in (
            ("ctrl+up", "depth", "50"),
            ("ctrl+down", "depth", "30"),
            ("f9", "mix", "0.8"),
            ("f8", "mix", "0.7"),
        ):
            await pilot.press(key)
            assert screen.session.tuning.values() == UNCHANGED | {name: value}, f"{key} in the query line"
        screen.query_one("#bm25").focus()
        for key, name, value in (
            ("plus", "depth", "50"),
            ("minus", "depth", "30"),
            ("right_square_bracket", "mix", "0.8"),
            ("left_square_bracket", "mix", "0.7"),
        ):
            await pilot.press(key)
            assert screen.session.tuning.values() == UNCHANGED | {name: value}, f"{key} in a list"
