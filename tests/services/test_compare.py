"""One query through both stages."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

import pytest

from tests.fakes.engines import LengthReranker, ListRetriever, documents
from workbench.domain.comparison import Comparison, StageError
from workbench.domain.deployment import ModelKind
from workbench.domain.errors import IndexUnavailableError
from workbench.domain.ranking import PairScore, Retrieval
from workbench.domain.scores import ScoreSpace
from workbench.domain.tuning import Tuning
from workbench.services.compare import compare

OPTIONS = Tuning(depth=5, size=3, weight=1.0)


async def stages(
    retriever: ListRetriever, reranker: LengthReranker | StageError, query: str = "word"
) -> list[Comparison]:
    return [stage async for stage in compare(query, retriever, reranker, OPTIONS)]


async def test_the_bm25_list_comes_first_then_the_count_then_the_reranked_list() -> None:
    found = await stages(ListRetriever(documents(8)), LengthReranker())
    assert [stage.scored for stage in found] == [0, 1, 2, 3, 4, 5]
    assert [stage.done for stage in found] == [False] * 5 + [True]
    assert all(not stage.reranked for stage in found[:-1]), "a list that is not complete is not shown as one"
    last = found[-1]
    assert [row.document.id for row in last.bm25] == ["d1", "d2", "d3", "d4", "d5"]
    assert [row.candidate.document.id for row in last.reranked] == ["d5", "d4", "d3", "d2", "d1"]
    assert [row.shift for row in last.reranked] == [4, 2, 0, -2, -4]
    assert last.total == 8
    assert last.warnings == ("a note", "the cache is full")


async def test_shifts_are_summed_over_the_compared_rows_alone() -> None:
    last = (await stages(ListRetriever(documents(8)), LengthReranker()))[-1]
    assert last.shift is not None
    assert (last.shift.entered, last.shift.left) == (2, 2)
    assert last.shift.up + last.shift.down + last.shift.same == OPTIONS.size


async def test_a_bi_encoder_is_mixed_and_a_cross_encoder_stands_alone() -> None:
    mixed = (await stages(ListRetriever(documents(4)), LengthReranker()))[-1]
    alone = (await stages(ListRetriever(documents(4)), LengthReranker(ModelKind.CROSS_ENCODER)))[-1]
    assert mixed.reranker and mixed.reranker.score_space is ScoreSpace.MIX
    assert mixed.reranker.raw_space is ScoreSpace.COSINE
    assert max(row.score for row in mixed.reranked) == 1
    assert alone.reranker and alone.reranker.score_space is ScoreSpace.LOGIT
    assert alone.reranker.weight is None
    assert [row.score for row in alone.reranked] == [row.raw for row in alone.reranked]


async def test_equal_scores_keep_their_bm25_order() -> None:
    same = [document for document in documents(1) for _ in range(3)]
    last = (await stages(ListRetriever(same), LengthReranker(ModelKind.CROSS_ENCODER)))[-1]
    assert [row.candidate.rank for row in last.reranked] == [1, 2, 3]


async def test_a_failed_rerank_keeps_the_bm25_list_and_says_what_to_do() -> None:
    last = (await stages(ListRetriever(documents(4)), LengthReranker(fail_after=2)))[-1]
    assert last.error == StageError("rerank", "The model broke.", "Mend it.", 1)
    assert len(last.bm25) == 4
    assert last.reranked == ()
    assert last.done


async def test_a_model_that_is_not_ready_is_an_error_of_the_second_stage() -> None:
    absent = StageError("rerank", "It is still downloading.", "")
    (only,) = await stages(ListRetriever(documents(4)), absent)
    assert only.error == absent
    assert len(only.bm25) == 4
    assert only.done


async def test_a_failed_search_says_so_and_reranks_nothing() -> None:
    reranker = LengthReranker()
    (only,) = await stages(ListRetriever([], IndexUnavailableError("No index.", "Build one.")), reranker)
    assert only.error == StageError("retrieve", "No index.", "Build one.", 3)
    assert not reranker.stopped, "the model was never asked"


async def test_nothing_found_is_no_error() -> None:
    (only,) = await stages(ListRetriever(documents(4)), LengthReranker(), query=" ")
    assert only.done and only.error is None and only.bm25 == ()


async def test_stages_of_time_are_summed() -> None:
    last = (await stages(ListRetriever(documents(4)), LengthReranker()))[-1]
    assert (last.latency.retrieve, last.latency.fetch) == (0.5, 0.25)
    assert last.latency.tokenize == pytest.approx(0.4)
    assert last.latency.rerank == pytest.approx(4.0)


async def test_closing_in_the_middle_stops_the_reranker() -> None:
    reranker = LengthReranker(stall_after=2)
    stalled = asyncio.Event()

    async def consume() -> None:
        async with aclosing(compare("word", ListRetriever(documents(8)), reranker, OPTIONS)) as running:
            async for stage in running:
                if stage.scored == reranker.stall_after:
                    stalled.set()

    task = asyncio.create_task(consume())
    await stalled.wait()
    assert not reranker.stopped
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert reranker.stopped


async def test_a_newer_key_within_the_pause_costs_the_model_nothing() -> None:
    reranker = LengthReranker()
    retriever = ListRetriever(documents(8))
    async with aclosing(compare("word", retriever, reranker, OPTIONS, pause=3600)) as running:
        first = await anext(running)
        assert len(first.bm25) == 5, "the first list does not wait"
        rest = asyncio.ensure_future(anext(running))
        await asyncio.sleep(0)
        rest.cancel()
        with pytest.raises(asyncio.CancelledError):
            await rest
    assert not reranker.stopped, "it never began"


class OddReranker(LengthReranker):
    """Gives one score that is no finite number, or fails in a way that nobody expected."""

    def __init__(self, odd: float | Exception) -> None:
        super().__init__()
        self.odd = odd

    async def score(self, query: str, found: Retrieval) -> AsyncGenerator[PairScore, None]:
        async for pair in super().score(query, found):
            if isinstance(self.odd, Exception):
                raise self.odd
            yield replace(pair, score=self.odd) if pair.id == "d3" else pair


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), float("-inf")])
async def test_scores_that_are_no_numbers_make_no_ranking(odd: float) -> None:
    last = (await stages(ListRetriever(documents(8)), OddReranker(odd)))[-1]
    assert last.done and not last.reranked and last.shift is None
    assert last.error and "1 of 5 scores" in last.error.message


async def test_a_failure_that_nobody_expected_ends_the_work_and_is_told_without_its_details() -> None:
    last = (await stages(ListRetriever(documents(8)), OddReranker(RuntimeError("/secret/path"))))[-1]
    assert last.done and len(last.bm25) == 5
    assert last.error and "RuntimeError" in last.error.message and "secret" not in last.error.message
