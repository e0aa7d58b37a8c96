"""Credentials come from where a person keeps them, and their values show up nowhere."""

import copy
import os
import pickle
import select
import sys
import traceback
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from workbench.config import secrets
from workbench.config.profile import Profile
from workbench.config.secrets import Secret, secret_of
from workbench.domain.errors import BadInputError, UnavailableError, WorkbenchError

VALUE = "VnVhQ2ZHY0JDZGJrUXk6c2VjcmV0"


def read(raw: dict[str, object], environ: Mapping[str, str] = {}, kind: str = "api_key") -> Secret:
    secret = secret_of(kind, raw, environ, BadInputError)
    assert secret
    return secret


def prints(code: str) -> dict[str, object]:
    """A command that is Python, so that it runs everywhere."""
    return {"api_key_command": [sys.executable, "-c", code]}


class Drawer(KeyringBackend):
    """A keyring that holds what the test puts in it."""

    priority = 1  # type: ignore[assignment]

    def __init__(self, held: dict[tuple[str, str], str], locked: bool = False) -> None:
        super().__init__()
        self.held, self.locked = held, locked

    def get_password(self, service: str, username: str) -> str | None:
        if self.locked:
            raise KeyringLocked(f"locked, and it holds {VALUE}")
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.held[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.held[service, username]


def test_from_the_environment_when_it_is_needed_and_not_before() -> None:
    environ: dict[str, str] = {}
    secret = read({"api_key_env": "PROD_KEY"}, environ)
    with pytest.raises(BadInputError, match="PROD_KEY") as caught:
        secret.fetch()
    assert "export PROD_KEY" in caught.value.hint
    environ["PROD_KEY"] = f" {VALUE}\n"
    assert secret.fetch() == VALUE


def test_from_a_command_that_no_shell_reads(tmp_path: Path) -> None:
    secret = read({"api_key_command": [sys.executable, "-c", "import sys; print(sys.argv[1])", "$HOME;`x`"]})
    assert secret.fetch() == "$HOME;`x`"
    assert secret.source == f"command {sys.executable}"


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (f"import sys; sys.stderr.write({VALUE!r}); sys.exit(3)", "failed with code 3"),
        ("pass", "printed nothing"),
        ("import sys; sys.stdout.buffer.write(b'\\xff')", "not text"),
        (f"print({VALUE!r}); print('more')", "line ends"),
        (f"print('ApiKey {VALUE}')", "blanks"),
    ],
)
def test_a_command_that_fails_is_named_but_nothing_that_it_printed(code: str, says: str) -> None:
    with pytest.raises(WorkbenchError, match=says) as caught:
        read(prints(code)).fetch()
    told = "".join(traceback.format_exception(caught.value)) + caught.value.hint + caught.value.detail
    assert VALUE not in told
    assert sys.executable in caught.value.message and caught.value.hint


def test_a_command_is_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "COMMAND_PATIENCE", 0.2)
    with pytest.raises(UnavailableError, match="no answer"):
        read(prints("import time; time.sleep(60)")).fetch()


def test_a_command_that_prints_without_end_is_stopped() -> None:
    with pytest.raises(UnavailableError, match="printed more than 64 kB, and was stopped") as caught:
        read(prints(f"while True: print({VALUE!r})")).fetch()
    assert VALUE not in caught.value.message + caught.value.hint


@pytest.mark.skipif(os.name != "posix", reason="no named pipes here")
def test_a_command_that_takes_too_long_is_ended_with_its_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secrets, "COMMAND_PATIENCE", 1.0)
    fifo = tmp_path / "alive"
    os.mkfifo(fifo)
    alive = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    script = 'sleep 60 >"$0" & echo started >"$0"; wait'
    try:
        with pytest.raises(UnavailableError, match="no answer"):
            read({"api_key_command": ["sh", "-c", script, str(fifo)]}).fetch()
        assert os.read(alive, 100) == b"started\n"
        ended, _, _ = select.select([alive], [], [], 10)
        assert ended and os.read(alive, 100) == b"", "nobody holds the other end any longer"
    finally:
        os.close(alive)


def test_a_command_that_goes_on_after_it_printed_is_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "COMMAND_PATIENCE", 1.0)
    code = "import os, sys, time; print('x', flush=True); os.close(1); time.sleep(30)"
    with pytest.raises(UnavailableError, match="no answer"):
        read(prints(code)).fetch()


def test_a_command_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="cannot be run"):
        read({"api_key_command": [str(tmp_path / "absent")]}).fetch()


@pytest.mark.skipif(os.name != "posix", reason="no terminals to take away")
def test_a_command_cannot_write_its_question_over_the_screen() -> None:
    code = "\ntry: open('/dev/tty')\nexcept OSError: print('alone')\nelse: print('with-a-terminal')"
    assert read(prints(code)).fetch() == "alone"


def test_from_the_keyring_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    drawer = Drawer({("team/elastic", "me"): VALUE})
    monkeypatch.setattr(keyring.core, "_keyring_backend", drawer)
    assert read({"api_key_keyring": "team/elastic/me"}).fetch() == VALUE
    with pytest.raises(BadInputError, match="other/me") as caught:
        read({"api_key_keyring": "other/me"}).fetch()
    assert "keyring set other me" in caught.value.hint
    drawer.locked = True
    with pytest.raises(UnavailableError, match="keyring cannot be asked") as locked:
        read({"api_key_keyring": "team/elastic/me"}).fetch()
    assert VALUE not in "".join(traceback.format_exception(locked.value)) + locked.value.detail


def test_a_password_may_hold_blanks_and_other_letters_but_no_line_ends() -> None:
    environ = {"PW": " pässword \n", "TWO": "one\ntwo"}
    assert read({"password_env": "PW"}, environ, "password").fetch() == " pässword "
    with pytest.raises(BadInputError, match="line ends"):
        read({"password_env": "TWO"}, environ, "password").fetch()


@pytest.mark.parametrize(
    "raw",
    [
        {"api_key_env": VALUE},
        {"api_key_env": "id:key"},
        {"api_key_env": 3},
        {"api_key_command": f"echo {VALUE}"},
        {"api_key_command": []},
        {"api_key_command": ["", VALUE]},
        {"api_key_command": [VALUE, "\0"]},
        {"api_key_keyring": VALUE},
        {"api_key_keyring": f"/{VALUE}"},
        {"api_key": 12345},
        {"api_key": VALUE, "api_key_env": "PROD_KEY"},
    ],
    ids=str,
)
def test_what_cannot_be_right_is_refused_without_repeating_it(raw: dict[str, object]) -> None:
    with pytest.raises(BadInputError) as caught:
        read(raw)
    assert "api_key" in caught.value.message and caught.value.hint
    assert VALUE not in caught.value.message + caught.value.hint


def test_a_secret_is_in_no_repr_no_comparison_and_no_pickle() -> None:
    secret, other = read({"api_key": VALUE}), read({"api_key": "another"})
    profile = Profile("prod", ("https://es:9200",), api_key=secret)
    assert secret.fetch() == VALUE
    assert secret == other and hash(secret) == hash(other), "values are not compared"
    for shown in (repr(secret), str(secret), repr(profile), repr(vars(secret)), repr(asdict(profile)), ascii(secret)):
        assert VALUE not in shown
    for way in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError) as caught:
            way(profile.api_key)
        assert VALUE not in str(caught.value)
