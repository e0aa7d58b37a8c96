"""One query's two lists: compared with BM25, or with a baseline that ranks other documents."""

from dataclasses import replace

from workbench.domain.comparison import Baseline, Comparison
from workbench.domain.documents import Document
from workbench.domain.ranking import Candidate, Reranked
from workbench.domain.shift import summarize
from workbench.domain.tokens import TokenCount
from workbench.domain.tuning import Tuning

TOKENS = TokenCount(1, 1, 1, 1, 8, 1)


def candidate(id: str, rank: int) -> Candidate:
    return Candidate(rank, Document.of(id, f"Title {id}", "body"), 10.0 - rank)


def ranked(ids: str, bm25: str = "") -> tuple[Reranked, ...]:
    """Rows in this order, with their ranks in the BM25 list."""
    ranks = {id: rank for rank, id in enumerate(bm25 or ids, 1)}
    return tuple(
        Reranked(place, candidate(id, ranks.get(id, 9)), 1 / place, 0.5, TOKENS, ranks.get(id))
        for place, id in enumerate(ids, 1)
    )


def compared(bm25: str, reranked: str, size: int = 3) -> Comparison:
    rows = tuple(candidate(id, rank) for rank, id in enumerate(bm25, 1))
    after = ranked(reranked, bm25)
    return Comparison(
        "q", "list", "test", 5, size, bm25=rows, reranked=after, shift=summarize(list(bm25[:size]), after[:size])
    )


def shifts(comparison: Comparison) -> dict[str, int | None]:
    return {row.candidate.document.id: row.shift for row in comparison.reranked}


def test_without_a_baseline_the_list_before_is_that_of_bm25() -> None:
    comparison = compared("abcde", "ecabd")
    assert comparison.before == tuple("abcde")
    assert shifts(comparison) == {"e": 4, "c": 1, "a": -2, "b": -2, "d": -1}


def test_against_a_baseline_the_shifts_are_from_its_ranks() -> None:
    comparison = compared("abcde", "ecabd").against(Baseline(Tuning(), ranked("bcade")))
    assert comparison.before == tuple("bcade")
    assert shifts(comparison) == {"e": 4, "c": 0, "a": 0, "b": -3, "d": -1}
    assert comparison.bm25 == compared("abcde", "ecabd").bm25, "BM25's own list stays"


def test_the_sum_of_shifts_is_of_the_compared_rows_and_counts_who_entered_and_left() -> None:
    shift = compared("abcde", "ecabd").against(Baseline(Tuning(), ranked("bcade"))).shift
    assert shift is not None
    assert (shift.up, shift.down, shift.same) == (1, 0, 2)
    assert (shift.entered, shift.left) == (1, 1), "e came into the first three, b went out of them"
    assert shift.jaccard == 2 / 4


def test_a_document_that_the_baseline_did_not_have_is_new_and_has_no_shift() -> None:
    comparison = compared("abx", "xab").against(Baseline(Tuning(), ranked("abc")))
    assert shifts(comparison) == {"x": None, "a": -1, "b": -1}
    shift = comparison.shift
    assert shift is not None
    assert (shift.up, shift.down, shift.same, shift.entered, shift.left) == (0, 2, 0, 1, 1)
    assert comparison.candidate("c") is not None, "one that only the baseline has can still be looked at"
    assert comparison.candidate("x") is not None
    assert comparison.candidate("y") is None and comparison.candidate(None) is None


def test_rows_that_nobody_ranked_before_count_as_entered_and_as_no_movement() -> None:
    rows = compared("xyz", "xyz").against(Baseline(Tuning(), ())).reranked
    shift = summarize((), rows)
    assert (shift.up, shift.down, shift.same, shift.entered, shift.left) == (0, 0, 0, 3, 0)
    assert shift.kendall_tau is None
    assert (shift.rbo, shift.jaccard) == (0, 0)


def test_before_its_reranking_is_in_a_comparison_with_a_baseline_sums_up_nothing() -> None:
    early = Comparison("q", "list", "test", 5, 3, bm25=compared("abc", "abc").bm25)
    against = early.against(Baseline(Tuning(), ranked("cba")))
    assert against.shift is None and against.reranked == ()
    assert against.before == tuple("cba")


def test_the_same_result_as_the_baseline_moved_nowhere() -> None:
    comparison = compared("abcde", "ecabd")
    shift = comparison.against(Baseline(Tuning(), comparison.reranked)).shift
    assert shift is not None
    assert (shift.same, shift.entered, shift.left, shift.kendall_tau, shift.rbo) == (3, 0, 0, 1, 1)


def test_it_counts_what_was_cut_among_all_candidates_and_among_the_compared_rows() -> None:
    whole = compared("abcde", "ecabd")
    assert whole.cut == (0, 0)
    cut = replace(TOKENS, document=9, kept_document=6)
    rows = tuple(replace(row, tokens=cut) if row.rank in (1, 4, 5) else row for row in whole.reranked)
    assert replace(whole, reranked=rows).cut == (3, 1)
    asked_too_much = replace(TOKENS, query=9, kept_query=6)
    rows = tuple(replace(row, tokens=asked_too_much) for row in whole.reranked)
    assert replace(whole, reranked=rows).cut == (5, 3), "a query that was cut counts too"
