"""The person's own pager and editor, in a real terminal."""

import os
import re
import select
import signal
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from shutil import which

import pytest
from textual.app import App

from workbench.ui.external import open_in_editor, open_in_pager

pty = pytest.importorskip("pty", reason="there are pseudo terminals on Unix only")

PATIENCE = 30
"""Seconds after which a test is broken; none waits for them."""
TEXT = "A title\n\nnaïve 日本 \x41 body\n\n"
NAME = "../-evil\n/ID 7/\u202e日本.tx"

PROGRAM = f"""
from textual.app import App
from textual.content import Content
from textual.widgets import Static
from workbench.ui.external import open_in_editor, open_in_pager

class Tool(App):
    counted = 0

    def compose(self):
        yield Static(Content("app-is-here 0"))

    def on_key(self, event):
        if event.key in "ve":
            (open_in_pager if event.key == "v" else open_in_editor)(self, {TEXT!r}, {NAME!r})
        if event.key == "n":
            self.counted += 1
            self.query_one(Static).update(Content(f"app-is-here {{self.counted}}"))
        if event.key == "q":
            self.exit()

Tool().run()
"""


class Terminal:
    """A program in a pseudo terminal, and everything it has written."""

    def __init__(self, program: Path, **environment: str) -> None:
        self.seen = ""
        self._raw = b""
        self.pid, self._end = pty.fork()
        if not self.pid:
            known = {name: value for name, value in os.environ.items() if name not in ("VISUAL", "EDITOR", "PAGER")}
            paths = {"PYTHONPATH": str(Path(__file__).parents[2]), "TERM": "xterm-256color"}
            os.execvpe(sys.executable, [sys.executable, str(program)], known | paths | environment)

    def send(self, keys: str) -> None:
        os.write(self._end, keys.encode())

    def until(self, pattern: str) -> None:
        """Read until something has been written since the last time."""
        limit = time.monotonic() + PATIENCE
        while not (found := re.search(pattern, self.seen, re.DOTALL)):
            left = limit - time.monotonic()
            if left <= 0 or not select.select([self._end], [], [], left)[0]:
                raise AssertionError(f"never: {pattern!r}\n{self.seen!r}")
            self._raw += os.read(self._end, 65_536)
            self.seen = self._raw.decode(errors="replace")
        self._raw = self.seen[found.end() :].encode()
        self.seen = self._raw.decode()

    def still_here(self) -> None:
        """The app draws again, all of it, and answers."""
        self.until(r"\x1b\[\?1049h.*app-is-here")
        self.answers()

    def answers(self) -> None:
        """The app answers a key."""
        self.send("n")
        self.until(r"app-is-here 1")

    def quit(self) -> int:
        """Leave the app; its exit code."""
        self.send("q")
        with suppress(OSError):  # It has left its terminal.
            while more := os.read(self._end, 65_536):
                self.seen += more.decode(errors="replace")
        return os.waitstatus_to_exitcode(self.wait())

    def wait(self) -> int:
        pid, self.pid = self.pid, 0
        return os.waitpid(pid, 0)[1]

    def close(self) -> None:
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            self.wait()
        os.close(self._end)


