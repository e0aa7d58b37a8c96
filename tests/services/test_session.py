"""A corpus and a model, open together."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes.engines import LengthReranker, ListRetriever, documents
from workbench.domain.comparison import StageError
from workbench.domain.deployment import ModelKind, ModelState, ModelStatus, PreparedModel, Progress
from workbench.domain.documents import Query
from workbench.domain.errors import IndexUnavailableError, ModelUnavailableError
from workbench.domain.tuning import Tuning
from workbench.engines.base import Opened
from workbench.services.kept import Kept
from workbench.services.local import LocalEngines, LocalModel
from workbench.services.session import Session

PREPARED = PreparedModel("length", ModelKind.BI_ENCODER, Path("m.onnx"), Path("t.json"), 10, "f")


class Library:
    """Goes through the states of a download, then gives the model or fails."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.stop: threading.Event | None = None
        self.thread = ""

    def ensure(self, id: str, report: Callable[[ModelStatus], None], stop: threading.Event) -> PreparedModel:
        self.stop, self.thread = stop, threading.current_thread().name
        report(ModelStatus(id, ModelState.DOWNLOADING, progress=Progress(1, 2, "bytes")))
        if self.error:
            raise self.error
        return PREPARED


class Bench:
    """A session over fakes, with what it opened."""

    def __init__(self, library: Library) -> None:
        self.retrievers = {"one": ListRetriever(documents(3)), "two": ListRetriever(documents(2))}
        self.reranker = LengthReranker()
        self.session = Session(
            LocalEngines(
                self.open_corpus,
                lambda: list(self.retrievers),
                LocalModel("length", lambda: library, lambda _: self.reranker),
            ),
            Tuning(),
            Kept(Path("never-written")),
        )

    async def open_corpus(self, name: str) -> Opened:
        if name not in self.retrievers:
            raise IndexUnavailableError(f"No corpus {name}.")
        return Opened(self.retrievers[name], 3, (Query("1", "word"),))


async def test_the_model_is_made_ready_off_the_event_loop_and_each_state_is_told() -> None:
    library = Library()
    bench = Bench(library)
    states = [status.state async for status in bench.session.ready_model()]
    assert states == [ModelState.DOWNLOADING, ModelState.LOADED]
    assert bench.session.reranker is bench.reranker
    assert library.thread != threading.main_thread().name
    assert library.stop is not None and library.stop.is_set(), "nothing is left running"


@pytest.mark.parametrize("error", [ModelUnavailableError("No network.", "Go online."), ValueError("secret path")])
async def test_a_model_that_fails_is_a_state_with_a_reason(error: Exception) -> None:
    bench = Bench(Library(error))
    *_, last = [status async for status in bench.session.ready_model()]
    assert last.state is ModelState.FAILED
    assert last.reason
    assert "secret" not in last.reason
    assert isinstance(bench.session.reranker, StageError)
    await bench.session.open("one")
    *_, comparison = [stage async for stage in bench.session.compare("word")]
    assert comparison.error == bench.session.reranker


async def test_another_corpus_closes_the_one_before_and_a_failed_one_does_not() -> None:
    bench = Bench(Library())
    await bench.session.open("one")
    with pytest.raises(IndexUnavailableError):
        await bench.session.open("three")
    assert not bench.retrievers["one"].closed
    await bench.session.open("two")
    assert bench.retrievers["one"].closed
    await bench.session.close()
    assert bench.retrievers["two"].closed


async def test_options_apply_to_the_next_query() -> None:
    bench = Bench(Library())
    await bench.session.open("one")
    bench.session.tuning = replace(bench.session.tuning, depth=2)
    *_, comparison = [stage async for stage in bench.session.compare("word")]
    assert (comparison.depth, len(comparison.bm25)) == (2, 2)


async def test_a_model_that_is_loaded_is_not_loaded_again() -> None:
    library = Library()
    bench = Bench(library)
    assert len([status async for status in bench.session.ready_model()]) == 2
    loaded, library.error = bench.session.reranker, ModelUnavailableError("No network.")
    assert [status.state async for status in bench.session.ready_model()] == [ModelState.LOADED]
    assert bench.session.reranker is loaded


async def test_a_model_nobody_waits_for_any_more_is_let_go() -> None:
    bench = Bench(Library())
    loading = asyncio.Event()

    async def never() -> None:
        loading.set()
        await asyncio.Event().wait()

    bench.reranker.load = never  # type: ignore[method-assign]

    async def ready() -> None:
        async for _ in bench.session.ready_model():
            pass

    task = asyncio.create_task(ready())
    await loading.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert bench.reranker.closed
