"""Runs a module as `python -m` does, and ends it with all that it started once standard input closes.

Whoever starts it keeps the other end of a pipe, which the system closes however that process ends. Run by its path,
so that it works wherever the interpreter finds its packages.
"""

import os
import runpy
import signal
import sys
import threading


def _end_with_parent(parent: int) -> None:
    os.read(parent, 1)
    # Only a group of our own: by hand, the terminal's might hold others.
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def main(module: str) -> None:
    """Run a module with the arguments that follow its name."""
    parent = os.dup(0)
    # Programs that the module starts must neither wait for this pipe nor read from it.
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    threading.Thread(target=_end_with_parent, args=(parent,), name="tether", daemon=True).start()
    del sys.argv[1]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1])