class Bench:
    """Scripts to be pager and editor, and terminals to run the app in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.program = folder / "program.py"
        self.program.write_text(PROGRAM)
        self.terminals: list[Terminal] = []

    def script(self, body: str) -> Path:
        path = self.folder / "my script.sh"
        path.write_text(f"#!/bin/sh\ncd '{self.folder}'\n{body}\n")
        path.chmod(0o755)
        return path

    def open(self, **environment: str) -> Terminal:
        terminal = Terminal(self.program, **environment)
        self.terminals.append(terminal)
        terminal.until(r"app-is-here")
        return terminal


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    for terminal in bench.terminals:
        terminal.close()


RECORD = """
printf '%s\\n' "$@" > arguments
for file; do :; done
cp "$file" content
stat -c %a "$file" > mode 2>/dev/null || stat -f %Lp "$file" > mode
"""


@pytest.mark.parametrize(("variable", "key"), [("PAGER", "v"), ("EDITOR", "e"), ("VISUAL", "e")])
def test_the_program_gets_a_private_file_and_the_app_comes_back_whole(bench: Bench, variable: str, key: str) -> None:
    script = bench.script(f"{RECORD}\necho now-the-other; read -r line; echo heard-$line")
    terminal = bench.open(**{variable: f"'{script}' -a 'b c'"})
    terminal.send(key)
    terminal.until(r"\x1b\[\?1049l.*now-the-other")
    terminal.send("hello\n")
    terminal.until(r"heard-hello")
    terminal.still_here()
    assert terminal.quit() == 0
    *options, path = (bench.folder / "arguments").read_text().splitlines()
    assert options == ["-a", "b c"]
    assert re.fullmatch(r"evil-ID-7-日本.tx.txt", Path(path).name)
    assert (bench.folder / "content").read_text() == TEXT.rstrip("\n") + "\n"
    assert (bench.folder / "mode").read_text().strip() == "600"
    assert not Path(path).parent.exists()


def test_visual_goes_before_editor(bench: Bench) -> None:
    script = bench.script("echo the-visual-one")
    terminal = bench.open(VISUAL=f"'{script}'", EDITOR="false")
    terminal.send("e")
    terminal.until(r"the-visual-one")
    terminal.still_here()
    assert terminal.quit() == 0


def test_ctrl_c_is_for_the_other_program_alone(bench: Bench) -> None:
    script = bench.script(
        "trap 'echo got-the-signal' INT\necho ready\nuntil [ \"$line\" = bye ]; do read -r line; done"
    )
    terminal = bench.open(PAGER=f"'{script}'")
    terminal.send("v")
    terminal.until(r"ready")
    terminal.send("\x03")
    terminal.until(r"got-the-signal")
    terminal.send("bye\n")
    terminal.still_here()
    assert terminal.quit() == 0


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("exit 3", "ended.with.code.3"),
        ("kill -9 $$", "ended.with.signal.9"),
        ("exec /nowhere/at/all 2>/dev/null", "ended.with.code.12"),
    ],
)
def test_a_program_that_fails_is_said_and_the_app_goes_on(bench: Bench, body: str, said: str) -> None:
    terminal = bench.open(PAGER=f"'{bench.script(body)}'")
    terminal.send("v")
    terminal.until(said.replace(".", r"\s"))
    terminal.answers()
    assert terminal.quit() == 0


def test_a_program_that_cannot_be_started_leaves_the_app_as_it_was(bench: Bench) -> None:
    broken = bench.folder / "broken"
    broken.write_bytes(b"\x7fELF, not really")
    broken.chmod(stat.S_IRWXU)
    terminal = bench.open(PAGER=f"'{broken}'")
    terminal.send("v")
    terminal.until(r"could\snot\sbe\shanded\sover")
    terminal.answers()
    assert terminal.quit() == 0


@pytest.mark.parametrize(("body", "told"), [('echo more >> "$1"', True), ('rm "$1"', False), ("true", False)])
def test_changes_are_not_taken_over_and_that_is_said(bench: Bench, body: str, told: bool) -> None:
    terminal = bench.open(EDITOR=f"'{bench.script(body)}'")
    terminal.send("e")
    if told:
        terminal.until(r"The\sfile\swas\sa\scopy")
    else:
        terminal.still_here()
    assert terminal.quit() == 0
    assert told or "copy" not in terminal.seen


@pytest.mark.skipif(not which("less"), reason="needs less")
def test_less_stays_for_a_short_text_and_interprets_nothing(bench: Bench) -> None:
    terminal = bench.open(LESS="-FRX", LESSOPEN="|echo replaced %s")
    terminal.send("v")
    terminal.until(r"naïve 日本 A body.*END")
    terminal.send("q")
    terminal.still_here()
    assert terminal.quit() == 0


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"PAGER": "no-such-program -R"}, "There is no program for $PAGER. It is: no-such-program -R"),
        ({"PAGER": "less 'x"}, "$PAGER cannot be read: No closing quotation. It is: less 'x"),
        ({"PAGER": "''"}, "There is no program for $PAGER. It is: ''"),
        ({"PATH": ""}, "There is neither less nor more here. Set $PAGER to another program."),
        ({"PAGER": sys.executable}, "No other program can be shown in this terminal. Copy the text instead."),
    ],
)
async def test_what_cannot_work_is_one_clear_message(
    environment: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PAGER", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    app: App[None] = App()
    async with app.run_test() as pilot:
        open_in_pager(app, TEXT, "d1")
        await pilot.pause()
        assert [note.message.strip() for note in app._notifications] == [said]


async def test_an_editor_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", "no-such-editor")
    app: App[None] = App()
    async with app.run_test() as pilot:
        open_in_editor(app, TEXT, "d1")
        await pilot.pause()
        assert [note.message for note in app._notifications] == [
            "There is no program for $EDITOR. It is: no-such-editor"
        ]
