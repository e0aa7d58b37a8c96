"""`workbench corpus`: build, list, show and remove indexes."""

import json
import re
import signal
import sys
import threading
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workbench.cli.left_out import tell_ignored, tell_left_out
from workbench.cli.main import say
from workbench.cli.progress import DocumentProgress, noun
from workbench.config.paths import user_paths
from workbench.corpora.base import Columns
from workbench.corpora.judgments import read_judged
from workbench.corpora.open import open_corpus
from workbench.domain.errors import BadInputError
from workbench.domain.text import single_line
from workbench.engines.corpora import BrokenCorpus, CorpusInfo, corpus_info, list_corpora, read_judgments, read_queries
from workbench.engines.index import build_index, rebuild_index, remove_corpus
from workbench.services.intake import NAMED, Intake, refusal


def add(arguments: Namespace) -> int:
    """Build or replace an index; 1 when records were left out."""
    reader = open_corpus(arguments.path, Columns(arguments.id, arguments.title, arguments.body))
    name = name_from(arguments.path) if arguments.name is None else arguments.name
    intake = Intake(reader, arguments.strict)
    judged = read_judged(reader.judged_root) if reader.judged_root else None
    unread = judged.skipped if judged else ()
    if arguments.strict and unread:
        raise refusal(unread[0])
    try:
        with _interrupt() as stop, DocumentProgress(name, reader.total_bytes) as bar:
            info = build_index(
                user_paths().corpora,
                name,
                str(Path(arguments.path).expanduser().absolute()) if reader.kind != "python" else "python",
                intake.documents(),
                judged=(judged.queries, judged.judgments) if judged else None,
                progress=lambda documents, _: bar.show(documents, reader.bytes_read),
                stop=stop,
                skipped=lambda: intake.skipped,
            )
    except BadInputError:
        tell_left_out(intake.named, intake.skipped)
        raise
    documents = f"{info.documents:,} {noun(info.documents, 'document')}"
    sys.stdout.write(f"{name}: {documents}, {info.text_bytes / 1e6:.1f} MB of text ({reader.kind})\n")
    if judged:
        queries = f"{len(judged.queries):,} {noun(len(judged.queries), 'query', 'queries')}"
        judgments = f"{len(judged.judgments):,} {noun(len(judged.judgments), 'judgment')}"
        sys.stdout.write(f"{queries} and {judgments} kept with it\n")
    tell_left_out(intake.named, intake.skipped)
    tell_left_out(unread[:NAMED], len(unread))
    tell_ignored(reader)
    sys.stdout.write(f"Search it: workbench --corpus {name}\n")
    return 1 if intake.skipped or unread else 0


def name_from(path: str) -> str:
    """Make a corpus name from a path: its last part, lower case, without its ending, at most 64 characters."""
    part = Path(path).absolute()
    stem = part.stem if part.suffix and not part.is_dir() else part.name
    return re.sub(r"[^a-z0-9._-]+", "-", stem.lower()).strip("-._")[:64] or "corpus"


@contextmanager
def _interrupt() -> Iterator[threading.Event]:
    """Turn Ctrl-C into a stop between two documents; a second one ends the command at once."""
    stop = threading.Event()

    def ask(signum: int, frame: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


def list_all(arguments: Namespace) -> int:
    """Print one line per index."""
    corpora = list_corpora(user_paths().corpora)
    if not corpora:
        say("No index yet; the bundled help-center is built when it is first opened.")
    for corpus in corpora:
        if isinstance(corpus, BrokenCorpus):
            sys.stdout.write(f"{corpus.name}\tunusable: {single_line(corpus.error.message)}\n")
        else:
            source = single_line(corpus.source)
            documents = f"{corpus.documents} {noun(corpus.documents, 'document')}"
            text = f"{corpus.text_bytes} {noun(corpus.text_bytes, 'byte')}"
            sys.stdout.write(f"{corpus.name}\t{documents}\t{text}\t{source}\n")
    return 1 if any(isinstance(corpus, BrokenCorpus) for corpus in corpora) else 0


def show(arguments: Namespace) -> int:
    """Print what an index holds."""
    root = user_paths().corpora
    _print_info(corpus_info(root, arguments.name))
    queries = read_queries(root, arguments.name)
    if queries:
        sys.stdout.write(f"queries    {len(queries)}\njudgments  {len(read_judgments(root, arguments.name))}\n")
        for query in queries[:5]:
            sys.stdout.write(f"  {json.dumps(query.text, ensure_ascii=False)}\n")
    return 0


def remove(arguments: Namespace) -> int:
    """Delete an index."""
    remove_corpus(user_paths().corpora, arguments.name)
    sys.stdout.write(f"{arguments.name} removed\n")
    return 0


def rebuild(arguments: Namespace) -> int:
    """Make an index anew from the text it keeps, after an upgrade."""
    _print_info(rebuild_index(user_paths().corpora, arguments.name))
    return 0


def _print_info(info: CorpusInfo) -> None:
    rows = {
        "name": info.name,
        "source": single_line(info.source),
        "documents": f"{info.documents:,}",
        "text": f"{info.text_bytes / 1e6:.1f} MB",
        "left out": f"{info.skipped:,}",
        "built": info.built_at,
        "on disk": f"{info.disk_bytes / 1e6:.1f} MB in {info.path}",
    }
    sys.stdout.write("".join(f"{key:<10} {value}\n" for key, value in rows.items()))
