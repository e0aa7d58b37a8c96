"""Changes `profiles.toml` for a person, and leaves everything else that they wrote there as it was."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.config.profiles import Profiles, check_name, load_profiles, read_profiles
from workbench.domain.errors import BadInputError, UnavailableError
from workbench.services import disk

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

BY_HAND = ("filters", "template", "min_score", "chunks", "timeout")
"""Keys that stay when a profile is replaced: they are written in the file, not on a command line."""


def add_profile(path: Path, name: str, values: Mapping[str, Any], replace: bool = False) -> Profiles:
    """Write a profile; it is on the disk afterwards, and only the person can read the file.

    Args:
        path: `profiles.toml`; need not exist.
        name: The profile's.
        values: Its keys, as they stand in the file.
        replace: Put it in the place of one that is there, of which only `BY_HAND` stays.

    Returns:
        Every profile there is now.

    Raises:
        BadInputError: A name or a value is wrong, the profile exists, or the file is broken; nothing is written.
        UnavailableError: It cannot be written.
    """
    check_name(name)

    def add(document: "TOMLDocument", known: Profiles) -> None:
        import tomlkit

        if name not in document:
            document[name] = tomlkit.table()
        elif not replace:
            raise BadInputError(f"There is a profile {name} already.", "Use another name, or --replace.")
        table: Any = document[name]
        for key in [key for key in table if key not in BY_HAND]:
            del table[key]
        table.update(values)

    return _change(path, name, add)


def use_profile(path: Path, name: str) -> Profiles:
    """Make a profile the default.

    Args:
        path: `profiles.toml`; need not exist.
        name: The profile's; empty for this machine.

    Returns:
        Every profile there is.

    Raises:
        BadInputError: There is no such profile, or the file is broken.
        UnavailableError: It cannot be written.
    """

    def use(document: "TOMLDocument", known: Profiles) -> None:
        if name:
            document["default"] = known.named(name).name
        else:
            document.pop("default", None)

    return _change(path, name, use)


def _change(path: Path, name: str, change: Callable[["TOMLDocument", Profiles], None]) -> Profiles:
    import tomlkit

    # The file may be a link into a folder that the person keeps elsewhere.
    path = path.resolve()
    try:
        with disk.held(path, disk.PATIENCE):
            known = load_profiles(path, os.environ)
            document = tomlkit.parse(path.read_text(encoding="utf-8-sig") if path.exists() else "")
            change(document, known)
            text = tomlkit.dumps(document)
            written = read_profiles(text, path, os.environ, private=True)
            if name:
                written.named(name)  # Another one that was wrong before may stay so.
            if text or path.exists():
                disk.replace(path, text, private=True)  # It may hold a credential in clear.
            return load_profiles(path, os.environ)
    except OSError as error:
        raise UnavailableError(
            f"{path} cannot be written: {disk.reason(error)}.", "Mend its permissions, or set WORKBENCH_HOME."
        ) from error
