"""What every place that models come from has in common."""

import hashlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from workbench.domain.deployment import Progress
from workbench.domain.errors import ModelUnavailableError, StoppedError

CHUNK = 1 << 20
"""Bytes read at a time, between two looks at the stop event."""

Report = Callable[[Progress | None], None]


@dataclass(frozen=True)
class Checksum:
    """What a file's content must hash to."""

    algorithm: str
    """`sha256`, or `git-blob` for the SHA-1 that git names a file by."""
    value: str
    """Lower-case hex."""

    @property
    def short(self) -> str:
        """Enough of it to tell two apart."""
        return self.value[:16]


@dataclass(frozen=True)
class ModelFile:
    """One file of a model as it is published."""

    name: str
    """Path in the model's folder, with forward slashes."""
    size: int | None = None
    """Bytes; None when only the source knows."""
    checksum: Checksum | None = None
    """None when only the source knows."""
    limit: int | None = None
    """Bytes that it may have at most; None for any number."""


class AbsentFileError(ModelUnavailableError):
    """A place that can be reached does not have the file."""


class Source(Protocol):
    """A place to get a model's files from."""

    @property
    def name(self) -> str:
        """How a person knows the place."""
        ...

    def fetch(
        self, model: str, files: Sequence[ModelFile], folder: Path, report: Report, stop: threading.Event
    ) -> Sequence[ModelFile] | None:
        """Bring files into a folder; what an earlier, interrupted call left there may be used again.

        Args:
            model: The model's id.
            files: What to bring.
            folder: Gets each file under its name, complete but unverified.
            report: Told how far it has come, None when the total is not known.
            stop: Looked at often.

        Returns:
            The files with what the source itself says of their size and checksum filled in where it was
            missing; None when this machine is not set up for the source.

        Raises:
            ModelUnavailableError: Why it could not be done; `AbsentFileError` where the source has no such file.
            StoppedError: `stop` was set.
            OSError: The folder cannot be written to.
        """
        ...


def check_stop(stop: threading.Event) -> None:
    """Raise `StoppedError` once `stop` is set."""
    if stop.is_set():
        raise StoppedError("Stopped.")


def total_size(files: Sequence[ModelFile]) -> int:
    """Bytes of all files together, 0 when any is unknown."""
    sizes = [file.size for file in files]
    return 0 if None in sizes else sum(size or 0 for size in sizes)


def digest(path: Path, algorithm: str, stop: threading.Event) -> str:
    """Hash a file as a `Checksum` of the algorithm has it, in hex.

    Raises:
        StoppedError: `stop` was set.
    """
    if algorithm == "git-blob":
        hasher = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    else:
        hasher = hashlib.new(algorithm)
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            check_stop(stop)
            hasher.update(chunk)
    return hasher.hexdigest()
