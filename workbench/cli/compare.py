"""`workbench compare`: one query, both lists, headless."""

import asyncio
import shutil
import sys
from argparse import Namespace

from workbench.cli.formats import write
from workbench.cli.progress import ModelProgress
from workbench.cli.wiring import open_session, settings_for
from workbench.config.settings import Settings
from workbench.domain.comparison import Comparison
from workbench.domain.errors import BadInputError
from workbench.services.session import Session


def run(arguments: Namespace) -> int:
    """Print the comparison; 3 when a stage could not run."""
    comparison = asyncio.run(compare_once(settings_for(arguments), arguments.query))
    return print_comparison(comparison, arguments.format)


def print_comparison(comparison: Comparison, format: str) -> int:
    """Write a comparison to standard output and say what to exit with."""
    width = max(60, min(shutil.get_terminal_size((120, 24)).columns, 200))
    sys.stdout.write(write(comparison, format, width))
    return comparison.error.exit_code if comparison.error else 0


async def compare_once(settings: Settings, query: str | None) -> Comparison:
    """Open what the settings name, wait for the model, and run one query.

    Args:
        settings: Corpus, model and tuning.
        query: What to search; None for the corpus's first sample query.

    Raises:
        WorkbenchError: The corpus cannot be opened, or no query was given and the corpus has none.
    """
    session = open_session(settings)
    try:
        opened = await session.open(settings.corpus)
        if query is None:
            if not opened.queries:
                raise BadInputError(f"{opened.retriever.corpus} came without sample queries.", "Give one with --query.")
            query = opened.queries[0].text
        await wait_for_model(session)
        async for comparison in session.compare(query):
            last = comparison
        return last
    finally:
        await session.close()


async def wait_for_model(session: Session) -> None:
    """Make the model ready, with its states on standard error; a failure is left in the session."""
    with ModelProgress() as progress:
        async for status in session.ready_model():
            progress.show(status)
