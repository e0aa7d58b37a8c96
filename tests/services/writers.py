"""Processes that write the same file at the same moment."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence


def write_at_once(program: str, arguments: Sequence[Sequence[str]], written: str | None = None) -> list[int]:
    """Run a program once for each list of arguments, and let all of them go at once.

    Args:
        program: Says `ready`, waits for a line, and writes.
        arguments: What follows the program's text on each command line.
        written: What it says when it has written, to be killed at that moment; None lets it end by itself.

    Returns:
        The exit codes.
    """
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    running = [subprocess.Popen([sys.executable, "-c", program, *each], **pipes) for each in arguments]  # type: ignore[call-overload]
    for process in running:
        assert process.stdout.readline() == "ready\n"
    for process in running:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in running:
        if written is not None:
            assert process.stdout.readline() == f"{written}\n"
            os.kill(process.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
        process.communicate(timeout=60)
    return [process.returncode for process in running]
