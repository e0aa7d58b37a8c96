"""Programs that run beside the workbench: they behave as `python -m` does, and none outlives who started it."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.package_index import silent_index
from tests.fakes.published_models import CROSS, catalog_text
from workbench.domain.errors import StoppedError
from workbench.models.child import run_module

# As the workbench does it: a daemon thread does the work, and the program may end at any moment.
PARENT = """
import signal, sys, threading
from pathlib import Path
from workbench.models.catalog import Catalog
from workbench.models.store import ModelStore

signal.signal(signal.SIGINT, signal.default_int_handler)
root, catalog, model = sys.argv[1:]
store = ModelStore(Path(root), Catalog.of(Path(catalog).read_text()))
arguments = model, lambda status: None, threading.Event()
threading.Thread(target=store.ensure, args=arguments, daemon=True).start()
sys.stdin.read()
"""
STAY = """
import socket, subprocess, sys, time
here = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
if len(sys.argv) == 2:
    subprocess.Popen([sys.executable, __file__, sys.argv[1], "alone"])
time.sleep(600)
"""
ECHO = """
import sys
print(__name__, sys.argv[1:], repr(sys.stdin.read()))
print("é", file=sys.stderr)
sys.exit(3)
"""
STARTS = """
import sys, threading
from workbench.models.child import run_module
run_module("stay", sys.argv[1:], threading.Event())
"""


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that new interpreters find modules in."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *(path for path in sys.path if path)]))
    return tmp_path


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with silent_index() as (server, _):
        yield server


def connections(listener: socket.socket, count: int) -> list[socket.socket]:
    """What living processes hold open."""
    return [listener.accept()[0] for _ in range(count)]


def assert_gone(connection: socket.socket) -> None:
    """Wait until the process at the other end is no more: nobody else could close it, and it never would."""
    with connection:
        connection.settimeout(30)
        try:
            while connection.recv(4096):
                pass
        except ConnectionResetError:
            pass


def end(process: "subprocess.Popen[bytes]", how: str) -> None:
    if how == "quit":
        process.communicate()
    else:
        process.send_signal(getattr(signal, how))
        process.wait(30)
        process.communicate()


@pytest.mark.skipif(sys.platform == "win32", reason="signals are not what ends a program here")
@pytest.mark.parametrize("how", ["quit", "SIGINT", "SIGTERM", "SIGKILL"])
def test_no_pip_outlives_who_started_it(modules: Path, tmp_path: Path, how: str) -> None:
    catalog = tmp_path / "catalog.toml"
    catalog.write_text(catalog_text().replace('type = "folder"', 'type = "wheel", requirement = "a==1", prefix = ""'))
    with silent_index() as (listener, settings):
        process = subprocess.Popen(
            [sys.executable, "-c", PARENT, str(tmp_path / "models"), str(catalog), CROSS],
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **settings, "PIP_CONFIG_FILE": os.devnull},
        )
        (pip,) = connections(listener, 1)
        end(process, how)
        assert_gone(pip)


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="no groups of processes")
def test_what_it_started_ends_with_it(modules: Path, listener: socket.socket) -> None:
    (modules / "stay.py").write_text(STAY)
    process = subprocess.Popen([sys.executable, "-c", STARTS, str(listener.getsockname()[1])])
    held = connections(listener, 2)
    process.kill()
    process.wait()
    for each in held:
        assert_gone(each)


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="no groups of processes")
def test_a_stop_ends_what_it_started(modules: Path, listener: socket.socket) -> None:
    (modules / "stay.py").write_text(STAY)
    stop = threading.Event()
    held: list[socket.socket] = []

    def stop_once_both_live() -> None:
        held.extend(connections(listener, 2))
        stop.set()

    thread = threading.Thread(target=stop_once_both_live)
    thread.start()
    with pytest.raises(StoppedError):
        run_module("stay", [str(listener.getsockname()[1])], stop)
    thread.join()
    for each in held:
        assert_gone(each)


def test_a_module_runs_as_python_does_it_and_has_nothing_to_read(modules: Path) -> None:
    (modules / "echo.py").write_text(ECHO)
    lines: list[str] = []
    ended = run_module("echo", ["--one", "two three"], threading.Event(), lines.append)
    assert ended.code == 3
    assert sorted(lines) == ["__main__ ['--one', 'two three'] ''", "é"]
    assert ended.output.splitlines() == lines


def test_a_module_that_is_not_there_is_named(modules: Path) -> None:
    ended = run_module("nobody_has_this", [], threading.Event())
    assert ended.code
    assert ended.output.endswith("No module named nobody_has_this")
