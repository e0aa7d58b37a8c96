"""Ties engines, models and settings into a session; everything heavy is imported inside the functions."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from workbench import __version__
from workbench.config.paths import Paths, bundled, user_paths
from workbench.config.settings import Settings, load_settings, parse_settings
from workbench.domain.deployment import PreparedModel
from workbench.domain.tuning import Tuning
from workbench.engines.base import Opened, Reranker
from workbench.services.kept import Kept
from workbench.services.local import LocalEngines, LocalModel
from workbench.services.models import ModelLibrary
from workbench.services.session import Session
from workbench.services.threads import in_thread

if TYPE_CHECKING:
    from argparse import Namespace

    from workbench.models.store import ModelStore

BUNDLED = "help-center"
FIRST_START_PATIENCE = 30.0
"""Seconds to wait while another process, started at the same moment, indexes the bundled corpus."""


def settings_for(arguments: "Namespace") -> Settings:
    """The settings file with the command line's flags on top."""
    settings = load_settings(user_paths().settings)
    given = {
        key: value
        for key in ("corpus", "model", "depth", "size", "mix_weight")
        if (value := getattr(arguments, key, None)) is not None
    }
    parse_settings(given, "command line")
    return replace(settings, **given)


def open_session(settings: Settings) -> Session:
    """Make a session; nothing is opened yet."""
    paths = user_paths()

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

    tuning = Tuning(settings.depth, settings.size, settings.mix_weight, settings.fields)
    engines = LocalEngines(open_corpus, corpus_names, LocalModel(settings.model, models, open_reranker))
    return Session(engines, tuning, Kept(paths.data))


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
