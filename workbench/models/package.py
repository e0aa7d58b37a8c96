"""Takes the tokenizer of Elastic's reranker out of its package: metadata, and the vocabulary that it names."""

import threading
from pathlib import Path

from workbench.config.references import RERANK_V1
from workbench.domain.deployment import TokenizerFile, TokenizerKind
from workbench.models.record import read_record, replace_file
from workbench.models.repository import FolderRepository, Repository, read_file
from workbench.models.source import Report
from workbench.models.vocabulary import (
    LIMIT,
    METADATA_LIMIT,
    PACKAGE,
    Package,
    check_package,
    check_vocabulary,
    json_object,
)

METADATA = f"{PACKAGE}.metadata.json"
_VOCABULARY = f"{PACKAGE}.vocab.json"


def package_in(repository: FolderRepository) -> TokenizerFile:
    """Find the vocabulary in a folder; it stays there.

    Raises:
        RefusedError: The metadata or the vocabulary breaks a rule.
        ModelUnavailableError: One of them is not there or cannot be read.
    """
    package = check_package(read_file(repository.path(METADATA), METADATA_LIMIT), repository.where(METADATA))
    path = repository.path(package.vocabulary_file)
    check_vocabulary(json_object(read_file(path, LIMIT), str(path), LIMIT), str(path))
    return _tokenizer(path, package)


def fetch_package(repository: Repository, home: Path, report: Report, stop: threading.Event) -> TokenizerFile:
    """Bring the vocabulary into a folder, unless it is there and the metadata is what it was.

    Args:
        repository: Where they are.
        home: A folder that gets both.
        report: Told how far the vocabulary has come.
        stop: Ends the work.

    Raises:
        RefusedError: The metadata or the vocabulary breaks a rule; what was there before stays.
        ModelUnavailableError: One of them is not there or cannot be read.
        StoppedError: `stop` was set.
        OSError: The folder cannot be written to.
    """
    metadata = repository.read(METADATA, METADATA_LIMIT, lambda progress: None, stop)
    package = check_package(metadata, repository.where(METADATA))
    kept = home / METADATA
    if (known := read_record(home)) and kept.is_file() and kept.read_bytes() == metadata:
        return known
    where = repository.where(package.vocabulary_file)
    vocabulary = repository.read(package.vocabulary_file, LIMIT, report, stop)
    check_vocabulary(json_object(vocabulary, where, LIMIT), where)
    kept.unlink(missing_ok=True)  # So that the two are never of different packages.
    replace_file(home / _VOCABULARY, vocabulary)
    replace_file(kept, metadata)
    return _tokenizer(home / _VOCABULARY, package)


def _tokenizer(path: Path, package: Package) -> TokenizerFile:
    return TokenizerFile(RERANK_V1, TokenizerKind.ELASTIC, path, package.window, package.notes)
