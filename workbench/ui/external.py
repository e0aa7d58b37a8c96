"""Shows text in the person's own pager or editor; the app steps aside until they leave it."""

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory

from textual.app import App, SuspendNotSupported

from workbench.domain.errors import BadInputError, UnavailableError, WorkbenchError
from workbench.domain.text import single_line

PAGERS = ("less", "more")
EDITORS = ("nano", "vi", "notepad")


def open_in_pager(app: App[None], text: str, name: str) -> None:
    """Show text in `$PAGER`, else in the first of `PAGERS`; returns when the person leaves it.

    Args:
        app: Its terminal is lent to the pager. What goes wrong is notified there.
        text: Safe text, as of a `Document`.
        name: What the file is named after, such as a document's id; untrusted.
    """
    _shown(app, text, name, ("PAGER",), PAGERS)


def open_in_editor(app: App[None], text: str, name: str) -> None:
    """Open a copy of text in `$VISUAL` or `$EDITOR`, else in the first of `EDITORS`; changes are not taken over.

    Args:
        app: Its terminal is lent to the editor. What goes wrong is notified there.
        text: Safe text, as of a `Document`.
        name: What the file is named after, such as a document's id; untrusted.
    """
    if _shown(app, text, name, ("VISUAL", "EDITOR"), EDITORS):
        said = "The file was a copy: what was changed in it is gone, and the corpus is as before."
        app.notify(said, title="Editor", severity="warning", markup=False)


def edit_file(app: App[None], file: Path) -> bool:
    """Open a file of the person's own in `$VISUAL` or `$EDITOR`; returns when they leave it.

    Returns:
        Whether the editor could be shown; what went wrong is notified.
    """
    return _handed_over(app, file, ("VISUAL", "EDITOR"), EDITORS)


def _shown(app: App[None], text: str, name: str, variables: tuple[str, ...], usual: tuple[str, ...]) -> bool:
    """Whether the file was changed."""
    try:
        with TemporaryDirectory(prefix="workbench-", ignore_cleanup_errors=True) as folder:
            file = Path(folder) / f"{_safe_name(name)}.txt"
            file.touch(mode=0o600)
            given = text.rstrip("\n").encode() + b"\n"  # Editors end the last line.
            file.write_bytes(given)
            return _handed_over(app, file, variables, usual) and file.exists() and file.read_bytes() != given
    except OSError as error:
        app.notify(f"The text could not be handed over: {error}.", severity="error", timeout=12, markup=False)
        return False


def _handed_over(app: App[None], file: Path, variables: tuple[str, ...], usual: tuple[str, ...]) -> bool:
    """Whether the other program was started; what went wrong is notified."""
    try:
        words = _command(variables, usual)
        code = _run(app, [*words, str(file)])
    except WorkbenchError as error:
        app.notify(f"{error.message} {error.hint}", severity="error", timeout=12, markup=False)
        return False
    except OSError as error:
        app.notify(f"The file could not be handed over: {error}.", severity="error", timeout=12, markup=False)
        return False
    if code:
        ended = f"code {code}" if code > 0 else f"signal {-code}"
        app.notify(f"{words[0]} ended with {ended}.", severity="warning", markup=False)
    return True


def _command(variables: tuple[str, ...], usual: tuple[str, ...]) -> list[str]:
    """The words of the command.

    Raises:
        BadInputError: The variable cannot be read, or there is no such program.
    """
    for variable in variables:
        if not (said := os.environ.get(variable, "").strip()):
            continue
        try:
            # On Windows a backslash is part of a path.
            words = [word.strip('"') if os.name == "nt" else word for word in shlex.split(said, posix=os.name != "nt")]
        except ValueError as error:
            raise BadInputError(f"${variable} cannot be read: {error}.", f"It is: {single_line(said, 200)}") from error
        if not words or not which(words[0]):
            raise BadInputError(f"There is no program for ${variable}.", f"It is: {single_line(said, 200)}")
        return words
    for program in usual:
        if which(program):
            return [program]
    raise BadInputError(f"There is neither {' nor '.join(usual)} here.", f"Set ${variables[-1]} to another program.")


def _run(app: App[None], words: list[str]) -> int:
    """The command's exit code.

    Raises:
        OSError: It could not be started.
        UnavailableError: The app cannot step aside.
    """
    environment = {name: value for name, value in os.environ.items() if name != "LESSOPEN"}
    # Whatever else it is set to: short text stays until the person leaves, and nothing in it is interpreted.
    environment["LESS"] = f"{environment.get('LESS', '')} -+F -+r -+R".strip()
    failure: OSError | None = None
    code = 0
    try:
        with app.suspend(), _unmoved():
            try:
                code = subprocess.run(words, env=environment, stderr=sys.__stderr__, check=False).returncode
            except OSError as error:
                failure = error  # The app would not come back from an exception.
    except SuspendNotSupported as error:
        raise UnavailableError("No other program can be shown in this terminal.", "Copy the text instead.") from error
    if failure:
        raise failure
    return code


@contextmanager
def _unmoved() -> Iterator[None]:
    """Leave Ctrl+C and Ctrl+\\ to the other program; unlike what is ignored, what is handled is not inherited."""
    kinds = [signal.SIGINT, *([signal.SIGQUIT] if hasattr(signal, "SIGQUIT") else [])]
    before = [signal.signal(kind, lambda *_: None) for kind in kinds]
    try:
        yield
    finally:
        for kind, handler in zip(kinds, before, strict=True):
            signal.signal(kind, handler)


def _safe_name(name: str) -> str:
    """A file name that is no path, no option and not hidden."""
    return re.sub(r"[^\w.]+", "-", name)[:60].strip(".-_") or "document"
