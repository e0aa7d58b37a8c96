"""Reads files of a place that Elasticsearch takes packaged models from: a web server, or a folder."""

import stat
import threading
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Protocol
from urllib.parse import quote, urlsplit
from urllib.request import url2pathname

from workbench.domain.deployment import Progress
from workbench.domain.errors import BadInputError, ModelUnavailableError
from workbench.domain.text import single_line
from workbench.models.source import AbsentFileError, Report, check_stop
from workbench.models.vocabulary import RefusedError, too_large
from workbench.models.web import clear_errors, host_of, open_client

ELASTIC = "https://ml-models.elastic.co"
"""Where Elasticsearch itself looks by default."""
LONGEST = 300.0
"""Seconds that one file may take."""
START = 10.0
"""Seconds for which it may come at any speed."""
SLOWEST = 10_000
"""Bytes a second that must come after that."""
_SERVER_REFUSES = "Elasticsearch refuses it as well"


class Repository(Protocol):
    """Files by their names."""

    def where(self, name: str) -> str:
        """Say where a file is, for people."""
        ...

    def read(self, name: str, limit: int, report: Report, stop: threading.Event) -> bytes:
        """Read a whole file.

        Args:
            name: Relative, with forward slashes; stays in the repository.
            limit: Bytes that it may have at most.
            report: Told how far it has come.
            stop: Looked at often.

        Raises:
            ModelUnavailableError: It cannot be read; `AbsentFileError` where it is not there.
            RefusedError: It breaks a rule of the server.
            StoppedError: `stop` was set.
        """
        ...


def repository_at(url: str) -> Repository:
    """Find out what kind of repository an address leads to; looks at nothing.

    Raises:
        BadInputError: Elasticsearch would not take it as one; no message repeats a credential.
    """
    try:
        parts = urlsplit(url)
        named = bool(parts.hostname) and parts.port != 0
    except ValueError:
        parts, named = urlsplit(""), False
    hint = "Write http://, https:// or file:// with the folder that holds rerank-v1.metadata.json."
    if parts.scheme not in ("http", "https", "file"):
        raise BadInputError(f"“{single_line(url.rpartition('@')[2], 80)}” is no address of a model repository.", hint)
    if "@" in parts.netloc:
        wrong = f"The address of the model repository at {host_of(url)} holds a user"
        raise BadInputError(f"{wrong}; {_SERVER_REFUSES}.", "Use a server that asks for none.")
    if parts.query or parts.fragment:
        raise BadInputError(f"The address of the model repository at {host_of(url)} has a query or fragment.", hint)
    if parts.scheme == "file":
        if parts.netloc not in ("", "localhost"):
            raise BadInputError(f"file:// with a machine's name, {host_of(url)}, leads nowhere.", hint)
        return FolderRepository(Path(url2pathname(parts.path)))
    if not named:
        raise BadInputError("The address of the model repository names no server.", hint)
    return WebRepository(url.rstrip("/"))


@dataclass(frozen=True)
class WebRepository:
    """A static file server, asked as Elasticsearch asks it: without credentials, following no redirect."""

    url: str

    def where(self, name: str) -> str:
        """The file's address."""
        return f"{self.url}/{quote(name)}"

    def read(self, name: str, limit: int, report: Report, stop: threading.Event) -> bytes:
        """Download a file; see `Repository.read`."""
        where = self.where(name)
        begun = monotonic()
        body = bytearray()
        report(None)
        check_stop(stop)
        with open_client() as client, clear_errors(), client.stream("GET", where) as answer:
            if answer.has_redirect_location:
                hint = f"Name the address that it leads to; {_SERVER_REFUSES}."
                raise RefusedError("redirect", where, "the server sends us elsewhere", hint)
            if answer.status_code == 404:
                hint = "Is it the folder of rerank-v1.metadata.json?"
                raise AbsentFileError(f"{host_of(where)} has no {urlsplit(where).path}", hint, "HTTP 404")
            if answer.status_code != 200:
                raise ModelUnavailableError(
                    f"{host_of(where)} answers {answer.status_code} for {urlsplit(where).path}",
                    "Is it the right server, and is it well?",
                )
            length = answer.headers.get("content-length", "")
            total = int(length) if length.isdecimal() and len(length) < 16 else 0
            if total > limit:
                raise too_large(where, limit)
            for chunk in answer.iter_bytes():
                check_stop(stop)
                body += chunk
                if len(body) > limit:
                    raise too_large(where, limit)
                took = monotonic() - begun
                if took > LONGEST:
                    raise ModelUnavailableError(f"{host_of(where)} takes longer than {LONGEST:g} s for {name}")
                if len(body) < SLOWEST * (took - START):
                    rate = f"fewer than {SLOWEST / 1000:g} kB a second"
                    raise ModelUnavailableError(f"{host_of(where)} is too slow: {rate} of {name} come")
                report(Progress(min(len(body), total), total, "bytes") if total else None)
        return bytes(body)


@dataclass(frozen=True)
class FolderRepository:
    """A folder of this machine."""

    folder: Path

    def where(self, name: str) -> str:
        """The file's path."""
        return str(self.path(name))

    def path(self, name: str) -> Path:
        """Find a file, which need not be there.

        Raises:
            RefusedError: A link leads out of the folder.
        """
        path = self.folder / name
        try:
            below = path.resolve().is_relative_to(self.folder.resolve())
        except (OSError, RuntimeError):  # A link that leads to itself.
            below = False
        if not below:
            raise RefusedError(
                "outside", str(path), "it leaves the folder of the metadata", "Put the file itself there."
            )
        return path

    def read(self, name: str, limit: int, report: Report, stop: threading.Event) -> bytes:
        """Read a file; see `Repository.read`."""
        return read_file(self.path(name), limit)


def read_file(path: Path, limit: int) -> bytes:
    """Read a whole file, unless it is something else or larger than `limit` bytes.

    Raises:
        ModelUnavailableError: It cannot be read; `AbsentFileError` where it is not there.
        RefusedError: It is not a file, or too large.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise RefusedError("file", str(path), "it is not a file", "Name the file itself.")
        with path.open("rb") as stream:
            raw = stream.read(limit + 1)
    except FileNotFoundError:
        raise AbsentFileError(f"There is no {path}", "Name a file or folder that is there.") from None
    except OSError as error:
        hint = "Mend its permissions, or name another one."
        raise ModelUnavailableError(f"{path} cannot be read: {error.strerror or error}", hint) from error
    except ValueError:
        raise RefusedError("file", str(path), "no file can have this name", "Name the file itself.") from None
    if len(raw) > limit:
        raise too_large(str(path), limit)
    return raw
