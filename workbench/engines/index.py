"""Builds, lists, rebuilds and removes indexed corpora; what answered before does so until the new one is whole."""

import json
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from workbench.domain.documents import Document, Judgment, Query
from workbench.domain.errors import BadInputError, StoppedError
from workbench.domain.text import single_line
from workbench.engines.analysis import Analysed, analysed
from workbench.engines.analyzer import ANALYZER_VERSION, GAP
from workbench.engines.corpora import CorpusInfo, described, documents_in, read_judgments, read_queries
from workbench.engines.corpus_layout import (
    FORMAT_VERSION,
    Manifest,
    current_generation,
    files_in,
    home_of,
    locked,
    read_manifest,
    sweep,
    switch,
)

_HEAP_BYTES = 256_000_000
"""What tantivy gathers before it writes a segment: the most of a build's memory."""


def build_index(
    root: Path,
    name: str,
    source: str,
    documents: Iterable[Document],
    *,
    judged: tuple[Sequence[Query], Sequence[Judgment]] | None = None,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    stop: threading.Event | None = None,
    skipped: Callable[[], int] | None = None,
    patience: float = 0,
) -> CorpusInfo:
    """Index a corpus under a name, replacing what had that name.

    Until it returns, the old index answers; a build that ends early leaves it as it was.

    Args:
        root: The folder of all corpora.
        name: Lower-case letters, digits, dot, dash, underscore; at most 64.
        source: What the documents were read from, to be shown and read again.
        documents: A stream; never held as a whole.
        judged: Queries and judgments that belong to the corpus.
        workers: Processes that analyse; 0 for none besides this one, None for what suits the machine.
        progress: Told the documents and the bytes of text that are in.
        stop: Ends the build early when set.
        skipped: Asked at the end how many records were no documents.
        patience: Seconds to wait for another process that builds the same corpus.

    Raises:
        BadInputError: The name will not do, or there are no documents.
        IndexUnavailableError: Another process builds it, or the disk refuses.
        StoppedError: `stop` was set.
    """
    from tantivy.tantivy import __version__ as tantivy_version

    with locked(root, name, patience):
        home = home_of(root, name)
        sweep(home)
        generation = home / f"{time.time_ns():x}"
        try:
            with closing(analysed(documents, workers)) as batches:
                count, text_bytes = _write_documents(generation, batches, progress, stop)
            if not count:
                hint = "Nothing was indexed; an index of that name is unchanged."
                raise BadInputError(f"{single_line(source)} holds no documents that can be read.", hint)
            if judged:
                _write_judged(generation, *judged)
            manifest = Manifest(
                format=FORMAT_VERSION,
                tantivy=tantivy_version,
                analyzer=ANALYZER_VERSION,
                name=name,
                source=source,
                documents=count,
                text_bytes=text_bytes,
                skipped=skipped() if skipped else 0,
                built_at=datetime.now(UTC).isoformat(timespec="seconds"),
                columns=("id", "title", "body"),
                files={path.relative_to(generation).as_posix(): path.stat().st_size for path in files_in(generation)},
            )
            manifest.write(generation)
            switch(home, generation)
        except BaseException:
            sweep(home)
            raise
        sweep(home)
    return described(manifest, generation)


def rebuild_index(
    root: Path,
    name: str,
    *,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    stop: threading.Event | None = None,
) -> CorpusInfo:
    """Index a corpus anew from the text that lies beside its index.

    Raises:
        BadInputError: There is no such corpus.
        IndexUnavailableError: The text is not whole.
        StoppedError: `stop` was set.
    """
    generation = current_generation(root, name)
    manifest = read_manifest(generation, name)

    judged = (read_queries(root, name), read_judgments(root, name))
    return build_index(
        root,
        name,
        manifest.source,
        documents_in(manifest, generation),
        judged=judged if any(judged) else None,
        workers=workers,
        progress=progress,
        stop=stop,
        skipped=lambda: manifest.skipped,
    )


def remove_corpus(root: Path, name: str) -> None:
    """Delete a corpus, whole or not.

    Raises:
        BadInputError: There is none.
        IndexUnavailableError: Another process builds it, or the disk refuses.
    """
    with locked(root, name):
        home = home_of(root, name)
        if not home.is_dir():
            current_generation(root, name)
        (home / "current").unlink(missing_ok=True)
        shutil.rmtree(home)


def _write_documents(
    generation: Path,
    batches: Iterable[Analysed],
    progress: Callable[[int, int], None] | None,
    stop: threading.Event | None,
) -> tuple[int, int]:
    """Write the text and the index; returns the documents and the bytes of text."""
    import tantivy

    (generation / "tantivy").mkdir(parents=True)
    # One thread: documents keep their order, so that equal scores rank as the source had them.
    writer = _new_index(generation / "tantivy").writer(_HEAP_BYTES, 1)
    documents = text_bytes = offset = 0
    with (generation / "documents.jsonl").open("wb") as text:
        for batch in batches:
            if stop and stop.is_set():
                raise StoppedError("Stopped; the corpus is as it was.")
            text.write(batch.lines)
            with _disk_errors():
                for id, length, title, body in batch.rows:
                    row = tantivy.Document()
                    row.add_text("id", id)
                    row.add_text("title", title)
                    row.add_text("body", body)
                    row.add_unsigned("offset", offset)
                    row.add_unsigned("length", length)
                    writer.add_document(row)
                    offset += length
            documents += len(batch.rows)
            text_bytes += batch.text_bytes
            if progress:
                progress(documents, text_bytes)
    with _disk_errors():
        writer.commit()
        writer.wait_merging_threads()
    return documents, text_bytes


@contextmanager
def _disk_errors() -> Iterator[None]:
    """What the disk refuses reaches us from tantivy as `ValueError`."""
    try:
        yield
    except ValueError as error:
        raise OSError(str(error)) from error


def _new_index(folder: Path) -> Any:
    import tantivy

    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("title", tokenizer_name="terms", index_option="position")
    builder.add_text_field("body", tokenizer_name="terms", index_option="position")
    builder.add_unsigned_field("offset", fast=True)
    builder.add_unsigned_field("length", fast=True)
    index = tantivy.Index(builder.build(), path=str(folder), reuse=False, sort_by_field="offset")
    # What is indexed is analysed already: terms between spaces, and gaps that count as positions alone.
    tokenizer = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace())
    index.register_tokenizer("terms", tokenizer.filter(tantivy.Filter.custom_stopword([GAP])).build())
    return index


def _write_judged(generation: Path, queries: Sequence[Query], judgments: Sequence[Judgment]) -> None:
    lines = [json.dumps({"_id": query.id, "text": query.text}, ensure_ascii=False) + "\n" for query in queries]
    (generation / "queries.jsonl").write_text("".join(lines), encoding="utf-8")
    rows = [f"{row.query_id}\t{row.document_id}\t{row.grade}\n" for row in judgments]
    (generation / "qrels").mkdir()
    (generation / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n" + "".join(rows), encoding="utf-8")
