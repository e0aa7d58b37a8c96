"""Which inference endpoints a cluster has for reranking, and in what state one of them is; only looked at."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

from workbench.domain.capabilities import DEFAULT_ENDPOINT
from workbench.domain.deployment import ModelState, ModelStatus, Progress
from workbench.domain.text import single_line
from workbench.engines.elasticsearch.connection import Connection
from workbench.engines.elasticsearch.failures import ClusterError
from workbench.engines.elasticsearch.json_values import integer, members, objects
from workbench.engines.elasticsearch.paths import segment

IN_THE_CLUSTER = "elasticsearch"
"""The service of models that the cluster itself runs."""
PAUSE = 2.0
"""Seconds between two looks at an endpoint that is on its way."""
STALLED = 120.0
"""Seconds without any change, after which an endpoint is not waited for any longer."""
HIDDEN = (400, 401, 403, 404, 405, 410)
"""What a server answers when an interface is not for this user, or not there at all, as on Serverless."""


@dataclass(frozen=True)
class Endpoint:
    """An inference endpoint that reranks."""

    id: str
    service: str = ""
    """`elasticsearch` for a model that the cluster runs; empty when that could not be found out."""
    model: str = ""
    settings: str = ""
    """One line for a person, such as `num_threads 1, num_allocations 2`."""
    deployment: str = ""
    """Id of the deployment that answers for it."""
    chunked: bool = False
    """Whether it cuts a long text into chunks and reads them all: `long_document_strategy` is `chunk`."""

    @property
    def logits(self) -> bool:
        """Whether its scores are logits, as those of the cluster's own models are; a hosted service has its own."""
        return self.service == IN_THE_CLUSTER or (not self.service and self.id == DEFAULT_ENDPOINT)

    @property
    def hosted(self) -> bool:
        """Whether a service is known to answer for it that has scores of its own."""
        return bool(self.service) and not self.logits


async def rerank_endpoints(connection: Connection) -> tuple[Endpoint, ...]:
    """The endpoints that rerank, in the order of their ids.

    Raises:
        ClusterError: The cluster does not say; reading them needs the privilege `monitor_inference`.
    """
    found = _endpoints((await connection.ask("rerank endpoints", "GET", "/_inference/rerank/_all")).body)
    return tuple(sorted(found, key=lambda endpoint: endpoint.id))


async def endpoint_states(
    connection: Connection, id: str, pause: float = PAUSE, stalled: float = STALLED
) -> AsyncGenerator[ModelStatus, None]:
    """Tell the state of an endpoint, again and again while it is downloading or starting; never starts anything.

    The last one is `ready` when it can be used as far as is known, and then `next` says what a search may have to
    wait for; or `failed`.

    Args:
        connection: To the cluster.
        id: The endpoint's.
        pause: Seconds between two looks.
        stalled: Seconds without a change after which it counts as failed.

    Raises:
        ClusterError: The cluster cannot be reached, or its licence does not cover inference.
    """
    ready = ModelStatus(id, ModelState.READY, connection.profile.name)
    try:
        body = (await connection.ask("rerank endpoint", "GET", f"/_inference/rerank/{segment(id)}")).body
    except ClusterError as error:
        if error.status == 404:
            yield await _missing(connection, ready)
        elif _is_hidden(error):
            yield replace(ready, next=_unseen("this endpoint", error))
        else:
            raise
        return
    endpoint = next((one for one in _endpoints(body) if one.id == id), Endpoint(id))
    last, since = None, monotonic()
    while True:
        status = await _look(connection, endpoint, ready)
        if status != last:
            last, since = status, monotonic()
            yield status
        if status.state not in (ModelState.DOWNLOADING, ModelState.PREPARING):
            return
        if monotonic() - since >= stalled:
            reason = f"Nothing has changed for {stalled:g} seconds: it is still {status.state}."
            hint = status.next or "See whether a machine learning node has room: GET _ml/memory/_stats."
            yield replace(status, state=ModelState.FAILED, progress=None, reason=reason, next=hint)
            return
        await asyncio.sleep(pause)


async def _look(connection: Connection, endpoint: Endpoint, ready: ModelStatus) -> ModelStatus:
    """The state of an endpoint that exists."""
    if endpoint.service != IN_THE_CLUSTER or not endpoint.model:
        return ready
    model = f"/_ml/trained_models/{segment(endpoint.model)}"
    try:
        body = (await connection.ask("deployment", "GET", f"{model}/_stats")).body
    except ClusterError as error:
        if error.status == 404:
            return _not_running(endpoint, ready, "is not on the cluster")
        if _is_hidden(error):
            return replace(ready, next=_unseen("its deployment", error))
        raise
    for entry in objects(members(body).get("trained_model_stats")):
        deployment = members(entry.get("deployment_stats"))
        if deployment.get("deployment_id") == endpoint.deployment:
            return _deployed(deployment, ready)
    return await _download(connection, endpoint, ready) or _not_running(endpoint, ready, "is not deployed")


