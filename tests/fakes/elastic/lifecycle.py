"""The reranking model on its way: downloaded in parts, started, scaled, stopped; and how each state shows."""

from typing import Any

from tests.fakes.elastic.cluster import MODEL, PRECONFIGURED, Cluster, Endpoint
from tests.fakes.elastic.refusals import Refusal, bad, missing, object_of, unlicensed
from tests.fakes.elastic.rest import Request

NOT_DEPLOYED = ("absent", "downloading", "incomplete", "downloaded")
_DOWNLOADING = (
    f"Model download task is currently running. Wait for trained model [{MODEL}] download task to complete then "
    "try again"
)
_NEXT = {"downloading": "downloaded", "starting": "partial", "partial": "ready"}
_PARTS_PER_LOOK = 300


def start(cluster: Cluster, deployment: str, wait: str) -> None:
    """Start a deployment, downloading the model first; each takes longer than anybody waits for it."""
    if not cluster.room:
        cause = {
            "type": "illegal_state_exception",
            "reason": "Could not start deployment because no suitable nodes were found, allocation explanation "
            "[Could not assign (more) allocations on node [n1]. Reason: This node has insufficient available memory.]",
        }
        reason = "Could not start deployment because no ML nodes with sufficient capacity were found"
        raise Refusal(429, "status_exception", reason, caused_by=cause)
    if cluster.stage in ("absent", "downloading"):
        cluster.stage = "downloading"
        raise Refusal(408, "status_exception", _DOWNLOADING)
    if cluster.stage in ("downloaded", "starting", "idle"):
        cluster.stage = "starting"
        raise _not_started_in_time(deployment, wait)
    if cluster.stage == "incomplete":
        raise bad(
            f"Model definition truncated. Unable to deserialize trained model definition [{MODEL}]", "parse_exception"
        )


def start_deployment(cluster: Cluster, request: Request) -> Any:
    _check_platinum(cluster)
    id = request.params.get("deployment_id", request.parts["model"])
    if cluster.stage not in (*NOT_DEPLOYED, "idle"):
        raise Refusal(409, "status_exception", f"Cannot start deployment [{id}] because it has already been started")
    _check_model(cluster, request.parts["model"])
    if request.params.get("wait_for") == "starting" and cluster.room:
        cluster.stage = "starting"
    else:
        start(cluster, id, request.params.get("timeout", "20s"))
    return {"assignment": {"task_parameters": {"model_id": MODEL, "deployment_id": id}, "assignment_state": "starting"}}


def stop_deployment(cluster: Cluster, request: Request) -> Any:
    if cluster.stage in NOT_DEPLOYED:
        raise missing(f"No known trained model with deployment with id [{request.parts['model']}]")
    cluster.stage = "downloaded"
    return {"stopped": True}


def put_model(cluster: Cluster, request: Request) -> Any:
    """Begin the download; a second request joins it."""
    _check_platinum(cluster)
    object_of(request.body or {}, "trained_model_config", "input inference_config model_type tags description")
    if cluster.stage not in ("absent", "downloading"):
        raise bad(f"Cannot create model [{MODEL}] the id is the same as an current model", "status_exception")
    if cluster.stage == "absent":
        cluster.stage, cluster.parts = "downloading", (0, cluster.parts[1])
    if request.params.get("wait_for_completion") == "true":
        raise Refusal(408, "status_exception", _DOWNLOADING)
    return _config(cluster)


def delete_model(cluster: Cluster, request: Request) -> Any:
    _check_model(cluster, request.parts["model"])
    if cluster.stage not in NOT_DEPLOYED and request.params.get("force") != "true":
        raise Refusal(
            409,
            "status_exception",
            f"Cannot delete model [{MODEL}] as it is currently deployed; use force to delete the model",
        )
    cluster.stage = "absent"
    return {"acknowledged": True}


def models(cluster: Cluster, request: Request) -> Any:
    if cluster.stage == "absent" and _wildcard(request):
        return {"count": 0, "trained_model_configs": []}
    _check_model(cluster, request.parts.get("model", MODEL))
    return {"count": 1, "trained_model_configs": [_config(cluster, request.params.get("include"))]}


def model_stats(cluster: Cluster, request: Request) -> Any:
    """One entry per deployment; one without `deployment_stats` when there is none."""
    if cluster.stage == "absent" and _wildcard(request):
        return {"count": 0, "trained_model_stats": []}
    _check_model(cluster, request.parts.get("model", MODEL))
    entry = {
        "model_id": MODEL,
        "model_size_stats": {"model_size_bytes": 123456789, "required_native_memory_bytes": 500000000},
        "pipeline_count": 0,
    }
    deployed = (
        []
        if cluster.stage in NOT_DEPLOYED
        else [one for one in cluster.reranking_endpoints.values() if one.service == "elasticsearch"]
    )
    found = [{**entry, "deployment_stats": _deployment(cluster.stage, one)} for one in deployed] or [entry]
    if cluster.moves and cluster.stage not in NOT_DEPLOYED:
        cluster.stage = _NEXT.get(cluster.stage, cluster.stage)
    return {"count": len(found), "trained_model_stats": found}


