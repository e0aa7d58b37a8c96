"""Runs another Python program that can be stopped at any moment, and hears what it says line by line."""

import os
import queue
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from workbench.domain.errors import StoppedError
from workbench.models import tether

PATIENCE = 0.1
"""Seconds between two looks at the stop event."""
REMEMBERED = 60
"""Lines kept for an error's detail."""


@dataclass(frozen=True)
class Ended:
    """How a program ended and the last it said on either stream; not sanitised."""

    code: int
    output: str


def run_module(
    module: str,
    arguments: Sequence[str],
    stop: threading.Event,
    on_line: Callable[[str], None] = lambda line: None,
    environment: Mapping[str, str] | None = None,
) -> Ended:
    """Run a module as `python -m` does, and kill it with all it started when `stop` is set or this process ends.

    Args:
        module: Such as `pip`. The current folder is not searched for it.
        arguments: What follows it.
        stop: Looked at ten times a second.
        on_line: Called on this thread with each line of output, without its end.
        environment: Variables on top of this process's own.

    Raises:
        StoppedError: `stop` was set; the program is gone.
    """
    child = subprocess.Popen(
        [sys.executable, "-P", str(Path(tether.__file__)), module, *arguments],
        # Never written to: it closes however this process ends, which tells the child to end too.
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **(environment or {})},
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )
    assert child.stdin is not None and child.stdout is not None
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    reader = threading.Thread(target=_pump, args=(child.stdout, lines), name="child-output", daemon=True)
    reader.start()
    tail: deque[str] = deque(maxlen=REMEMBERED)
    try:
        while (line := _next(lines, stop)) is not None:
            tail.append(line)
            on_line(line)
        return Ended(child.wait(), "\n".join(tail))
    finally:
        if child.poll() is None:
            _kill(child)
        reader.join()
        child.stdin.close()
        child.stdout.close()


def _pump(stream: IO[str], lines: "queue.SimpleQueue[str | None]") -> None:
    for line in stream:
        lines.put(line.rstrip("\n"))
    lines.put(None)


def _next(lines: "queue.SimpleQueue[str | None]", stop: threading.Event) -> str | None:
    while not stop.is_set():
        with suppress(queue.Empty):
            return lines.get(timeout=PATIENCE)
    raise StoppedError("Stopped.")


def _kill(child: "subprocess.Popen[str]") -> None:
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
    else:
        child.kill()
    child.wait()
