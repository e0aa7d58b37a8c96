import asyncio
import json
import logging
import os
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.fakes.broken_server import (
    BAD_GATEWAY,
    CUT,
    NOTHING,
    PRODUCT,
    SILENCE,
    SOUND,
    BrokenServer,
    answer,
    broken_server,
    refusal,
    reset,
)
from workbench.config.profile import Profile
from workbench.config.secrets import Secret
from workbench.domain.errors import BadInputError, UnavailableError
from workbench.domain.text import sanitize
from workbench.engines.elasticsearch import connection as connection_module
from workbench.engines.elasticsearch.connection import Connection
from workbench.engines.elasticsearch.failures import ClusterError

ROOT = {"name": "n1", "cluster_name": "demo", "version": {"number": "9.1.3", "build_flavor": "default"}}
FULL = refusal(429, "es_rejected_execution_exception", "the queue is full")
NOWHERE = "http://127.0.0.1:1"


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "PAUSES", (0.001, 0.001))


def secret(*values: str) -> Secret:
    """A secret that is another one each time, until the last."""
    left = list(values)
    return Secret("environment variable DEMO_KEY", lambda: left.pop(0) if len(left) > 1 else left[0])


def connection(*hosts: str, **settings: Any) -> Connection:
    return Connection(Profile("demo", hosts=hosts, **settings))


async def refused(asked: Connection, *, method: str = "POST", path: str = "/d/_search", **how: Any) -> ClusterError:
    with pytest.raises(ClusterError) as caught:
        await asked.ask("first stage", method, path, {"query": {}}, **how)
    await asked.close()
    return caught.value


async def test_an_answer_comes_with_its_exchange() -> None:
    async with broken_server(answer({"took": 7, "hits": {"hits": ["é"]}})) as server:
        asked = connection(server.url)
        got = await asked.ask("first stage", "POST", "/d/_search?x=1", {"query": "prüne"})
        await asked.close()
    assert got.body == {"took": 7, "hits": {"hits": ["é"]}}
    shown = got.exchange
    assert (shown.purpose, shown.method, shown.path, shown.status) == ("first stage", "POST", "/d/_search?x=1", 200)
    assert shown.body.encode() == server.requests[0].body
    assert '"took": 7' in shown.answer
    assert shown.took_ms == 7.0
    assert shown.wall_ms > 0


async def test_a_request_names_the_workbench_and_speaks_version_8() -> None:
    async with broken_server(SOUND) as server:
        asked = connection(server.url)
        await asked.ask("first stage", "POST", "/d/_search", {})
        await asked.close()
    headers = server.requests[0].headers
    assert headers["x-opaque-id"] == "workbench"
    assert headers["accept"] == headers["content-type"] == "application/vnd.elasticsearch+json; compatible-with=8"


@pytest.mark.parametrize(
    "query", ["two\u2028lines", "two\x85lines", "soft\u00adhyphen", "\u202e", "half \ud83d"], ids=ascii
)
async def test_a_query_that_is_not_safe_to_print_is_shown_as_it_was_sent(query: str) -> None:
    async with broken_server(SOUND) as server:
        asked = connection(server.url)
        got = await asked.ask("first stage", "POST", "/d/_search", {"query": query, "pit": {"id": "x"}})
        await asked.close()
    body = got.exchange.body
    assert body.encode() == server.requests[0].body
    assert json.loads(body)["query"] == query
    lasting = replace(got.exchange, index="d").lasting.body
    assert sanitize(body) == body and sanitize(lasting) == lasting
    assert json.loads(lasting) == {"query": query}


async def test_what_is_shown_of_an_exchange_is_safe_to_print() -> None:
    async with broken_server(answer(b'{"a": "\x1b[31m\xe2\x80\xae"}'.replace(b"\x1b", b"\\u001b\x7f"))) as server:
        asked = connection(server.url)
        got = await asked.ask("first stage", "POST", "/d/_search", {"query": "\u202e"})
        await asked.close()
    assert "\u202e" not in got.exchange.body
    assert "\u202e" not in got.exchange.answer
    assert "\x7f" not in got.exchange.answer


async def test_a_long_answer_is_cut_where_it_is_shown() -> None:
    async with broken_server(answer({"text": "a" * 300_000})) as server:
        asked = connection(server.url)
        got = await asked.ask("first stage", "GET", "/d/_doc/1")
        await asked.close()
    assert len(got.exchange.answer) == connection_module.ANSWER_CHARACTERS
    assert len(got.body["text"]) == 300_000


