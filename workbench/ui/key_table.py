"""The table of all keys, made from where they are defined: rows for the help screen, Markdown for the README."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from workbench.ui.keymap import KEY_NAMES
from workbench.ui.keys import SCOPES, printed

START, END = "<!-- keys: start -->", "<!-- keys: end -->"
COMMAND = "python -m workbench.ui.key_table README.md"


@dataclass(frozen=True)
class KeyRow:
    """One action."""

    keys: tuple[str, ...]
    """As they stand on the keyboard."""
    does: str
    id: str
    """Empty when its keys cannot be changed."""


FIXED = tuple(KeyRow((printed(key),), f"{does[0].upper()}{does[1:]}", "") for key, does in KEY_NAMES.reserved.items())
"""Keys that are everywhere what they are."""


def key_rows(scope: str, keymap: Mapping[str, str]) -> tuple[KeyRow, ...]:
    """List the actions of one scope.

    Args:
        scope: A name in `SCOPES`.
        keymap: Keys by action id, where they are not the default.
    """
    rows = []
    for binding in SCOPES[scope]:
        id = binding.id or ""
        keys = keymap.get(id, binding.key).split(",")
        rows.append(KeyRow(tuple(dict.fromkeys(map(printed, keys))), binding.tooltip, id))
    return tuple(rows)


def markdown() -> str:
    """All default keys, a table per scope, as they stand in the README."""
    parts = []
    for scope in SCOPES:
        rows = (*key_rows(scope, {}), *(FIXED if scope == "Everywhere" else ()))
        lines = [f"| {' '.join(map(_code, row.keys))} | {row.does} | {_code(row.id)} |" for row in rows]
        parts.append("\n".join([f"| {scope} | | id |", "|---|---|---|", *lines]))
    return "\n\n".join(parts)


def rewritten(text: str) -> str:
    """Put the table between the two marks of a text.

    Raises:
        ValueError: The marks are not there.
    """
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not (start and end):
        raise ValueError(f"no {START} followed by {END}")
    return f"{before}{START}\n\n{markdown()}\n\n{END}{after}"


def _code(text: str) -> str:
    return f"`{text}`".replace("|", "\\|") if text else ""


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(rewritten(path.read_text(encoding="utf-8")), encoding="utf-8")
