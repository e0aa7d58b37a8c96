"""Retrievers: `standard` runs a query, the others put the lists of their children in a new order."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from tests.fakes.elastic import queries
from tests.fakes.elastic.cluster import PRECONFIGURED, Cluster
from tests.fakes.elastic.found import Found, Hit, run_query
from tests.fakes.elastic.fusion import linear, rrf
from tests.fakes.elastic.inference import check_licence, relevance
from tests.fakes.elastic.model import logit
from tests.fakes.elastic.queries import node
from tests.fakes.elastic.refusals import Refusal, bad, invalid, not_emulated, object_of
from tests.fakes.elastic.shard import Shard, analysed

DEFAULT_WINDOW = 10
COMPOUND = ("rrf", "linear", "text_similarity_reranker")
CHUNK_WORDS = 300
_KNOWN_ONLY = {"rule": "", "pinned": "pinned", "rescorer": "rescorer"}


def check(retriever: Any, cluster: Cluster, window: int | None = None) -> None:
    """Refuse what the version cannot parse, and windows that do not fit into one another.

    Args:
        retriever: As it was sent, `{"rrf": {…}}`.
        cluster: Whose version counts.
        window: Of the retriever around this one; None at the top.
    """
    if not isinstance(retriever, Mapping) or len(retriever) != 1:
        raise bad("[1:1] expected a single retriever", "parsing_exception")
    ((kind, said),) = retriever.items()
    if kind in cluster.refuses or kind not in _keys(cluster):
        if kind in _KNOWN_ONLY and kind not in cluster.refuses:
            raise not_emulated(f"the retriever [{kind}]")
        raise bad(f"unknown retriever [{kind}]", "parsing_exception", line=1, col=1)
    object_of(said, kind, _keys(cluster)[kind], cluster.refuses)
    if kind == "standard":
        for query in (said.get("query"), *_list(said.get("filter"))):
            if query is not None:
                queries.check(query)
        return
    if kind == "knn":
        return _required(said, kind, "field", "k", "num_candidates")
    if kind == "text_similarity_reranker":
        _check_reranker(said, cluster)
    elif kind == "linear" and not cluster.licensed():
        check_licence(cluster, "linear retriever")
    elif kind == "rrf" and not cluster.licensed():
        check_licence(cluster, "Reciprocal Rank Fusion (RRF)")
    own = said.get("rank_window_size", DEFAULT_WINDOW)
    if own < 1:
        raise invalid(f"[rank_window_size] should be greater than 0, got [{own}]")
    if window is not None and own < window:
        raise invalid(
            f"[{kind}] requires [rank_window_size: {window}] to be smaller than or equal to its sub retriever's "
            f"inner [rank_window_size: {own}]"
        )
    for child in children(retriever):
        compound = next(iter(child), "") in COMPOUND if isinstance(child, Mapping) else False
        check(child, cluster, own if compound else None)
    for query in _list(said.get("filter")):
        queries.check(query)


def children(retriever: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The retrievers directly inside one; of `linear` without their weights."""
    ((kind, said),) = retriever.items()
    if kind == "text_similarity_reranker":
        yield said["retriever"]
    for one in said.get("retrievers", ()):
        yield one.get("retriever", one)


