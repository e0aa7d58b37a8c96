"""Theme files, read and checked before the app depends on them: a bad colour found later would end it."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.domain.errors import BadInputError
from workbench.domain.text import single_line

BASE_COLOURS = (
    "primary", "secondary", "accent", "foreground", "background", "surface", "panel", "success", "warning", "error",
)  # fmt: skip
TOKENS = (
    "rank-up", "rank-down", "rank-same", "entered", "left", "kept", "cut",
    "score-bar", "match", "twin", "muted", "line",
)  # fmt: skip
"""Colours of meanings, beyond the base palette."""

_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
_COLOUR = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")


@dataclass(frozen=True, slots=True)
class ThemeFile:
    """One checked theme."""

    name: str
    dark: bool
    colours: dict[str, str]
    """By name in `BASE_COLOURS`; all present."""
    tokens: dict[str, str]
    """By name in `TOKENS`; those the theme sets itself."""


def parse_theme(text: str, source: str) -> ThemeFile:
    """Read one theme.

    Args:
        text: TOML with `name`, `dark`, a `[colours]` table with every base colour, a `[tokens]` table.
        source: Where it came from, for messages.

    Raises:
        BadInputError: Names the source, the key and what is allowed.
    """

    def refuse(what: str, hint: str = "") -> BadInputError:
        return BadInputError(f"{source}: {single_line(what, 200)}", hint)

    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise refuse(f"not valid TOML: {error}") from error
    if unknown := set(raw) - {"name", "dark", "colours", "tokens"}:
        raise refuse(f"unknown key {min(unknown)!r}", "Known keys: name, dark, colours, tokens.")
    name, dark = raw.get("name"), raw.get("dark", True)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise refuse(f"name {name!r} is not a theme name", "Use lower-case letters, digits and hyphens.")
    if not isinstance(dark, bool):
        raise refuse(f"dark = {dark!r} is neither true nor false")
    colours = _colours(raw.get("colours", {}), "colours", BASE_COLOURS, refuse)
    tokens = _colours(raw.get("tokens", {}), "tokens", TOKENS, refuse)
    if missing := [key for key in BASE_COLOURS if key not in colours]:
        raise refuse(f"colours lacks {', '.join(missing)}", "A theme sets every base colour.")
    return ThemeFile(name, dark, colours, tokens)


def _colours(raw: Any, table: str, known: tuple[str, ...], refuse: Any) -> dict[str, str]:
    if not isinstance(raw, dict):
        raise refuse(f"{table} is not a table")
    for key, value in raw.items():
        if key not in known:
            raise refuse(f"unknown colour {table}.{key}", f"Known: {', '.join(known)}.")
        if not isinstance(value, str) or not _COLOUR.fullmatch(value):
            raise refuse(f"{table}.{key} = {value!r} is not a colour", "Write colours as #rgb or #rrggbb.")
    return dict(raw)


def load_themes(folders: list[Path]) -> tuple[list[ThemeFile], list[BadInputError]]:
    """Read every `*.toml` of some folders; a later folder's theme replaces an earlier one of the same name.

    Returns:
        The good themes, and one error per file that was refused.
    """
    themes: dict[str, ThemeFile] = {}
    refused: list[BadInputError] = []
    for folder in folders:
        for path in sorted(folder.glob("*.toml")):
            try:
                theme = parse_theme(path.read_text(encoding="utf-8"), path.name)
            except BadInputError as error:
                refused.append(error)
            except (OSError, UnicodeDecodeError) as error:
                refused.append(BadInputError(f"{single_line(path.name)}: cannot be read: {error}"))
            else:
                themes[theme.name] = theme
    return list(themes.values()), refused