async def test_a_refusal_carries_its_exchange_too() -> None:
    async with broken_server(refusal(400, "parsing_exception", "unknown query [foo]")) as server:
        failed = await refused(connection(server.url))
    assert failed.exchange
    assert failed.exchange.status == 400
    assert "unknown query [foo]" in failed.exchange.answer
    assert failed.__context__ is None
    assert failed.__cause__ is None


async def test_the_server_is_asked_once_who_it_is() -> None:
    async with broken_server(answer(ROOT)) as server:
        asked = connection(server.url)
        first, second = await asyncio.gather(asked.server(), asked.server())
        await asked.close()
    assert first is second
    assert (first.version, first.flavour, first.name) == ((9, 1, 3), "default", "demo")
    assert len(server.requests) == 1


@pytest.mark.parametrize("told", [{}, {"version": "8.19.0"}, {"version": {"number": None}, "cluster_name": 5}, []])
async def test_a_server_that_says_odd_things_has_no_version(told: Any) -> None:
    async with broken_server(answer(told)) as server:
        asked = connection(server.url)
        assert (await asked.server()).version == (0, 0, 0)
        assert not asked.lacks("chunk_rescorer")
        await asked.close()


@pytest.mark.parametrize(
    ("number", "flavour", "feature", "lacks"),
    [
        ("8.13.4", "default", "retriever", True),
        ("8.17.0", "default", "retriever", False),
        ("8.16.9", "default", "mapped scores", False),
        ("8.17.1", "default", "mapped scores", True),
        ("8.17.2", "default", "mapped scores", False),
        ("8.17.9", "default", "default endpoint", True),
        ("8.18.0", "default", "default endpoint", False),
        ("8.17.9", "default", "linear", True),
        ("8.19.2", "default", "min_score", False),
        ("9.0.8", "default", "min_score", True),
        ("9.1.0", "default", "min_score", False),
        ("9.1.9", "default", "chunk_rescorer", True),
        ("9.2.0-SNAPSHOT", "default", "chunk_rescorer", False),
        ("8.11.0", "serverless", "chunk_rescorer", False),
        ("8.17.0", "default", "something new", False),
    ],
)
async def test_features_come_with_versions(number: str, flavour: str, feature: str, lacks: bool) -> None:
    async with broken_server(answer({"version": {"number": number, "build_flavor": flavour}})) as server:
        asked = connection(server.url)
        assert not asked.lacks(feature)
        await asked.server()
        assert asked.lacks(feature) is lacks
        await asked.close()


async def test_a_refusal_counts_once_doing_without_has_helped() -> None:
    asked = connection(NOWHERE)
    with pytest.raises(ClusterError), asked.without("chunk_rescorer"):
        assert asked.lacks("chunk_rescorer")
        raise ClusterError("That was not it.")
    assert not asked.lacks("chunk_rescorer")
    with asked.without("chunk_rescorer"):
        pass
    assert asked.lacks("chunk_rescorer")
    assert not asked.lacks("linear")


async def test_a_server_that_is_met_again_may_be_a_newer_one() -> None:
    upgraded = {"version": {"number": "9.2.0"}}
    async with broken_server(answer({"version": {"number": "9.1.0"}}), answer(upgraded)) as server:
        asked = connection(server.url)
        await asked.meet()
        with asked.without("linear"):
            pass
        assert asked.lacks("linear") and asked.lacks("chunk_rescorer")
        await asked.meet()
        assert not asked.lacks("linear") and not asked.lacks("chunk_rescorer")
        await asked.close()


async def test_another_product_is_named() -> None:
    opensearch = {"version": {"distribution": "opensearch", "number": "2.11.0"}}
    async with broken_server(answer(opensearch, headers={})) as server:
        asked = connection(server.url)
        with pytest.raises(ClusterError) as caught:
            await asked.server()
        await asked.close()
    assert caught.value.message == f"At {server.url} answers opensearch 2.11.0."
    assert "needs Elasticsearch" in caught.value.hint


async def test_a_login_page_is_named() -> None:
    page = answer(b"<html><title>Sign in</title></html>", headers={}, content_type="text/html")
    async with broken_server(page) as server:
        failed = await refused(connection(server.url))
    assert "Sign in" in failed.message
    assert "login page" in failed.hint


