"""One query under two settings: the second compared with the first."""

from collections.abc import Sequence

from tests.fakes.engines import LengthReranker, ListRetriever, documents
from workbench.domain.comparison import Comparison, StageError
from workbench.domain.documents import Document
from workbench.domain.errors import WorkbenchError
from workbench.domain.ranking import Retrieval
from workbench.domain.tuning import Boosts, Chosen, Tuning
from workbench.services.compare import compare, compare_with

BEFORE = Tuning(depth=4, size=2, weight=0.0)
AFTER = Tuning(depth=6, size=2, weight=1.0)


async def stages(
    retriever: ListRetriever, reranker: LengthReranker | StageError, before: Tuning = BEFORE, after: Tuning = AFTER
) -> list[Comparison]:
    return [stage async for stage in compare_with(before, "word", retriever, reranker, after)]


def ids(comparison: Comparison) -> list[str]:
    return [row.candidate.document.id for row in comparison.reranked]


async def test_the_list_before_is_that_of_the_baselines_own_settings() -> None:
    last = (await stages(ListRetriever(documents(8)), LengthReranker()))[-1]
    assert last.baseline is not None and last.baseline.tuning == BEFORE
    assert last.before == ("d1", "d2", "d3", "d4"), "depth 4, BM25's order"
    assert ids(last) == ["d6", "d5", "d4", "d3", "d2", "d1"]
    assert (last.depth, last.size, last.done) == (6, 2, True)


async def test_shifts_are_against_the_baseline_and_what_it_did_not_have_is_new() -> None:
    last = (await stages(ListRetriever(documents(8)), LengthReranker()))[-1]
    assert [row.shift for row in last.reranked] == [None, None, 1, -1, -3, -5]
    assert last.shift is not None
    assert (last.shift.entered, last.shift.left, last.shift.up, last.shift.down) == (2, 2, 0, 0)


async def test_the_last_stage_says_all_that_a_comparison_without_a_baseline_says() -> None:
    retriever, reranker = ListRetriever(documents(8)), LengthReranker()
    (*_, alone) = [stage async for stage in compare("word", retriever, reranker, AFTER)]
    last = (await stages(retriever, reranker))[-1]
    assert (last.bm25, ids(last), last.reranker, last.warnings) == (
        alone.bm25,
        ids(alone),
        alone.reranker,
        alone.warnings,
    )
    assert [row.score for row in last.reranked] == [row.score for row in alone.reranked]


async def test_the_wait_for_the_baseline_is_not_silent_and_shows_no_list_as_its_own() -> None:
    found = await stages(ListRetriever(documents(8)), LengthReranker())
    waiting = [stage for stage in found if stage.baseline and not stage.baseline.reranked]
    assert [stage.scored for stage in waiting] == [0, 1, 2, 3]
    assert not any(stage.done or stage.reranked for stage in waiting)
    rest = found[len(waiting) :]
    assert [stage.scored for stage in rest] == [0, 1, 2, 3, 4, 5, 6]
    assert all(stage.before == ("d1", "d2", "d3", "d4") for stage in rest)


class FailsForDepth(ListRetriever):
    """Finds nothing at one depth but an error."""

    def __init__(self, documents: Sequence[Document], depth: int) -> None:
        super().__init__(documents)
        self.depth = depth

    async def search(self, query: str, depth: int, boosts: Boosts | None = None, chosen: Chosen = ()) -> Retrieval:
        if depth == self.depth:
            raise WorkbenchError("The index broke.", "Mend it.")
        return await super().search(query, depth, boosts, chosen)


async def test_a_baseline_that_fails_leaves_the_comparison_with_bm25() -> None:
    last = (await stages(FailsForDepth(documents(8), BEFORE.depth), LengthReranker()))[-1]
    assert last.baseline is None and last.error is None and last.done
    assert last.before == ("d1", "d2", "d3", "d4", "d5", "d6")
    assert last.shift is not None


async def test_when_the_present_settings_fail_the_baseline_stays_and_the_failure_is_said() -> None:
    last = (await stages(FailsForDepth(documents(8), AFTER.depth), LengthReranker()))[-1]
    assert last.error is not None and last.error.message == "The index broke."
    assert last.before == ("d1", "d2", "d3", "d4")
    assert last.reranked == () and last.shift is None and last.done


async def test_without_a_model_both_are_bm25_and_the_reason_is_kept() -> None:
    absent = StageError("rerank", "It is still downloading.", "")
    (last,) = await stages(ListRetriever(documents(8)), absent)
    assert last.error == absent and last.baseline is None
    assert last.before == ("d1", "d2", "d3", "d4", "d5", "d6")


async def test_nothing_found_is_no_error() -> None:
    last = (await stages(ListRetriever([]), LengthReranker()))[-1]
    assert last.done and last.error is None
    assert last.before == () and last.shift is not None and last.shift.left == 0


class BoostsDecide(ListRetriever):
    """Finds other documents when the body is not searched."""

    async def search(self, query: str, depth: int, boosts: Boosts | None = None, chosen: Chosen = ()) -> Retrieval:
        chosen = self.documents[:3] if dict(boosts or ())["body"] else self.documents[2:5]
        return await ListRetriever(chosen).search(query, depth)


async def test_each_side_has_its_own_candidates_and_can_have_some_that_the_other_has_not() -> None:
    titles = Tuning(depth=6, size=3, weight=0.0, boosts=(("title", 1.0), ("body", 0.0)))
    both = Tuning(depth=6, size=3, weight=0.0)
    last = (await stages(BoostsDecide(documents(8)), LengthReranker(), both, titles))[-1]
    assert last.before == ("d1", "d2", "d3")
    assert ids(last) == ["d3", "d4", "d5"]
    assert [row.shift for row in last.reranked] == [2, None, None]
    assert last.shift is not None
    assert (last.shift.entered, last.shift.left) == (2, 2)
    assert last.candidate("d1") and last.candidate("d5")
