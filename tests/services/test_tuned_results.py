"""Settings do what they say: on a real index, with a real model of a few kilobytes."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes.tiny_models import prepared
from workbench.domain.comparison import Comparison
from workbench.domain.contributions import contributions
from workbench.domain.deployment import ModelKind
from workbench.domain.documents import Document
from workbench.domain.ranking import Explanation
from workbench.domain.tuning import Boosts, Tuning
from workbench.engines.base import Reranker
from workbench.engines.embedded import EmbeddedRetriever
from workbench.engines.index import build_index
from workbench.engines.onnx_reranker import OnnxReranker
from workbench.services.compare import compare

DOCUMENTS = [
    Document.of("title", "battery charger", "how to look after it over many years and where to buy another one"),
    Document.of("body", "travel advice", "pack a battery and a charger and keep the charger away from water"),
    Document.of("long", "battery", "charger " + "plugs sockets cables " * 40),
    Document.of("bare", "charger battery", ""),
]


@pytest.fixture(params=list(ModelKind), ids=str)
async def reranker(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Reranker]:
    model = OnnxReranker(prepared(tmp_path / "model", request.param, window=32), tmp_path / "vectors")
    yield model
    await model.close()


@pytest.fixture
async def retriever(tmp_path: Path) -> AsyncIterator[EmbeddedRetriever]:
    build_index(tmp_path / "corpora", "small", "test", DOCUMENTS, workers=0)
    opened = EmbeddedRetriever(tmp_path / "corpora", "small")
    yield opened
    await opened.close()


async def run(retriever: EmbeddedRetriever, reranker: Reranker, tuning: Tuning) -> Comparison:
    (*_, last) = [stage async for stage in compare("battery charger", retriever, reranker, tuning)]
    assert last.error is None and last.done
    return last


def of_each(comparison: Comparison, what: Callable[..., object]) -> dict[str, object]:
    return {row.candidate.document.id: what(row) for row in comparison.reranked}


async def test_the_model_scores_the_fields_that_it_is_given_and_counts_their_tokens(
    retriever: EmbeddedRetriever, reranker: Reranker
) -> None:
    whole, titles, bodies = [
        await run(retriever, reranker, Tuning(reads=reads)) for reads in (("title", "body"), ("title",), ("body",))
    ]
    assert of_each(whole, lambda row: row.raw) != of_each(titles, lambda row: row.raw)
    assert of_each(whole, lambda row: row.raw) != of_each(bodies, lambda row: row.raw)
    tokens = [of_each(one, lambda row: row.tokens.document) for one in (whole, titles, bodies)]
    for id in ("title", "body", "long", "bare"):
        assert tokens[0][id] == tokens[1][id] + tokens[2][id], id  # type: ignore[operator]
    assert tokens[2]["bare"] == 0, "it has no body"
    read = [of_each(one, lambda row: row.tokens.truncated)["long"] for one in (whole, titles, bodies)]
    assert read == [True, False, True]


async def test_the_same_text_has_the_same_score_whichever_field_it_is_in(
    retriever: EmbeddedRetriever, reranker: Reranker
) -> None:
    whole = of_each(await run(retriever, reranker, Tuning()), lambda row: row.raw)
    titles = of_each(await run(retriever, reranker, Tuning(reads=("title",))), lambda row: row.raw)
    assert whole["bare"] == titles["bare"], "a document without a body is its title"


async def test_what_the_model_is_given_changes_neither_candidates_nor_documents(
    retriever: EmbeddedRetriever, reranker: Reranker
) -> None:
    whole = await run(retriever, reranker, Tuning())
    titles = await run(retriever, reranker, Tuning(reads=("title",)))
    assert whole.bm25 == titles.bm25
    assert all(row.candidate in titles.bm25 for row in titles.reranked), "the rows show the whole document"


def test_a_document_narrowed_to_a_field_has_its_text_alone() -> None:
    document = Document.of("1", "Title", "Body")
    assert document.narrowed(("title", "body")) == document
    assert (document.narrowed(("title",)).text, document.narrowed(("body",)).text) == ("Title", "Body")
    assert document.narrowed(("title",)).id == "1"
    assert document.narrowed(("title",)).digest != document.digest
    assert (document.narrowed(("title",)).body_start, document.narrowed(("body",)).body_start) == (5, 0)


@pytest.mark.parametrize(
    "boosts",
    [
        (("title", 2.0), ("body", 1.0)),
        (("title", 0.25), ("body", 1000.0)),
        (("title", 0.0), ("body", 1.0)),
        (("title", 50.0), ("body", 0.0)),
    ],
)
async def test_boosts_change_scores_and_the_explanation_adds_up_to_them(
    retriever: EmbeddedRetriever, boosts: Boosts
) -> None:
    found = await retriever.search("battery charger", 10, boosts)
    assert found.candidates
    for row in found.candidates:
        explanation = await retriever.explain("battery charger", row.document.id, boosts)
        assert isinstance(explanation, Explanation)
        assert explanation.value == pytest.approx(row.score, rel=1e-6)
        parts = contributions(explanation)
        counted = sum(part.value for part in parts if part.counted)
        assert counted == pytest.approx(row.score, rel=1e-6, abs=1e-6)
        assert {part.field for part in parts} <= {field for field, boost in boosts if boost}


async def test_boosts_change_the_order_and_a_boost_of_nothing_leaves_a_field_out(retriever: EmbeddedRetriever) -> None:
    async def order(title: float, body: float) -> list[str]:
        found = await retriever.search("charger", 10, (("title", title), ("body", body)))
        return [row.document.id for row in found.candidates]

    titles, bodies, alone = await order(5, 1), await order(0.25, 5), await order(1, 0)
    assert set(titles) == set(bodies) == {"title", "body", "long", "bare"}
    assert titles.index("bare") < titles.index("body")
    assert bodies.index("body") < bodies.index("bare")
    assert set(alone) == {"title", "bare"}


async def test_the_weight_of_the_mix_goes_from_bm25s_order_to_the_models(
    retriever: EmbeddedRetriever, reranker: Reranker
) -> None:
    if reranker.kind is not ModelKind.BI_ENCODER:
        pytest.skip("a cross-encoder's scores stand alone")
    none, some, all_of_it = [await run(retriever, reranker, replace(Tuning(), weight=w)) for w in (0.0, 0.5, 1.0)]
    assert [row.candidate.rank for row in none.reranked] == [1, 2, 3, 4]
    raw = [row.raw for row in all_of_it.reranked]
    assert raw == sorted(raw, reverse=True)
    middle = of_each(some, lambda row: row.score)
    ends = [of_each(one, lambda row: row.score) for one in (none, all_of_it)]
    for id, score in middle.items():
        assert score == pytest.approx((ends[0][id] + ends[1][id]) / 2)  # type: ignore[operator]
