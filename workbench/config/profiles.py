"""How to reach clusters: what a person wrote in `profiles.toml`, checked before anything relies on it."""

import os
import re
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from workbench.config.cluster_variables import NAME, variables_table
from workbench.config.profile import Profile
from workbench.config.profile_keys import read_profile
from workbench.domain.errors import BadInputError
from workbench.domain.text import single_line

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class Profiles:
    """Every profile there is."""

    profiles: dict[str, Profile]
    """Those that can be used."""
    default: str = ""
    """Empty for this machine; whether it can be used, `named` tells."""
    warnings: tuple[str, ...] = ()
    broken: Mapping[str, BadInputError] = field(default_factory=dict, compare=False)
    """By its name, what is wrong with each of the others."""

    def named(self, name: str) -> Profile:
        """Find a profile.

        Raises:
            BadInputError: There is none of that name, or something in it is wrong.
        """
        if name in self.profiles:
            return self.profiles[name]
        if name in self.broken:
            raise self.broken[name]
        known = f"There are: {', '.join(self.profiles)}." if self.profiles else "There is none yet."
        raise BadInputError(
            f"There is no profile “{single_line(name, 80)}”.",
            " ".join([known, *self.warnings, "Add one: workbench profile add NAME --host URL"]),
        )


def check_name(name: str) -> str:
    """Give a profile's name back.

    Raises:
        BadInputError: It would not do; a colon, for one, parts a profile from its index.
    """
    if not _NAME.fullmatch(name) or name == "default":
        hint = "Use up to 64 letters, digits, dots, dashes and underscores, beginning with a letter or a digit"
        raise BadInputError(
            f"“{single_line(name, 80)}” cannot be the name of a profile.", f"{hint}; “default” is taken."
        )
    return name


def load_profiles(path: Path, environ: Mapping[str, str]) -> Profiles:
    """Read the profiles, or what the environment says of a cluster where there are none.

    Args:
        path: `profiles.toml`; need not exist.
        environ: Also read later, when a secret is fetched from it.

    Returns:
        Every profile; what is wrong with one of them is no error before that one is used. No message repeats what
        could be a secret.

    Raises:
        BadInputError: The file cannot be read at all.
    """
    try:
        with path.open("rb") as file:
            private = os.name != "posix" or not stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077
            text = file.read().decode("utf-8-sig")
    except FileNotFoundError:
        text, private = "", True
    except (OSError, UnicodeDecodeError) as error:
        reason = (error.strerror or error) if isinstance(error, OSError) else "it is not UTF-8 text"
        raise BadInputError(f"{path} cannot be read: {reason}", "Mend it, or move it away.") from None
    found = read_profiles(text, path, environ, private)
    return found if found.profiles or found.broken else _from_environment(found, environ)


def default_profile(path: Path, environ: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """Find out which profile to start with, whatever the file is like; arguments as in `load_profiles`.

    Returns:
        Its name, empty for this machine, and what a person should know about the file.
    """
    try:
        found = load_profiles(path, environ)
    except BadInputError as error:
        return "", (f"{error.message}; so there are no profiles.",)
    return found.default, found.warnings


def read_profiles(text: str, path: Path, environ: Mapping[str, str], private: bool) -> Profiles:
    """Read the text of `profiles.toml`.

    Args:
        text: TOML.
        path: Where it is from, or will be.
        environ: Read when a secret is fetched.
        private: Whether nobody else can read the file, so that it may hold secrets in clear.

    Raises:
        BadInputError: It is no TOML.
    """
    try:
        raw = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        # The error holds the whole text, secrets included, so it goes no further.
        raise BadInputError(f"{path} cannot be read: {error}", "Mend it, or move it away.") from None
    default = raw.pop("default", "")
    profiles: dict[str, Profile] = {}
    broken: dict[str, BadInputError] = {}
    warnings: list[str] = []
    for name, table in raw.items():
        try:
            profiles[name], warned = _profile(name, table, path, environ, private)
            warnings += warned
        except BadInputError as error:
            broken[name] = error
            warnings.append(f"{error.message}; it cannot be used.")
    default = default if isinstance(default, str) else str(default)
    if default not in ("", *(raw or [NAME])):
        known = ", ".join(profiles) or "none"
        warnings.append(f"{path}: default names no profile; there are: {known}. Leave it out for this machine.")
    return Profiles(profiles, default, tuple(warnings), broken)


def _profile(
    name: str, table: object, path: Path, environ: Mapping[str, str], private: bool
) -> tuple[Profile, list[str]]:
    if not isinstance(table, dict):
        raise BadInputError(
            f"{path}: {single_line(name, 80)} is not a table",
            'Settings of a profile stand below a line [NAME]; outside of one, there is only default = "NAME".',
        )
    try:
        check_name(name)
    except BadInputError as error:
        raise BadInputError(f"{path}: {error.message.rstrip('.')}", error.hint) from None
    return read_profile(name, table, path, environ, private)


def _from_environment(found: Profiles, environ: Mapping[str, str]) -> Profiles:
    variable, table = variables_table(environ)
    default = "" if found.default == NAME else found.default
    if not table:
        gone = (f"The default is {NAME}, but no variable names a cluster.",) if found.default == NAME else ()
        return Profiles({}, default, (*found.warnings, *gone))
    try:
        profile, _ = read_profile(NAME, table, Path(variable), environ, True)
    except BadInputError as error:
        # Set for another program, perhaps; it keeps nobody from working with this machine.
        return Profiles({}, default, (*found.warnings, f"{error.message}; so there is no profile {NAME}."))
    return Profiles({NAME: profile}, found.default, found.warnings)
