"""Checked theme files as Textual themes."""

from typing import Any

from textual.theme import Theme

from workbench.config.themes import ThemeFile

TOKEN_DEFAULTS = {
    "rank-up": "#5fd7a7",
    "rank-down": "#f0a36b",
    "rank-same": "#7d859c",
    "rank-entered": "#7fd4ff",
    "score-bar": "#4a6bc0",
    "match": "#ffd479",
    "twin": "#2b3a5e",
    "cut": "#f7768e",
    "muted": "#838ba3",
    "line": "#3a4157",
}
"""For themes that do not set our own colours, such as Textual's; a `$name` in CSS must never be unknown."""


def to_textual(theme: ThemeFile) -> Theme:
    """Turn a checked theme into one that Textual can register."""
    base: dict[str, Any] = dict(theme.colours)
    return Theme(name=theme.name, dark=theme.dark, variables=dict(theme.tokens), **base)
