"""Credentials by where they come from: the value itself is fetched late, and never named."""

import os
import re
import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Thread
from typing import Any, Never

from workbench.domain.errors import BadInputError, UnavailableError
from workbench.domain.text import single_line

KINDS = {"api_key": "API key", "password": "password", "bearer": "bearer token"}
SOURCES = ("_env", "_command", "_keyring", "")
"""What a credential's key ends in, by where it comes from; without an ending, it stands there in clear."""
COMMAND_PATIENCE = 60.0
"""Seconds for a command; long enough to touch a fingerprint reader."""

COMMAND_BYTES = 64_000
"""The most that a command may print; a credential is far shorter."""

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
    return in_clear(kind, value, "the profiles file (in clear)")


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
                f"The {KINDS[kind]} should come from {source}, which is not set.",
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
        return UnavailableError(f"The {KINDS[kind]} should come from {source}, which {happened}.", hint)

    def fetch() -> str:
        by_hand = f"Run what {key} says in a shell to see why."
        try:
            code, printed = _printed(words)
        except TimeoutError:
            raise fail(f"gave no answer in {COMMAND_PATIENCE:g} s", by_hand) from None
        except OSError as error:
            raise fail(f"cannot be run ({error.strerror})", "Install it, or write its whole path.") from None
        if len(printed) > COMMAND_BYTES:
            raise fail(f"printed more than {COMMAND_BYTES // 1000} kB, and was stopped", by_hand)
        if code:
            raise fail(f"failed with code {code}", by_hand)
        try:
            value = printed.decode()
        except UnicodeDecodeError:
            raise fail("printed something that is not text", by_hand) from None
        if not value.strip():
            raise fail("printed nothing", by_hand)
        return _sound(kind, value, source)

    return Secret(source, fetch)


def _printed(words: Sequence[str]) -> tuple[int, bytes]:
    """Run a command; whatever happens, it has ended, with its children, when it printed too much or took too long.

    Returns:
        Its exit code, and what it printed, of which no more than a little above `COMMAND_BYTES` is read.

    Raises:
        TimeoutError: It took longer than `COMMAND_PATIENCE`.
        OSError: It cannot be run.
    """
    end = time.monotonic() + COMMAND_PATIENCE
    # In a session of its own it has no terminal to write its questions over the screen.
    process = subprocess.Popen(
        words,
        bufsize=0,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    printed = bytearray()

    def read() -> None:
        assert process.stdout
        with process.stdout as pipe:
            while len(printed) <= COMMAND_BYTES and (part := pipe.read(COMMAND_BYTES)):
                printed.extend(part)

    reading = Thread(target=read, name="credential command", daemon=True)
    try:
        reading.start()
        reading.join(COMMAND_PATIENCE)
        if reading.is_alive():
            raise TimeoutError
        if len(printed) <= COMMAND_BYTES:
            return process.wait(max(end - time.monotonic(), 0)), bytes(printed)
    except subprocess.TimeoutExpired:
        raise TimeoutError from None
    finally:
        if process.returncode is None:
            _kill(process)
    return process.returncode, bytes(printed)


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """End a process that has not been waited for, and its children."""
    if hasattr(os, "killpg"):
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()


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
                f"The {KINDS[kind]} should come from {source}, but the system's keyring cannot be asked.",
                f"Unlock it, or use {kind}_env or {kind}_command.",
                detail=type(error).__name__,
            ) from None
        if not (value or "").strip():
            raise BadInputError(
                f"The {KINDS[kind]} should come from {source}, which does not exist.", f"Store it: {store}"
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
    raise BadInputError(f"The {KINDS[kind]} from {source} {wrong}.", "Store it again, with nothing around it.")
