"""Blocking work beside the event loop."""

import asyncio
import subprocess
import sys
import threading

import pytest

from workbench.engines.threads import in_thread


async def test_it_runs_elsewhere_and_gives_the_result() -> None:
    assert await in_thread(lambda: threading.current_thread().name, "aside") == "aside"


async def test_what_it_raises_is_raised_here() -> None:
    def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await in_thread(fail, "aside")


async def test_a_cancelled_wait_drops_the_result() -> None:
    go, done = threading.Event(), threading.Event()

    def work() -> None:
        go.wait(60)
        done.set()

    task = asyncio.create_task(in_thread(work, "aside"))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    go.set()
    assert done.wait(60)


def test_the_program_ends_without_waiting_for_it() -> None:
    code = """
import asyncio, threading
from workbench.engines.threads import in_thread
async def main():
    asyncio.ensure_future(in_thread(threading.Event().wait, "for ever"))
    await asyncio.sleep(0)
asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr == ""