async def test_a_head_request_has_no_body() -> None:
    async with broken_server(answer(b""), answer(b"", 404)) as server:
        asked = connection(server.url)
        assert (await asked.ask("is there an index", "HEAD", "/d")).exchange.status == 200
        with pytest.raises(ClusterError) as caught:
            await asked.ask("is there an index", "HEAD", "/d")
        await asked.close()
    assert caught.value.status == 404


@pytest.mark.parametrize(
    "broken", [BAD_GATEWAY, reset, NOTHING, CUT, refusal(429, "es_rejected_execution_exception", "queue full")]
)
async def test_a_failure_that_passes_is_tried_again(broken: Any) -> None:
    async with broken_server(broken, broken, SOUND) as server:
        asked = connection(server.url)
        assert (await asked.ask("first stage", "POST", "/d/_search", {})).body["took"] == 3
        await asked.close()
    assert len(server.requests) == 3


async def test_there_are_three_tries_at_most() -> None:
    async with broken_server(BAD_GATEWAY) as server:
        failed = await refused(connection(server.url))
    assert failed.status == 502
    assert failed.passing
    assert len(server.requests) == 3


@pytest.mark.parametrize("broken", [BAD_GATEWAY, reset, NOTHING])
async def test_what_creates_things_is_sent_once(broken: Any) -> None:
    async with broken_server(broken) as server:
        await refused(connection(server.url), method="PUT", path="/_inference/rerank/x", retry=False)
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 409, 500])
async def test_a_refusal_that_lasts_is_not_tried_again(status: int) -> None:
    async with broken_server(refusal(status, "some_exception", "no")) as server:
        failed = await refused(connection(server.url))
    assert failed.status == status
    assert len(server.requests) == 1


async def test_a_lack_of_room_is_not_tried_again() -> None:
    text = "Could not start deployment because no ML nodes with sufficient capacity were found"
    async with broken_server(refusal(429, "status_exception", text)) as server:
        assert not (await refused(connection(server.url))).passing
    assert len(server.requests) == 1


async def test_silence_is_not_tried_again() -> None:
    async with broken_server(SILENCE) as server:
        failed = await refused(connection(server.url), patience=0.2)
    assert failed.status is None
    assert len(server.requests) == 1


async def test_patience_bounds_all_the_tries_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "PAUSES", (30.0, 30.0))
    async with broken_server(BAD_GATEWAY) as server:
        async with asyncio.timeout(10):
            await refused(connection(server.url), patience=5)
    assert len(server.requests) == 1


async def test_the_next_host_is_asked_when_one_cannot_be_reached() -> None:
    async with broken_server(SOUND) as server:
        asked = connection(NOWHERE, server.url)
        assert (await asked.ask("create", "PUT", "/d", {}, retry=False)).body["took"] == 3
        await asked.close()


async def test_a_node_that_is_lost_between_two_searches_is_left_alone() -> None:
    async with broken_server(SOUND) as stays:
        async with broken_server(SOUND) as goes:
            asked = connection(goes.url, stays.url)
            await asked.ask("first stage", "POST", "/d/_search", {})
        for _ in range(4):
            await asked.ask("first stage", "POST", "/d/_search", {})
        await asked.close()
    assert len(stays.requests) >= 4


async def test_a_connection_that_went_stale_is_replaced_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "PAUSES", ())
    async with broken_server(SOUND, reset, SOUND) as server:
        asked = connection(server.url)
        await asked.ask("first stage", "POST", "/d/_search", {})
        await asked.ask("first stage", "POST", "/d/_search", {})
        await asked.close()
    assert [request.connection for request in server.requests] == [1, 1, 2]


async def test_it_works_again_when_the_cluster_does() -> None:
    async with broken_server(CUT, BAD_GATEWAY, reset, SOUND) as server:
        asked = connection(server.url)
        for _ in range(3):
            with pytest.raises(ClusterError):
                await asked.ask("first stage", "POST", "/d/_search", {}, retry=False)
        await asked.ask("first stage", "POST", "/d/_search", {}, retry=False)
        await asked.close()


async def test_a_path_before_the_interface_is_kept() -> None:
    async with broken_server(SOUND) as server:
        asked = connection(f"{server.url}/team/es/")
        await asked.ask("first stage", "POST", "/d/_search", {})
        await asked.close()
    assert server.requests[0].target == "/team/es/d/_search"


