"""The app over a real index of the bundled corpus and a real, tiny model."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes.tiny_models import prepared
from tests.ui.cluster import World
from workbench.cli.wiring import ensure_bundled
from workbench.config.settings import Settings
from workbench.domain.deployment import ModelKind, ModelState, ModelStatus, PreparedModel, Progress
from workbench.domain.documents import Document
from workbench.domain.ranking import PairScore, Retrieval
from workbench.domain.tuning import Tuning
from workbench.engines.analyzer import plain_terms
from workbench.engines.base import Opened
from workbench.engines.boundaries import IcuBoundaries
from workbench.engines.corpora import corpus_info, read_queries
from workbench.engines.embedded import EmbeddedRetriever
from workbench.engines.index import build_index
from workbench.engines.onnx_reranker import OnnxReranker
from workbench.services.kept import Kept
from workbench.services.laboratory import Laboratory
from workbench.services.local import LocalEngines, LocalModel
from workbench.services.session import Session
from workbench.ui.app import WorkbenchApp

LABORATORY = Laboratory(IcuBoundaries, plain_terms)

Ensure = Callable[[Callable[[ModelStatus], None], threading.Event], PreparedModel]


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test sees or touches the person's own settings."""
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> PreparedModel:
    """A bi-encoder of a few kilobytes."""
    return prepared(tmp_path_factory.mktemp("model"), ModelKind.BI_ENCODER)


@pytest.fixture(scope="session")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of indexes that holds the bundled corpus."""
    root = tmp_path_factory.mktemp("corpora")
    ensure_bundled(root)
    return root


class ModelLibrary:
    """Makes the model ready as a test wants it: at once, slowly, or not at all."""

    def __init__(self, ensure: Ensure) -> None:
        self._ensure = ensure

    def ensure(self, id: str, report: Callable[[ModelStatus], None], stop: threading.Event) -> PreparedModel:
        return self._ensure(report, stop)


class GatedReranker(OnnxReranker):
    """Scores once a test lets it."""

    def __init__(self, model: PreparedModel, vectors: Path, gate: asyncio.Event) -> None:
        super().__init__(model, vectors)
        self._gate = gate

    async def score(self, query: str, found: Retrieval) -> AsyncGenerator[PairScore, None]:
        await self._gate.wait()
        async with aclosing(super().score(query, found)) as pairs:
            async for pair in pairs:
                yield pair


class Bench:
    """What a test opens apps with; everything it opened is closed with it."""

    def __init__(self, root: Path, model: PreparedModel, vectors: Path) -> None:
        self.root = root
        self.model = model
        self.vectors = vectors
        self.ensure: Ensure = lambda report, stop: model
        self.retriever = EmbeddedRetriever
        self.gate = asyncio.Event()
        """Cleared, it keeps the model from scoring."""
        self.gate.set()

    @property
    def data(self) -> Path:
        """Where what a person made is kept."""
        return self.vectors.parent

    def add(self, name: str, documents: Sequence[Document]) -> None:
        """Index another corpus."""
        build_index(self.root, name, "test", documents, workers=0)

    async def _open(self, name: str) -> Opened:
        info = corpus_info(self.root, name)
        return Opened(self.retriever(self.root, name), info.documents, read_queries(self.root, name))

    def app(self, query: str | None = None, **settings: object) -> WorkbenchApp:
        """A new app, not yet running."""
        chosen = replace(Settings(), **settings)  # type: ignore[arg-type]
        model = LocalModel(
            self.model.id,
            lambda: ModelLibrary(self.ensure),
            lambda model: GatedReranker(model, self.vectors, self.gate),
        )
        engines = LocalEngines(self._open, lambda: ["help-center", "other"], model)
        app = WorkbenchApp(Session(engines, Tuning(), Kept(self.data), laboratory=LABORATORY), chosen, query)
        app.animation_level = "none"
        return app


class Waiting:
    """Lets the model be fetched for as long as a test wants."""

    def __init__(self, bench: Bench) -> None:
        self.over = threading.Event()
        self._model = bench.model
        bench.ensure = self._ensure

    def _ensure(self, report: Callable[[ModelStatus], None], stop: threading.Event) -> PreparedModel:
        report(ModelStatus(self._model.id, ModelState.DOWNLOADING, progress=Progress(41, 100, "parts")))
        while not stop.is_set() and not self.over.wait(0.01):
            pass
        return self._model


@pytest.fixture
def bench(corpora: Path, model: PreparedModel, tmp_path: Path) -> Iterator[Bench]:
    """Engines to open apps with."""
    yield Bench(corpora, model, tmp_path / "vectors")


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Clusters and a machine to open apps over."""
    return World(tmp_path / "data")
