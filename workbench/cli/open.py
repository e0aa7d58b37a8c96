"""`workbench`: open the app; without a terminal, print one comparison and say how to open it."""

import asyncio
import gc
import os
import sys
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
    app.run()
    return app.return_code or 0


def _print_first(arguments: "Namespace") -> int:
    from workbench.cli.compare import compare_once, print_comparison
    from workbench.cli.wiring import settings_for

    code = print_comparison(asyncio.run(compare_once(settings_for(arguments), arguments.query)), "table")
    sys.stdout.write("\nThis is no terminal: run `workbench` in one to open the app.\n")
    return code