async def test_the_wait_holds_every_try_and_every_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    clock, sleep = 1000.0, asyncio.sleep

    async def pause(seconds: float) -> None:
        nonlocal clock
        waits.append(seconds)
        clock += seconds
        await sleep(0)

    monkeypatch.setattr(time, "perf_counter", lambda: clock)
    monkeypatch.setattr(connection_module, "PAUSES", (5.0, 10.0))
    async with broken_server(FULL, FULL, answer({"took": 3})) as server:
        asked = connection(server.url, timeout=600)
        with monkeypatch.context() as patched:
            patched.setattr(connection_module.asyncio, "sleep", pause)
            got = await asked.ask("first stage", "POST", "/d/_search", {})
        await asked.close()
    assert len(waits) == 2
    assert got.exchange.wall_ms == pytest.approx(1000 * sum(waits))
    assert got.exchange.network_ms == pytest.approx(1000 * sum(waits) - 3)


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        ({}, ""),
        ({"api_key": "id:key-of-the-demo"}, "api_key"),
        ({"user": "elastic", "password": "pass"}, "basic"),
        ({"bearer": "token-of-the-demo"}, "bearer"),
    ],
)
async def test_an_exchange_says_what_kind_of_credential_was_shown(settings: dict[str, str], kind: str) -> None:
    given = {name: value if name == "user" else secret(value) for name, value in settings.items()}
    async with broken_server(SOUND) as server:
        asked = connection(server.url, **given)
        got = await asked.ask("first stage", "POST", "/d/_search", {})
        await asked.close()
    assert got.exchange.auth == kind


@pytest.mark.parametrize(
    ("settings", "shown"),
    [
        ({"api_key": "aWQ6a2V5LW9mLXRoZS1kZW1v"}, "ApiKey aWQ6a2V5LW9mLXRoZS1kZW1v"),
        ({"api_key": "id:key-of-the-demo"}, "ApiKey aWQ6a2V5LW9mLXRoZS1kZW1v"),
        ({"user": "elastic", "password": "pa:ss wörd"}, "Basic ZWxhc3RpYzpwYTpzcyB3w7ZyZA=="),
        ({"bearer": "token-of-the-demo"}, "Bearer token-of-the-demo"),
        ({}, None),
    ],
)
async def test_each_kind_of_credential_is_shown(settings: dict[str, str], shown: str | None) -> None:
    given = {name: value if name == "user" else secret(value) for name, value in settings.items()}
    async with broken_server(SOUND) as server:
        asked = connection(server.url, **given)
        await asked.ask("first stage", "POST", "/d/_search", {})
        await asked.close()
    assert server.requests[0].headers.get("authorization") == shown


async def test_a_credential_is_fetched_when_it_is_needed_and_once() -> None:
    fetched = []
    async with broken_server(SOUND) as server:
        asked = connection(server.url, bearer=Secret("a command", lambda: fetched.append(1) or "token"))
        assert not fetched
        for _ in range(3):
            await asked.ask("first stage", "POST", "/d/_search", {})
        await asked.close()
    assert len(fetched) == 1


async def test_a_person_is_asked_once_for_a_credential_though_searches_are_superseded() -> None:
    fetched, go = [], threading.Event()

    def fetch() -> str:
        fetched.append(1)
        go.wait(10)
        return "token"

    async with broken_server(SOUND) as server:
        asked = connection(server.url, bearer=Secret("keyring", fetch))
        for _ in range(3):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(asked.ask("first stage", "POST", "/d/_search", {}), 0.01)
        go.set()
        await asked.ask("first stage", "POST", "/d/_search", {})
        await asked.close()
    assert len(fetched) == 1


async def test_a_credential_that_cannot_be_had_is_told_in_its_own_words() -> None:
    def fail() -> str:
        raise UnavailableError("The keyring is locked.", "Unlock it.")

    asked = connection(NOWHERE, bearer=Secret("keyring", fail))
    with pytest.raises(UnavailableError, match="The keyring is locked"):
        await asked.ask("first stage", "POST", "/d/_search", {})


