"""The command line: words in, one command's function called, one exit code out."""

import os
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from importlib import import_module
from types import SimpleNamespace
from typing import TYPE_CHECKING

from workbench import __version__
from workbench.cli.output import Output, open_closed
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
    _what_to_search(parser)
    parser.add_argument("--query", type=_text, metavar="Q", help="the query to start with")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command")

    compare = commands.add_parser("compare", help="run one query and print both lists")
    compare.add_argument("query", type=_text, metavar="QUERY")
    _what_to_search(compare)
    compare.add_argument("--depth", type=int, metavar="N", help="candidates to rerank")
    compare.add_argument("--size", type=int, metavar="N", help="rows to compare")
    compare.add_argument("--mix-weight", type=float, metavar="W", help="a bi-encoder's share in the mix, 0 to 1")
    compare.add_argument("--format", choices=FORMATS, default="table")
    compare.set_defaults(run="compare:run")

    _tokens(commands)
    corpus = commands.add_parser("corpus", help="build, list, show and remove indexes").add_subparsers(
        title="commands", metavar="COMMAND", required=True
    )
    add = corpus.add_parser("add", help="build or replace an index from what PATH holds")
    _documents(add)
    add.add_argument("--name", metavar="N", help="the corpus's name; by default made from the path")
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

    _profile(commands)
    _index(commands)
    doctor = commands.add_parser("doctor", help="check everything that can be checked")
    _profile_to_use(doctor)
    doctor.set_defaults(run="doctor:run")
    locate = commands.add_parser("locate", help="print where files live")
    locate.add_argument("what", choices=("config", "data", "cache", "themes", "logs"))
    locate.set_defaults(run="locate:run")
    return parser


def _what_to_search(parser: "argparse.ArgumentParser", model: str = "the local model that reranks") -> None:
    from argparse import SUPPRESS

    # Without a default of its own, so that the same flag before the command is not undone.
    parser.add_argument("--corpus", metavar="C", default=SUPPRESS, help="the corpus, or the index of a profile")
    parser.add_argument("--model", metavar="M", default=SUPPRESS, help=model)
    _profile_to_use(parser)


def _profile_to_use(parser: "argparse.ArgumentParser") -> None:
    from argparse import SUPPRESS

    parser.add_argument("--profile", metavar="P", default=SUPPRESS, help="the profile; - is this machine")


