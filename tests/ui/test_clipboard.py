"""Everything that leaves the app for a clipboard, through real programs and the bytes that the terminal gets."""

import base64
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import which

import pytest
from textual.app import App, ComposeResult
from textual.drivers.headless_driver import HeadlessDriver
from textual.pilot import Pilot
from textual.widgets import Input

from workbench.ui import clipboard
from workbench.ui.clipboard import OSC_52_BYTES, Clipboard

VARIABLES = ("TMUX", "SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY", "WAYLAND_DISPLAY", "DISPLAY")


class Copying(App[None]):
    """An app that copies as ours does."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.to_clipboard = Clipboard(self, file)

    def copy_to_clipboard(self, text: str) -> None:
        self.to_clipboard.copy(text, "the selection")

    def compose(self) -> ComposeResult:
        yield Input("typed words", select_on_focus=True)


class Desk:
    """A machine with the programs that a test puts on it, and a terminal that remembers what it was sent."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.file = folder / "data" / "copied.txt"
        self.sent: list[str] = []
        self._environment = monkeypatch
        (folder / "bin").mkdir()
        for name in VARIABLES:
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("PATH", str(folder / "bin"))
        monkeypatch.setattr(HeadlessDriver, "write", lambda _, data: self.sent.append(data))

    def install(self, name: str, body: str, **environment: str) -> None:
        """Put a program on the path."""
        program = self.folder / "bin" / name
        program.write_text(f"#!/bin/sh\nPATH=/bin:/usr/bin\ncd '{self.folder}'\n{body}\n")
        program.chmod(0o755)
        for variable, value in environment.items():
            self._environment.setenv(variable, value)

    @property
    def terminal(self) -> list[str]:
        """What the terminal's clipboard was sent."""
        found = re.findall(r"\x1b\]52;c;(.*?)\a", "".join(self.sent))
        return [base64.b64decode(text).decode() for text in found]

    def taken(self, name: str) -> str:
        return (self.folder / name).read_text()


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    if sys.platform == "win32":
        pytest.skip("the programs are shell scripts")
    yield Desk(tmp_path, monkeypatch)


async def copied(pilot: Pilot[None], text: str, what: str = "the document") -> str:
    """Copy, and wait for what is said about it."""
    app = pilot.app
    assert isinstance(app, Copying)
    app.clear_notifications()
    app.to_clipboard.copy(text, what)
    await app.workers.wait_for_complete()
    await pilot.pause()
    (note,) = app._notifications
    return note.message


async def test_without_a_program_the_terminal_is_sent_it_and_the_doubt_is_said_once(desk: Desk) -> None:
    async with Copying(desk.file).run_test() as pilot:
        first = await copied(pilot, "one")
        assert first.startswith("Sent the document to the terminal's clipboard. Some terminals ignore that")
        assert str(desk.file) in first
        assert await copied(pilot, "two", "the request") == "Sent the request to the terminal's clipboard."
        assert desk.terminal == ["one", "two"]
        assert not desk.file.exists()


async def test_copied_once_more_it_is_in_a_file_too(desk: Desk) -> None:
    async with Copying(desk.file).run_test() as pilot:
        await copied(pilot, "Ünï 日本\n\ttext")
        said = await copied(pilot, "Ünï 日本\n\ttext")
        assert said == f"Sent the document to the terminal's clipboard. It is in {desk.file}."
        assert desk.file.read_bytes() == "Ünï 日本\n\ttext".encode()


@pytest.mark.parametrize(
    ("name", "variable", "words"),
    [
        ("wl-copy", "WAYLAND_DISPLAY", "--type text/plain"),
        ("xclip", "DISPLAY", "-selection clipboard"),
        ("xsel", "DISPLAY", "--clipboard --input"),
        ("pbcopy", "UNUSED", ""),
    ],
)
async def test_a_program_of_this_machine_takes_it_and_is_named(
    desk: Desk, name: str, variable: str, words: str
) -> None:
    desk.install(name, 'echo "$*" > words; cat > taken; echo noise; echo noise >&2', **{variable: ":0"})
    async with Copying(desk.file).run_test() as pilot:
        assert await copied(pilot, "Ünï\ntwo") == f"Copied the document with {name}."
        assert await copied(pilot, "Ünï\ntwo") == f"Copied the document with {name}."
    assert (desk.taken("taken"), desk.taken("words").strip()) == ("Ünï\ntwo", words)
    assert desk.terminal == ["Ünï\ntwo"] * 2, "the terminal may be elsewhere"
    assert not desk.file.exists()


async def test_windows_gets_its_own_encoding(desk: Desk) -> None:
    desk.install("clip.exe", "cat > taken")
    async with Copying(desk.file).run_test() as pilot:
        assert await copied(pilot, "Ünï") == "Copied the document with clip.exe."
    assert (desk.folder / "taken").read_bytes().decode("utf-16-le") == "Ünï"