def tasks(cluster: Cluster, request: Request) -> Any:
    """The download, for as long as it runs; all its parts may be there before the model is complete."""
    running = []
    if cluster.stage == "downloading":
        done, total = cluster.parts
        task = {
            "node": "n1",
            "id": 4711,
            "type": "model_import",
            "action": "xpack/ml/model_import[n]",
            "description": f"model_id-{MODEL}",
            "start_time_in_millis": 1760000000000,
            "running_time_in_nanos": 42000000000,
            "cancellable": True,
            "cancelled": False,
        }
        if request.params.get("detailed") == "true":
            task["status"] = {"total_parts": total, "downloaded_parts": done}
        running.append(task)
        if cluster.moves:
            cluster.parts = (min(done + _PARTS_PER_LOOK, total), total)
            cluster.stage = "downloaded" if done == total else "downloading"
    if request.params.get("group_by") == "none":
        return {"tasks": running}
    return {"nodes": {"n1": {"name": "ml-1", "tasks": {f"n1:{one['id']}": one for one in running}}} if running else {}}


def info(cluster: Cluster, request: Request) -> Any:
    limits = {
        "total_ml_memory": "2457mb",
        "total_ml_processors": 4,
        "max_single_ml_node_processors": 4,
    }
    return {"defaults": {}, "upgrade_mode": False, "native_code": {"version": cluster.version}, "limits": limits}


def check_deployed(cluster: Cluster, endpoint: Endpoint) -> None:
    id, stage = endpoint.deployment, cluster.stage
    if stage in ("ready", "partial"):
        return
    if (endpoint.id == PRECONFIGURED and stage in NOT_DEPLOYED) or stage in ("starting", "idle"):
        start(cluster, id, wait="30s")
    if stage == "absent":
        raise missing(f"Could not find trained model [{MODEL}]")
    if stage in NOT_DEPLOYED:
        reason = f"Model [{id}] must be deployed to use. Please deploy with the start trained model deployment API."
        raise Refusal(409, "status_exception", reason)
    raise Refusal(409, "status_exception", f"Trained model [{id}] is [{stage}]")


def _not_started_in_time(deployment: str, wait: str) -> Refusal:
    reason = (
        f"Timed out after [{wait}] waiting for trained model deployment [{deployment}] to start. Use the trained model "
        "stats API to track the state of the deployment and try again once it has started."
    )
    return Refusal(408, "model_deployment_timeout_exception", reason)


def _config(cluster: Cluster, include: str | None = None) -> dict[str, Any]:
    complete = cluster.stage not in ("absent", "downloading", "incomplete")
    return {
        "model_id": MODEL,
        "model_type": "pytorch",
        "created_by": "api_user",
        "tags": [],
        "license_level": "platinum",
        **({"fully_defined": complete} if include == "definition_status" else {}),
        "model_package": {"packaged_model_id": "rerank-v1", "minimum_version": "8.16.0", "size": 123456789},
        "inference_config": {
            "text_similarity": {"tokenization": {"deberta_v2": {"max_sequence_length": 512, "truncate": "balanced"}}}
        },
    }


def _deployment(stage: str, endpoint: Endpoint) -> dict[str, Any]:
    target = 0 if stage == "idle" else 2
    count = {"partial": 1, "ready": 2, "stopping": 1}.get(stage, 0)
    state = stage if stage in ("starting", "stopping", "failed") else "started"
    # A deployment that was scaled to zero says `starting` too.
    allocation = "starting" if count == 0 else "fully_allocated" if count >= target else "started"
    return {
        "deployment_id": endpoint.deployment,
        "model_id": MODEL,
        "threads_per_allocation": endpoint.service_settings.get("num_threads", 1),
        "number_of_allocations": target,
        "queue_capacity": 10000,
        "priority": "normal",
        "state": state,
        **({"reason": "inference process crashed"} if stage == "failed" else {}),
        "allocation_status": {"allocation_count": count, "target_allocation_count": target, "state": allocation},
        "inference_count": 0,
        "nodes": [{"routing_state": {"routing_state": state}, "number_of_allocations": count}] if count else [],
    }


def _check_platinum(cluster: Cluster) -> None:
    if not cluster.licensed("platinum"):
        raise unlicensed("ml")


def _check_model(cluster: Cluster, id: str) -> None:
    if cluster.stage == "absent" or id not in (MODEL, "*", "_all"):
        raise missing(f"No known trained model with model_id [{id}]")


def _wildcard(request: Request) -> bool:
    return request.parts.get("model", "_all") in ("_all", "*")
