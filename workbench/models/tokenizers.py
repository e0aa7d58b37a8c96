"""Finds tokenizers: on this machine, in a repository of Elastic's packages, or on the hub; keeps what was fetched.

What was fetched lies in a folder per reference. Its record names the file to open and is written last, so that a
tokenizer is either there or not.
"""

import hashlib
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from workbench.config.references import RERANK_V1, is_path, is_url
from workbench.domain.deployment import ModelKind, TokenizerFile, TokenizerKind, window_of
from workbench.domain.errors import BadInputError, ModelUnavailableError
from workbench.domain.text import single_line
from workbench.domain.tokens import ELASTIC
from workbench.models.catalog import ModelCard
from workbench.models.fetch import verify
from workbench.models.hub import Hub
from workbench.models.package import METADATA, fetch_package, package_in
from workbench.models.record import forget, read_record, write_record
from workbench.models.repository import ELASTIC as ELASTIC_REPOSITORY
from workbench.models.repository import FolderRepository, read_file, repository_at
from workbench.models.source import AbsentFileError, ModelFile, Report, check_stop
from workbench.models.store import PATIENCE, ModelStore, releasing, taken
from workbench.models.vocabulary import (
    LIMIT,
    METADATA_LIMIT,
    RefusedError,
    check_deberta,
    check_name,
    check_sentencepiece,
    check_tokenizer,
    check_vocabulary,
    json_object,
    too_large,
)

TOKENIZER, PIECES, CONFIG = "tokenizer.json", "spm.model", "tokenizer_config.json"
TOKENIZER_LIMIT = 100_000_000
"""Bytes of a `tokenizer.json`; that of a model for many languages has some 30 million."""
ASSUMED = window_of(ModelKind.CROSS_ENCODER, 512)
"""How a model reads that nothing is known about."""
_ON_THE_HUB = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_KINDS = (
    f"Name a {TOKENIZER}, a *.vocab.json, an {PIECES}, a folder or an address that holds one, {RERANK_V1}, "
    "a local model, or a model on the hub such as microsoft/deberta-v3-base."
)


def _silent(progress: object) -> None:
    """Nobody wants to know."""


