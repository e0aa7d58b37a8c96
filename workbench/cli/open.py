"""`workbench`: open the app; without a terminal, print one comparison and say how to open it."""

import asyncio
import gc
import sys
from argparse import Namespace

from workbench.cli.wiring import open_session, settings_for


def run(arguments: Namespace) -> int:
    """Open the app on the terminal, or print what it would show first."""
    settings = settings_for(arguments)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        from workbench.cli.compare import compare_once, print_comparison

        code = print_comparison(asyncio.run(compare_once(settings, arguments.query)), "table")
        sys.stdout.write("\nThis is no terminal: run `workbench` in one to open the app.\n")
        return code
    # Nothing made while starting is garbage; looking for it would be a tenth of the start.
    gc.disable()
    from workbench.ui.app import WorkbenchApp

    app = WorkbenchApp(open_session(settings), settings, arguments.query)
    app.run()
    return app.return_code or 0
