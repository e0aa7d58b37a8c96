"""`workbench tokens`: what a model reads of a pair, of a query's candidates, or of a corpus, and what it does not."""

import shutil
import sys
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from enum import Enum
from pathlib import Path

from workbench.cli.formats import written
from workbench.cli.token_formats import WRITERS
from workbench.cli.token_report import Pair, Report, is_cut
from workbench.cli.token_table import as_table
from workbench.domain.errors import BadInputError
from workbench.domain.text import single_line
from workbench.domain.tokens import ELASTIC, ESTIMATE, Reader
from workbench.domain.truncation import Strategy, Window

TEXT_LIMIT = 10_000_000
"""Bytes of a text that is read; far beyond what any model reads."""
STANDARD_INPUT = "standard input"


class Form(Enum):
    """What is counted."""

    NUMBERS = "--query-tokens and --document-tokens"
    PAIR = "one document"
    CANDIDATES = "the candidates of a query"
    CORPUS = "a whole corpus"


_FLAGS = {
    Form.NUMBERS: {"query_tokens", "document_tokens", "special"},
    Form.PAIR: {
        *("query", "doc", "text_file", "text", "corpus", "profile", "model", "reads", "verdict", "chunks"),
        *("depth", "size"),
    },
    Form.CANDIDATES: {"query", "corpus", "profile", "model", "reads", "verdict", "depth", "size"},
    Form.CORPUS: {"query", "all", "corpus", "profile", "model", "reads"},
}
_NAMES = {"query": "QUERY", "text": "-"}


def run(arguments: Namespace) -> int:
    """Print what is read; 1 when something is cut and that is asked to be a failure."""
    form, strategy = form_of(arguments), strategy_of(arguments.strategy)
    report: Report
    if form is Form.NUMBERS:
        window = window_of(arguments.budget, strategy, arguments.special)
        report = Pair.of_numbers(window, arguments.query_tokens, arguments.document_tokens)
    else:
        reads_of(arguments.reads)
        # What can be wrong without a model is said before one is fetched; and in the loop, Ctrl-C would not end a read.
        text = text_of(arguments.text_file) if form is Form.PAIR and arguments.doc is None else None
        import asyncio

        from workbench.cli.token_counting import count

        report = asyncio.run(count(form, arguments, text))
    width = max(60, min(shutil.get_terminal_size((120, 24)).columns, 200))
    sys.stdout.write(written(report, arguments.format, width, as_table, WRITERS))
    return 1 if arguments.fail_on_cut and is_cut(report) else 0


def form_of(arguments: Namespace) -> Form:
    """Decide which form of the command was meant.

    Raises:
        BadInputError: Something is missing, or two words do not go together; it names them.
    """
    said = {name: getattr(arguments, name, None) for flags in _FLAGS.values() for name in flags}
    given = {name for name, value in said.items() if value is not None and value is not False}
    for name in ("model", "text_file"):
        if said[name] == "":
            raise BadInputError(f"{_named(name)} is empty.", f"Give a name, or leave {_named(name)} out.")
    texts = sorted(given & {"doc", "text_file", "text"})
    if len(texts) > 1:
        raise BadInputError(f"{_named(texts[0])} and {_named(texts[1])} each name a document.", "Give one of them.")
    if given & _FLAGS[Form.NUMBERS]:
        form = Form.NUMBERS
        for name in ("query_tokens", "document_tokens"):
            if name not in given:
                raise BadInputError(f"{_named(name)} is missing.", "The arithmetic alone needs both lengths.")
    elif texts:
        form = Form.PAIR
    elif "all" in given or "query" not in given:
        form = Form.CORPUS
    else:
        form = Form.CANDIDATES
    if odd := sorted(given - _FLAGS[form]):
        raise BadInputError(f"{_named(odd[0])} does not go with {form.value}.", "See `workbench tokens --help`.")
    if form is Form.PAIR and "query" not in given:
        raise BadInputError("QUERY is missing: it is read together with the document.", 'Give one, or "" for none.')
    if arguments.query == "-" and form in (Form.CANDIDATES, Form.CORPUS):
        raise BadInputError("QUERY is missing before the -.", "Write: workbench tokens QUERY - < FILE")
    if form is Form.CORPUS and "corpus" not in given:
        raise BadInputError("There is nothing to count.", "Give a QUERY, or a corpus with --corpus C.")
    if form is Form.PAIR and "reads" in given and "doc" not in given:
        raise BadInputError("--reads does not go with a text: it has no fields.", "It goes with --doc.")
    if (scoring := given & {"verdict", "chunks"}) and (arguments.budget is not None or arguments.strategy is not None):
        flag, scored = "--budget" if arguments.budget is not None else "--strategy", _named(sorted(scoring)[-1])
        raise BadInputError(
            f"{flag} does not go with {scored}: scores are of what the model really reads.", "Leave one of them out."
        )
    return form