async def test_a_token_that_ran_out_is_fetched_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "RENEWAL_SECONDS", 0.0)
    async with broken_server(refusal(401, "security_exception", "token expired"), SOUND) as server:
        asked = connection(server.url, bearer=secret("first-token", "second-token"))
        await asked.ask("first stage", "POST", "/d/_search", {})
        await asked.close()
    assert [request.headers["authorization"] for request in server.requests] == [
        "Bearer first-token",
        "Bearer second-token",
    ]


async def second_token_only(server: BrokenServer, writer: asyncio.StreamWriter) -> None:
    known = server.requests[-1].headers["authorization"] == "Bearer second-token"
    await (SOUND if known else refusal(401, "security_exception", "token expired"))(server, writer)


async def test_a_token_is_renewed_though_the_search_that_began_it_is_superseded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection_module, "RENEWAL_SECONDS", 0.0)
    tokens, renewing, go = ["first-token", "second-token"], threading.Event(), threading.Event()

    def fetch() -> str:
        if len(tokens) == 2:
            return tokens.pop(0)
        renewing.set()
        go.wait(10)
        return tokens[0]

    async with broken_server(second_token_only) as server:
        asked = connection(server.url, bearer=Secret("a command", fetch))
        superseded = asyncio.ensure_future(asked.ask("first stage", "POST", "/d/_search", {}))
        await asyncio.to_thread(renewing.wait, 10)
        superseded.cancel()
        await asyncio.wait([superseded])
        go.set()
        for thread in threading.enumerate():
            if thread.name == "credentials":
                await asyncio.to_thread(thread.join)
        assert (await asked.ask("first stage", "POST", "/d/_search", {})).body["took"] == 3
        await asked.close()


async def test_searches_that_are_refused_at_once_share_one_new_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "RENEWAL_SECONDS", 0.0)
    async with broken_server(second_token_only) as server:
        asked = connection(server.url, bearer=secret("first-token", "second-token", "one too many"))
        await asyncio.gather(*(asked.ask("first stage", "POST", "/d/_search", {}) for _ in range(3)))
        await asked.close()
    assert [request.headers["authorization"] for request in server.requests].count("Bearer second-token") == 3


CLOUD_IDS = {"not base64": "demo:!!!", "no Elasticsearch": "demo:aCQ=", "no host": "demo:aDo5OSRlIGYkaw=="}


@pytest.mark.parametrize("cloud_id", CLOUD_IDS.values(), ids=CLOUD_IDS)
async def test_a_cloud_id_that_cannot_be_read_is_told(cloud_id: str) -> None:
    with pytest.raises(BadInputError, match="cloud id that cannot be read"):
        await connection(cloud_id=cloud_id).ask("first stage", "GET", "/")


SECRETS = {
    "api key": ({"api_key": "c2VjcmV0LWlkOnNlY3JldC1rZXktMQ=="}, ["c2VjcmV0LWlkOnNlY3JldC1rZXktMQ==", "secret-key-1"]),
    "id and key": ({"api_key": "secret-id:secret-key-2"}, ["secret-key-2", "c2VjcmV0LWlkOnNlY3JldC1rZXktMg=="]),
    "password": (
        {"user": "bob", "password": 'hush "hush" 123'},
        ['hush "hush" 123', 'hush \\"hush\\" 123', "Ym9iOmh1c2ggImh1c2giIDEyMw=="],
    ),
    "short password": ({"user": "bob", "password": "pw1"}, ["pw1 ", "[pw1]", "Ym9iOnB3MQ=="]),
    "bearer": ({"bearer": "eyJ.secret-token"}, ["eyJ.secret-token"]),
}


@pytest.mark.parametrize("case", SECRETS)
async def test_a_credential_that_a_server_repeats_is_masked(case: str, caplog: pytest.LogCaptureFixture) -> None:
    settings, forms = SECRETS[case]
    given = {name: value if name == "user" else secret(value) for name, value in settings.items()}
    password = settings.get("password", "")
    echo = f"{' '.join(forms)} was sent"
    with caplog.at_level(logging.DEBUG):
        async with broken_server(refusal(400, f"x {forms[0]} ", echo, header=forms), answer({"echo": forms})) as server:
            header = server.requests
            asked = connection(server.url, **given)
            with pytest.raises(ClusterError) as caught:
                await asked.ask("first stage", "POST", f"/d/_search?q={forms[0]}", {"query": password})
            got = await asked.ask("first stage", "POST", "/d/_search", {"query": password})
            shown = header[0].headers["authorization"].partition(" ")[2]
            told = [*vars(caught.value).values(), repr(caught.value), str(caught.value), got.exchange]
            told += [repr(asked), repr(asked.profile), repr(await asked.client()), vars(asked)["profile"]]
            await asked.close()
    everything = " ".join(map(str, told)) + caplog.text
    assert "•••" in caught.value.reason
    for form in (shown, *forms):
        assert form not in everything


