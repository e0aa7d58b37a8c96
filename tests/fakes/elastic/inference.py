"""The endpoints that rerank: listed, created, deleted, asked."""

from typing import Any

from tests.fakes.elastic.cluster import MODEL, PRECONFIGURED, Cluster, Endpoint
from tests.fakes.elastic.lifecycle import check_deployed, start
from tests.fakes.elastic.model import logit
from tests.fakes.elastic.refusals import Refusal, bad, invalid, missing, object_of, unlicensed
from tests.fakes.elastic.rest import Request


def check_licence(cluster: Cluster, feature: str) -> None:
    if not cluster.licensed():
        raise unlicensed(feature)


def relevance(cluster: Cluster, id: str, query: str, texts: list[str]) -> list[float]:
    """Raw logits, one per text; or why there are none. Of a search and of the rerank API alike."""
    endpoint = cluster.reranking_endpoints.get(id)
    if endpoint is None:
        raise missing(f"Inference endpoint not found [{id}]")
    if endpoint.service == "elasticsearch":
        check_deployed(cluster, endpoint)
        if not query.strip() or not all(text.strip() for text in texts):
            raise bad("Both sequences must have at least one token", "status_exception")
    return [logit(query, text) for text in texts]


def rerank(cluster: Cluster, request: Request) -> Any:
    check_licence(cluster, "inference")
    newer = " top_n return_documents" if cluster.knows("top_n") else ""
    body = object_of(request.body or {}, "rerank", f"query input task_settings input_type{newer}", cluster.refuses)
    texts: Any = [body["input"]] if isinstance(body.get("input"), str) else body.get("input")
    faults = [
        *(["Field [input] cannot be null"] if texts is None else []),
        *(["Field [input] cannot be an empty array"] if texts == [] else []),
        *(["Field [query] cannot be null for task type [rerank]"] if body.get("query") is None else []),
        *(["Field [query] cannot be empty for task type [rerank]"] if body.get("query") == "" else []),
        *(["Field [input_type] cannot be specified for task type [rerank]"] if "input_type" in body else []),
    ]
    if faults:
        raise invalid(*faults)
    scores = relevance(cluster, request.parts["id"], body["query"], texts)
    settings = {**cluster.reranking_endpoints[request.parts["id"]].task_settings, **body.get("task_settings", {})}
    shows = body.get("return_documents", settings.get("return_documents", True))
    ranked = sorted(enumerate(scores), key=lambda pair: -pair[1])
    top = body.get("top_n", len(ranked))
    if top > len(ranked):
        raise Refusal(500, "index_out_of_bounds_exception", f"toIndex = {top}")
    return {
        "rerank": [
            {"index": index, "relevance_score": score, **({"text": texts[index]} if shows else {})}
            for index, score in ranked[:top]
        ]
    }


def endpoints(cluster: Cluster, request: Request) -> Any:
    there = cluster.reranking_endpoints
    id = request.parts.get("id", "_all")
    if id not in ("_all", "*") and id not in there:
        raise missing(f"Inference endpoint not found [{id}]")
    return {"endpoints": [_printed(one) for one in there.values() if id in ("_all", "*", one.id)]}


def put_endpoint(cluster: Cluster, request: Request) -> Any:
    """Store the endpoint, then start its deployment and wait: after a failed start the endpoint is there."""
    id = request.parts["id"]
    if "timeout" in request.params and not cluster.knows("inference put timeout"):
        raise bad(f"request [{request.path}] contains unrecognized parameter: [timeout]")
    body = object_of(request.body or {}, "inference", "service service_settings task_settings chunking_settings")
    if id == PRECONFIGURED and cluster.knows("preconfigured endpoint"):
        raise bad(
            f"[{id}] is a reserved inference ID. Cannot create a new inference endpoint with a reserved ID.",
            "status_exception",
        )
    if "service" not in body:
        raise bad("Inference endpoint service is required", "status_exception")
    check_licence(cluster, "inference")
    if body["service"] != "elasticsearch":
        raise bad(f"Unknown service [{body['service']}]", "status_exception")
    if id in cluster.endpoints or id == MODEL:
        raise bad(f"Inference endpoint [{id}] already exists", "resource_already_exists_exception")
    settings = _settings(cluster, body.get("service_settings", {}))
    made = Endpoint(
        id, service_settings=settings, task_settings={"return_documents": True, **body.get("task_settings", {})}
    )
    cluster.endpoints[id] = made
    if settings.get("deployment_id") is None:
        start(cluster, id, wait="30s")
    return _printed(made)


def delete_endpoint(cluster: Cluster, request: Request) -> Any:
    id = request.parts["id"]
    if id not in cluster.endpoints:
        raise missing(f"Inference endpoint not found [{id}]")
    if request.params.get("dry_run") != "true":
        del cluster.endpoints[id]
    return {"acknowledged": request.params.get("dry_run") != "true", "pipelines": []}


def _settings(cluster: Cluster, said: Any) -> dict[str, Any]:
    known = ["model_id", "num_threads", "num_allocations", "adaptive_allocations", "deployment_id"]
    if cluster.knows("long documents"):
        known += ["long_document_strategy", "max_chunks_per_doc"]
    if unknown := set(said) - set(known):
        raise bad(
            f"Configuration contains settings {sorted(unknown)} unknown to the [elasticsearch] service",
            "status_exception",
        )
    if "model_id" not in said:
        raise bad("Error parsing service settings, model_id must be provided")
    lacking = (
        [] if "num_threads" in said else ["[service_settings] does not contain the required setting [num_threads]"]
    )
    if not {"num_allocations", "adaptive_allocations", "deployment_id"} & set(said):
        lacking.append(
            "[service_settings] does not contain one of the required settings [num_allocations, adaptive_allocations]"
        )
    if "max_chunks_per_doc" in said and said.get("long_document_strategy") != "chunk":
        lacking.append("The [max_chunks_per_doc] setting requires [long_document_strategy] to be set to [chunk]")
    lacking += [
        f"[service_settings] Invalid value [{said[name]}]. [{name}] must be a positive integer"
        for name in ("num_threads", "num_allocations")
        if said.get(name, 1) < 1
    ]
    if lacking:
        raise invalid(*lacking, kind="validation_exception")
    return dict(said)


def _printed(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "inference_id": endpoint.id,
        "task_type": "rerank",
        "service": endpoint.service,
        "service_settings": endpoint.service_settings,
        "task_settings": endpoint.task_settings,
    }