def _named(name: str) -> str:
    return _NAMES.get(name, "--" + name.replace("_", "-"))


def strategy_of(word: str | None) -> Strategy | None:
    """Read the word after `--strategy`."""
    if word is None or word in list(Strategy):
        return Strategy(word) if word else None
    near = get_close_matches(word, list(Strategy), 1, 0.4)
    hint = f"Did you mean {near[0]}? " if near else ""
    raise BadInputError(f"--strategy {single_line(word, 40)}: there is no such strategy.", hint + _one_of(Strategy))


def reads_of(word: str | None) -> tuple[str, ...] | None:
    """Read the word after `--reads`."""
    if word is None:
        return None
    fields = tuple(word.replace(" ", "").split("+"))
    if sorted(fields) not in (["body", "title"], ["title"], ["body"]):
        raise BadInputError(
            f"--reads {single_line(word, 40)}: there is no such choice.", "Use title+body, title or body."
        )
    return tuple(field for field in ("title", "body") if field in fields)


def chunks_of(word: str | None) -> Mapping[str, object] | None:
    """Read the word after `--chunks`: Elasticsearch's `chunking_settings` as JSON; none of them when it is empty."""
    if not word:
        return None
    import json

    try:
        settings = json.loads(word)
    except (ValueError, RecursionError):
        settings = None
    if not isinstance(settings, dict):
        raise BadInputError(
            f"--chunks {single_line(word, 40)}: this is no JSON object.",
            """Write chunking settings such as '{"strategy": "sentence", "max_chunk_size": 100}', or none at all.""",
        )
    return settings


def _one_of(words: type[Strategy]) -> str:
    return f"There are {', '.join(words)}."


def window_of(budget: int | None, strategy: Strategy | None, special: int | None) -> Window:
    """The window of the arithmetic alone; what is not given is as with Elastic Rerank."""
    budget, strategy = ELASTIC.budget if budget is None else budget, strategy or ELASTIC.strategy
    if special is None:
        special = len(ESTIMATE.tokenizer.framing(pair=strategy is not Strategy.HEAD_ONLY))
        return checked(Window(budget, special, strategy))
    if special > budget:
        raise BadInputError(
            f"--special {special} is more than the {budget} tokens that are read in all.", f"Give {budget} or less."
        )
    return Window(budget, special, strategy)


def through(reader: Reader, budget: int | None, strategy: Strategy | None) -> Reader:
    """The reader with another budget or strategy; special tokens as its tokenizer puts them then."""
    window = reader.window
    if strategy is not None and strategy is not window.strategy:
        special = len(reader.tokenizer.framing(pair=strategy is not Strategy.HEAD_ONLY))
        window = replace(window, strategy=strategy, special=special)
    if budget is not None:
        window = replace(window, budget=budget)
    return replace(reader, window=checked(window))


def checked(window: Window) -> Window:
    """Refuse a window that has no room for its special tokens."""
    if window.budget < window.special:
        raise BadInputError(
            f"--budget {window.budget} is smaller than the {window.special} special tokens of the model.",
            f"Give {window.special} or more.",
        )
    return window


def text_of(path: str | None) -> str:
    """Read a text file, or standard input; every character counts, so nothing is changed but a byte order mark.

    Raises:
        BadInputError: It cannot be read, is empty, too large or no text; names the file, and the line.
    """
    name = STANDARD_INPUT if path is None else single_line(path, 200)
    data = _bytes(path, name)
    if len(data) > TEXT_LIMIT:
        limit = f"{TEXT_LIMIT // 1_000_000} MB"
        raise BadInputError(f"{name} is larger than {limit}.", f"Give {limit} or less; no model reads as much.")
    if not data:
        raise BadInputError(f"{name} is empty.", "There is no document to count.")
    if b"\0" in data:
        line = data.count(b"\n", 0, data.index(b"\0")) + 1
        raise BadInputError(f"{name}: line {line} has a NUL byte: this is no text.", "Give a text file in UTF-8.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BadInputError(
            f"{name}: line {line} is not UTF-8.", "Save it as UTF-8, or convert it with iconv."
        ) from None


def _bytes(path: str | None, name: str) -> bytes:
    try:
        if path is None:
            return sys.stdin.buffer.read(TEXT_LIMIT + 1) if sys.stdin else b""
        with Path(path).expanduser().open("rb") as file:
            return file.read(TEXT_LIMIT + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise BadInputError(f"{name} cannot be read: {reason}.", "Give the path of a text file.") from error
