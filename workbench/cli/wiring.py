"""Ties profiles, engines, models and settings into a session; everything heavy is imported inside the functions."""

import os
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from workbench import __version__
from workbench.cli.main import say
from workbench.cli.progress import ModelProgress
from workbench.config.paths import Paths, bundled, user_paths
from workbench.config.settings import THIS_MACHINE, Settings, load_settings, parse_settings
from workbench.domain.deployment import ModelState, ModelStatus, PreparedModel, Progress, TokenizerFile
from workbench.domain.errors import WorkbenchError
from workbench.domain.tokens import ESTIMATE, Reader
from workbench.domain.tuning import Tuning
from workbench.engines.base import Engines, Opened, Reranker
from workbench.engines.threads import in_thread
from workbench.services.kept import Kept
from workbench.services.laboratory import Laboratory
from workbench.services.local import LocalEngines, LocalModel
from workbench.services.models import ModelLibrary, ensure_model
from workbench.services.session import Session, place_of

if TYPE_CHECKING:
    from argparse import Namespace

    from workbench.config.profiles import Profiles
    from workbench.domain.chunks import Boundaries
    from workbench.models.source import Report
    from workbench.models.store import ModelStore
    from workbench.models.tokenizers import TokenizerFiles

BUNDLED = "help-center"
_LOOKED_AT: set[tuple[Path, str]] = set()
"""Tokenizers that this process has looked for where they come from."""
FIRST_START_PATIENCE = 30.0
"""Seconds to wait while another process, started at the same moment, indexes the bundled corpus."""


def settings_for(arguments: "Namespace") -> Settings:
    """The settings file with the command line's flags on top; the corpus becomes a place, its profile included."""
    paths = user_paths()
    settings = load_settings(paths.settings)
    given = {
        key: value
        for key in ("profile", "corpus", "model", "depth", "size", "mix_weight")
        if (value := getattr(arguments, key, None)) is not None
    }
    parse_settings(given, "command line")
    settings = replace(settings, **given)
    profile = settings.profile
    if not profile and paths.profiles.exists():
        from workbench.config.profiles import default_profile

        profile, warnings = default_profile(paths.profiles, os.environ)
        for warning in warnings:
            say(warning)
    if profile in ("", THIS_MACHINE):
        return replace(settings, profile="")
    _profiles(paths).named(profile)  # One that cannot be used is said before anything opens.
    return replace(settings, profile=profile, corpus=place_of(profile, given.get("corpus", "")))


def _profiles(paths: Paths) -> "Profiles":
    from workbench.config.profiles import load_profiles

    return load_profiles(paths.profiles, os.environ)


def open_session(settings: Settings) -> Session:
    """Make a session of this machine; nothing is opened yet, and another profile's place is known when it is opened."""
    paths = user_paths()
    local = _local_engines(settings, paths)

    def engines(profile: str) -> Engines:
        return _cluster_engines(profile, local, settings, paths) if profile else local

    def profiles() -> tuple[str, ...]:
        return tuple(_profiles(paths).profiles)

    tuning = Tuning(settings.depth, settings.size, settings.mix_weight, settings.fields)
    return Session(local, tuning, Kept(paths.data), engines, profiles, _laboratory(settings, paths))


def _cluster_engines(name: str, local: LocalEngines, settings: Settings, paths: Paths) -> Engines:
    from workbench.engines.elasticsearch.engines import ClusterEngines

    profile = _profiles(paths).named(name)
    tokenizer = profile.tokenizer or settings.tokenizer
    open_named = partial(open_reader, paths, tokenizer) if tokenizer else None
    own = bool(profile.tokenizer)
    return ClusterEngines(profile, paths.templates, local.model, local.rerankers, open_named, own)


def _laboratory(settings: Settings, paths: Paths) -> Laboratory:
    """Tools for experiments, as functions, so that what they need is imported when it is used."""

    def boundaries() -> "Boundaries":
        from workbench.engines.boundaries import IcuBoundaries

        return IcuBoundaries()

    def terms(text: str) -> list[str]:
        from workbench.engines.analyzer import plain_terms

        return plain_terms(text)

    def readers() -> tuple[str, ...]:
        from workbench.config.references import RERANK_V1

        store = model_store(paths)
        named = [settings.tokenizer]
        with suppress(WorkbenchError):  # What is wrong with the profiles is said when one of them is used.
            named += [profile.tokenizer for profile in _profiles(paths).profiles.values()]
        kept = tokenizer_files(paths).cached(RERANK_V1)
        ready = [card.id for card in store.cards() if store.prepared(card.id)]
        return tuple(
            dict.fromkeys((*ready, *filter(None, named), *([RERANK_V1] if kept else []), ESTIMATE.tokenizer.id))
        )

    return Laboratory(boundaries, terms, readers, partial(open_reader, paths))


