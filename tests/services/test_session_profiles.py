"""Moving from one profile to another: what comes along, what does not, and what a failure leaves alone."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes.engines import LengthReranker, ListRetriever, documents
from workbench.domain.comparison import StageError
from workbench.domain.deployment import ModelKind, ModelState, ModelStatus
from workbench.domain.errors import BadInputError, IndexUnavailableError
from workbench.domain.tuning import Choice, Chosen, Tuning
from workbench.engines.base import Opened, Reranker
from workbench.services.kept import Kept
from workbench.services.session import Session

WAYS = Choice("rerank", ("retriever", "inference"), "retriever")


class Indexed(ListRetriever):
    """Has settings of its own, and a field less to read."""

    name = "elasticsearch"
    fields = (("headline", 3.0), ("text", 1.0))
    reads: tuple[str, ...] = ("body",)
    choices = (WAYS,)

    def __init__(self, corpus: str) -> None:
        super().__init__(documents(4))
        self.corpus = corpus


class Place:
    """The engines of one profile, which remember what was let go."""

    marks: tuple[str, ...] = ()
    accent = ""

    def __init__(self, profile: str, model: str, cluster: bool = True) -> None:
        self.profile, self.model, self.cluster = profile, model, cluster
        self.closed = False
        self.state = ModelState.READY
        self.reranker = LengthReranker(ModelKind.CROSS_ENCODER)
        self.retrievers: list[ListRetriever] = []

    def template(self, chosen: Chosen) -> Path | None:
        return None

    async def open(self, name: str) -> Opened:
        if name == "gone":
            raise IndexUnavailableError("no such index [gone].")
        retriever = Indexed(name or "articles") if self.cluster else ListRetriever(documents(4))
        self.retrievers.append(retriever)
        return Opened(retriever, 4, ())

    async def names(self) -> tuple[str, ...]:
        return ("articles",)

    async def rerankers(self, model: str = "") -> AsyncGenerator[ModelStatus | Reranker, None]:
        yield ModelStatus(model or self.model, self.state, self.profile, reason="It is not there.")
        yield self.reranker

    async def close(self) -> None:
        self.closed = True


class Bench:
    """A session that begins on this machine and can reach one cluster."""

    def __init__(self) -> None:
        self.here, self.prod = Place("", "small", cluster=False), Place("prod", "big")
        self.session = Session(self.here, Tuning(), Kept(Path("never-written")), self.other)

    def other(self, profile: str) -> Place:
        if profile not in ("", "prod"):
            raise BadInputError(f"There is no profile {profile}.")
        self.prod = Place("prod", "big")
        return self.prod if profile else Place("", "small", cluster=False)


async def started() -> Bench:
    bench = Bench()
    await bench.session.open("help")
    assert [status.state async for status in bench.session.ready_model()] == [ModelState.READY, ModelState.LOADED]
    return bench


async def test_a_place_names_the_profile_and_what_is_open_in_it() -> None:
    bench = await started()
    assert bench.session.place == "test"
    await bench.session.open("prod:")
    assert bench.session.place == "prod:articles"
    await bench.session.open("prod:logs")
    assert bench.session.place == "prod:logs"
    assert not bench.prod.closed, "the same profile stays open"


async def test_another_profile_lets_go_of_index_model_and_connection() -> None:
    bench = await started()
    bench.session.baseline = Tuning(depth=5)
    await bench.session.open("prod:")
    assert bench.here.closed and bench.here.reranker.closed and bench.here.retrievers[0].closed
    assert isinstance(bench.session.reranker, StageError), "the model before is none of this profile's"
    assert bench.session.baseline is None
    assert [status.id async for status in bench.session.ready_model()] == ["big", "big"]
    assert bench.session.reranker is bench.prod.reranker
    await bench.session.close()
    assert bench.prod.closed


async def test_settings_are_those_of_the_profile_and_depth_comes_along() -> None:
    bench = await started()
    bench.session.tune(bench.session.tuning.stepped("depth", 1))
    await bench.session.open("prod:")
    tuning = bench.session.tuning
    assert (tuning.depth, tuning.reads, tuning.boosts) == (50, ("body",), Indexed.fields)
    assert tuning.values()["rerank"] == "retriever"
    bench.session.tune(tuning.stepped("rerank", 1))
    assert bench.session.tuning.chosen == (("rerank", "inference"),)
    await bench.session.open("prod:logs")
    assert bench.session.tuning.chosen == (("rerank", "inference"),), "another index of the cluster keeps it"
    await bench.session.open("help")
    assert bench.session.tuning.choices == ()
    assert "rerank" not in bench.session.tuning.values()


@pytest.mark.parametrize("place", ["prod:gone", "staging:"])
async def test_what_cannot_be_opened_leaves_everything_as_it_is(place: str) -> None:
    bench = await started()
    with pytest.raises((IndexUnavailableError, BadInputError)):
        await bench.session.open(place)
    assert bench.session.place == "test"
    assert bench.session.reranker is bench.here.reranker
    assert not (bench.here.closed or bench.here.reranker.closed or bench.here.retrievers[0].closed)
    if place == "prod:gone":
        assert bench.prod.closed, "and nothing of the other one stays open"


async def test_a_model_that_comes_too_late_is_let_go() -> None:
    bench = await started()
    await bench.session.open("prod:")
    states = bench.session.ready_model()
    assert (await anext(states)).state is ModelState.READY
    before = bench.prod
    await bench.session.open("help")
    assert [status async for status in states] == []
    assert before.reranker.closed
    assert isinstance(bench.session.reranker, StageError)


async def test_settings_that_a_state_kept_for_another_index_are_taken_as_far_as_they_go() -> None:
    bench = await started()
    await bench.session.open("prod:")
    kept = Tuning(depth=20, boosts=Indexed.fields, choices=(Choice("rerank", ("inference",), "inference"),))
    bench.session.tune(kept)
    assert bench.session.tuning.choices == (Choice("rerank", WAYS.options, "inference"),)
    bench.session.tune(Tuning(boosts=Indexed.fields, choices=(Choice("rerank", ("magic",), "magic"),)))
    assert bench.session.tuning.choices == (WAYS,)


async def test_a_failed_endpoint_stays_failed_until_it_is_looked_at_again_and_another_can_be_chosen() -> None:
    bench = await started()
    await bench.session.open("prod:")
    bench.prod.state = ModelState.FAILED
    assert [status.state async for status in bench.session.ready_model()] == [ModelState.FAILED]
    assert bench.session.reranker is bench.prod.reranker, "a search may name another endpoint"
    assert [status.state async for status in bench.session.ready_model()] == [ModelState.FAILED]
    bench.prod.state = ModelState.READY
    assert [status.state async for status in bench.session.ready_model()][-1] is ModelState.LOADED


async def test_cancelled_while_the_index_before_is_closed_the_new_one_is_open() -> None:
    bench = await started()
    closing, held = bench.here.retrievers[0], asyncio.Event()

    async def slow() -> None:
        held.set()
        await asyncio.Event().wait()

    closing.close = slow  # type: ignore[method-assign]
    opening = asyncio.ensure_future(bench.session.open("prod:"))
    await held.wait()
    opening.cancel()
    await asyncio.gather(opening, return_exceptions=True)
    assert bench.session.place == "prod:articles"
    assert isinstance(bench.session.reranker, StageError)
    (*_, found) = [stage async for stage in bench.session.compare("word")]
    assert found.bm25 and found.engine == "elasticsearch"


async def test_a_profile_that_fails_after_it_was_left_says_nothing_of_the_next() -> None:
    bench = await started()
    await bench.session.open("prod:")
    failing = asyncio.Event()

    async def broken(model: str = "") -> AsyncGenerator[ModelStatus | Reranker, None]:
        yield ModelStatus("big", ModelState.PREPARING, "prod")
        await failing.wait()
        raise IndexUnavailableError("The connection has been closed.")

    bench.prod.rerankers = broken  # type: ignore[method-assign]
    states = bench.session.ready_model()
    await anext(states)
    await bench.session.open("help")
    shown = bench.session.reranker
    failing.set()
    assert [status async for status in states] == []
    assert bench.session.reranker is shown


async def test_another_endpoint_that_is_chosen_is_looked_at_while_the_one_before_goes_on() -> None:
    bench = await started()
    await bench.session.open("prod:")
    _ = [status async for status in bench.session.ready_model()]
    assert bench.session.model == "big"
    bench.session.tuning = replace(bench.session.tuning, choices=(Choice("endpoint", ("big", "other"), "other"),))
    assert bench.session.model == "other"
    seen = []
    async for status in bench.session.ready_model():
        seen.append((status.id, status.state))
        assert not isinstance(bench.session.reranker, StageError), "a search meanwhile is reranked"
    assert seen == [("other", ModelState.READY), ("other", ModelState.LOADED)]
    assert [status.id async for status in bench.session.ready_model()] == ["other"], "and not again"
