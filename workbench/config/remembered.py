"""What the app itself remembers between runs: not settings, which belong to the person, but choices made in the app."""

import json
import os
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from workbench.config.themes import is_theme_name
from workbench.domain.text import single_line

VERSION = 1
SIZE_LIMIT = 64 * 1024
"""Bytes; what is larger was not written here."""
PATIENCE = 1.0
"""Seconds to wait for another process that is writing, which takes it milliseconds."""


@dataclass(frozen=True)
class Remembered:
    """What was remembered, or what stood in the way."""

    theme: str | None = None
    """The theme chosen in the app last; its file may be gone."""
    warning: str | None = None
    """What is wrong with the file, for the person."""


class _UnusableError(Exception):
    """The file is there but cannot be used; says why."""


def load_remembered(path: Path) -> Remembered:
    """Read what is remembered; nothing is changed, nor is a broken or newer file touched.

    Args:
        path: Need not exist.
    """
    try:
        return Remembered(_read(path).get("theme"))
    except _UnusableError as error:
        return Remembered(None, f"{path} {error}; it is not used, and set aside with the next choice.")
    except OSError as error:
        return Remembered(None, f"{path} cannot be read: {error.strerror or error}.")


def remember(path: Path, theme: str) -> Remembered:
    """Remember the theme; it is on the disk afterwards, or the warning says why not.

    What other processes and other versions remembered stays. A broken or newer file is set aside, and the warning
    says where it is. Waits for the disk: call it in a thread.

    Args:
        path: Need not exist, nor its folder.
        theme: Name of a theme.
    """
    from filelock import FileLock

    warning = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{path}.lock").acquire(PATIENCE, poll_interval=0.005):
            try:
                raw = _read(path)
            except _UnusableError as error:
                raw = {}
                warning = f"{path.name} {error}; it was set aside as {_set_aside(path)}."
            _write(path, raw | {"version": VERSION, "theme": theme})
    except (OSError, NotImplementedError) as error:  # The second: a file system without locks.
        reason = getattr(error, "strerror", None) or error
        warning = f"The theme is on until you quit; {path} cannot be written: {reason}."
    return Remembered(theme, warning)


def _read(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    if not path.is_file():  # Opening a pipe would wait for somebody to write into it.
        raise _UnusableError("is not a file")
    with path.open("rb") as file:
        data = file.read(SIZE_LIMIT + 1)
    if len(data) > SIZE_LIMIT:
        raise _UnusableError(f"is larger than {SIZE_LIMIT // 1024} KB")
    try:
        raw = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _UnusableError(f"is broken ({single_line(str(error), 80)})") from error
    version = raw.get("version") if isinstance(raw, dict) else None
    if not isinstance(version, int) or version < 1:
        raise _UnusableError("is broken (no version)")
    if version > VERSION:
        raise _UnusableError("is of a newer workbench")
    if not (raw.get("theme") is None or is_theme_name(raw["theme"])):
        raise _UnusableError("is broken (theme)")
    return dict(raw)


def _write(path: Path, raw: dict[str, Any]) -> None:
    new = path.with_name(f"{path.name}.new")
    with new.open("w", encoding="utf-8") as file:
        json.dump(raw, file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def _set_aside(path: Path) -> str:
    names = (f"{path.name}{f'.{number}' if number > 1 else ''}.aside" for number in count(1))
    aside = next(place for place in map(path.with_name, names) if not place.exists())
    path.rename(aside)
    return aside.name
