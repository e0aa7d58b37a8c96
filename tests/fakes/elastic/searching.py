"""Searches: what a body may hold, where it looks, and the answer around the hits."""

import re
from collections.abc import Mapping
from typing import Any

from tests.fakes.elastic import queries, retrievers
from tests.fakes.elastic.cluster import Cluster
from tests.fakes.elastic.fetch import shown
from tests.fakes.elastic.found import Found, run_query
from tests.fakes.elastic.refusals import Refusal, bad, invalid, not_emulated, object_of
from tests.fakes.elastic.rest import Request

_EMULATED = (
    "query retriever size from _source fields highlight explain pit min_score track_total_hits timeout version "
    "track_scores"
)
_KNOWN = (
    f"{_EMULATED} aggs aggregations collapse docvalue_fields ext indices_boost knn post_filter profile rank rescore "
    "runtime_mappings script_fields search_after seq_no_primary_term slice sort stats stored_fields suggest "
    "sub_searches terminate_after"
)
_BESIDE_RETRIEVER = ("query", "knn", "sort", "rescore", "rank", "search_after", "terminate_after", "min_score")
_TOTAL_LIMIT = 10_000
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def search(cluster: Cluster, request: Request) -> Any:
    return _search(cluster, request.parts.get("index", ""), request.body or {}, request.params)


def msearch(cluster: Cluster, request: Request) -> Any:
    """Several searches; an item that fails says so in its own place."""
    responses = []
    for head, body in zip(request.lines[::2], request.lines[1::2], strict=True):
        try:
            head = object_of(head, "msearch", "index ignore_unavailable preference search_type routing")
            index = head.get("index", request.parts.get("index", ""))
            index = ",".join(index) if isinstance(index, list) else index
            responses.append({**_search(cluster, index, body, {}), "status": 200})
        except Refusal as refusal:
            responses.append(refusal.body)
    return {"took": cluster.took, "responses": responses}


def open_pit(cluster: Cluster, request: Request) -> Any:
    if "keep_alive" not in request.params:
        raise invalid("keep_alive is required")
    keep = seconds(request.params["keep_alive"], "keep_alive")
    indices = cluster.find(request.parts["index"], lenient=request.params.get("ignore_unavailable") == "true")
    shards = {"total": len(indices), "successful": len(indices), "skipped": 0, "failed": 0}
    return {"id": cluster.open_pit(indices, keep), "_shards": shards}


def close_pit(cluster: Cluster, request: Request) -> Any:
    ids = object_of(request.body, "close_point_in_time", "id").get("id")
    if not ids:
        raise invalid("[id] must not be null")
    closed = cluster.close_pit(ids)
    answer = {"succeeded": True, "num_freed": 1 if closed else 0}
    return answer if closed else (404, answer)


def explain(cluster: Cluster, request: Request) -> Any:
    """One query against one document; it knows no retriever."""
    query = object_of(request.body, "explain", "query").get("query")
    if query is None:
        raise invalid("query is missing")
    queries.check(query)
    index = _single(cluster, request.parts["index"])
    found: dict[str, Any] = {"_index": index.name, "_id": request.parts["id"], "matched": False}
    doc = index.shard.places.get(request.parts["id"])
    if doc is None:
        return 404, found
    explained = queries.explain(query, index.shard, doc)
    nothing = queries.node(0.0, "no matching term")
    return {**found, "matched": explained is not None, "explanation": explained or nothing}


def count(cluster: Cluster, request: Request) -> Any:
    query = object_of(request.body or {}, "count", "query").get("query", {"match_all": {}})
    queries.check(query)
    shards = [index.shard for index in cluster.find(request.parts.get("index", ""))]
    return {"count": run_query(query, shards).total, "_shards": _shards(len(shards))}


def validate(cluster: Cluster, request: Request) -> Any:
    """Say whether a query parses; a query that does not is no error here."""
    index = _single(cluster, request.parts["index"])
    body = request.body or {}
    said: dict[str, Any] = {"index": index.name, "valid": True}
    try:
        queries.check(object_of(body, "validate_query", "query").get("query", {"match_all": {}}))
    except Refusal as refusal:
        said |= {"valid": False, "error": f"[{index.name}] {refusal}"}
    answer: dict[str, Any] = {"_shards": _shards(1), "valid": said["valid"]}
    if request.params.get("explain") == "true":
        answer["explanations"] = [said]
    return answer


def seconds(text: str, name: str) -> float:
    """Read a length of time, such as `1m`."""
    said = re.fullmatch(r"(\d+)(ms|[smhd])", text)
    if not said:
        raise bad(
            f"failed to parse setting [{name}] with value [{text}] as a time value: unit is missing or unrecognized"
        )
    return int(said[1]) * _UNITS[said[2]]


