"""How what a person made gets onto the disk: one process at a time, whole or not at all, nothing overwritten."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

PATIENCE = 1.0
"""Seconds to wait for another process that is writing, which takes it milliseconds."""


@contextmanager
def held(path: Path, patience: float) -> Iterator[None]:
    """Keep other processes from writing a file, whose folder is made if need be.

    Raises:
        OSError: The folder cannot be written, knows no locks, or another process held on for `patience` seconds.
    """
    from filelock import FileLock

    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(f"{path}.lock")
    try:
        lock.acquire(patience, poll_interval=0.005)
    except NotImplementedError as error:
        raise OSError(str(error)) from error
    try:
        yield
    finally:
        lock.release()


def replace(path: Path, content: str, aside: bool = False, private: bool = False) -> Path | None:
    """Put new content in a file's place; it is on the disk afterwards, or nothing has changed.

    Args:
        path: Held by the caller; need not exist.
        content: A lone surrogate is written as JSON escapes it.
        aside: Keep the file that was there under another name.
        private: Nobody else may read it, at any moment.

    Returns:
        That name.

    Raises:
        OSError: It cannot be written.
    """
    new = path.with_name(f"{path.name}.new")
    if private:
        new.unlink(missing_ok=True)
        new.touch(0o600)
    with new.open("wb") as file:
        file.write(content.encode("utf-8", "backslashreplace"))
        file.flush()
        os.fsync(file.fileno())
    kept = _unused(path) if aside else None
    if kept:
        path.rename(kept)
    new.replace(path)
    _sync(path.parent)
    return kept


def append(path: Path, line: str) -> None:
    """Add a line to a file; it is on the disk afterwards. A line that a crash left half written stays by itself.

    Args:
        path: Held by the caller; need not exist.
        line: Without a newline.

    Raises:
        OSError: It cannot be written, or only a part of it.
    """
    with path.open("ab+") as file:
        first = not file.tell()
        if not first:
            file.seek(-1, os.SEEK_END)
        torn = not first and file.read(1) != b"\n"
        file.write(b"\n" * torn + line.encode("utf-8", "backslashreplace") + b"\n")
        file.flush()
        os.fsync(file.fileno())
    if first:
        _sync(path.parent)


def reason(error: OSError) -> str:
    """What the system says of an error, without the path that the message names anyway."""
    return error.strerror or str(error)


def _unused(path: Path) -> Path:
    names = (f"{path.name}{f'.{number}' if number > 1 else ''}.broken" for number in count(1))
    return next(kept for kept in map(path.with_name, names) if not kept.exists())


def _sync(folder: Path) -> None:
    """Make a new name last through a power failure, where folders can be opened for that."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
