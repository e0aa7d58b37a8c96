"""Credentials by where they come from: the value itself is fetched late, and never named."""

import re
import shlex
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Never

from workbench.domain.errors import BadInputError, UnavailableError
from workbench.domain.text import single_line

KINDS = {"api_key": "API key", "password": "password", "bearer": "bearer token"}
SOURCES = ("_env", "_command", "_keyring", "")
"""What a credential's key ends in, by where it comes from; without an ending, it stands there in clear."""
COMMAND_PATIENCE = 60.0
"""Seconds for a command; long enough to touch a fingerprint reader."""

Refuse = Callable[[str, str], BadInputError]
"""Makes the error for what is wrong with a key, of what is wrong and what to do."""

# Written in one case only, so that a key that was pasted in a name's place is not repeated in a message.
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]{0,63}|[a-z_][a-z0-9_]{0,63}")


@dataclass(frozen=True)
class Secret:
    """Where a credential comes from; its value is in no `repr`, and is fetched when it is needed."""

    source: str
    """For the person, such as `environment variable PROD_KEY`."""
    fetch: Callable[[], str] = field(repr=False, compare=False)
    """Blocks (a command, a keyring); raises `WorkbenchError` when there is none."""

    def __reduce__(self) -> Never:
        raise TypeError("A secret is not copied out of its process.")


def secret_of(kind: str, raw: Mapping[str, Any], environ: Mapping[str, str], refuse: Refuse) -> Secret | None:
    """Read what a profile says of one credential.

    Args:
        kind: One of `KINDS`.
        raw: The profile's table.
        environ: Read when the secret is fetched.
        refuse: Makes the errors.

    Returns:
        None when the profile says nothing of it.

    Raises:
        BadInputError: It has several sources, or one that cannot be right; no message repeats a value.
    """
    given = [kind + ending for ending in SOURCES if kind + ending in raw]
    if len(given) > 1:
        raise refuse(f"{' and '.join(given)} are given at once", f"Keep one of them: the {KINDS[kind]} has one source.")
    if not given:
        return None
    key, value = given[0], raw[given[0]]
    if key.endswith("_command"):
        return _from_command(kind, key, value, refuse)
    if not isinstance(value, str) or not value.strip():
        raise refuse(f"{key} is not text", f"Write {key} = {_EXAMPLES[key.removeprefix(kind)]}.")
    if key.endswith("_env"):
        return _from_environment(kind, key, value, environ, refuse)
    if key.endswith("_keyring"):
        return _from_keyring(kind, key, value, refuse)
    return in_clear(kind, value, "the profiles file, in clear")


def in_clear(kind: str, value: str, source: str) -> Secret:
    """A credential that is known already."""
    return Secret(source, lambda: _sound(kind, value, source))


_EXAMPLES = {
    "_env": '"NAME_OF_THE_VARIABLE"',
    "_command": '["op", "read", "op://vault/elasticsearch/key"]',
    "_keyring": '"SERVICE/USER"',
    "": '"…"',
}


def _from_environment(kind: str, key: str, name: str, environ: Mapping[str, str], refuse: Refuse) -> Secret:
    if not _VARIABLE.fullmatch(name):
        raise refuse(
            f"{key} is not the name of an environment variable",
            f"Write the variable's name, such as {key} = {_EXAMPLES['_env']}; the value stays outside the file.",
        )
    source = f"environment variable {name}"

    def fetch() -> str:
        value = environ.get(name, "")
        if not value.strip():
            raise BadInputError(
                f"The {KINDS[kind]} should come from the {source}, which is not set.",
                f"Set it in the shell that starts workbench: export {name}=…",
            )
        return _sound(kind, value, source)

    return Secret(source, fetch)


def _from_command(kind: str, key: str, words: Any, refuse: Refuse) -> Secret:
    example = f"Write {key} = {_EXAMPLES['_command']}: a program and its arguments; no shell reads them."
    if not isinstance(words, list) or not words or not all(isinstance(word, str) for word in words) or not words[0]:
        raise refuse(f"{key} is not a list of words", example)
    if any("\0" in word for word in words):
        raise refuse(f"{key} holds a character that no argument can", example)
    # Arguments may hold secrets of their own, so only the program is named.
    source = f"command {single_line(words[0], 60)}"

    def fail(happened: str, hint: str) -> UnavailableError:
        return UnavailableError(f"The {KINDS[kind]} should come from the {source}, which {happened}.", hint)

    def fetch() -> str:
        by_hand = f"Run what {key} says in a shell to see why."
        try:
            # In a session of its own it has no terminal to write its questions over the screen.
            done = subprocess.run(
                words, stdin=subprocess.DEVNULL, capture_output=True, timeout=COMMAND_PATIENCE, start_new_session=True
            )
        except subprocess.TimeoutExpired:
            raise fail(f"gave no answer in {COMMAND_PATIENCE:g} s", by_hand) from None
        except OSError as error:
            raise fail(f"cannot be run ({error.strerror})", "Install it, or write its whole path.") from None
        if done.returncode:
            raise fail(f"failed with code {done.returncode}", by_hand)
        try:
            value = done.stdout.decode()
        except UnicodeDecodeError:
            raise fail("printed something that is not text", by_hand) from None
        if not value.strip():
            raise fail("printed nothing", by_hand)
        return _sound(kind, value, source)

    return Secret(source, fetch)


def _from_keyring(kind: str, key: str, place: str, refuse: Refuse) -> Secret:
    service, _, user = place.rpartition("/")
    if not (service and user):
        raise refuse(f"{key} is not SERVICE/USER", f"Write {key} = {_EXAMPLES['_keyring']}.")
    source = f"keyring entry {single_line(place, 80)}"

    def fetch() -> str:
        import keyring

        store = f"keyring set {shlex.quote(service)} {shlex.quote(user)}"
        try:
            value = keyring.get_password(service, user)
        except Exception as error:  # Each system's keyring raises errors of its own.
            raise UnavailableError(
                f"The {KINDS[kind]} should come from the {source}, but the system's keyring cannot be asked.",
                f"Unlock it, or use {kind}_env or {kind}_command.",
                detail=type(error).__name__,
            ) from None
        if not (value or "").strip():
            raise BadInputError(
                f"The {KINDS[kind]} should come from the {source}, which does not exist.", f"Store it: {store}"
            )
        return _sound(kind, value or "", source)

    return Secret(source, fetch)


def _sound(kind: str, value: str, source: str) -> str:
    """Refuse what no HTTP header could carry, for the HTTP library would name it."""
    if kind == "password":
        value = value.strip("\r\n")
        sound = value.isprintable()
    else:
        value = value.strip()
        sound = value.isascii() and value.isprintable() and " " not in value
    if value and sound:
        return value
    wrong = "holds line ends, blanks or control characters" if value else "is empty"
    raise BadInputError(f"The {KINDS[kind]} from the {source} {wrong}.", "Store it again, with nothing around it.")
