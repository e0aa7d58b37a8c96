"""Theme files are checked whole before the app depends on them."""

import itertools
from pathlib import Path

import pytest

from workbench.config.paths import bundled
from workbench.config.themes import BASE_COLOURS, TOKENS, load_themes, parse_theme
from workbench.domain.errors import BadInputError

GOOD = 'name = "mine"\ndark = false\n[colours]\n' + "".join(f'{key} = "#123456"\n' for key in BASE_COLOURS)


def test_a_whole_theme_is_read() -> None:
    theme = parse_theme(GOOD + '[tokens]\nrank-up = "#0f0"\n', "mine.toml")
    assert (theme.name, theme.dark) == ("mine", False)
    assert theme.tokens == {"rank-up": "#0f0"}


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('"mine"', '"My Theme"', "name"),
        ('"mine"', "7", "name"),
        ("dark = false", 'dark = "no"', "dark"),
        ('primary = "#123456"', 'primary = "#12345"', "colours.primary"),
        ('primary = "#123456"', 'primary = "red; } * {"', "colours.primary"),
        ('primary = "#123456"', "primary = 5", "colours.primary"),
        ('primary = "#123456"\n', "", "primary"),
        ("[colours]", "[colors]", "colors"),
        ("[colours]\n", '[colours]\nhotpink = "#123456"\n', "colours.hotpink"),
        ("[colours]", "[colours", "TOML"),
    ],
)
def test_a_wrong_theme_is_refused_with_file_and_key(old: str, new: str, named: str) -> None:
    assert old in GOOD
    with pytest.raises(BadInputError, match=named) as caught:
        parse_theme(GOOD.replace(old, new, 1), "mine.toml")
    assert caught.value.message.startswith("mine.toml")


def test_one_wrong_file_does_not_hide_the_others_and_a_persons_own_theme_wins(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    first.mkdir()
    second.mkdir()
    (first / "x.toml").write_text(GOOD)
    (second / "y.toml").write_text(GOOD.replace("dark = false", "dark = true"))
    (second / "z.toml").write_bytes(b"\xff")
    themes, refused = load_themes([first, second, tmp_path / "absent"])
    assert [(theme.name, theme.dark) for theme in themes] == [("mine", True)]
    assert [error.message.split(":")[0] for error in refused] == ["z.toml"]


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_the_bundled_themes_are_a_dark_and_a_light_one_that_can_be_read() -> None:
    themes, refused = load_themes([bundled("themes")])
    assert not refused
    assert {theme.dark for theme in themes} == {True, False}
    for theme in themes:
        assert set(theme.tokens) == set(TOKENS)
        text = [
            theme.colours["foreground"],
            *(theme.tokens[key] for key in TOKENS if key not in ("twin", "score-bar", "line")),
        ]
        for colour, ground in itertools.product(text, (theme.colours["background"], theme.tokens["twin"])):
            light, dark = sorted((luminance(colour), luminance(ground)), reverse=True)
            least = 4.5 if ground == theme.colours["background"] else 3.0
            assert (light + 0.05) / (dark + 0.05) >= least, (theme.name, colour, ground)
