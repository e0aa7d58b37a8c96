import json
import socket
from contextlib import ExitStack
from typing import Any

import pytest

from tests.fakes.broken_server import (
    BAD_GATEWAY,
    CUT,
    GARBAGE,
    NOTHING,
    PRODUCT,
    SILENCE,
    SOUND,
    Reply,
    answer,
    broken_server,
    refusal,
    reset,
)
from workbench.config.profile import Profile
from workbench.config.secrets import Secret, secret_of
from workbench.domain.errors import BadInputError
from workbench.engines.elasticsearch.connection import Connection
from workbench.engines.elasticsearch.failures import ClusterError, complaints, deepest


async def told(reply: Reply | str, patience: float = 10.0, **settings: Any) -> ClusterError:
    """What is said of a reply, or of an address."""
    if isinstance(reply, str):
        return await _failure(reply, patience, settings)
    async with broken_server(reply) as server:
        failed = await _failure(server.url, patience, settings)
        failed.message = failed.message.replace(server.url, "NODE")
        failed.hint = failed.hint.replace(server.url, "NODE")
        return failed


async def _failure(url: str, patience: float, settings: dict[str, Any]) -> ClusterError:
    asked = Connection(Profile("demo", hosts=(url,), **settings))
    with pytest.raises(ClusterError) as caught:
        await asked.ask("first stage", "POST", "/d/_search", {"query": {}}, patience=patience, retry=False)
    await asked.close()
    assert caught.value.hint
    assert "\n" not in caught.value.message
    return caught.value


def wrapped(kind: str, reason: str) -> dict[str, Any]:
    """An error as a search with a reranker hides it."""
    phase = {"type": "search_phase_execution_exception", "phase": "rank-feature", "reason": "Computing ranks failed"}
    return {
        "type": "status_exception",
        "reason": "[text_similarity_reranker] search failed. All failures are attached as suppressed exceptions.",
        "suppressed": [{**phase, "caused_by": {"type": kind, "reason": reason}}],
    }


