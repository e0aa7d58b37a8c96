"""Theme files, read and checked before the app depends on them: a bad colour found later would end it."""

import re
import tomllib
from collections.abc import Callable
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
    "score-bar", "match", "selected", "twin", "muted", "line",
)  # fmt: skip
"""Colours of meanings, beyond the base palette; `selected` and `twin` lie behind text."""

SIZE_LIMIT = 64 * 1024
"""Bytes of a theme file; a whole one has about a thousand."""

_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
_HEX = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
_ANSI = re.compile(r"ansi_(?:default|(?:bright_)?(?:black|red|green|yellow|blue|magenta|cyan|white))")


def is_theme_name(name: object) -> bool:
    """Whether this can be the name of a theme: lower-case letters, digits and hyphens, 40 at most."""
    return isinstance(name, str) and bool(_NAME.fullmatch(name))


@dataclass(frozen=True)
class ThemeFile:
    """One checked theme."""

    name: str
    dark: bool
    ansi: bool
    """Its colours are names of the terminal's own, such as `ansi_blue`, instead of `#rrggbb`."""
    colours: dict[str, str]
    """By name in `BASE_COLOURS`; all present."""
    tokens: dict[str, str]
    """By name in `TOKENS`; those the theme sets itself."""


def parse_theme(text: str, source: str) -> ThemeFile:
    """Read one theme.

    Args:
        text: TOML with `name`, `dark`, `ansi`, a `[colours]` table with every base colour, a `[tokens]` table.
        source: Where it came from, for messages.

    Raises:
        BadInputError: Names the source, the key and what is allowed.
    """

    def refuse(what: str, hint: str = "") -> BadInputError:
        return BadInputError(f"{source}: {single_line(what, 200)}", hint)

    try:
        raw = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # Not all that is wrong with a file is a TOMLDecodeError.
        raise refuse(f"not valid TOML: {error}") from error
    if unknown := set(raw) - {"name", "dark", "ansi", "colours", "tokens"}:
        raise refuse(f"unknown key {min(unknown)!r}", "Known keys: name, dark, ansi, colours, tokens.")
    name = raw.get("name")
    if not is_theme_name(name):
        raise refuse(f"name {name!r} is not a theme name", "Use lower-case letters, digits and hyphens.")
    dark, ansi = raw.get("dark", True), raw.get("ansi", False)
    for key, value in (("dark", dark), ("ansi", ansi)):
        if not isinstance(value, bool):
            raise refuse(f"{key} = {value!r} is neither true nor false")
    colours = _colours(raw.get("colours", {}), "colours", BASE_COLOURS, ansi, refuse)
    tokens = _colours(raw.get("tokens", {}), "tokens", TOKENS, ansi, refuse)
    if missing := [key for key in BASE_COLOURS if key not in colours]:
        raise refuse(f"colours lacks {', '.join(missing)}", "A theme sets every base colour.")
    return ThemeFile(str(name), dark, ansi, colours, tokens)


def _colours(
    raw: Any, table: str, known: tuple[str, ...], ansi: bool, refuse: Callable[[str, str], BadInputError]
) -> dict[str, str]:
    wanted, write = (
        (_ANSI, "With ansi = true, write colours as ansi_default, ansi_blue or ansi_bright_blue.")
        if ansi
        else (_HEX, "Write colours as #rgb or #rrggbb.")
    )
    if not isinstance(raw, dict):
        raise refuse(f"{table} is not a table", "")
    for key, value in raw.items():
        if key not in known:
            raise refuse(f"unknown colour {table}.{key}", f"Known: {', '.join(known)}.")
        if not isinstance(value, str) or not wanted.fullmatch(value):
            raise refuse(f"{table}.{key} = {value!r} is not a colour", write)
    return dict(raw)


def read_theme(path: Path) -> ThemeFile:
    """Read one theme file.

    Raises:
        BadInputError: It cannot be read, or what it says is wrong; names the file and the key.
    """
    source = single_line(path.name, 80)
    try:
        if not path.is_file():  # Opening a pipe would wait for somebody to write into it.
            raise BadInputError(f"{source}: is not a file")
        with path.open("rb") as file:
            data = file.read(SIZE_LIMIT + 1)
        if len(data) > SIZE_LIMIT:
            raise BadInputError(f"{source}: is larger than {SIZE_LIMIT // 1024} KB")
        return parse_theme(data.decode("utf-8"), source)
    except OSError as error:
        raise BadInputError(f"{source}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise BadInputError(f"{source}: is not UTF-8 text") from error


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
                theme = read_theme(path)
            except BadInputError as error:
                refused.append(error)
            else:
                themes[theme.name] = theme
    return list(themes.values()), refused