def queries_in(retriever: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Every query that ranks, at any depth."""
    ((kind, said),) = retriever.items()
    if kind == "standard" and "query" in said:
        yield said["query"]
    for child in children(retriever):
        yield from queries_in(child)


def run(retriever: Mapping[str, Any], cluster: Cluster, shards: list[Shard], filters: list[Any]) -> Found:
    """Run a checked retriever; a compound one gives no more than its window."""
    ((kind, said),) = retriever.items()
    filters = [*filters, *_list(said.get("filter"))]
    if kind == "standard":
        found = run_query(_filtered(said.get("query", {"match_all": {}}), filters), shards)
        least = said.get("min_score", -math.inf)
        kept = [hit for hit in found.hits if hit.score >= least]
        return Found(kept, len(kept))
    if kind == "knn":
        return _knn(said, shards, filters)
    window = said.get("rank_window_size", DEFAULT_WINDOW)
    lists = [run(child, cluster, shards, filters) for child in children(retriever)]
    cut = [found.hits[:window] for found in lists]
    if kind == "text_similarity_reranker":
        return _reranked(said, cluster, cut[0], next(iter(said["retriever"])))
    total = len({hit.key for found in lists for hit in found.hits})
    ranked = rrf(said, cut) if kind == "rrf" else linear(said, cut)
    return Found(ranked[:window], total)


def _keys(cluster: Cluster) -> dict[str, str]:
    """The retrievers that the version has, and the keys of each."""
    hybrid = " query fields" if cluster.knows("fields of a hybrid") else ""
    reranker = "retriever field inference_id inference_text rank_window_size min_score filter _name"
    keys = {
        "standard": "query filter sort search_after terminate_after min_score collapse _name",
        "knn": "field query_vector query_vector_builder k num_candidates similarity filter min_score _name",
        "rrf": f"retrievers rank_window_size rank_constant filter min_score _name{hybrid}",
        "text_similarity_reranker": reranker
        + (" allow_rerank_failures" if cluster.knows("allow_rerank_failures") else "")
        + (" chunk_rescorer" if cluster.knows("chunk_rescorer") else ""),
    }
    if cluster.knows("linear"):
        keys["linear"] = f"retrievers rank_window_size filter min_score _name{hybrid} normalizer"
    return keys


def _check_reranker(said: Mapping[str, Any], cluster: Cluster) -> None:
    check_licence(cluster, "text_similarity_reranker")
    needed = ["retriever", "field", "inference_text"]
    if not cluster.knows("inference_id optional"):
        needed.append("inference_id")
    _required(said, "text_similarity_reranker", *needed)
    if "chunk_rescorer" in said:
        chunks = object_of(said["chunk_rescorer"], "chunk_rescorer", "size chunking_settings")
        if (size := chunks.get("size", 1)) < 1:
            raise bad(f"size must be greater than 0, was: {size}")
        settings = chunks.get("chunking_settings", {})
        if set(settings) - {"max_chunk_size"} and "strategy" not in settings:
            raise bad("Can't generate Chunker without ChunkingStrategy provided")


def _reranked(said: Mapping[str, Any], cluster: Cluster, hits: list[Hit], child: str) -> Found:
    """Let the model read the first value of the field; what has none drops out."""
    endpoint, text = said.get("inference_id", PRECONFIGURED), said["inference_text"]
    values = {hit.key: hit.shard.values(said["field"], hit.doc) for hit in hits}
    with_field = [hit for hit in hits if values[hit.key]]
    pieces = [_pieces(said, text, str(values[hit.key][0])) for hit in with_field]
    try:
        scores = relevance(cluster, endpoint, text, [piece for several in pieces for piece in several])
    except Refusal as refusal:
        if said.get("allow_rerank_failures"):
            return Found(hits, len(hits))
        raise _suppressed(refusal, child) from refusal
    remaining = iter(scores)
    logits = [max(next(remaining) for _ in several) for several in pieces]
    least = said.get("min_score", -math.inf)
    ranked = []
    for hit, raw in sorted(zip(with_field, logits, strict=True), key=lambda pair: -pair[1]):
        if raw < least and cluster.knows("min_score filters"):
            continue
        score = 0.0 if raw < least else mapped(raw) if cluster.knows("mapped scores") else raw
        name = f" matching on source query [{said['_name']}]" if "_name" in said else ""
        best = ""
        if "chunk_rescorer" in said and cluster.knows("chunks in explain"):
            best = f" considering only the best {said['chunk_rescorer'].get('size', 1)} chunks"
        explained = node(
            score,
            f"text_similarity_reranker match using inference endpoint: [{endpoint}] on document field: "
            f"[{said['field']}]{best}{name}",
            hit.explained,
        )
        ranked.append(Hit(hit.shard, hit.doc, explained["value"], explained))
    return Found(ranked, len(ranked))


def mapped(raw: float) -> float:
    """What a hit shows for a logit: never negative, in the same order."""
    return max(raw, 0.0) + math.exp(min(raw, 0.0))


def _pieces(said: Mapping[str, Any], query: str, text: str) -> list[str]:
    """What the model reads of one document: all of it, or with a chunk rescorer the chunks that fit the query best."""
    if "chunk_rescorer" not in said:
        return [text]
    words = text.split()
    size = said["chunk_rescorer"].get("chunking_settings", {}).get("max_chunk_size", CHUNK_WORDS)
    chunks = [" ".join(words[start : start + size]) for start in range(0, len(words), size)] or [text]
    wanted = {term for term, *_ in analysed("english", query)}
    best = sorted(chunks, key=lambda chunk: -sum(term in wanted for term, *_ in analysed("english", chunk)))
    return best[: said["chunk_rescorer"].get("size", 1)]


def _suppressed(refusal: Refusal, child: str) -> Refusal:
    """How a failed rerank reaches the client: two levels below what it says first."""
    inner = {
        "type": "search_phase_execution_exception",
        "reason": "Computing updated ranks for results failed",
        "phase": "rank-feature",
        "grouped": True,
        "failed_shards": [],
        "caused_by": refusal.cause,
    }
    reason = (
        f"[text_similarity_reranker] search failed - retrievers '[{child}]' returned errors. "
        "All failures are attached as suppressed exceptions."
    )
    return Refusal(refusal.status, "status_exception", reason, suppressed=[inner])


def _knn(said: Mapping[str, Any], shards: list[Shard], filters: list[Any]) -> Found:
    """Made-up neighbours: as near as the stand-in for a model finds the texts of the document."""
    builder = said.get("query_vector_builder", {}).get("text_embedding", {})
    if "model_text" not in builder:
        raise not_emulated("[query_vector]")
    near = []
    for hit in run_query(_filtered({"match_all": {}}, filters), shards).hits:
        texts = " ".join(value for value in hit.shard.sources[hit.doc].values() if isinstance(value, str))
        explained = node(1 / (1 + math.exp(-logit(builder["model_text"], texts))), f"within top {said['k']} documents")
        near.append(Hit(hit.shard, hit.doc, explained["value"], explained))
    nearest = sorted(near, key=lambda hit: -hit.score)[: said["k"]]
    return Found(nearest, len(nearest))


def _filtered(query: Mapping[str, Any], filters: list[Any]) -> Mapping[str, Any]:
    return {"bool": {"must": [query], "filter": filters}} if filters else query


def _required(said: Mapping[str, Any], kind: str, *keys: str) -> None:
    lacking = [key for key in keys if key not in said]
    if lacking:
        raise bad(f"Required [{', '.join(lacking)}]")


def _list(value: Any) -> list[Any]:
    return [] if value is None else list(value) if isinstance(value, list | tuple) else [value]
