"""Changing settings: every change can be taken back, and a baseline stays what it was pinned as."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes.engines import LengthReranker, ListRetriever, documents
from workbench.domain.comparison import Comparison
from workbench.domain.deployment import PreparedModel
from workbench.domain.tuning import Tuning
from workbench.engines.base import Opened, Reranker
from workbench.services.kept import Kept
from workbench.services.local import LocalEngines, LocalModel
from workbench.services.models import ModelLibrary
from workbench.services.session import Session


class Headlines(ListRetriever):
    """Searches other fields."""

    fields = (("headline", 3.0), ("body", 1.0))


async def open_corpus(name: str) -> Opened:
    retriever = Headlines if name == "news" else ListRetriever
    return Opened(retriever(documents(8)), 8, ())


def no_model() -> ModelLibrary:
    raise AssertionError("no model is needed")


def length(model: PreparedModel) -> Reranker:
    return LengthReranker()


@pytest.fixture
def session() -> Session:
    engines = LocalEngines(open_corpus, lambda: ["list", "news"], LocalModel("length", no_model, length))
    opened = Session(engines, Tuning(depth=4), Kept(Path("never-written")))
    opened.reranker = LengthReranker()
    return opened


async def last(session: Session) -> Comparison:
    (*_, comparison) = [stage async for stage in session.compare("word")]
    return comparison


def test_every_change_is_taken_back_in_turn_and_then_there_is_none(session: Session) -> None:
    start = session.tuning
    seen = [start]
    for name in ("depth", "mix", "reads"):
        assert session.tune(session.tuning.stepped(name, 1))
        seen.append(session.tuning)
    assert not session.tune(session.tuning), "the same settings are no change"
    for expected in reversed(seen[:-1]):
        assert session.undo()
        assert session.tuning == expected
    assert not session.undo()
    assert session.tuning == session.start == start


async def test_the_baseline_keeps_its_settings_while_others_change(session: Session) -> None:
    await session.open("list")
    session.baseline = session.tuning
    session.tune(replace(session.tuning, depth=6))
    comparison = await last(session)
    assert comparison.baseline is not None and comparison.baseline.tuning.depth == 4
    assert (len(comparison.before), len(comparison.reranked)) == (4, 6)
    session.baseline = None
    assert (await last(session)).baseline is None


async def test_boosts_for_other_fields_are_replaced_and_everything_else_stays(session: Session) -> None:
    await session.open("list")
    session.tune(session.tuning.given("boost title", 9).given("mix", 0.3))
    session.baseline = session.tuning
    await session.open("news")
    assert session.tuning.boosts == session.start.boosts == Headlines.fields
    assert session.tuning.weight == 0.3
    comparison = await last(session)
    assert comparison.error is None and comparison.fields == Headlines.fields
    assert comparison.baseline is not None and comparison.baseline.tuning.boosts == Headlines.fields


async def test_undo_after_another_corpus_keeps_to_its_fields(session: Session) -> None:
    await session.open("list")
    session.tune(session.tuning.given("mix", 0.3))
    await session.open("news")
    assert session.undo()
    assert session.tuning.weight == 0.7
    assert session.tuning.boosts == Headlines.fields
