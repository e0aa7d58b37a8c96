"""The two requests by which a cluster reranks, each asked again without what the server turns out not to know."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from workbench.domain.exchange import Exchange, Finding
from workbench.domain.request_check import Plan
from workbench.engines.elasticsearch.connection import Answer, Connection
from workbench.engines.elasticsearch.endpoints import Endpoint
from workbench.engines.elasticsearch.failures import ClusterError
from workbench.engines.elasticsearch.fields import path_of
from workbench.engines.elasticsearch.first_stage import Searched
from workbench.engines.elasticsearch.json_values import members, objects
from workbench.engines.elasticsearch.paths import segment
from workbench.engines.elasticsearch.query import Node, standard
from workbench.engines.elasticsearch.snapshot import search_state

MAPPED, CHUNKS, TOP_N, TASK_SETTINGS = "mapped scores", "chunk_rescorer", "top_n", "task_settings of rerank"
"""Features that a server may lack."""
MARGIN = 2.0
"""Seconds that we wait longer than we let the server wait, so that it is the server who says why."""


async def rerank_search(connection: Connection, plan: Plan, first: Searched) -> tuple[Answer, list[Finding]]:
    """Search with the first stage inside `text_similarity_reranker`.

    Args:
        connection: To the cluster.
        plan: What to send.
        first: The first stage.

    Returns:
        The answer, and what had to be left out of the request.

    Raises:
        ClusterError: The cluster refused, or did not answer.
    """
    chunks = 0 if connection.lacks(CHUNKS) else plan.chunks
    path, body = path_of(first.index.name), _search_body(plan, first.body, chunks)
    try:
        patience = connection.profile.timeout + MARGIN
        return await search_state(connection, "rerank", path, body, first.snapshot, patience), []
    except ClusterError as error:
        if chunks and _unknown(error, CHUNKS):
            with connection.without(CHUNKS):
                answer, left_out = await rerank_search(connection, plan, first)
            said = "The server knows no chunk_rescorer, so each text is read from its start."
            return answer, [Finding("chunks-not-known", said, "Set `chunks` to off."), *left_out]
        if first.snapshot and error.snapshot_gone:
            answer, left_out = await rerank_search(connection, plan, replace(first, snapshot=""))
            said = "The first stage's point in time had gone, so the lists may be of different states of the index."
            return answer, [Finding("snapshot-gone", said, "Search again."), *left_out]
        if _unknown(error, "text_similarity_reranker"):
            error.hint = "Set `rerank` to inference, or `rerank` in the profile to local."
        raise


def _search_body(plan: Plan, first: Node, chunks: int) -> Node:
    reranker = {
        "retriever": first.get("retriever") or standard(first["query"]),
        "field": plan.read,
        "inference_id": plan.endpoint,
        "inference_text": plan.query,
        "rank_window_size": plan.depth,
    }
    if plan.min_score is not None:
        reranker["min_score"] = plan.min_score
    if chunks:
        reranker["chunk_rescorer"] = {"size": chunks}
    return {"retriever": {"text_similarity_reranker": reranker}, "size": plan.depth, "_source": False}


async def rerank_texts(
    connection: Connection, endpoint: Endpoint, query: str, texts: Sequence[str]
) -> tuple[dict[int, float], Exchange]:
    """Have texts scored by the inference API, without having them sent back.

    Args:
        connection: To the cluster.
        endpoint: That scores.
        query: What a person typed, not blank.
        texts: None of them blank.

    Returns:
        The model's own scores by their place in `texts`, and the exchange.

    Raises:
        ClusterError: The cluster refused, did not answer, or not with scores.
    """
    patience = connection.profile.timeout
    path = f"/_inference/rerank/{segment(endpoint.id)}?timeout={patience * 1000:.0f}ms"
    feature, form = _form(connection, endpoint, len(texts))
    body = {"query": query, "input": list(texts), **form}
    try:
        answer = await connection.ask("rerank", "POST", path, body, patience=patience + MARGIN)
    except ClusterError as error:
        if not feature or not _unknown(error, *form, "return_documents"):
            raise
        with connection.without(feature):
            return await rerank_texts(connection, endpoint, query, texts)
    return _scores(answer, len(texts)), answer.exchange


def _form(connection: Connection, endpoint: Endpoint, count: int) -> tuple[str, dict[str, Any]]:
    """How this server is told not to send the texts back; a hosted service may not know the older way."""
    if not connection.lacks(TOP_N):
        return TOP_N, {"top_n": count, "return_documents": False}
    if endpoint.logits and not connection.lacks(TASK_SETTINGS):
        return TASK_SETTINGS, {"task_settings": {"return_documents": False}}
    return "", {}


def _unknown(error: ClusterError, *names: str) -> bool:
    """Whether a server refused a request because it does not know one of these."""
    return error.status == 400 and "unknown" in error.reason.lower() and any(name in error.reason for name in names)


def _scores(answer: Answer, count: int) -> dict[int, float]:
    scores: dict[int, float] = {}
    for entry in objects(members(answer.body).get("rerank")):
        at, score = entry.get("index"), entry.get("relevance_score")
        if isinstance(at, int) and 0 <= at < count and isinstance(score, int | float):
            scores[at] = float(score)
    if not scores:
        hint = "Look at the answer in the request panel; does the endpoint rerank?"
        raise ClusterError("The endpoint answered without scores.", hint, exchange=answer.exchange)
    return scores
