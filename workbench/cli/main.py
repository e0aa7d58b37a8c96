"""The command line: words in, one command's function called, one exit code out."""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from types import SimpleNamespace
from typing import TYPE_CHECKING

from workbench import __version__
from workbench.config.logs import log_error, log_surprise, start_log
from workbench.config.paths import user_paths
from workbench.domain.errors import WorkbenchError
from workbench.domain.text import sanitize

if TYPE_CHECKING:
    import argparse

SURPRISE = 70
"""Exit code for a mistake of ours."""
FORMATS = ("table", "json", "tsv", "markdown")


def build_parser() -> "argparse.ArgumentParser":
    """Describe every command and flag; imports nothing but argparse."""
    import argparse

    parser = argparse.ArgumentParser(
        prog="workbench",
        description="BM25 and reranked results side by side. Without a command, opens the app.",
    )
    parser.add_argument("--version", action="version", version=f"workbench {__version__}")
    _corpus_and_model(parser)
    parser.add_argument("--query", metavar="Q", help="the query to start with")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command")

    compare = commands.add_parser("compare", help="run one query and print both lists")
    compare.add_argument("query", metavar="QUERY")
    _corpus_and_model(compare)
    compare.add_argument("--depth", type=int, metavar="N", help="candidates to rerank")
    compare.add_argument("--size", type=int, metavar="N", help="rows to compare")
    compare.add_argument("--mix-weight", type=float, metavar="W", help="a bi-encoder's share in the mix, 0 to 1")
    compare.add_argument("--format", choices=FORMATS, default="table")
    compare.set_defaults(run="compare:run")

    corpus = commands.add_parser("corpus", help="build, list, show and remove indexes").add_subparsers(
        title="commands", metavar="COMMAND", required=True
    )
    add = corpus.add_parser("add", help="build or replace an index from what PATH holds")
    add.add_argument("path", metavar="PATH", help="a folder, a .jsonl, .json, .csv or .tsv file, or the word python")
    add.add_argument("--name", metavar="N", help="the corpus's name; by default made from the path")
    add.add_argument("--id", metavar="COLUMN", help="the column that holds the id")
    add.add_argument("--title", metavar="COLUMN", help="the column that holds the title")
    add.add_argument("--body", metavar="COLUMN", help="the column that holds the text")
    add.add_argument("--strict", action="store_true", help="stop at the first record that cannot be read")
    add.set_defaults(run="corpus:add")
    corpus.add_parser("list", help="list the indexes").set_defaults(run="corpus:list_all")
    for word, text in (
        ("show", "say what an index holds"),
        ("remove", "delete an index"),
        ("rebuild", "make an index anew from the text it keeps"),
    ):
        command = corpus.add_parser(word, help=text)
        command.add_argument("name", metavar="N")
        command.set_defaults(run=f"corpus:{word}")

    models = commands.add_parser("models", help="list, download and remove local models").add_subparsers(
        title="commands", metavar="COMMAND", required=True
    )
    models.add_parser("list", help="say which models there are").set_defaults(run="models:list_all")
    status = models.add_parser("status", help="say what state each model is in")
    status.add_argument("--format", choices=("table", "json"), default="table")
    status.set_defaults(run="models:status")
    for word, text in (("download", "fetch, verify and prepare a model"), ("remove", "delete a model from the cache")):
        command = models.add_parser(word, help=text)
        command.add_argument("model", metavar="M")
        command.set_defaults(run=f"models:{word}")

    doctor = commands.add_parser("doctor", help="check everything that can be checked")
    doctor.set_defaults(run="doctor:run")
    locate = commands.add_parser("locate", help="print where files live")
    locate.add_argument("what", choices=("config", "data", "cache", "themes", "logs"))
    locate.set_defaults(run="locate:run")
    return parser


def _corpus_and_model(parser: "argparse.ArgumentParser") -> None:
    from argparse import SUPPRESS

    # Without a default of its own, so that the same flag before the command is not undone.
    parser.add_argument("--corpus", metavar="C", default=SUPPRESS, help="the corpus to search")
    parser.add_argument("--model", metavar="M", default=SUPPRESS, help="the local model that reranks")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        0 done, 1 done with a finding, 2 wrong usage or input, 3 something is unavailable, 130 stopped.
    """
    words = sys.argv[1:] if argv is None else argv
    # To describe every command takes longer than to see that none is given.
    arguments = build_parser().parse_args(words) if words else SimpleNamespace(query=None)
    module, _, function = getattr(arguments, "run", "open:run").partition(":")
    for stream in (sys.stdout, sys.stderr):
        # A file name or a terminal that is not UTF-8 must not end a command half-way.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    log = start_log(user_paths().logs)
    try:
        code: int = getattr(import_module(f"workbench.cli.{module}"), function)(arguments)
        sys.stdout.flush()
        return code
    except WorkbenchError as error:
        log_error(error)
        say(f"workbench: {error.message}")
        if error.hint:
            say(f"           {error.hint}")
        return error.exit_code
    except KeyboardInterrupt:
        say("workbench: stopped.")
        return 130
    except BrokenPipeError:
        # The reader went away, as with `| head`; keep the interpreter from complaining when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        log_surprise(error)
        say(f"workbench: something went wrong that should not have: {type(error).__name__}: {error}")
        say(f"           Where it happened is written in {log}.")
        return SURPRISE


def say(text: str) -> None:
    """Tell the person something beside the result, on standard error."""
    sys.stderr.write(sanitize(text) + "\n")