def _tokens(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    tokens = commands.add_parser(
        "tokens",
        help="count tokens, and show what a model does not read",
        description="What a model reads of a query and one document; of a query's candidates, when no document is "
        "named; of a whole corpus, when no query is given either; or the arithmetic alone.",
    )
    tokens.add_argument("query", type=_text, metavar="QUERY", nargs="?")
    tokens.add_argument("text", metavar="-", nargs="?", choices=("-",), help="read the document from standard input")
    tokens.add_argument("--doc", type=_text, metavar="ID", help="the document of the corpus that has this id")
    tokens.add_argument("--text-file", metavar="F", help="a text file instead of a document of the corpus")
    tokens.add_argument("--all", action="store_true", help="every document of the corpus, beside QUERY if one is given")
    _what_to_search(tokens, model="a model, or a tokenizer: its file, folder, address or id on the hub")
    tokens.add_argument("--budget", type=_number, metavar="N", help="another number of tokens than the model reads")
    tokens.add_argument("--strategy", metavar="S", help="balanced, longest-first or head-only")
    tokens.add_argument("--reads", metavar="R", help="title+body, title or body")
    tokens.add_argument("--depth", type=int, metavar="N", help="candidates to count")
    tokens.add_argument("--size", type=int, metavar="N", help="how many of them are the top")
    tokens.add_argument("--verdict", action="store_true", help="score what is not read, and say whether it matters")
    tokens.add_argument(
        "--chunks",
        metavar="SETTINGS",
        nargs="?",
        const="",
        help="score the document in chunks, as Elasticsearch cuts it; SETTINGS: chunking_settings in JSON, tried too",
    )
    tokens.add_argument("--fail-on-cut", action="store_true", help="exit with 1 when something is cut")
    tokens.add_argument("--query-tokens", type=_number, metavar="A", help="arithmetic alone: tokens of the query")
    tokens.add_argument("--document-tokens", type=_number, metavar="B", help="arithmetic alone: of the document")
    tokens.add_argument("--special", type=_number, metavar="E", help="arithmetic alone: special tokens")
    tokens.add_argument("--format", choices=FORMATS, default="table")
    tokens.set_defaults(run="tokens:run")


def _text(word: str) -> str:
    """A word that is no file's name; a byte that is no character, which comes as half of one, becomes U+FFFD."""
    return "".join("\N{REPLACEMENT CHARACTER}" if "\ud800" <= each <= "\udfff" else each for each in word)


def _number(word: str) -> int:
    from argparse import ArgumentTypeError

    if not (word.isascii() and word.isdigit()) or len(word) > 9:
        raise ArgumentTypeError(f"{word!r} is not a whole number from 0 to 999999999")
    return int(word)


def _documents(parser: "argparse.ArgumentParser") -> None:
    parser.add_argument("path", metavar="PATH", help="a folder, a .jsonl, .json, .csv or .tsv file, or the word python")
    parser.add_argument("--id", metavar="COLUMN", help="the column that holds the id")
    parser.add_argument("--title", metavar="COLUMN", help="the column that holds the title")
    parser.add_argument("--body", metavar="COLUMN", help="the column that holds the text")
    parser.add_argument("--strict", action="store_true", help="stop at the first record that cannot be read")


def _index(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    index = commands.add_parser("index", help="write documents into an index of a cluster")
    _documents(index)
    index.add_argument("--profile", metavar="P", required=True, help="how to reach the cluster")
    index.add_argument("--index", metavar="NAME", required=True, help="the index, which is made")
    there = index.add_mutually_exclusive_group()
    there.add_argument("--append", action="store_true", help="add to an index that exists")
    there.add_argument("--recreate", action="store_true", help="delete an index that exists, and make it anew")
    index.add_argument("--shards", type=int, metavar="N", help="primary shards; by default one")
    index.add_argument("--semantic", metavar="E", default="", help="inference endpoint that embeds the text as well")
    index.add_argument("--yes", action="store_true", help="do not ask")
    index.set_defaults(run="index:run")


def _profile(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    profile = commands.add_parser("profile", help="say how to reach Elasticsearch clusters").add_subparsers(
        title="commands", metavar="COMMAND", required=True
    )
    add = profile.add_parser("add", help="write a profile")
    add.add_argument("name", metavar="NAME")
    where = add.add_mutually_exclusive_group(required=True)
    where.add_argument("--host", metavar="URL", nargs="+", action="extend", help="such as https://localhost:9200")
    where.add_argument("--cloud-id", metavar="ID", help="of a deployment on Elastic Cloud")
    for flag, metavar, text in (
        ("index", "I", "index, alias or data stream"),
        ("field", "F", "the field that is reranked and shown as the text"),
        ("title", "T", "the field shown as the title"),
        ("fields", "LIST", 'the searched fields, such as "title^2,body"'),
        ("endpoint", "E", "the inference endpoint that reranks"),
        ("rerank", "WAY", "retriever, inference or local"),
        ("tokenizer", "T", "what counts its tokens: a file, folder, address, .rerank-v1, or a model's id"),
        ("user", "U", "the user; needs a password"),
        ("ca-file", "F", "the CA of the server's certificate"),
        ("fingerprint", "HEX", "SHA-256 of the server's certificate, or of its CA's"),
        ("client-cert", "F", "this client's certificate"),
        ("client-key", "F", "its key"),
        ("accent", "C", "a colour by which the profile is known, such as #c2185b"),
    ):
        add.add_argument(f"--{flag}", metavar=metavar, help=text)
    secret = add.add_mutually_exclusive_group()
    for kind in ("api-key", "password", "bearer"):
        secret.add_argument(f"--{kind}-env", metavar="VAR", help=f"environment variable that holds the {kind}")
        secret.add_argument(f"--{kind}-command", metavar="WORDS", help=f"command that prints the {kind}, in quotes")
        secret.add_argument(f"--{kind}-keyring", metavar="SERVICE/USER", help=f"keyring entry that holds the {kind}")
    add.add_argument("--insecure", action="store_true", help="trust any certificate")
    add.add_argument("--replace", action="store_true", help="replace the profile of this name")
    add.set_defaults(run="profile:add")
    profile.add_parser("list", help="list the profiles").set_defaults(run="profile:list_all")
    use = profile.add_parser("use", help="make a profile the default")
    use.add_argument("name", metavar="NAME", help="a profile; - for this machine")
    use.set_defaults(run="profile:use")
    test = profile.add_parser("test", help="check a profile from the address to the endpoint")
    test.add_argument("name", metavar="NAME", nargs="?", help="by default, the default profile")
    test.add_argument("--format", choices=("table", "json"), default="table")
    test.set_defaults(run="profile:test")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        0 done, 1 done with a finding, 2 wrong usage or input, 3 something is unavailable, 130 stopped.
    """
    words = sys.argv[1:] if argv is None else argv
    # To describe every command takes longer than to see that none is given.
    arguments = build_parser().parse_args(words) if words else SimpleNamespace(query=None)
    module, _, function = getattr(arguments, "run", "open:run").partition(":")
    open_closed()
    for stream in (sys.stdout, sys.stderr):
        # A file name or a terminal that is not UTF-8 must not end a command half-way.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    log = start_log(user_paths().logs)
    try:
        with redirect_stdout(Output(sys.stdout)):
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
