"""The theme picker: preview, keep, go back, narrow; and every bundled theme as Textual derives it."""

from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.color import Color
from textual.content import Content
from textual.pilot import Pilot
from textual.theme import BUILTIN_THEMES
from textual.widgets import Input, Static

from tests.contrast import TEXT_CONTRAST, contrast
from tests.ui.screen import screen_text, until
from workbench.config.paths import bundled
from workbench.config.themes import TOKENS, ThemeFile, load_themes
from workbench.ui.screens.theme_picker import PAUSE, ThemeList, ThemePicker
from workbench.ui.themes import bundled_tokens, fallback_tokens, to_textual

BUNDLED, _ = load_themes([bundled("themes")])
NAMES = sorted(theme.name for theme in BUNDLED)
SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=["80x24", "120x36"])


class Host(App[None]):
    """Something in our colours for the picker to lie over, and every change of its theme."""

    CSS = "Static { color: $rank-up; background: $selected; border: round $line; }"

    def __init__(self, folders: list[Path] | None = None) -> None:
        super().__init__()
        self.animation_level = "none"
        themes, self.refused = load_themes([bundled("themes"), *(folders or [])])
        for theme in themes:
            self.register_theme(to_textual(theme))
        self.theme = "workbench-dark"
        self.picker = ThemePicker()
        self.answers: list[str | None] = []
        self.worn: list[str] = []

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return fallback_tokens(self.current_theme)

    def compose(self) -> ComposeResult:
        yield Static(Content("what lies below"))

    def on_mount(self) -> None:
        self.theme_changed_signal.subscribe(self, lambda theme: self.worn.append(theme.name))
        self.push_screen(self.picker, self.answers.append)

    @property
    def themes(self) -> ThemeList:
        return self.picker.query_one(ThemeList)

    @property
    def listed(self) -> list[str]:
        return [option.id for option in self.themes.options if option.id]

    def row(self, name: str) -> int:
        """The line of the screen that shows a theme."""
        lines = screen_text(self).splitlines()
        return next(y for y, line in enumerate(lines) if f" {name} " in line)


async def wears(pilot: Pilot[None], name: str) -> None:
    await until(pilot, lambda: pilot.app.theme == name, f"{name} is on")


async def test_ours_come_before_textuals_each_with_what_it_is() -> None:
    app = Host()
    async with app.run_test(size=(120, 50)):
        assert app.listed == [*NAMES, *sorted(BUILTIN_THEMES)]
        text = screen_text(app)
        assert text.index("workbench-light") < text.index("Textual's own") < text.index("ansi-dark")
        for name, word in (("aurora", "dark"), ("risograph", "light"), ("terminal", "ansi"), ("nord", "dark")):
            assert text.splitlines()[app.row(name)].rstrip(" │").endswith(word)


@SIZES
async def test_the_cursor_starts_on_the_theme_that_is_on(size: tuple[int, int]) -> None:
    app = Host()
    async with app.run_test(size=size):
        assert app.themes.chosen == "workbench-dark"
        assert "›" in screen_text(app).splitlines()[app.row("workbench-dark")]
        assert app.worn == []


@SIZES
async def test_moving_shows_the_theme_on_the_screen_below_and_enter_keeps_it(size: tuple[int, int]) -> None:
    app = Host()
    async with app.run_test(size=size) as pilot:
        below = app.screen_stack[0].query_one(Static)
        await pilot.press("down")
        await wears(pilot, "workbench-light")
        assert below.styles.color == Color.parse(bundled_tokens(dark=False)["rank-up"])
        assert "what lies below" in screen_text(app)
        assert app.answers == []
        await pilot.press("enter")
        assert app.answers == ["workbench-light"] and app.theme == "workbench-light"


async def test_enter_before_the_preview_keeps_what_the_cursor_is_on() -> None:
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        app.picker.action_move(-1)
        app.picker.keep()
        await pilot.pause()
        assert app.answers == ["terminal-light"] and app.theme == "terminal-light"


async def test_escape_puts_the_theme_from_before_on_again() -> None:
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("up")
        await wears(pilot, "terminal-light")
        await pilot.press("escape")
        assert app.answers == [None] and app.theme == "workbench-dark"


async def test_a_preview_that_waits_does_not_come_after_the_picker_was_closed() -> None:
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        app.picker.action_move(1)
        app.picker.action_close()
        app.picker.action_close()
        await pilot.pause(3 * PAUSE)
        assert app.theme == "workbench-dark" and app.worn == [] and app.answers == [None]
        assert len(app.screen_stack) == 1