def _deployed(deployment: dict[str, Any], ready: ModelStatus) -> ModelStatus:
    """The state of a deployment; every field but ids and `state` may be missing."""
    routes = [members(node.get("routing_state")) for node in objects(deployment.get("nodes"))]
    reasons = [one["reason"] for one in (deployment, *routes) if one.get("reason")]
    reason = single_line(str(reasons[0]), 300) if reasons else None
    all_failed = routes and all(route.get("routing_state") == "failed" for route in routes)
    allocations = members(deployment.get("allocation_status"))
    count, target = integer(allocations.get("allocation_count")), integer(allocations.get("target_allocation_count"))
    if deployment.get("state") == "failed" or all_failed:
        hint = f"Stop it: POST _ml/trained_models/{deployment['deployment_id']}/deployment/_stop. Then start it again."
        reason = reason or "Its deployment failed; the server does not say why."
        return replace(ready, state=ModelState.FAILED, reason=reason, next=hint)
    if deployment.get("state") == "stopping":
        hint = "Start its deployment again when it has stopped."
        return replace(ready, state=ModelState.FAILED, reason="Its deployment is being stopped.", next=hint)
    if target == 0:  # Before the count, which the server calls `starting` when it is 0 of 0.
        return replace(ready, next="It is scaled to zero: the first search wakes it, and may time out meanwhile.")
    if count == 0 or (count is None and deployment.get("state") == "starting"):
        return replace(ready, state=ModelState.PREPARING, next=reason)
    if count is not None and target is not None and count < target:
        return replace(ready, next=f"{count} of {target} allocations have started.")
    return ready


async def _download(connection: Connection, endpoint: Endpoint, ready: ModelStatus) -> ModelStatus | None:
    """How far the model's download is; None when the model is complete, or nobody may look."""
    path = f"/_ml/trained_models/{segment(endpoint.model)}?include=definition_status"
    configs = await _allowed(connection, "model", path, "trained_model_configs")
    if not configs or configs[0].get("fully_defined", True):
        return None
    downloading = replace(ready, state=ModelState.DOWNLOADING)
    path = "/_tasks?actions=xpack/ml/model_import*&detailed=true&group_by=none"
    tasks = await _allowed(connection, "download", path, "tasks")
    if tasks is None:
        return downloading
    for task in tasks:
        if task.get("description") == f"model_id-{endpoint.model}":
            parts = members(task.get("status"))
            done, total = integer(parts.get("downloaded_parts")), integer(parts.get("total_parts"))
            return replace(downloading, progress=Progress(done or 0, total, "parts") if total else None)
    return replace(
        ready,
        state=ModelState.FAILED,
        reason=f"The download of {endpoint.model} broke off.",
        next=f"Delete the model (DELETE _ml/trained_models/{endpoint.model}?force=true) and create the endpoint again.",
    )


def _not_running(endpoint: Endpoint, ready: ModelStatus, what: str) -> ModelStatus:
    """No deployment: only a preconfigured endpoint starts by itself."""
    if endpoint.id == DEFAULT_ENDPOINT:
        hint = f"{endpoint.model} {what} yet: the first search fetches and starts it, and may time out meanwhile."
        return replace(ready, next=hint)
    start = f"POST _ml/trained_models/{endpoint.model}/deployment/_start?deployment_id={endpoint.deployment}"
    hint = f"Start it: {start}" if "deployed" in what else "Delete the endpoint and create it again."
    return replace(ready, state=ModelState.FAILED, reason=f"{endpoint.model} {what}.", next=hint)


async def _missing(connection: Connection, ready: ModelStatus) -> ModelStatus:
    """There is no such endpoint; say which there are."""
    try:
        there = [endpoint.id for endpoint in await rerank_endpoints(connection)]
    except ClusterError:
        there = []
    hint = f"Set `endpoint` in profile {ready.where} to {' or '.join(there[:5])}" if there else ""
    hint = f"{hint}, or create it" if hint else "Create it"
    reason = f"The cluster has no inference endpoint {ready.id} for reranking."
    return replace(ready, state=ModelState.FAILED, reason=reason, next=f"{hint}: PUT _inference/rerank/NAME.")


async def _allowed(connection: Connection, purpose: str, path: str, key: str) -> list[dict[str, Any]] | None:
    """A list out of an answer; None when we may not see it."""
    try:
        return objects(members((await connection.ask(purpose, "GET", path)).body).get(key))
    except ClusterError as error:
        if _is_hidden(error):
            return None
        raise


def _is_hidden(error: ClusterError) -> bool:
    return error.status in HIDDEN and "license" not in error.reason


def _unseen(what: str, error: ClusterError) -> str:
    why = "this user may not see it" if error.status in (401, 403) else "the server does not show it"
    return f"Nobody knows the state of {what}: {why}. The first search will tell."


def _endpoints(body: Any) -> list[Endpoint]:
    found = []
    for entry in objects(members(body).get("endpoints")):
        settings, task_settings = members(entry.get("service_settings")), members(entry.get("task_settings"))
        id = single_line(str(entry.get("inference_id", "")), 200)
        if entry.get("task_type", "rerank") == "rerank" and id:
            found.append(
                Endpoint(
                    id,
                    str(entry.get("service", "")),
                    single_line(str(settings.get("model_id") or settings.get("model") or ""), 200),
                    _summary(settings | task_settings),
                    str(settings.get("deployment_id") or id),
                    settings.get("long_document_strategy") == "chunk",
                )
            )
    return found


def _summary(settings: dict[str, Any]) -> str:
    """Name the settings that bear on speed and on what is read, on one line."""
    said = []
    for name, value in settings.items():
        if name == "adaptive_allocations" and isinstance(value, dict):
            ends = (value.get(f"{end}_number_of_allocations", "?") for end in ("min", "max"))
            said += [f"allocations {'–'.join(map(str, ends))}"] if value.get("enabled") else []
        elif isinstance(value, str | int | float) and name not in ("model_id", "model", "return_documents"):
            said.append(f"{name} {value}")
    return single_line(", ".join(said), 200)
