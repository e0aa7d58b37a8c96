"""Which corpora are indexed on this machine, and what came with them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workbench.domain.documents import Document, Judgment, Query
from workbench.domain.errors import BadInputError, IndexUnavailableError
from workbench.engines.corpus_layout import (
    Manifest,
    check,
    current_generation,
    damaged,
    files_in,
    names,
    read_manifest,
    reading,
)


@dataclass(frozen=True)
class CorpusInfo:
    """A corpus that is indexed on this machine."""

    name: str
    source: str
    """What it was read from, as a person gave it."""
    documents: int
    text_bytes: int
    """Titles and bodies in UTF-8."""
    skipped: int
    """Records of the source that were not documents."""
    built_at: str
    """ISO 8601, UTC."""
    disk_bytes: int
    path: Path
    """The generation's folder."""


@dataclass(frozen=True)
class BrokenCorpus:
    """A corpus whose index cannot answer."""

    name: str
    error: IndexUnavailableError


def list_corpora(root: Path) -> list[CorpusInfo | BrokenCorpus]:
    """Every corpus below a root, in alphabetical order."""
    corpora: list[CorpusInfo | BrokenCorpus] = []
    for name in names(root):
        try:
            corpora.append(corpus_info(root, name))
        except IndexUnavailableError as error:
            corpora.append(BrokenCorpus(name, error))
        except BadInputError:
            continue  # Removed just now.
    return corpora


def corpus_info(root: Path, name: str) -> CorpusInfo:
    """What is known of one corpus.

    Raises:
        BadInputError: There is no such corpus.
        IndexUnavailableError: Its index cannot answer.
    """
    generation = current_generation(root, name)
    manifest = read_manifest(generation, name)
    check(manifest, generation)
    return described(manifest, generation)


def read_queries(root: Path, name: str) -> tuple[Query, ...]:
    """The queries that came with a corpus, in their order; empty when none did."""
    path = current_generation(root, name) / "queries.jsonl"
    with reading(name):
        if not path.exists():
            return ()
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        return tuple(Query(row["_id"], row["text"]) for row in rows)


def read_judgments(root: Path, name: str) -> tuple[Judgment, ...]:
    """The judgments that came with a corpus, in their order; empty when none did."""
    path = current_generation(root, name) / "qrels" / "test.tsv"
    with reading(name):
        if not path.exists():
            return ()
        rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()[1:]]
        return tuple(Judgment(query, document, int(grade)) for query, document, grade in rows)


def read_documents(root: Path, name: str) -> Iterator[Document]:
    """Stream the documents of a corpus in their order.

    Raises:
        BadInputError: There is no such corpus.
        IndexUnavailableError: The text is not whole.
    """
    generation = current_generation(root, name)
    return documents_in(read_manifest(generation, name), generation)


def documents_in(manifest: Manifest, generation: Path) -> Iterator[Document]:
    """Stream the documents of a generation; raises `IndexUnavailableError` where the text is not whole."""
    count = 0
    try:
        with (generation / "documents.jsonl").open(encoding="utf-8") as lines:
            for count, line in enumerate(lines, 1):  # noqa: B007
                yield Document(**json.loads(line))
    except (OSError, ValueError, TypeError) as error:
        raise damaged(manifest.name, str(error), manifest.mending) from error
    if count != manifest.documents:
        detail = f"documents.jsonl has {count:,} of {manifest.documents:,} documents"
        raise damaged(manifest.name, detail, manifest.mending)


def described(manifest: Manifest, generation: Path) -> CorpusInfo:
    """What a generation says of itself, and what room it takes."""
    return CorpusInfo(
        name=manifest.name,
        source=manifest.source,
        documents=manifest.documents,
        text_bytes=manifest.text_bytes,
        skipped=manifest.skipped,
        built_at=manifest.built_at,
        disk_bytes=sum(path.stat().st_size for path in files_in(generation)),
        path=generation,
    )