class TokenizerFiles:
    """Tokenizers by what a person writes; any number of processes may share what was fetched."""

    def __init__(self, cache: Path, models: ModelStore) -> None:
        """Nothing is created until a tokenizer is fetched.

        Args:
            cache: Gets one folder per reference.
            models: Local models, whose tokenizers are known by the models' ids.
        """
        self._cache = cache
        self._models = models

    def cached(self, reference: str) -> TokenizerFile | None:
        """Find a tokenizer without the network; None for one that would have to be fetched.

        Raises:
            BadInputError: Nothing can be meant by it, or a file on this machine breaks a rule.
            ModelUnavailableError: A file on this machine is not there or cannot be read.
        """
        return self._here(reference) or read_record(self._home(reference))

    def find(self, reference: str, report: Report = _silent, stop: threading.Event | None = None) -> TokenizerFile:
        """Find a tokenizer, and fetch it where that is needed; what was fetched before is looked at again.

        Blocks for as long as that takes; call it from a thread.

        Args:
            reference: A file, a folder, the address of a model repository, `.rerank-v1`, a local model's id, or the
                id of a model on the hub.
            report: Told how far a download has come.
            stop: Ends it.

        Raises:
            BadInputError: Nothing can be meant by it, or what was found breaks a rule, which the message names.
            ModelUnavailableError: It cannot be read or fetched, and never was.
            StoppedError: `stop` was set.
        """
        if found := self._here(reference):
            return found
        home = self._home(reference)
        with self._turn(home, stop or threading.Event()) as stop:
            try:
                found = self._fetch(reference, home, report, stop)
            except ModelUnavailableError as error:
                if known := read_record(home):
                    return known
                hint = error.hint or "Check the network and try again, or name a file that you bring yourself."
                raise ModelUnavailableError(
                    f"The tokenizer {reference} could not be fetched: {error.message.rstrip('.')}.", hint, error.detail
                ) from error
            write_record(home, found)
        return found

    # On this machine ------------------------------------------------------------------------------

    def _here(self, reference: str) -> TokenizerFile | None:
        """What needs no network; None for what does."""
        if reference in (card.id for card in self._models.cards()):
            return self._prepared(self._models.card(reference))
        if is_url(reference):
            repository = repository_at(reference)
            return package_in(repository) if isinstance(repository, FolderRepository) else None
        if reference == RERANK_V1:
            return None
        try:
            path = Path(reference).expanduser()
            if is_path(reference) or path.exists():
                return self._in_folder(path) if path.is_dir() else self._file(path)
        except (OSError, ValueError, RuntimeError) as error:  # A name that no file can have, or nobody's home.
            raise BadInputError(f"{single_line(reference, 200)} cannot be looked at: {error}", _KINDS) from error
        if not _ON_THE_HUB.fullmatch(reference):
            raise BadInputError(f"There is no tokenizer “{single_line(reference, 80)}”.", _KINDS)
        return None

    def _prepared(self, card: ModelCard) -> TokenizerFile:
        model = self._models.prepared(card.id)
        if model is None:
            hint = f"Fetch it: workbench models download {card.id}"
            raise ModelUnavailableError(f"{card.id} is not on this machine yet, nor is its tokenizer.", hint)
        return TokenizerFile(card.id, TokenizerKind.HUGGING_FACE, model.tokenizer, window_of(card.kind, card.window))

    def _in_folder(self, folder: Path) -> TokenizerFile:
        if (folder / METADATA).exists():
            return package_in(FolderRepository(folder))
        if (folder / TOKENIZER).exists():
            return replace(self._file(folder / TOKENIZER), id=folder.absolute().name)
        if (folder / PIECES).exists():
            if (folder / CONFIG).exists():
                check_deberta(read_file(folder / CONFIG, METADATA_LIMIT), str(folder / CONFIG))
            return replace(self._file(folder / PIECES), id=folder.absolute().name)
        names = f"{METADATA}, {TOKENIZER} or {PIECES}"
        raise BadInputError(f"{folder} holds no tokenizer: there is no {names}.", "Name another folder, or the file.")

    def _file(self, path: Path) -> TokenizerFile:
        raw = read_file(path, TOKENIZER_LIMIT)
        name, where = path.name, str(path)
        if not name.endswith(".json"):
            if raw.lstrip()[:1] == b"{":
                check_name(name, where)
            check_sentencepiece(raw, where)
            return TokenizerFile(name, TokenizerKind.SENTENCEPIECE, path, ELASTIC)
        found = json_object(raw, where, TOKENIZER_LIMIT)
        if "model" in found or not found.keys() & {"vocabulary", "scores"}:
            return self._hugging_face(name, path, raw, found)
        if len(raw) > LIMIT:
            raise too_large(where, LIMIT)
        check_vocabulary(found, where)
        return TokenizerFile(name, TokenizerKind.ELASTIC, path, ELASTIC)

    def _hugging_face(
        self, id: str, path: Path, raw: bytes, found: Mapping[str, Any], repository: str = ""
    ) -> TokenizerFile:
        """A `tokenizer.json`, which says nothing of how its model reads; the catalog may."""
        check_tokenizer(found, str(path))
        for card in self._models.cards():
            if Hub(repository) in card.sources or _is_of(card, raw):
                return TokenizerFile(id, TokenizerKind.HUGGING_FACE, path, window_of(card.kind, card.window))
        reads = f"{ASSUMED.budget} tokens, {ASSUMED.strategy}"
        note = f"It is not known how the model of this tokenizer reads, so it is taken to read {reads}."
        return TokenizerFile(id, TokenizerKind.HUGGING_FACE, path, ASSUMED, (note,))

    # Elsewhere ------------------------------------------------------------------------------------

    def _fetch(self, reference: str, home: Path, report: Report, stop: threading.Event) -> TokenizerFile:
        if reference == RERANK_V1 or is_url(reference):
            address = ELASTIC_REPOSITORY if reference == RERANK_V1 else reference
            return fetch_package(repository_at(address), home, report, stop)
        try:
            return self._from_hub(reference, home, report, stop)
        except RefusedError:
            forget(home)  # What it names may have been replaced.
            raise

    def _from_hub(self, repository: str, home: Path, report: Report, stop: threading.Event) -> TokenizerFile:
        def fetch(*files: ModelFile) -> None:
            known = Hub(repository).fetch(repository, files, home, report, stop)
            verify(known or files, home, stop)

        try:
            fetch(ModelFile(TOKENIZER, limit=TOKENIZER_LIMIT))
        except AbsentFileError:
            fetch(ModelFile(PIECES, limit=LIMIT), ModelFile(CONFIG, limit=METADATA_LIMIT))
            check_deberta(read_file(home / CONFIG, METADATA_LIMIT), f"{repository}/{CONFIG}")
            check_sentencepiece(read_file(home / PIECES, LIMIT), f"{repository}/{PIECES}")
            return TokenizerFile(repository, TokenizerKind.SENTENCEPIECE, home / PIECES, ELASTIC)
        raw = read_file(home / TOKENIZER, TOKENIZER_LIMIT)
        found = json_object(raw, f"{repository}/{TOKENIZER}", TOKENIZER_LIMIT)
        return self._hugging_face(repository, home / TOKENIZER, raw, found, repository)

    def _home(self, reference: str) -> Path:
        name = re.sub("[^A-Za-z0-9._-]+", "-", reference).strip("-.")[:60]
        return self._cache / f"{name}-{hashlib.blake2b(reference.encode(), digest_size=4).hexdigest()}"

    @contextmanager
    def _turn(self, home: Path, stop: threading.Event) -> Iterator[threading.Event]:
        """Wait for another process that fetches the same."""
        from filelock import FileLock

        try:
            home.mkdir(parents=True, exist_ok=True)
            lock = FileLock(home.with_name(f"{home.name}.lock"))
            while not taken(lock):
                stop.wait(PATIENCE)
                check_stop(stop)
            with releasing(lock):
                yield stop
        except OSError as error:
            raise ModelUnavailableError(
                f"Tokenizers cannot be kept in {self._cache}: {error.strerror or error}.",
                "Mend its permissions, free some space, or set WORKBENCH_HOME to a folder of your own.",
                repr(error),
            ) from error


def _is_of(card: ModelCard, raw: bytes) -> bool:
    """Whether a `tokenizer.json` is the one that the catalog names."""
    known = {file.checksum.value for file in card.files if file.name == TOKENIZER and file.checksum}
    return bool(known) and hashlib.sha256(raw).hexdigest() in known