def tokenizer_files(paths: Paths) -> "TokenizerFiles":
    """Tokenizers of this machine, and those that were fetched."""
    from workbench.models.tokenizers import TokenizerFiles

    return TokenizerFiles(paths.tokenizers, model_store(paths))


def open_reader(paths: Paths, reference: str) -> Reader:
    """Open how a model reads, fetching its tokenizer if need be; blocks.

    Args:
        paths: The user's folders.
        reference: As in the settings; `estimate` for none.

    Raises:
        WorkbenchError: It cannot be found, fetched or opened.
    """
    return ESTIMATE if reference == ESTIMATE.tokenizer.id else reader_of(find_tokenizer(paths, reference))


def find_tokenizer(paths: Paths, reference: str, report: "Report | None" = None) -> TokenizerFile:
    """Find a tokenizer, and fetch it if need be; what was fetched before is looked at again once in a process; blocks.

    Args:
        paths: The user's folders.
        reference: As in the settings.
        report: Told how far a download has come.

    Raises:
        WorkbenchError: It cannot be found or fetched, and never was.
    """
    files, looked = tokenizer_files(paths), (paths.tokenizers, reference)
    found = files.cached(reference) if looked in _LOOKED_AT else None
    found = found or files.find(reference, report or (lambda progress: None))
    _LOOKED_AT.add(looked)
    return found


def reader_of(file: TokenizerFile) -> Reader:
    """Open how the model of a tokenizer reads, with what is assumed of it among its notes; blocks."""
    from workbench.engines import tokenizer

    reader = tokenizer.open_reader(file)
    for note in file.notes:
        reader = reader.noted(note)
    return reader


async def fetched_reader(paths: Paths, reference: str) -> Reader:
    """Open how a model reads as `open_reader` does; what is fetched and prepared for it is told on standard error."""
    store = model_store(paths)
    with ModelProgress() as progress:
        if reference in {card.id for card in store.cards()}:
            async for item in ensure_model(store, reference):
                if isinstance(item, ModelStatus):
                    progress.show(item)
        elif reference != ESTIMATE.tokenizer.id:

            def report(done: Progress | None) -> None:
                progress.show(ModelStatus(reference, ModelState.DOWNLOADING, progress=done))

            await in_thread(partial(find_tokenizer, paths, reference, report), "tokenizer")
    return await in_thread(partial(open_reader, paths, reference), "tokenizer")


def _local_engines(settings: Settings, paths: Paths) -> LocalEngines:
    """The engines of this machine, as functions, so that what they need is imported when it is used."""

    async def open_corpus(name: str) -> Opened:
        return await in_thread(partial(_open_corpus, paths, name, settings.fields), f"open {name}")

    def open_reranker(model: PreparedModel) -> Reranker:
        from workbench.engines.onnx_reranker import OnnxReranker

        return OnnxReranker(model, paths.vectors)

    def models() -> ModelLibrary:
        return model_store(paths)

    def corpus_names() -> list[str]:
        from workbench.engines.corpora import list_corpora

        return sorted({BUNDLED, *(corpus.name for corpus in list_corpora(paths.corpora))})

    return LocalEngines(open_corpus, corpus_names, LocalModel(settings.model, models, open_reranker))


def model_store(paths: Paths) -> "ModelStore":
    """The local models in the user's cache."""
    from workbench.models.store import ModelStore

    return ModelStore(paths.models)


def _open_corpus(paths: Paths, name: str, fields: tuple[tuple[str, float], ...]) -> Opened:
    from workbench.engines.corpora import corpus_info, read_queries
    from workbench.engines.embedded import EmbeddedRetriever

    if name == BUNDLED:
        ensure_bundled(paths.corpora)
    info = corpus_info(paths.corpora, name)
    return Opened(EmbeddedRetriever(paths.corpora, name, fields), info.documents, read_queries(paths.corpora, name))


def ensure_bundled(root: Path) -> None:
    """Index the bundled corpus, unless this version's is there or the person put their own in its place."""
    from workbench.domain.errors import WorkbenchError
    from workbench.engines.corpora import corpus_info

    source = f"bundled {BUNDLED} {__version__}"
    try:
        found = corpus_info(root, BUNDLED).source
    except WorkbenchError:
        found = "bundled, but not usable"
    if found != source and found.startswith("bundled"):
        _index_bundled(root, source)


def _index_bundled(root: Path, source: str) -> None:
    from workbench.corpora.judgments import read_judged
    from workbench.corpora.open import open_corpus
    from workbench.engines.index import build_index
    from workbench.services.intake import Intake

    folder = bundled("fixtures") / BUNDLED
    judged = read_judged(folder)
    build_index(
        root,
        BUNDLED,
        source,
        Intake(open_corpus(str(folder))).documents(),
        judged=(judged.queries, judged.judgments) if judged else None,
        workers=0,
        patience=FIRST_START_PATIENCE,
    )
