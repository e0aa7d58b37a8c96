"""Whether the text of a theme can be read on every colour that it stands on: the contrast of WCAG 2."""

from itertools import product
from typing import NamedTuple

from workbench.config.themes import ThemeFile

TEXT_CONTRAST = 4.5
"""Least contrast of text, as WCAG 2.2 asks for at level AA (criterion 1.4.3)."""
GRAPHIC_CONTRAST = 3.0
"""Least contrast of what is not text but has a meaning (criterion 1.4.11)."""

_ROW = ("foreground", "rank-up", "rank-down", "rank-same", "entered", "left", "match", "muted", "cut")
_TEXT = (*_ROW, "kept", "primary", "secondary", "accent", "success", "warning", "error")
_GROUNDS = ("background", "surface", "panel")
_CHECKS = (
    (_TEXT, _GROUNDS, TEXT_CONTRAST),
    (_ROW, ("selected", "twin"), TEXT_CONTRAST),
    (("score-bar",), (*_GROUNDS, "selected", "twin"), GRAPHIC_CONTRAST),
)
"""Which colours stand on which; `line` only decorates."""


class Finding(NamedTuple):
    """One colour that is hard to make out."""

    theme: str
    token: str
    ground: str
    """The colour behind it."""
    ratio: float
    """From 1 to 21."""
    least: float
    """What the ratio should be."""


def contrast(one: str, other: str) -> float:
    """Contrast of two colours, from 1 to 21, in whichever order.

    Args:
        one: `#rgb` or `#rrggbb`.
        other: The same.

    Source:
        WCAG 2.2, "contrast ratio".
    """
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    """Relative luminance, 0 for black to 1 for white.

    Args:
        colour: `#rgb` or `#rrggbb`.

    Source:
        WCAG 2.2, "relative luminance".
    """
    digits = colour.removeprefix("#")
    step = len(digits) // 3
    parts = (int((digits[i : i + step] * 2)[:2], 16) / 255 for i in range(0, len(digits), step))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast_findings(theme: ThemeFile) -> list[Finding]:
    """Everything in a theme that is too faint where it stands.

    Args:
        theme: Tokens that it does not set are not checked, nor is a theme of the terminal's own colours, which
            only the terminal knows.

    Returns:
        None when all can be read.
    """
    if theme.ansi:
        return []
    colours = theme.colours | theme.tokens
    return [
        Finding(theme.name, token, ground, ratio, least)
        for tokens, grounds, least in _CHECKS
        for token, ground in product(tokens, grounds)
        if token in colours and ground in colours
        if (ratio := contrast(colours[token], colours[ground])) < least
    ]
