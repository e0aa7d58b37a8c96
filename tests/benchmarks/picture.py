"""Draws the README's picture: the compare screen on the bundled corpus, with the default model.

python -m tests.benchmarks.picture [--size 150x42] [--theme workbench-dark] [--out .github/compare.svg]
"""

import argparse
import asyncio
import re
from dataclasses import replace
from pathlib import Path

from tests.ui.screen import reranked
from workbench.cli.wiring import open_session
from workbench.config.settings import Settings
from workbench.ui.app import WorkbenchApp


async def main() -> None:
    """Open the app without a terminal, wait for the reranked list, and save what it shows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", default="150x42")
    parser.add_argument("--theme", default="workbench-dark")
    parser.add_argument("--out", type=Path, default=Path(".github/compare.svg"))
    arguments = parser.parse_args()
    columns, lines = map(int, arguments.size.split("x"))
    settings = replace(Settings(), theme=arguments.theme)
    app = WorkbenchApp(open_session(settings), settings)
    async with app.run_test(size=(columns, lines)) as pilot:
        await reranked(pilot)
        await pilot.press("end")
        await pilot.pause(0.5)
        picture = app.export_screenshot(title="workbench")
    # The picture must not load a font from anywhere.
    picture = re.sub(r"@font-face \{.*?\}", "", picture, flags=re.DOTALL)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())