BY_USER = "is unauthorized for user [bob] with effective roles [demo]"
GRANTED = "this action is granted by the index privileges [read,all]"
REFUSALS: dict[str, tuple[int, str, str, str, str]] = {
    # status, type, reason, words of the message, words of the hint
    "the licence": (
        403,
        "security_exception",
        "current license is non-compliant for [inference]",
        "The cluster's licence does not include inference.",
        'rerank = "local"',
    ),
    "a privilege on an index": (
        403,
        "security_exception",
        f"action [indices:data/read/search] {BY_USER} on indices [articles], {GRANTED}",
        "The privilege to do indices:data/read/search on indices [articles] is missing for user [bob].",
        "one of the index privileges read,all",
    ),
    "a privilege of an API key": (
        403,
        "security_exception",
        "action [cluster:monitor/xpack/inference/post] is unauthorized for API key id [a1] of user [bob], "
        "this action is granted by the cluster privileges [monitor_inference,manage_inference,manage,all]",
        "is missing for API key id [a1] of user [bob].",
        "one of the cluster privileges monitor_inference",
    ),
    "a privilege that nothing grants": (
        403,
        "security_exception",
        "action [cluster:admin/x] is unauthorized for user [bob]",
        "The privilege to do cluster:admin/x is missing.",
        "another API key",
    ),
    "an upgrade": (
        403,
        "status_exception",
        "Cannot start model deployment [x] while cluster upgrade is in progress.",
        "while cluster upgrade is in progress.",
        "when the cluster's upgrade is done",
    ),
    "a full disk": (
        429,
        "cluster_block_exception",
        "index [d] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark]",
        "The cluster blocks this: index [d] blocked by",
        "full disk",
    ),
    "no such index": (
        404,
        "index_not_found_exception",
        "no such index [d]",
        "There is no index d.",
        "profile test demo",
    ),
    "no such endpoint": (
        404,
        "resource_not_found_exception",
        "Inference endpoint not found [nope]",
        "There is no inference endpoint nope.",
        "_inference/rerank/_all",
    ),
    "a model that was deleted": (
        404,
        "resource_not_found_exception",
        "Could not find trained model [.rerank-v1]",
        "model is not in the cluster: Could not find trained model [.rerank-v1]",
        "Download and deploy",
    ),
    "a point in time that has gone": (
        404,
        "search_context_missing_exception",
        "No search context found for id [7]",
        "The point in time of the search has gone.",
        "Search again",
    ),
    "a model that is downloaded": (
        408,
        "status_exception",
        "Model download task is currently running. Wait for trained model [.rerank-v1] download task to complete",
        "The cluster is still downloading the model.",
        "try again in a minute",
    ),
    "a model that starts": (
        408,
        "status_exception",
        "Timed out after [30s] waiting for trained model deployment [x] to start. Use the trained model stats API",
        "The model is still starting.",
        "try again in a minute",
    ),
    "a rerank that took too long": (
        408,
        "status_exception",
        "Inference request timed out after [30s]",
        "The cluster gave up waiting: Inference request timed out after [30s].",
        "less depth",
    ),
    "a model that is not deployed": (
        409,
        "status_exception",
        "Model [.rerank-v1] must be deployed to use. Please deploy with the start trained model deployment API.",
        "The model is not deployed: Model [.rerank-v1] must be deployed",
        "Start the deployment",
    ),
    "a deployment that failed": (
        409,
        "status_exception",
        "Trained model [x] is [failed]",
        "The model's deployment has failed",
        "Stop it and start it again",
    ),
    "no room for a model": (
        429,
        "status_exception",
        "Could not start deployment because no ML nodes with sufficient capacity were found",
        "The cluster has no room for the model: Could not start deployment because no ML nodes",
        "more memory",
    ),
    "a full queue": (
        429,
        "es_rejected_execution_exception",
        "inference process queue is full. Unable to execute command",
        "The cluster has too much to do: inference process queue is full",
        "fewer documents",
    ),
    "a scale from zero under load": (
        429,
        "status_exception",
        "Rejected inference request waiting for an allocation of deployment [x]. Too many pending requests.",
        "Too many pending requests.",
        "wait a moment",
    ),
    "memory that would overflow": (
        429,
        "circuit_breaking_exception",
        "[parent] Data too large, data for [<http_request>] would be [2gb]",
        "The cluster wants fewer requests: [parent] Data too large",
        "Wait a moment",
    ),
    "nodes that are lost": (
        503,
        "search_phase_execution_exception",
        "all shards failed",
        "The cluster cannot answer now: all shards failed.",
        "lost nodes",
    ),
    "a fault of the server's": (
        500,
        "null_pointer_exception",
        "Cannot invoke",
        "The cluster failed: Cannot invoke.",
        "log",
    ),
    "a media type": (
        400,
        "media_type_header_exception",
        "Accept version must be either version 8 or 7, but found 9",
        "NODE does not speak this client's version of the interface: Accept version must be",
        "Elasticsearch 8 and 9",
    ),
    "a text that ends in a semicolon": (
        403,
        "cluster_block_exception",
        "index [d] blocked by: [FORBIDDEN/8/index write (api)];",
        "blocked by: [FORBIDDEN/8/index write (api)].",
        "full disk",
    ),
    "a blank text": (
        400,
        "status_exception",
        "Both sequences must have at least one token",
        "The text of a candidate is blank",
        "filter in the profile",
    ),
    "a mistake in the request": (
        400,
        "parsing_exception",
        "unknown query [mach]",
        "The cluster refused the request: unknown query [mach].",
        "Look at the request",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
@pytest.mark.parametrize("hidden", [False, True], ids=["plain", "suppressed"])
async def test_a_refusal_says_what_happened_and_what_to_do(case: str, hidden: bool) -> None:
    status, kind, reason, message, hint = REFUSALS[case]
    error = wrapped(kind, reason) if hidden else {"type": kind, "reason": reason}
    failed = await told(answer({"error": error, "status": status}, status))
    assert message in failed.message
    assert hint in failed.hint
    assert (failed.status, failed.kind, failed.reason) == (status, kind, reason)
    assert failed.detail == f"{status} {kind}: POST /d/_search"


KEY = Secret("environment variable DEMO_KEY", lambda: "c2VjcmV0OnNlY3JldA==")


@pytest.mark.parametrize(
    ("settings", "message", "hint"),
    [
        ({}, "does not accept requests without credentials.", "Give the profile an api_key"),
        ({"api_key": KEY}, "does not accept the API key from environment variable DEMO_KEY.", "not expired"),
        ({"user": "bob", "password": KEY}, "user bob with the password from environment variable", "Check both"),
        ({"bearer": KEY}, "the bearer token from environment variable DEMO_KEY.", "get a new one"),
    ],
)
async def test_credentials_that_do_not_do_are_named_by_their_source(
    settings: dict[str, Any], message: str, hint: str
) -> None:
    failed = await told(refusal(401, "security_exception", "unable to authenticate user"), **settings)
    assert message in failed.message
    assert hint in failed.hint
    assert failed.status == 401


async def test_a_credential_in_the_file_is_named_without_a_second_article() -> None:
    secret = secret_of("api_key", {"api_key": "c2VjcmV0OnNlY3JldA=="}, {}, BadInputError)
    failed = await told(refusal(401, "security_exception", "unable to authenticate user"), api_key=secret)
    assert failed.message == "NODE does not accept the API key from the profiles file (in clear)."


@pytest.mark.parametrize(
    ("status", "kind", "lasting"),
    [
        *((status, "some_exception", True) for status in (400, 401, 403, 404, 405, 406, 410, 413)),
        *((status, "some_exception", False) for status in (408, 409, 429, 500, 502, 503, 504)),
        (404, "search_context_missing_exception", False),
    ],
)
async def test_what_somebody_has_to_mend_is_told_from_what_may_pass(status: int, kind: str, lasting: bool) -> None:
    assert (await told(refusal(status, kind, "no"))).lasting is lasting


async def test_nobody_there_may_pass() -> None:
    assert not (await told("http://127.0.0.1:1")).lasting
    assert not (await told(NOTHING)).lasting


async def test_a_licence_is_known_by_its_key_too() -> None:
    error = {"type": "security_exception", "reason": "not allowed", "license.expired.feature": "ml"}
    failed = await told(answer({"error": error, "status": 403}, 403))
    assert failed.message == "The cluster's licence does not include ml."


async def test_capacity_is_known_below_its_cause() -> None:
    cause = {"type": "illegal_state_exception", "reason": "no suitable nodes were found, allocation explanation [mem]"}
    reason = "Could not start deployment because no ML nodes with sufficient capacity were found"
    failed = await told(refusal(429, "status_exception", reason, caused_by=cause))
    assert "no room for the model: no suitable nodes were found, allocation explanation [mem]" in failed.message
    assert not failed.passing


PAGES: dict[str, tuple[Reply, str, str]] = {
    "a proxy's 502": (BAD_GATEWAY, "answered 502 in its place: 502 Bad Gateway.", "Try again in a moment"),
    "a proxy's 504 without words": (answer(b"", 504, {}), "answered 504 in its place: HTTP status 504.", "unknown"),
    "a cloud that knows no deployment": (
        answer({"ok": False, "message": "Unknown resource."}, 404, {}),
        "The cloud knows no running deployment at NODE.",
        "cloud_id",
    ),
    "a request that is too large": (
        answer(b"<h1>413</h1>", 413, {}, "text/html"),
        "The request is too large for NODE.",
        "http.max_content_length",
    ),
    "a proxy that wants credentials": (answer(b"", 407, {}), "The proxy before NODE wants credentials.", "HTTPS_PROXY"),
    "a server that knows no such media type": (
        answer({"error": "Content-Type header is not supported", "status": 406}, 406, {}),
        "NODE does not speak Elasticsearch's media types.",
        "Elasticsearch 8 or 9",
    ),
    "an error that is a string": (
        answer({"error": "alias [x] has more than one index", "status": 400}, 400),
        "The cluster refused the request: alias [x] has more than one index.",
        "",
    ),
    "a trial that was used": (
        answer({"trial_was_started": False, "error_message": "Trial was already activated."}, 403),
        "The cluster refused the request: Trial was already activated.",
        "",
    ),
    "an error that breaks off": (answer(b'{"err', 500), 'The cluster failed: {"err.', "log"),
    "HTML with 200": (
        answer(b"<html><title>Portal</title>", headers=PRODUCT, content_type="text/html"),
        "NODE answered with something that is not JSON: “Portal”.",
        "login page",
    ),
    "words with 200": (answer(b"hello"), "NODE answered with something that is not JSON: “hello”.", "curl"),
    "an empty page": (answer(b""), "NODE answered with an empty page.", "proxy"),
    "JSON that breaks off": (answer(b'{"took": 3, "hi'), "JSON that is damaged, or breaks off.", "proxy"),
    "JSON too deep to be read": (answer(b"[" * 200_000), "JSON that is damaged, or breaks off.", "proxy"),
    "a number": (answer(b"5"), "something that is not JSON: “5”", "proxy"),
    "bytes that are no text": (answer(b"\xff\xfe\x00\x1b[31m"), "something that is not JSON", "proxy"),
    "an unknown content type": (answer(b"\x00\x01", content_type="image/png"), "something that is not JSON", "proxy"),
    "a reply that is cut": (CUT, "The connection to NODE was cut in the middle of the answer.", "Try again"),
    "no reply": (NOTHING, "NODE closed the connection without an answer.", "If it wants TLS"),
    "a reset": (reset, "NODE closed the connection without an answer.", "restarting"),
    "rubbish": (GARBAGE, "NODE does not answer in HTTP.", "Check the port"),
}


@pytest.mark.parametrize("case", PAGES)
async def test_an_odd_answer_says_what_happened_and_what_to_do(case: str) -> None:
    reply, message, hint = PAGES[case]
    failed = await told(reply)
    assert message in failed.message
    assert hint in failed.hint
    assert "\x1b" not in failed.message


async def test_silence_is_told_with_how_long_it_was_waited_for() -> None:
    failed = await told(SILENCE, patience=0.2)
    assert failed.message == "NODE took the request and did not answer within 0.2 s."
    assert "timeout" in failed.hint
    assert not failed.passing


async def test_a_port_where_nothing_listens_is_told() -> None:
    failed = await told("http://127.0.0.1:1")
    assert failed.message == "Nothing listens at http://127.0.0.1:1."
    assert "Check host and port" in failed.hint
    assert failed.passing
    assert failed.status is None


async def test_a_name_that_is_not_known_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*args: Any, **more: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    monkeypatch.setenv("no_proxy", "*")
    failed = await told("http://cluster.invalid:9200")
    assert failed.message == "The host name of http://cluster.invalid:9200 is not known."
    assert "VPN" in failed.hint


async def test_a_host_that_accepts_no_connection_is_told() -> None:
    with socket.socket() as full, ExitStack() as waiting:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(8):  # The system accepts a few by itself, and then none.
            one = waiting.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        url = f"http://127.0.0.1:{full.getsockname()[1]}"
        failed = await told(url, patience=0.3)
    assert failed.message == f"{url} does not accept a connection in time."
    assert "firewall" in failed.hint


async def test_a_proxy_that_cannot_be_reached_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("http_proxy", "http://bob:hush-hush@127.0.0.1:1")
    failed = await told("http://cluster.invalid:9200")
    assert failed.message == "Nothing listens at the proxy 127.0.0.1:1 before http://cluster.invalid:9200."
    assert "hush" not in f"{failed.hint} {failed.detail}"


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1", "what://bob:hush-hush@127.0.0.1:1"])
async def test_a_proxy_that_cannot_be_used_is_told(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("all_proxy", proxy)
    failed = await told("http://cluster.invalid:9200")
    assert "proxy" in failed.message
    assert "PROXY" in failed.hint
    assert "hush" not in f"{failed.message} {failed.hint} {failed.detail}"


async def test_words_of_a_server_cannot_reach_the_terminal_raw() -> None:
    failed = await told(refusal(400, "x\x1b[31m", "bad\x1b]0;title\x07 \u202equery\nnext line"))
    for text in (failed.message, failed.kind, failed.reason):
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "\n" not in text


async def test_words_of_a_server_are_no_template() -> None:
    failed = await told(refusal(400, "x", "unknown {node} {0} {profile.api_key}"))
    assert "unknown {node} {0} {profile.api_key}" in failed.message


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"error": {"reason": "a", "caused_by": {"reason": "b", "caused_by": {"reason": "c"}}}}, "c"),
        ({"error": {"reason": "a", "root_cause": [{"reason": "b"}], "caused_by": {"reason": "c"}}}, "c"),
        ({"error": {"reason": "a", "root_cause": [{"reason": "b"}]}}, "b"),
        ({"error": {"reason": "a", "suppressed": [{"reason": "b", "caused_by": {"reason": "c"}}]}}, "c"),
        ({"error": {"reason": "a", "suppressed": [{"reason": "b"}, {"caused_by": {"reason": "c"}}]}}, "c"),
        ({"error": {"reason": "a", "failed_shards": [{"reason": {"reason": "b", "caused_by": {"reason": "c"}}}]}}, "c"),
        ({"error": {"reason": "a", "caused_by": {"reason": None, "caused_by": {"reason": "c"}}}}, "c"),
        ({"error": {"reason": "a", "caused_by": {"type": "npe", "reason": None}}}, "a"),
        ({"error": {"reason": "a", "caused_by": "b", "suppressed": "c", "failed_shards": [1, {"reason": "d"}]}}, "a"),
        ({"error": "a"}, "a"),
        ({"message": "a"}, "a"),
        ({"error": None}, ""),
        ({}, ""),
        (["a"], ""),
        (None, ""),
    ],
)
def test_the_deepest_reason_is_found(body: Any, reason: str) -> None:
    assert deepest(complaints(body)).reason == reason


def test_an_error_of_endless_depth_is_read_to_some_depth() -> None:
    error: dict[str, Any] = {"reason": "bottom"}
    for depth in range(500):
        error = {"reason": f"level {depth}", "caused_by": error}
    assert deepest(complaints(json.loads(json.dumps({"error": error})))).reason.startswith("level")


async def test_a_sound_answer_is_no_failure() -> None:
    async with broken_server(SOUND) as server:
        asked = Connection(Profile("demo", hosts=(server.url,)))
        await asked.ask("first stage", "POST", "/d/_search", {})
        await asked.close()
