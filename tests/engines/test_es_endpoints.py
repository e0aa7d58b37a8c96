"""Which endpoints a cluster has for reranking, and what is said of the state that one is in."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tests.fakes.elastic import Endpoint as Made
from tests.fakes.elastic import FakeElastic, fake_elastic
from workbench.config.profile import Profile
from workbench.domain.capabilities import DEFAULT_ENDPOINT
from workbench.domain.deployment import ModelState, ModelStatus, Progress
from workbench.engines.elasticsearch.connection import Connection
from workbench.engines.elasticsearch.endpoints import Endpoint, endpoint_states, rerank_endpoints
from workbench.engines.elasticsearch.failures import ClusterError

HOSTED = Made("hosted", "cohere", {"model_id": "rerank-v3.5", "rate_limit": {"requests_per_minute": 10}}, {"top_n": 5})
SHARED = Made("shared", service_settings={"model_id": ".rerank-v1", "num_threads": 2, "deployment_id": "my-reranker"})


@pytest.fixture
def server() -> Iterator[FakeElastic]:
    with fake_elastic(endpoints=["my-reranker", HOSTED, SHARED], version="9.2.0") as fake:
        yield fake


@pytest.fixture
async def connection(server: FakeElastic) -> AsyncIterator[Connection]:
    connection = Connection(Profile("prod", hosts=(server.url,)))
    yield connection
    await connection.close()


async def told(connection: Connection, id: str = "my-reranker", stalled: float = 60.0) -> list[ModelStatus]:
    return [status async for status in endpoint_states(connection, id, pause=0.0, stalled=stalled)]


async def test_endpoints_are_listed_with_service_model_and_settings(connection: Connection) -> None:
    assert await rerank_endpoints(connection) == (
        Endpoint(DEFAULT_ENDPOINT, "elasticsearch", ".rerank-v1", "num_threads 1, allocations 0–32", DEFAULT_ENDPOINT),
        Endpoint("hosted", "cohere", "rerank-v3.5", "top_n 5", "hosted"),
        Endpoint("my-reranker", "elasticsearch", ".rerank-v1", "num_threads 1, num_allocations 1", "my-reranker"),
        Endpoint("shared", "elasticsearch", ".rerank-v1", "num_threads 2, deployment_id my-reranker", "my-reranker"),
    )


async def test_a_list_that_is_odd_is_read_as_far_as_it_can_be(server: FakeElastic, connection: Connection) -> None:
    odd = [None, 7, {}, {"inference_id": "a\x1b[31m"}, {"inference_id": "e", "task_type": "sparse_embedding"}]
    server.fail("/_inference", status=200, body={"endpoints": odd})
    assert [endpoint.id for endpoint in await rerank_endpoints(connection)] == ["a\N{REPLACEMENT CHARACTER}[31m"]
    server.mend()
    server.fail("/_inference", status=200, body={"endpoints": "none"})
    assert await rerank_endpoints(connection) == ()


@pytest.mark.parametrize("odd", [[], None, 7, "text", [{}]])
async def test_parts_of_any_shape_are_read_as_far_as_they_can_be(
    server: FakeElastic, connection: Connection, odd: Any
) -> None:
    entry = {"inference_id": "e", "service": "elasticsearch", "service_settings": odd, "task_settings": odd}
    server.fail("/_inference", status=200, body={"endpoints": [entry]})
    assert await rerank_endpoints(connection) == (Endpoint("e", "elasticsearch", deployment="e"),)
    server.mend()
    for name in ("nodes", "allocation_status", "reason"):
        stats = {"deployment_stats": {"deployment_id": "my-reranker", "state": "started", name: odd}}
        server.fail("/_stats", status=200, body={"trained_model_stats": [{"deployment_stats": odd}, stats]})
        assert [status.state for status in await told(connection)] == [ModelState.READY]
        server.mend()
    allocations = {"allocation_count": odd, "target_allocation_count": 2}
    stats = {"deployment_id": "my-reranker", "allocation_status": allocations, "nodes": [odd, {"routing_state": odd}]}
    server.fail("/_stats", status=200, body={"trained_model_stats": [{"deployment_stats": stats}]})
    assert len(await told(connection)) == 1


def test_scores_of_the_clusters_own_models_alone_are_called_logits() -> None:
    assert Endpoint("e", "elasticsearch").logits and Endpoint(DEFAULT_ENDPOINT).logits
    assert not Endpoint("e", "cohere").logits and not Endpoint("e").logits
    assert Endpoint("e", "cohere").hosted and not Endpoint("e").hosted and not Endpoint("e", "elasticsearch").hosted


async def test_one_that_runs_is_ready_under_the_profiles_name(connection: Connection) -> None:
    assert await told(connection) == [ModelStatus("my-reranker", ModelState.READY, "prod")]


async def test_one_that_uses_anothers_deployment_has_its_state(server: FakeElastic, connection: Connection) -> None:
    assert await told(connection, "shared") == [ModelStatus("shared", ModelState.READY, "prod")]
    server.cluster.stage = "failed"
    (status,) = await told(connection, "shared")
    assert status.state is ModelState.FAILED and "my-reranker/deployment/_stop" in str(status.next)


async def test_a_hosted_one_is_ready_and_has_no_deployment_to_ask_about(
    server: FakeElastic, connection: Connection
) -> None:
    server.cluster.stage = "absent"
    assert await told(connection, "hosted") == [ModelStatus("hosted", ModelState.READY, "prod")]
    assert not server.asked("_ml")


async def test_one_that_does_not_exist_failed_and_those_there_are_are_named(connection: Connection) -> None:
    (status,) = await told(connection, "nope")
    assert status.state is ModelState.FAILED
    assert status.reason == "The cluster has no inference endpoint nope for reranking."
    assert status.next and "hosted or my-reranker or shared" in status.next and "profile prod" in status.next


async def test_before_8_18_there_is_no_preconfigured_one() -> None:
    with fake_elastic(version="8.17.3", endpoints=[]) as server:
        connection = Connection(Profile("old", hosts=(server.url,)))
        (status,) = await told(connection, DEFAULT_ENDPOINT)
        await connection.close()
    assert status.state is ModelState.FAILED and status.next == "Create it: PUT _inference/rerank/NAME."


async def test_a_download_is_followed_in_parts_until_it_runs(server: FakeElastic, connection: Connection) -> None:
    server.cluster.stage, server.cluster.moves = "downloading", True
    found = await told(connection)
    assert [status.progress for status in found if status.progress] == [
        Progress(done, 703, "parts") for done in (120, 420, 703)
    ]
    assert found[-1].state is ModelState.FAILED, "downloaded, but nobody deployed it"
    assert "is not deployed" in str(found[-1].reason) and "deployment_id=my-reranker" in str(found[-1].next)


async def test_a_download_without_the_privilege_to_see_tasks_has_no_percentage(
    server: FakeElastic, connection: Connection
) -> None:
    server.cluster.stage = "downloading"
    server.cluster.forbidden.add("monitor")
    first, last = await told(connection, stalled=0.0)
    assert (first.state, first.progress) == (ModelState.DOWNLOADING, None)
    assert last.state is ModelState.FAILED and "still downloading" in str(last.reason)


async def test_a_download_that_broke_off_is_not_waited_for(server: FakeElastic, connection: Connection) -> None:
    server.cluster.stage = "incomplete"
    (status,) = await told(connection)
    assert status.state is ModelState.FAILED and "broke off" in str(status.reason)


async def test_a_start_is_followed_until_some_allocations_answer(server: FakeElastic, connection: Connection) -> None:
    server.cluster.stage, server.cluster.moves = "starting", True
    found = await told(connection)
    assert [status.state for status in found] == [ModelState.PREPARING, ModelState.READY]
    assert found[-1].next == "1 of 2 allocations have started."


async def test_a_start_that_never_ends_is_given_up_with_what_to_look_at(
    server: FakeElastic, connection: Connection
) -> None:
    server.cluster.stage = "starting"
    first, last = await told(connection, stalled=0.0)
    assert first.state is ModelState.PREPARING
    assert last.state is ModelState.FAILED and "_ml/memory/_stats" in str(last.next)


async def test_0_of_0_allocations_is_not_starting_but_asleep(server: FakeElastic, connection: Connection) -> None:
    server.cluster.stage = "idle"
    (status,) = await told(connection)
    assert status.state is ModelState.READY and "scaled to zero" in str(status.next)


@pytest.mark.parametrize("stage", ["absent", "downloaded"])
async def test_the_preconfigured_one_comes_with_the_first_search(
    server: FakeElastic, connection: Connection, stage: str
) -> None:
    server.cluster.stage = stage
    (status,) = await told(connection, DEFAULT_ENDPOINT)
    assert status.state is ModelState.READY and "the first search" in str(status.next)


@pytest.mark.parametrize(
    ("stage", "reason"),
    [
        ("absent", ".rerank-v1 is not on the cluster."),
        ("downloaded", ".rerank-v1 is not deployed."),
        ("stopping", "Its deployment is being stopped."),
        ("failed", "inference process crashed"),
    ],
)
async def test_what_cannot_rerank_failed_with_reason_and_next_step(
    server: FakeElastic, connection: Connection, stage: str, reason: str
) -> None:
    server.cluster.stage = stage
    (status,) = await told(connection)
    assert (status.state, status.reason) == (ModelState.FAILED, reason)
    assert status.next and status.next.endswith((".", "=my-reranker"))


@pytest.mark.parametrize("privilege", ["monitor_inference", "monitor_ml"])
async def test_what_may_not_be_seen_is_ready_and_said_to_be_unseen(
    server: FakeElastic, connection: Connection, privilege: str
) -> None:
    server.cluster.forbidden.add(privilege)
    (status,) = await told(connection)
    assert status.state is ModelState.READY
    assert "this user may not see it" in str(status.next)


async def test_statistics_that_this_server_does_not_have_are_said_to_be_unseen(
    server: FakeElastic, connection: Connection
) -> None:
    server.fail("_stats", status=410, body={"error": {"type": "gone", "reason": "not available in serverless mode"}})
    (status,) = await told(connection)
    assert status.state is ModelState.READY and "the server does not show it" in str(status.next)


async def test_a_licence_that_does_not_cover_inference_is_no_missing_privilege(
    server: FakeElastic, connection: Connection
) -> None:
    denied = {"type": "security_exception", "reason": "current license is non-compliant for [inference]"}
    server.fail("/_inference", status=403, body={"error": denied, "status": 403})
    with pytest.raises(ClusterError, match="licence"):
        await told(connection)


async def test_a_cluster_that_is_away_is_an_error(server: FakeElastic, connection: Connection) -> None:
    server.fail("/_inference", close=True)
    with pytest.raises(ClusterError):
        await told(connection)


async def test_nothing_is_ever_created_or_started(server: FakeElastic, connection: Connection) -> None:
    for stage in ("absent", "downloading", "downloaded", "starting", "idle", "failed"):
        server.cluster.stage = stage
        for id in (DEFAULT_ENDPOINT, "my-reranker", "nope"):
            await told(connection, id, stalled=0.0)
    assert {request.method for request in server.requests} == {"GET"}
