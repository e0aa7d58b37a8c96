"""Checked theme files as Textual themes, and our colours for the themes that do not set them."""

from functools import cache
from typing import Any

from textual.color import Color
from textual.design import DEFAULT_DARK_BACKGROUND, DEFAULT_LIGHT_BACKGROUND
from textual.theme import BUILTIN_THEMES, Theme

from workbench.config.paths import bundled
from workbench.config.themes import ThemeFile, read_theme


@cache
def bundled_tokens(dark: bool, ansi: bool = False) -> dict[str, str]:
    """Our colours as the bundled dark or light theme sets them, or the one of the terminal's own colours.

    A `$name` in a stylesheet must never be unknown, whatever theme is on.
    """
    names = ("terminal-light", "terminal") if ansi else ("workbench-light", "workbench-dark")
    return read_theme(bundled("themes") / f"{names[dark]}.toml").tokens


def fallback_tokens(theme: Theme) -> dict[str, str]:
    """Our colours for a theme that sets none or some of them: what lies behind text is mixed from its own."""
    tokens = bundled_tokens(theme.dark, theme.ansi)
    if theme.ansi:
        return tokens
    back, primary = background(theme), Color.parse(theme.primary)
    return tokens | {
        "selected": back.blend(primary, 0.25).hex,
        "twin": back.blend(primary, 0.12).hex,
        "line": back.blend(back.get_contrast_text(1.0), 0.25).hex,
    }


def background(theme: Theme) -> Color:
    """What a theme draws on; not every one says so itself."""
    return Color.parse(theme.background or (DEFAULT_DARK_BACKGROUND if theme.dark else DEFAULT_LIGHT_BACKGROUND))


def to_textual(theme: ThemeFile) -> Theme:
    """Turn a checked theme into one that Textual can register."""
    base: dict[str, Any] = dict(theme.colours)
    variables = dict(theme.tokens)
    if theme.ansi:
        # Textual's own stylesheets need more names in such a theme, and it would make some of ours transparent.
        own = BUILTIN_THEMES["ansi-dark" if theme.dark else "ansi-light"].variables
        variables = own | theme.colours | variables
    return Theme(name=theme.name, dark=theme.dark, ansi=theme.ansi, variables=variables, **base)