async def test_a_held_key_shows_only_where_it_stops() -> None:
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        for _ in range(12):
            app.picker.action_move(1)
        stop = app.themes.chosen
        assert stop == "gruvbox"
        await wears(pilot, stop)
        assert app.worn == [stop]


async def test_the_cursor_moves_past_the_heading_and_stops_at_both_ends() -> None:
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        app.picker.action_move(1)
        app.picker.action_move(1)
        assert app.themes.chosen == "ansi-dark"
        app.picker.action_move(-1)
        assert app.themes.chosen == "workbench-light"
        for pages, end in ((1, "tokyo-night"), (-1, "aurora")):
            for _ in range(6):
                app.picker.action_page(pages)
            await wears(pilot, end)
            assert "›" in screen_text(app).splitlines()[app.row(end)]


async def test_typing_narrows_by_name_and_by_kind_and_shows_the_first() -> None:
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"WORK")
        assert app.listed == ["workbench-dark", "workbench-light"]
        assert app.themes.chosen == "workbench-dark"
        await pilot.press(*" light")
        assert app.listed == ["workbench-light"]
        await wears(pilot, "workbench-light")
        app.picker.query_one(Input).value = "ansi"
        await wears(pilot, "terminal")
        assert app.listed == ["terminal", "terminal-light", "ansi-dark", "ansi-light"]
        app.picker.query_one(Input).value = ""
        await pilot.pause()
        assert app.themes.chosen == "terminal" and len(app.listed) == len(NAMES) + len(BUILTIN_THEMES)


async def test_when_nothing_is_found_it_says_so_and_nothing_can_be_kept() -> None:
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"[/x]")
        assert "No theme holds all of these words." in screen_text(app)
        await pilot.press("down", "pagedown", "up", "enter")
        assert app.answers == [] and app.theme == "workbench-dark"
        await pilot.press("escape")
        assert app.answers == [None]


async def test_a_click_keeps_a_theme_and_one_beside_the_picker_goes_back() -> None:
    app = Host()
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.click(offset=(100, app.row("Textual's own")))
        assert app.answers == []
        await pilot.click(offset=(100, app.row("risograph")))
        assert app.answers == ["risograph"] and app.theme == "risograph"
        app.push_screen(ThemePicker(), app.answers.append)
        await pilot.press("up")
        await wears(pilot, "high-contrast")
        await pilot.click(offset=(10, 20))
        assert app.answers == ["risograph", None] and app.theme == "risograph"


async def test_a_theme_of_a_person_is_listed_and_one_with_a_hostile_name_is_not(tmp_path: Path) -> None:
    text = (bundled("themes") / "aurora.toml").read_text(encoding="utf-8")
    for file, name in (("a", "mine"), ("b", "[@click=app.quit]x[/]"), ("c", "\\u001b]0;owned\\u0007"), ("d", "x\\ny")):
        (tmp_path / f"{file}.toml").write_text(text.replace('"aurora"', f'"{name}"'), encoding="utf-8")
    app = Host([tmp_path])
    async with app.run_test(size=(120, 50)) as pilot:
        assert app.listed == [*sorted([*NAMES, "mine"]), *sorted(BUILTIN_THEMES)]
        assert [error.message.split(":")[0] for error in app.refused] == ["b.toml", "c.toml", "d.toml"]
        await pilot.press(*"mine")
        await wears(pilot, "mine")


@pytest.mark.parametrize("name", [*NAMES, *sorted(BUILTIN_THEMES)])
async def test_every_theme_can_be_worn_and_knows_all_our_colours(name: str) -> None:
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        app.theme = name
        await pilot.pause()
        assert all(Color.parse(app.theme_variables[token]) for token in TOKENS)
        assert "what lies below" in screen_text(app)


@pytest.mark.parametrize("theme", [theme for theme in BUNDLED if not theme.ansi], ids=lambda theme: theme.name)
def test_text_can_be_read_on_what_textual_derives_too(theme: ThemeFile) -> None:
    derived = to_textual(theme).to_color_system().generate()
    grounds = [Color.parse(derived[name]).hex6 for name in ("background", "surface", "panel")]
    assert grounds == [Color.parse(theme.colours[name]).hex6 for name in ("background", "surface", "panel")]
    for text, ground in (
        ("foreground", "primary-muted"),
        ("footer-key-foreground", "footer-background"),
        ("footer-description-foreground", "footer-background"),
        ("input-cursor-foreground", "input-cursor-background"),
    ):
        assert contrast(Color.parse(derived[text]).hex6, Color.parse(derived[ground]).hex6) >= TEXT_CONTRAST, text
