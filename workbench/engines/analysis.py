"""Analyses a stream of documents on every core, in order and in bounded memory."""

import json
import os
import signal
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import chain
from multiprocessing import get_context, parent_process
from threading import Thread

from workbench.domain.documents import Document
from workbench.domain.errors import IndexUnavailableError
from workbench.engines.analyzer import terms

_BATCH_CHARACTERS = 400_000
_BATCH_DOCUMENTS = 2_000
_ALONE_CHARACTERS = 2_000_000
"""Less text than this is analysed sooner than a process starts."""


@dataclass(frozen=True)
class Analysed:
    """A run of documents, ready to be written."""

    lines: bytes
    """Their lines of `documents.jsonl`."""
    rows: list[tuple[str, int, str, str]]
    """Per document: id, length of its line in bytes, terms of its title, terms of its body."""
    text_bytes: int


def analyse(documents: list[tuple[str, str, str]]) -> Analysed:
    """Analyse a few documents, each given as id, title and body."""
    lines, rows, text_bytes = [], [], 0
    for id, title, body in documents:
        line = json.dumps({"id": id, "title": title, "body": body}, ensure_ascii=False).encode() + b"\n"
        lines.append(line)
        rows.append((id, len(line), terms(title), terms(body)))
        text_bytes += len(title.encode()) + len(body.encode())
    return Analysed(b"".join(lines), rows, text_bytes)


def analysed(documents: Iterable[Document], workers: int | None = None) -> Generator[Analysed]:
    """Analyse a stream of documents.

    Args:
        documents: Read only as fast as the results are taken.
        workers: Processes to use; 0 for this one alone. None uses one per core once the stream is worth it.

    Yields:
        Results in the order of the documents.

    Raises:
        IndexUnavailableError: A process was killed from outside.
    """
    batches = _batches(documents)
    if not workers:
        seen = 0
        for batch in batches:
            if workers is None and seen > _ALONE_CHARACTERS:
                batches = chain([batch], batches)
                break
            seen += sum(len(body) for _, _, body in batch)
            yield analyse(batch)
        else:
            return
        workers = os.cpu_count() or 1
    pool = ProcessPoolExecutor(workers, get_context("spawn"), _begin)
    try:
        under_way: deque[Future[Analysed]] = deque()
        for batch in batches:
            under_way.append(pool.submit(analyse, batch))
            if len(under_way) > 2 * workers:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    except BrokenProcessPool as error:
        hint = "Try again; if memory is short, close other programs first."
        raise IndexUnavailableError("A process that read the documents was killed.", hint, str(error)) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _batches(documents: Iterable[Document]) -> Iterator[list[tuple[str, str, str]]]:
    batch, characters = [], 0
    for document in documents:
        batch.append((document.id, document.title, document.body))
        characters += len(document.title) + len(document.body)
        if characters >= _BATCH_CHARACTERS or len(batch) >= _BATCH_DOCUMENTS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def _begin() -> None:
    """Leave Ctrl-C to the parent, and go when it goes, even if it was killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_follow_parent, daemon=True).start()


def _follow_parent() -> None:
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