async def test_over_ssh_and_without_a_display_this_machine_s_clipboard_is_not_the_person_s(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.install("xclip", "touch taken")
    async with Copying(desk.file).run_test() as pilot:
        assert "terminal's clipboard" in await copied(pilot, "no display")
        monkeypatch.setenv("DISPLAY", ":0")
        monkeypatch.setenv("SSH_TTY", "/dev/pts/1")
        assert "terminal's clipboard" in await copied(pilot, "over ssh")
    assert not (desk.folder / "taken").exists()


@pytest.mark.parametrize("body", ["exit 1", "exec sleep 600", "exec 0<&-; exit 2", "exec /nowhere"])
async def test_a_program_that_fails_or_hangs_is_left_behind(
    desk: Desk, body: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clipboard, "PATIENCE", 0.3)
    desk.install("xclip", f"echo $$ > pid\n{body}", DISPLAY=":0")
    async with Copying(desk.file).run_test() as pilot:
        assert (await copied(pilot, "words " * 10_000)).startswith("Sent the document to the terminal's clipboard.")
    with pytest.raises(ProcessLookupError):
        os.kill(int(desk.taken("pid")), 0)


async def test_a_program_that_stays_to_hand_it_out_is_not_waited_for(desk: Desk) -> None:
    desk.install("xclip", "cat > taken; (sleep 600 & echo $! > pid)", DISPLAY=":0")
    async with Copying(desk.file).run_test() as pilot:
        assert await copied(pilot, "words") == "Copied the document with xclip."
    os.kill(int(desk.taken("pid")), 9)


async def test_the_app_goes_on_while_a_program_takes_its_time(desk: Desk) -> None:
    os.mkfifo(desk.folder / "gate")
    desk.install("xclip", "cat > taken; read -r _ < gate", DISPLAY=":0")
    async with Copying(desk.file).run_test() as pilot:
        app = pilot.app
        assert isinstance(app, Copying)
        app.to_clipboard.copy("words", "the document")
        await pilot.press("x")
        assert app.query_one(Input).value == "x"
        assert not app._notifications
        opener = threading.Thread(target=(desk.folder / "gate").write_text, args=("go\n",))
        opener.start()
        await app.workers.wait_for_complete()
        await pilot.pause()
        opener.join()
        assert [note.message for note in app._notifications] == ["Copied the document with xclip."]


async def test_what_is_copied_last_is_what_is_there(desk: Desk) -> None:
    desk.install("xclip", "read -r word; [ $word = first ] && sleep 0.3; echo $word > taken", DISPLAY=":0")
    async with Copying(desk.file).run_test() as pilot:
        app = pilot.app
        assert isinstance(app, Copying)
        app.to_clipboard.copy("first", "it")
        app.to_clipboard.copy("second", "it")
        await app.workers.wait_for_complete()
    assert desk.taken("taken") == "second\n"


async def test_what_is_too_long_for_a_terminal_is_written_to_a_file(desk: Desk) -> None:
    async with Copying(desk.file).run_test() as pilot:
        await copied(pilot, "é" * (OSC_52_BYTES // 2))
        assert len(desk.terminal) == 1
        assert len(next(data for data in desk.sent if "]52;" in data)) <= 100_000
        text = "é" * (OSC_52_BYTES // 2 + 1)
        said = await copied(pilot, text)
        assert said == (f"The document is too long for the terminal's clipboard (74,994 bytes). It is in {desk.file}.")
        assert len(desk.terminal) == 1
        assert desk.file.read_text() == text


async def test_a_file_that_cannot_be_written_is_said(desk: Desk) -> None:
    desk.file.parent.write_text("in the way")
    async with Copying(desk.file).run_test() as pilot:
        said = await copied(pilot, "x" * 80_000)
        assert f"could not be written to {desk.file} either" in said


async def test_nothing_that_controls_a_terminal_or_a_shell_is_copied(desk: Desk) -> None:
    desk.install("xclip", "cat > taken", DISPLAY=":0")
    async with Copying(desk.file).run_test() as pilot:
        await copied(pilot, "a\x1b]0;t\x07b\r\nc\x9b\u202ed\x00\te\ud800")
    assert desk.taken("taken") == "a\ufffd]0;t\ufffdb\nc\ufffd\ufffdd\ufffd\te\ufffd"
    assert desk.terminal == [desk.taken("taken")]


async def test_nothing_is_no_copy(desk: Desk) -> None:
    async with Copying(desk.file).run_test() as pilot:
        assert await copied(pilot, "") == "There is nothing to copy."
        assert desk.terminal == []


async def test_textual_s_own_keys_copy_the_same_way(desk: Desk) -> None:
    desk.install("xclip", "cat > taken", DISPLAY=":0")
    async with Copying(desk.file).run_test() as pilot:
        await pilot.press("ctrl+c")
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        assert [note.message for note in pilot.app._notifications] == ["Copied the selection with xclip."]
        assert pilot.app.clipboard == "typed words"
    assert desk.taken("taken") == "typed words"


TMUX = which("tmux")


@pytest.fixture
def tmux_buffer(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], bytes]]:
    """Run inside a real tmux; what is in its newest buffer."""
    if not TMUX:
        pytest.skip("needs tmux")
    (desk.folder / "bin" / "tmux").symlink_to(TMUX)
    command = [TMUX, "-f", os.devnull, "-S", str(desk.folder / "s")]
    subprocess.run([*command, "new-session", "-d", "-x", "80", "-y", "24", "/bin/sh"], check=True)
    monkeypatch.setenv("TMUX", f"{desk.folder / 's'},1,0")
    yield lambda: subprocess.run([*command, "show-buffer"], capture_output=True, check=True).stdout
    subprocess.run([*command, "kill-server"], check=True)


async def test_tmux_is_given_it_by_its_own_command(desk: Desk, tmux_buffer: Callable[[], bytes]) -> None:
    async with Copying(desk.file).run_test() as pilot:
        said = await copied(pilot, "Ünï\ntwo")
        assert said.startswith("Sent the document to the terminal's clipboard through tmux.")
    assert tmux_buffer() == "Ünï\ntwo".encode()
