"""`workbench`: open the app; without a terminal, print one comparison and say how to open it."""

import asyncio
import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import Namespace


def run(arguments: "Namespace") -> int:
    """Open the app on the terminal, or print what it would show first."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return _print_first(arguments)
    # Nothing made while starting is garbage; looking for it would be a tenth of the start.
    gc.disable()
    # Textual reads this once: a list then waits 4 ms for its turn to be drawn, not 17.
    os.environ.setdefault("TEXTUAL_FPS", "240")
    from workbench.cli.wiring import open_session, settings_for

    settings = settings_for(arguments)
    from workbench.ui.app import WorkbenchApp

    app = WorkbenchApp(open_session(settings), settings, arguments.query)
    with _screen_to_itself():
        app.run()
    return app.return_code or 0


@contextmanager
def _screen_to_itself() -> Iterator[None]:
    """Drop what native libraries write on standard error, such as a panic that is handled; Python's own stays."""
    before = sys.stderr, sys.__stderr__
    native = os.dup(2)
    with (
        os.fdopen(native, "w", encoding=sys.stderr.encoding, errors=sys.stderr.errors) as terminal,
        Path(os.devnull).open("w") as nothing,
    ):
        sys.stderr.flush()
        # Textual draws on the latter.
        sys.stderr, sys.__stderr__ = terminal, terminal  # type: ignore[misc]
        os.dup2(nothing.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(native, 2)
            sys.stderr, sys.__stderr__ = before  # type: ignore[misc]


def _print_first(arguments: "Namespace") -> int:
    from workbench.cli.compare import compare_once, print_comparison
    from workbench.cli.wiring import settings_for

    code = print_comparison(asyncio.run(compare_once(settings_for(arguments), arguments.query)), "table")
    sys.stdout.write("\nThis is no terminal: run `workbench` in one to open the app.\n")
    return code
