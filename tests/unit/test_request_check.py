"""What the request check says of a search: each rule once where it holds and once where it must not."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from workbench.domain.capabilities import DEFAULT_ENDPOINT, Server
from workbench.domain.documents import Document
from workbench.domain.exchange import Finding
from workbench.domain.ranking import Candidate
from workbench.domain.request_check import (
    Plan,
    blank_documents,
    candidates_without_field,
    check_candidates,
    check_plan,
    chunks_not_known,
    endpoint_not_there,
    min_score_not_repaired,
    raw_negative_scores,
    read_field_no_text,
    search_timed_out,
    several_fields_read,
    several_values,
    shards_failed,
    special_tokens_in_documents,
    special_tokens_in_query,
    too_deep,
)
from workbench.domain.rerank_check import (
    check_reranked,
    dropped_out,
    min_score_of_another_space,
    negative_scores,
    results_from_elsewhere,
)

MAPPING = {
    "_id": "_id", "title": "text", "body": "text", "body_html": "text", "summary": "semantic_text",
    "tags": "keyword", "price": "float", "author": "object",
}  # fmt: skip
PLAN = Plan(
    "laptop gets hot", 30, "retriever", "body", MAPPING, "my-reranker", server=Server((9, 2, 1)), reads=("body",),
)  # fmt: skip


def rows(*texts: str) -> list[Candidate]:
    """Candidates d1, d2, … with BM25 scores 10, 9, …"""
    return [Candidate(rank, Document.of(f"d{rank}", "", text), 11.0 - rank) for rank, text in enumerate(texts, start=1)]


def said(finding: Finding | None) -> str:
    assert finding is not None
    assert "\n" not in str(finding) and finding.message.endswith(".") and finding.hint.endswith(".")
    return str(finding)


def test_a_search_that_is_in_order_has_no_findings() -> None:
    assert check_plan(PLAN) == ()
    two = rows("hot", "cold")
    assert check_candidates("body", {"d1": 1, "d2": 1}, two) == ()
    assert check_reranked(PLAN, two, [("d2", 3.5), ("d1", 0.5)]) == ()


def test_every_rule_says_one_line_with_what_to_do() -> None:
    odd = Plan(
        "[SEP]", 400, "retriever", "price", MAPPING, DEFAULT_ENDPOINT,
        min_score=0.5, chunks=2, server=Server((8, 17, 0)), reads=("title", "price"),
    )  # fmt: skip
    found = check_plan(odd)
    assert len({finding.rule for finding in found}) == len(found) == 8
    assert all(said(finding) for finding in found)


def test_an_unknown_version_is_thought_to_be_a_new_one() -> None:
    assert check_plan(replace(PLAN, server=Server(), endpoint=DEFAULT_ENDPOINT, chunks=2, min_score=2.0)) == ()


# Before anything is sent.


@pytest.mark.parametrize("token", ["[CLS]", "[SEP]", "[PAD]", "[MASK]", "[UNK]"])
def test_a_control_token_in_the_query_is_told(token: str) -> None:
    assert token in said(special_tokens_in_query(replace(PLAN, query=f"what is {token} for")))


def test_other_brackets_are_text() -> None:
    assert special_tokens_in_query(replace(PLAN, query="[sep] [X] [CLS")) is None


@pytest.mark.parametrize("name", ["price", "author"])
def test_a_reranked_field_that_holds_no_text_is_told(name: str) -> None:
    assert MAPPING[name] in said(read_field_no_text(replace(PLAN, read=name)))


@pytest.mark.parametrize("name", ["title", "summary", "tags"])
def test_text_semantic_text_and_keywords_can_be_read(name: str) -> None:
    assert read_field_no_text(replace(PLAN, read=name)) is None


def test_the_retriever_way_reads_one_field_of_several() -> None:
    both = replace(PLAN, reads=("title", "body"))
    assert "body alone, not title and body" in said(several_fields_read(both))
    assert several_fields_read(replace(both, way="inference")) is None


def test_a_depth_beyond_what_cpus_bear_is_told_with_the_inferences_it_costs() -> None:
    assert too_deep(replace(PLAN, depth=100)) is None
    assert "150 inferences" in said(too_deep(replace(PLAN, depth=150)))


def test_a_depth_beyond_all_candidates_costs_no_more_than_these() -> None:
    assert too_deep(replace(PLAN, depth=400, candidates=20)) is None
    assert "120 candidates are 120 inferences" in said(too_deep(replace(PLAN, depth=400, candidates=120)))


def test_chunks_multiply_the_inferences_where_they_are_chosen() -> None:
    chunked = replace(PLAN, depth=50, chunks=3)
    assert "50 candidates of 3 chunks are 150 inferences" in (told := said(too_deep(chunked)))
    assert "depth to 30" in told
    assert too_deep(replace(chunked, way="inference")) is None
    assert too_deep(replace(chunked, server=Server((8, 19, 0)))) is None


def test_before_8_18_an_endpoint_has_to_be_made_and_named() -> None:
    old = replace(PLAN, server=Server((8, 17, 4)), endpoint=DEFAULT_ENDPOINT)
    assert "8.17.4" in said(endpoint_not_there(old))
    assert endpoint_not_there(replace(old, server=Server((8, 18, 0)))) is None
    assert endpoint_not_there(replace(old, endpoint="mine")) is None


@pytest.mark.parametrize(
    ("version", "leaks"),
    [((8, 17, 2), True), ((8, 18, 1), True), ((8, 19, 0), False), ((9, 0, 4), True), ((9, 1, 0), False)],
)
def test_a_min_score_before_its_repair_is_told(version: tuple[int, int, int], leaks: bool) -> None:
    plan = replace(PLAN, server=Server(version), min_score=2.0)
    assert (min_score_not_repaired(plan) is not None) == leaks
    assert min_score_not_repaired(replace(plan, min_score=None)) is None
    assert min_score_not_repaired(replace(plan, way="inference")) is None


def test_chunks_where_nobody_chooses_them_are_told() -> None:
    plan = replace(PLAN, chunks=3)
    assert chunks_not_known(plan) is None
    assert "9.1.0" in said(chunks_not_known(replace(plan, server=Server((9, 1, 0)))))
    assert "inference way" in said(chunks_not_known(replace(plan, way="inference")))
    assert chunks_not_known(replace(plan, way="inference", chunks=0)) is None


def test_a_version_with_raw_negative_scores_is_told() -> None:
    assert "8.17.1" in said(raw_negative_scores(replace(PLAN, server=Server((8, 17, 1)))))
    assert raw_negative_scores(replace(PLAN, server=Server((8, 17, 2)))) is None
    assert raw_negative_scores(replace(PLAN, server=Server((8, 16, 6)))) is None, "it was mended there too"
    serverless = Server((8, 11, 0), "serverless")
    assert raw_negative_scores(replace(PLAN, server=serverless)) is None, "its version says nothing"
    assert raw_negative_scores(replace(PLAN, server=Server((8, 17, 1)), way="inference")) is None


# After the first stage.


def test_candidates_without_the_reranked_field_are_counted_and_the_first_named() -> None:
    finding = candidates_without_field("body", {"d1": 1, "d3": 0}, rows("a", "", "", "", ""))
    assert "4 of 5 candidates have no body" in (told := said(finding))
    assert "(d2, d3, d4, …)" in told
    assert finding and finding.ids == ("d2", "d3", "d4", "d5")


def test_of_several_values_only_the_first_is_read() -> None:
    finding = several_values("body", {"d1": 1, "d2": 3}, rows("a", "b"))
    assert "1 of 2 candidates has several values in body" in said(finding)
    assert finding and finding.ids == ("d2",)


def test_blank_documents_are_not_the_same_as_missing_ones() -> None:
    finding = blank_documents("body", {"d1": 1, "d2": 1}, rows("a", " ", ""))
    assert "1 of 3 candidates has a blank body" in said(finding)
    assert finding and finding.ids == ("d2",)


def test_control_tokens_in_documents_are_told_by_document() -> None:
    finding = special_tokens_in_documents(rows("a [SEP] b [CLS]", "b [sep]", "[SEP]"))
    assert "2 of 3 candidates have [CLS] or [SEP]" in said(finding)
    assert finding and finding.ids == ("d1", "d3")


def test_failed_shards_and_an_early_end_are_told() -> None:
    assert shards_failed(0) is search_timed_out(False) is None
    assert "1 shard did" in said(shards_failed(1)) and "2 shards did" in said(shards_failed(2))
    assert "stopped searching" in said(search_timed_out(True))


# After reranking.


def test_results_that_did_not_come_back_are_counted_with_the_reason() -> None:
    plan = replace(PLAN, min_score=2.0)
    finding = dropped_out(plan, rows("a", "", "c", "d"), [("d1", 9.0)])
    told = said(finding)
    assert "3 of 4 candidates have not come back" in told
    assert "1 without text in body, 2 below min_score 2" in told and "Lower min_score" in told
    assert finding and finding.ids == ("d2", "d3", "d4")


def test_a_result_that_is_missing_for_no_reason_is_told_as_such() -> None:
    assert "1 for no reason" in said(dropped_out(PLAN, rows("a", "b"), [("d1", 9.0)]))
    assert dropped_out(PLAN, rows("a"), [("d1", 9.0)]) is None


@pytest.mark.parametrize("score", [0.1, 0.5, 0.99])
def test_a_min_score_between_0_and_1_that_leaves_nothing_is_probably_of_another_space(score: float) -> None:
    plan = replace(PLAN, min_score=score)
    assert "raw logit" in said(min_score_of_another_space(plan, rows("a", "b"), []))
    assert min_score_of_another_space(plan, rows("a", "b"), [("d1", 2.0)]) is None, "somebody may well mean it"
    assert min_score_of_another_space(plan, rows(" "), []) is None, "there was nothing to leave out"


def test_the_logits_that_were_meant_are_told() -> None:
    told = said(min_score_of_another_space(replace(PLAN, min_score=0.5), rows("a"), []))
    assert "hit score of 0.5 use -0.69" in told and "sigmoid of it 0.00" in told


@pytest.mark.parametrize("score", [None, -2.0, 0.0, 1.0, 5.0])
def test_other_thresholds_are_logits(score: float | None) -> None:
    assert min_score_of_another_space(replace(PLAN, min_score=score), rows("a"), []) is None


def test_a_hosted_services_scores_are_mostly_between_0_and_1() -> None:
    assert min_score_of_another_space(replace(PLAN, min_score=0.5, logits=False), rows("a"), []) is None


def test_negative_scores_are_told_where_the_server_should_map_them() -> None:
    hits = [("d1", 2.0), ("d2", -1.5)]
    assert "1 of 2 results has a score below 0" in said(negative_scores(PLAN, hits))
    assert negative_scores(replace(PLAN, way="inference"), hits) is None
    assert negative_scores(replace(PLAN, server=Server((8, 17, 0))), hits) is None


def test_results_that_the_first_stage_did_not_have_are_told() -> None:
    finding = results_from_elsewhere(rows("a"), [("x", 2.0), ("d1", 1.0)])
    assert "1 of 2 results has not been in the first stage" in said(finding)
    assert finding and finding.ids == ("x",)


@pytest.mark.parametrize("check", [check_candidates, check_reranked])
def test_nothing_found_is_in_order(check: Callable[..., tuple[Finding, ...]]) -> None:
    assert (check("body", {}, []) if check is check_candidates else check(PLAN, [], [])) == ()