def _search(cluster: Cluster, index: str, body: Any, params: Mapping[str, str]) -> dict[str, Any]:
    _check(cluster, index, body, params)
    shards, answer = _where(cluster, index, body, params)
    size, start = body.get("size", 10), body.get("from", 0)
    retriever = body.get("retriever")
    for query in retrievers.queries_in(retriever) if retriever else [body.get("query", {"match_all": {}})]:
        queries.check_fields(query, shards, cluster.knows("match on semantic_text"))
    if retriever:
        compound = next(iter(retriever)) in retrievers.COMPOUND
        ranking = list(retrievers.queries_in(retriever))
        found = retrievers.run(retriever, cluster, shards, [])
    else:
        compound = False
        ranking = [body.get("query", {"match_all": {}})]
        found = run_query(ranking[0], shards)
        kept = [hit for hit in found.hits if hit.score >= body.get("min_score", 0.0)]
        found = Found(kept, len(kept))
    page = found.hits[start : start + size]
    top = found.hits[0].score if found.hits and size else None
    hits: dict[str, Any] = {"max_score": top, "hits": [shown(hit, body, ranking, compound) for hit in page]}
    limit = body.get("track_total_hits", _TOTAL_LIMIT)
    if limit is not False:
        most = found.total if limit is True else int(limit)
        total = {"value": min(found.total, most), "relation": "eq" if found.total <= most else "gte"}
        hits = {"total": total, **hits}
    return {**answer, "took": cluster.took, "timed_out": False, "_shards": _shards(len(shards)), "hits": hits}


def _check(cluster: Cluster, index: str, body: Any, params: Mapping[str, str]) -> None:
    if not isinstance(body, Mapping):
        raise bad("request body is required", "parse_exception")
    for key, value in body.items():
        if key not in _KNOWN.split() or key in cluster.refuses:
            token = "START_OBJECT" if isinstance(value, Mapping) else _token(value)
            raise bad(f"Unknown key for a {token} in [{key}].", "parsing_exception", line=1, col=2)
    for key in body.keys() - set(_EMULATED.split()):
        raise not_emulated(f"[{key}] of a search")
    if body.get("size", 10) < 0:
        raise bad(f"[size] parameter cannot be negative, found [{body['size']}]")
    if body.get("from", 0) + body.get("size", 10) > _TOTAL_LIMIT:
        raise bad(
            "Result window is too large, from + size must be less than or equal to: [10000] but was "
            f"[{body.get('from', 0) + body.get('size', 10)}]."
        )
    if "retriever" not in body:
        return queries.check(body.get("query", {"match_all": {}}))
    if beside := [key for key in _BESIDE_RETRIEVER if key in body]:
        raise invalid(*(f"cannot specify [retriever] and [{key}]" for key in beside))
    retriever = body["retriever"]
    retrievers.check(retriever, cluster)
    ((kind, said),) = retriever.items()
    if kind in retrievers.COMPOUND:
        window, size = said.get("rank_window_size", retrievers.DEFAULT_WINDOW), body.get("size", 10)
        if size > window:
            raise invalid(f"[{kind}] requires [rank_window_size: {window}] be greater than or equal to [size: {size}]")
        if params.get("allow_partial_search_results") == "true":
            raise invalid(f"cannot specify [{kind}] and [allow_partial_search_results]")
        if "scroll" in params:
            raise invalid(f"cannot specify [{kind}] and [scroll]")


def _where(cluster: Cluster, index: str, body: Mapping[str, Any], params: Mapping[str, str]) -> Any:
    if "pit" not in body:
        found = cluster.find(index, lenient=params.get("ignore_unavailable") == "true")
        return [one.shard for one in found], {}
    if index:
        raise invalid("[indices] cannot be used with point in time. Do not specify any index with point in time.")
    said = object_of(body["pit"], "point_in_time", "id keep_alive")
    keep = seconds(said["keep_alive"], "keep_alive") if "keep_alive" in said else None
    pit, latest = cluster.pit(said["id"], keep)
    return pit.shards, {"pit_id": latest}


def _single(cluster: Cluster, name: str) -> Any:
    found = cluster.find(name)
    if len(found) != 1:
        raise bad(f"[{name}] has more than one index associated with it, can't execute a single index op")
    return found[0]


def _shards(count: int) -> dict[str, int]:
    return {"total": count, "successful": count, "skipped": 0, "failed": 0}


def _token(value: Any) -> str:
    kinds = {bool: "VALUE_BOOLEAN", str: "VALUE_STRING", list: "START_ARRAY", type(None): "VALUE_NULL"}
    return kinds.get(type(value), "VALUE_NUMBER")
