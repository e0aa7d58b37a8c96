"""How to reach clusters: what a person wrote in `profiles.toml`, checked before anything relies on it."""

import os
import re
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
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
    default: str = ""
    """Empty for this machine."""
    warnings: tuple[str, ...] = ()

    def named(self, name: str) -> Profile:
        """Find a profile.

        Raises:
            BadInputError: There is none of that name.
        """
        if name in self.profiles:
            return self.profiles[name]
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

    Raises:
        BadInputError: The file cannot be read, or something in it is wrong; names file, profile, key and what is
            allowed. No message repeats what could be a secret.
    """
    try:
        with path.open("rb") as file:
            private = os.name != "posix" or not stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077
            text = file.read().decode()
    except FileNotFoundError:
        text, private = "", True
    except (OSError, UnicodeDecodeError) as error:
        reason = (error.strerror or error) if isinstance(error, OSError) else "it is not UTF-8 text"
        raise BadInputError(f"{path} cannot be read: {reason}", "Mend it, or move it away.") from None
    found = parse_profiles(text, path, environ, private)
    return found if found.profiles else _from_environment(found, environ)


def parse_profiles(text: str, path: Path, environ: Mapping[str, str], private: bool) -> Profiles:
    """Read the text of `profiles.toml`; arguments and errors as in `load_profiles`.

    Args:
        text: TOML.
        path: Where it is from, or will be.
        environ: Read when a secret is fetched.
        private: Whether nobody else can read the file, so that it may hold secrets in clear.
    """
    try:
        raw = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        # The error holds the whole text, secrets included, so it goes no further.
        raise BadInputError(f"{path} cannot be read: {error}", "Mend it, or move it away.") from None
    default = raw.pop("default", "")
    profiles: dict[str, Profile] = {}
    warnings: list[str] = []
    for name, table in raw.items():
        if not isinstance(table, dict):
            raise BadInputError(
                f"{path}: {single_line(name, 80)} is not a table",
                'Settings of a profile stand below a line [NAME]; outside of one, there is only default = "NAME".',
            )
        profiles[check_name(name)], warned = read_profile(name, table, path, environ, private)
        warnings += warned
    if not isinstance(default, str) or default not in ("", *(profiles or [NAME])):
        known = ", ".join(profiles) or "none"
        raise BadInputError(f"{path}: default names no profile", f"There are: {known}. Leave it out for this machine.")
    return Profiles(profiles, default, tuple(warnings))


def _from_environment(found: Profiles, environ: Mapping[str, str]) -> Profiles:
    variable, table = variables_table(environ)
    if not table:
        gone = (f"The default is {NAME}, but no variable names a cluster.",) if found.default else ()
        return Profiles({}, "", (*found.warnings, *gone))
    try:
        profile, _ = read_profile(NAME, table, Path(variable), environ, True)
    except BadInputError as error:
        # Set for another program, perhaps; it keeps nobody from working with this machine.
        return Profiles({}, "", (*found.warnings, f"{error.message}; so there is no profile {NAME}."))
    return Profiles({NAME: profile}, found.default, found.warnings)
