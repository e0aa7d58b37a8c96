"""Theme files are checked whole before the app depends on them, and the bundled ones can be read by everybody."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from tests.contrast import Finding, contrast, contrast_findings
from workbench.config.paths import bundled
from workbench.config.themes import BASE_COLOURS, SIZE_LIMIT, TOKENS, ThemeFile, load_themes, parse_theme
from workbench.domain.errors import BadInputError

GOOD = 'name = "mine"\ndark = false\n[colours]\n' + "".join(f'{key} = "#123456"\n' for key in BASE_COLOURS)
ANSI = GOOD.replace("dark", "ansi = true\ndark").replace("#123456", "ansi_bright_blue")
BUNDLED, REFUSED = load_themes([bundled("themes")])
HEX = [theme for theme in BUNDLED if not theme.ansi]
BY_NAME = {theme.name: theme for theme in BUNDLED}

# How the cones of people without the long or the middle ones see linear red, green and blue.
# Source: Machado, Oliveira and Fernandes 2009, severity 1.0.
PROTANOPIA = ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998))
DEUTERANOPIA = ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881))
# Linear red, green and blue to XYZ relative to D65. Source: IEC 61966-2-1.
XYZ = ((0.4339, 0.3762, 0.1899), (0.2126, 0.7152, 0.0722), (0.0178, 0.1095, 0.8727))


def times(matrix: tuple[tuple[float, ...], ...], vector: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix)


def difference(one: str, other: str, seen: tuple[tuple[float, ...], ...]) -> float:
    """How far apart two colours look, in CIE 1976 units of which about 2 can just be told."""

    def lab(colour: str) -> tuple[float, float, float]:
        parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
        linear = tuple(p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        shown = tuple(min(max(part, 0.0), 1.0) for part in times(seen, linear))
        x, y, z = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in times(XYZ, shown))
        return 116 * y - 16, 500 * (x - y), 200 * (y - z)

    return float(sum((a - b) ** 2 for a, b in zip(lab(one), lab(other), strict=True)) ** 0.5)


def test_a_whole_theme_is_read() -> None:
    theme = parse_theme(GOOD + '[tokens]\nrank-up = "#0f0"\n', "mine.toml")
    assert (theme.name, theme.dark, theme.ansi) == ("mine", False, False)
    assert theme.tokens == {"rank-up": "#0f0"}


def test_a_theme_of_the_terminals_own_colours_is_read() -> None:
    theme = parse_theme(ANSI + '[tokens]\ntwin = "ansi_default"\n', "mine.toml")
    assert theme.ansi and theme.colours["primary"] == "ansi_bright_blue" and theme.tokens == {"twin": "ansi_default"}


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('"mine"', '"My Theme"', "name"),
        ('"mine"', '"\\u001b]0;owned\\u0007"', "name"),
        ('"mine"', '"' + "a" * 41 + '"', "name"),
        ('"mine"', "7", "name"),
        ("dark = false", 'dark = "no"', "dark"),
        ("dark = false", 'ansi = "yes"', "ansi"),
        ('primary = "#123456"', 'primary = "#12345"', "colours.primary"),
        ('primary = "#123456"', 'primary = "#123456 50%"', "colours.primary"),
        ('primary = "#123456"', 'primary = "#123456\\n"', "colours.primary"),
        ('primary = "#123456"', 'primary = "red; } * {"', "colours.primary"),
        ('primary = "#123456"', 'primary = "$secondary"', "colours.primary"),
        ('primary = "#123456"', 'primary = "ansi_blue"', "colours.primary"),
        ('primary = "#123456"', "primary = 5", "colours.primary"),
        ('primary = "#123456"\n', "", "primary"),
        ("[colours]", "[colors]", "colors"),
        ("[colours]\n", '[colours]\nhotpink = "#123456"\n', "colours.hotpink"),
        ("[colours]", '[tokens]\ntwin = "hotpink"\n[colours]', "tokens.twin"),
        ("[colours]", "[colours", "TOML"),
        ("dark = false", "dark = " + "9" * 5000, "TOML"),
        ("dark = false", "dark = " + "[" * 5000, "TOML"),
    ],
)
def test_a_wrong_theme_is_refused_with_file_and_key(old: str, new: str, named: str) -> None:
    assert old in GOOD
    with pytest.raises(BadInputError, match=named) as caught:
        parse_theme(GOOD.replace(old, new, 1), "mine.toml")
    assert caught.value.message.startswith("mine.toml")
    assert caught.value.message.isprintable()


@pytest.mark.parametrize("colour", ["ansi_orange", "ansi_blue 50%", "blue", "#123456", "ansi_bright_default"])
def test_what_the_terminal_has_no_name_for_is_refused(colour: str) -> None:
    with pytest.raises(BadInputError, match=r"colours\.primary") as caught:
        parse_theme(ANSI.replace("ansi_bright_blue", colour, 1), "mine.toml")
    assert "ansi_blue" in caught.value.hint


def test_one_wrong_file_does_not_hide_the_others_and_a_persons_own_theme_wins(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    first.mkdir()
    second.mkdir()
    (first / "x.toml").write_text(GOOD)
    (second / "y.toml").write_text(GOOD.replace("dark = false", "dark = true"))
    (second / "z.toml").write_bytes(b"\xff")
    themes, refused = load_themes([first, second, tmp_path / "absent"])
    assert [(theme.name, theme.dark) for theme in themes] == [("mine", True)]
    assert [error.message for error in refused] == ["z.toml: is not UTF-8 text"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_what_is_not_a_small_file_is_refused_and_never_waited_for(tmp_path: Path) -> None:
    (tmp_path / "a-folder.toml").mkdir()
    os.mkfifo(tmp_path / "b-pipe.toml")
    (tmp_path / "c-nothing.toml").symlink_to(tmp_path / "absent")
    (tmp_path / "d-endless.toml").symlink_to("/dev/zero")
    (tmp_path / "e-huge.toml").write_text("#" * (SIZE_LIMIT + 1))
    (tmp_path / "f-\x1b[31m.toml").write_text("x = 1")
    (tmp_path / "g-good.toml").write_text(GOOD)
    themes, refused = load_themes([tmp_path])
    assert [theme.name for theme in themes] == ["mine"]
    assert [error.message[0] for error in refused] == list("abcdef")
    assert all(error.message.isprintable() for error in refused)
    assert "64 KB" in refused[4].message


def test_contrast_is_that_of_the_guidelines() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#fff", "#777777") == pytest.approx(4.48, abs=0.005)
    assert contrast("#777", "#ffffff") == contrast("#ffffff", "#777777")
    assert contrast("#abcdef", "#abcdef") == 1


def test_a_faint_colour_is_found_with_what_it_stands_on() -> None:
    theme = BY_NAME["workbench-dark"]
    faint = replace(theme, tokens=theme.tokens | {"muted": theme.tokens["selected"]})
    assert {(found.token, found.ground) for found in contrast_findings(faint)} == {
        ("muted", ground) for ground in ("background", "surface", "panel", "selected", "twin")
    }
    assert Finding(theme.name, "muted", "selected", 1.0, 4.5) in contrast_findings(faint)


def test_a_theme_that_can_hardly_be_read_is_a_persons_own_choice(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(GOOD)
    themes, refused = load_themes([tmp_path])
    assert contrast_findings(themes[0]) and not refused


def test_the_bundled_themes_are_whole_and_named_like_their_files() -> None:
    assert not REFUSED and len(BUNDLED) >= 6
    for theme in BUNDLED:
        assert set(theme.tokens) == set(TOKENS), theme.name
        first, _, rest = (bundled("themes") / f"{theme.name}.toml").read_text(encoding="utf-8").partition("\n")
        assert first.startswith("# ") and rest.startswith("name")
    assert {theme.dark for theme in HEX} == {theme.dark for theme in BUNDLED if theme.ansi} == {True, False}


@pytest.mark.parametrize("theme", HEX, ids=lambda theme: theme.name)
def test_all_text_of_a_bundled_theme_can_be_read_wherever_it_stands(theme: ThemeFile) -> None:
    assert contrast_findings(theme) == []


def test_high_contrast_is_seven_to_one_everywhere() -> None:
    theme = BY_NAME["high-contrast"]
    colours = theme.colours | theme.tokens
    text = set(TOKENS) - {"selected", "twin", "line", "score-bar"} | {"foreground"}
    for ground in ("background", "surface", "panel", "selected", "twin"):
        assert min((contrast(colours[token], colours[ground]), token) for token in text)[0] >= 7, ground


@pytest.mark.parametrize("seen", [PROTANOPIA, DEUTERANOPIA], ids=["protanopia", "deuteranopia"])
def test_up_and_down_are_told_apart_by_every_eye(seen: tuple[tuple[float, ...], ...]) -> None:
    apart = {theme.name: difference(theme.tokens["rank-up"], theme.tokens["rank-down"], seen) for theme in HEX}
    assert min(apart.values()) > 20, apart
    assert max(apart, key=apart.__getitem__) == "colour-blind" and apart["colour-blind"] > 80
    tokens = BY_NAME["colour-blind"].tokens
    for one, other in (("rank-up", "entered"), ("rank-down", "left"), ("rank-down", "cut"), ("entered", "left")):
        assert difference(tokens[one], tokens[other], seen) > 20, (one, other)
