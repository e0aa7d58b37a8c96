"""Takes text out of the app by every way that can work, and says which did; a terminal does not tell."""

import asyncio
import os
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from shutil import which

from textual.app import App

from workbench.domain.text import sanitize
from workbench.engines.threads import in_thread

OSC_52_BYTES = 74_994
"""Of text; in base64, with what stands around it, that makes the 100,000 bytes at which terminals give up."""
PATIENCE = 2.0
"""Seconds that a clipboard program may take."""

_TMUX = ("tmux", "load-buffer", "-w", "-")
_LOCAL = (
    ("", ("pbcopy",)),
    ("WAYLAND_DISPLAY", ("wl-copy", "--type", "text/plain")),
    ("DISPLAY", ("xclip", "-selection", "clipboard")),
    ("DISPLAY", ("xsel", "--clipboard", "--input")),
    ("", ("clip.exe",)),
)
"""Clipboard programs, each with the environment variable that it needs."""
_REMOTE = ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY")


class Clipboard:
    """What the app copies with.

    The terminal is sent the text (OSC 52), which also works over SSH where the terminal allows it. tmux by default
    ignores that from a program inside it, wrapped or not, but its own command hands text on to the terminal. A
    clipboard program of this machine is the surest, as long as the person sits at this machine. Where none of these
    is sure and the text is too long, or is copied twice in a row, it is written to a file.
    """

    def __init__(self, app: App[None], file: Path) -> None:
        """Nothing is looked for or written yet.

        Args:
            app: Whose terminal it is.
            file: Where text goes that finds no other way.
        """
        self._app = app
        self._file = file
        self._last = ""
        self._hinted = False
        self._turn = asyncio.Lock()

    def copy(self, text: str, what: str) -> None:
        """Copy text; a notification says what became of it.

        Args:
            text: Control characters other than newline and tab become U+FFFD, as it may be pasted into a shell.
            what: Its name within a sentence, such as `the document`.
        """
        text = sanitize(text)
        if not text:
            self._app.notify("There is nothing to copy.", markup=False)
            return
        fits = len(text.encode()) <= OSC_52_BYTES
        if fits:
            # As Textual does it; the app's own method leads here.
            App.copy_to_clipboard(self._app, text)
        again, self._last = text == self._last, text
        self._app.run_worker(self._carry(text, what, fits, again), group="clipboard", exit_on_error=False)

    async def _carry(self, text: str, what: str, fits: bool, again: bool) -> None:
        async with self._turn:  # What is copied last arrives last.
            took = [words[0] for words in programs() if await in_thread(partial(_take, words, text), "clipboard")]
            local = [name for name in took if name != _TMUX[0]]
            if local:
                self._app.notify(f"Copied {what} with {local[0]}.", markup=False)
                return
            if fits:
                said = f"Sent {what} to the terminal's clipboard{' through tmux' if took else ''}."
                if not again:
                    self._app.notify(said + self._hint(), timeout=None if self._hinted else 12, markup=False)
                    self._hinted = True
                    return
            else:
                said = (
                    f"{what[:1].upper()}{what[1:]} is too long for the terminal's clipboard ({OSC_52_BYTES:,} bytes)."
                )
            try:
                await in_thread(partial(_write, self._file, text), "clipboard")
            except OSError as error:
                said += f" It could not be written to {self._file} either: {error.strerror or error}."
                self._app.notify(said, severity="error", timeout=12, markup=False)
            else:
                self._app.notify(f"{said} It is in {self._file}.", timeout=12, markup=False)

    def _hint(self) -> str:
        return "" if self._hinted else f" Some terminals ignore that: copy it once more, and it is in {self._file} too."


def programs() -> Iterator[tuple[str, ...]]:
    """Find what takes text on its input: tmux when inside it, and the first of this machine's unless over SSH."""
    if os.environ.get("TMUX") and which(_TMUX[0]):
        yield _TMUX
    if any(map(os.environ.get, _REMOTE)):
        return
    for variable, words in _LOCAL:
        if (not variable or os.environ.get(variable)) and which(words[0]):
            yield words
            return


def _take(words: tuple[str, ...], text: str) -> bool:
    """Whether a program took the text."""
    given = text.encode("utf-16-le" if words[0] == "clip.exe" else "utf-8")
    quiet = subprocess.DEVNULL
    try:
        # A session of its own, as xclip and wl-copy stay to hand the text out after the app has ended.
        return not subprocess.run(
            words, input=given, stdout=quiet, stderr=quiet, timeout=PATIENCE, start_new_session=True, check=False
        ).returncode
    except (OSError, subprocess.SubprocessError):
        return False


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8", newline="\n")
