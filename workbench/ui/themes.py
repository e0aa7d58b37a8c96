"""Checked theme files as Textual themes."""

from functools import cache
from typing import Any

from textual.theme import Theme

from workbench.config.paths import bundled
from workbench.config.themes import ThemeFile, load_themes


@cache
def bundled_tokens(dark: bool) -> dict[str, str]:
    """Our colours as the bundled dark or light theme sets them, for themes that do not know them.

    A `$name` in a stylesheet must never be unknown, whatever theme is on.
    """
    themes, _ = load_themes([bundled("themes")])
    return next(theme.tokens for theme in themes if theme.dark is dark)


def to_textual(theme: ThemeFile) -> Theme:
    """Turn a checked theme into one that Textual can register."""
    base: dict[str, Any] = dict(theme.colours)
    return Theme(name=theme.name, dark=theme.dark, variables=dict(theme.tokens), **base)
