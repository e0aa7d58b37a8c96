"""Ties profiles, engines, models and settings into a session; everything heavy is imported inside the functions."""

import os
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from workbench import __version__
from workbench.cli.main import say
from workbench.config.paths import Paths, bundled, user_paths
from workbench.config.settings import THIS_MACHINE, Settings, load_settings, parse_settings
from workbench.domain.deployment import PreparedModel
from workbench.domain.tuning import Tuning
from workbench.engines.base import Engines, Opened, Reranker
from workbench.engines.threads import in_thread
from workbench.services.kept import Kept
from workbench.services.local import LocalEngines, LocalModel
from workbench.services.models import ModelLibrary
from workbench.services.session import Session, place_of

if TYPE_CHECKING:
    from argparse import Namespace

    from workbench.config.profiles import Profiles
    from workbench.models.store import ModelStore

BUNDLED = "help-center"
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
    return replace(settings, profile=profile, corpus=place_of(profile, given.get("corpus", "")))


def _profiles(paths: Paths) -> "Profiles":
    from workbench.config.profiles import load_profiles

    return load_profiles(paths.profiles, os.environ)


def open_session(settings: Settings) -> Session:
    """Make a session; nothing is opened yet."""
    paths = user_paths()
    local = _local_engines(settings, paths)

    def engines(profile: str) -> Engines:
        return _cluster_engines(profile, local, paths) if profile else local

    def profiles() -> tuple[str, ...]:
        return tuple(_profiles(paths).profiles)

    tuning = Tuning(settings.depth, settings.size, settings.mix_weight, settings.fields)
    return Session(engines(settings.profile), tuning, Kept(paths.data), engines, profiles)


def _cluster_engines(name: str, local: LocalEngines, paths: Paths) -> Engines:
    from workbench.engines.elasticsearch.engines import ClusterEngines

    return ClusterEngines(_profiles(paths).named(name), paths.templates, local.model, local.rerankers)


def _local_engines(settings: Settings, paths: Paths) -> LocalEngines:

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