@pytest.mark.parametrize("before", range(560, 600, 4))
async def test_no_part_of_a_credential_is_left_where_words_are_cut(before: int) -> None:
    echo = "x" * before + " secret-token-of-the-demo " + "y" * 100
    async with broken_server(refusal(400, "some_exception", echo)) as server:
        failed = await refused(connection(server.url, bearer=secret("secret-token-of-the-demo")))
    assert "secret" not in failed.message + failed.reason


@pytest.mark.parametrize("before", range(199_970, 200_000, 3))
async def test_no_part_of_a_credential_is_left_where_an_answer_is_cut(before: int) -> None:
    echo = "secret-token-of-the-demo " * 3 + "x" * (before - 83) + " secret-token-of-the-demo " + "y" * 1000
    async with broken_server(answer({"a": echo})) as server:
        asked = connection(server.url, bearer=secret("secret-token-of-the-demo"))
        got = await asked.ask("first stage", "GET", "/")
        await asked.close()
    assert "secret" not in got.exchange.answer
    assert len(got.exchange.answer) > 199_000


async def test_a_common_word_as_a_password_does_not_black_out_everything() -> None:
    async with broken_server(answer({"said": "elasticsearch of elastic"})) as server:
        asked = connection(server.url, user="elastic", password=secret("elastic"))
        got = await asked.ask("first stage", "GET", "/")
        await asked.close()
    assert "elasticsearch of •••" in got.exchange.answer


async def test_warnings_of_a_server_are_not_printed(capfd: pytest.CaptureFixture[str]) -> None:
    warning = {**PRODUCT, "Warning": '299 Elasticsearch-8.19.0 "this is deprecated"'}
    async with broken_server(answer({"took": 1}, headers=warning)) as server:
        asked = connection(server.url)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            await asked.ask("first stage", "POST", "/d/_search", {})
            await (await asked.client()).tasks.list()
        await asked.close()
    assert [str(one.message) for one in caught] == []
    assert capfd.readouterr() == ("", "")


async def test_failing_nodes_are_not_printed(capfd: pytest.CaptureFixture[str]) -> None:
    await refused(connection(NOWHERE, "http://127.0.0.1:2"))
    assert capfd.readouterr() == ("", "")


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    program = (
        "import sys; from workbench.engines.elasticsearch import connection; "
        "print(sorted({'elasticsearch', 'elastic_transport', 'httpx', 'certifi', 'keyring'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env={**os.environ})
    assert done.stdout == "[]\n"


async def test_errors_of_helpers_can_be_put_into_words() -> None:
    from elasticsearch.helpers import async_bulk

    async with broken_server(refusal(404, "index_not_found_exception", "no such index [x]")) as server:
        asked = connection(server.url)
        with pytest.raises(Exception) as caught:
            await async_bulk(await asked.client(), [{"_index": "x", "a": 1}])
        failed = asked.failure(caught.value, "POST /_bulk")
        await asked.close()
    assert (failed.message, failed.status) == ("There is no index x.", 404)


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in (
        "HTTP_PROXY",
        "http_proxy",
        "HTTPS_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "all_proxy",
        "NO_PROXY",
        "no_proxy",
    ):
        monkeypatch.delenv(name, raising=False)
    yield


async def test_the_proxy_of_the_environment_is_used(proxy: None, monkeypatch: pytest.MonkeyPatch) -> None:
    async with broken_server(SOUND) as server:
        monkeypatch.setenv("http_proxy", server.url)
        asked = connection("http://cluster.invalid:9200")
        await asked.ask("first stage", "POST", "/d/_search", {})
        await asked.close()
    assert server.requests[0].target == "http://cluster.invalid:9200/d/_search"


async def test_no_proxy_stands_before_this_machine(proxy: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", NOWHERE)
    async with broken_server(SOUND) as server:
        asked = connection(server.url)
        await asked.ask("first stage", "POST", "/d/_search", {})
        await asked.close()
    assert server.requests[0].target == "/d/_search"
