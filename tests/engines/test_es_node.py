import asyncio
import socket
import tracemalloc
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest

from tests.fakes.broken_server import (
    CUT,
    DRIP,
    GARBAGE,
    JSON,
    SILENCE,
    SOUND,
    answer,
    bomb,
    broken_server,
    flood,
    head,
    raw,
)
from workbench.config.profile import Profile
from workbench.engines.elasticsearch import node as node_module
from workbench.engines.elasticsearch.connection import Answer, Connection
from workbench.engines.elasticsearch.failures import ClusterError


def connection(url: str) -> Connection:
    return Connection(Profile("demo", hosts=(url,)))


async def search(asked: Connection, patience: float = 10.0) -> Answer:
    return await asked.ask("first stage", "POST", "/d/_search", {}, patience=patience, retry=False)


async def failure(asked: Connection, patience: float = 10.0) -> ClusterError:
    with pytest.raises(ClusterError) as caught:
        await search(asked, patience)
    await asked.close()
    return caught.value


async def test_connections_are_kept_and_used_again() -> None:
    async with broken_server(SOUND) as server:
        asked = connection(server.url)
        for _ in range(3):
            await search(asked)
        await asked.close()
    assert server.connections == 1


async def test_searches_at_once_have_connections_of_their_own() -> None:
    async with broken_server(SOUND) as server:
        asked = connection(server.url)
        await asyncio.gather(*(search(asked) for _ in range(5)))
        await asked.close()
    assert 1 < server.connections <= 5


async def test_after_a_sleep_connections_are_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    async with broken_server(SOUND) as server:
        asked = connection(server.url)
        await search(asked)
        monkeypatch.setattr(node_module, "IDLE_SECONDS", 0.0)
        await search(asked)
        await asked.close()
    assert server.connections == 2


async def test_a_search_that_is_cancelled_is_cancelled_on_the_wire() -> None:
    async with broken_server(SILENCE, SOUND) as server:
        asked = connection(server.url)
        task = asyncio.ensure_future(search(asked))
        await server.asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(server.left.wait(), 5)
        await search(asked)
        await asked.close()


async def test_a_search_that_takes_too_long_is_cancelled_on_the_wire() -> None:
    async with broken_server(SILENCE) as server:
        await failure(connection(server.url), patience=0.2)
        await asyncio.wait_for(server.left.wait(), 5)


async def test_a_reply_that_trickles_in_is_held_to_the_same_limit() -> None:
    async with broken_server(DRIP) as server:
        failed = await failure(connection(server.url), patience=0.3)
        await asyncio.wait_for(server.left.wait(), 5)
    assert "was not complete after 0.3 s" in failed.message


async def test_200_megabytes_are_never_held() -> None:
    async with broken_server(flood) as server:
        asked = connection(server.url)
        await asked.client()
        tracemalloc.start()
        failed = await failure(asked)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert "too large: more than 64 MB" in failed.message
    assert "fewer and shorter fields" in failed.hint
    assert server.sent < 80_000_000
    assert peak < 2 * node_module.REPLY_BYTES + 20_000_000


async def test_a_reply_that_grows_a_thousandfold_is_stopped_too() -> None:
    whole = bomb(200)
    async with broken_server(whole) as server:
        asked = connection(server.url)
        await asked.client()
        tracemalloc.start()
        failed = await failure(asked)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert "too large" in failed.message
    assert peak < 2 * node_module.REPLY_BYTES + 20_000_000


async def test_compressed_replies_are_read() -> None:
    import gzip
    import zlib

    content = b'{"took": 9, "text": "%s"}' % (b"x" * 3_000_000)
    packed = [(gzip.compress(content), "gzip"), (zlib.compress(content), "deflate")]
    replies = [answer(body, headers={**JSON, "Content-Encoding": coding}) for body, coding in packed]
    async with broken_server(*replies) as server:
        asked = connection(server.url)
        for _ in replies:
            assert (await search(asked)).body["took"] == 9
        await asked.close()
    assert server.requests[0].headers["accept-encoding"] == "gzip"


@pytest.mark.parametrize(
    ("content", "coding"),
    [(b"not compressed", "gzip"), (b"abc", "br"), (b"abc", "gzip, gzip")],
    ids=lambda one: str(one),
)
async def test_compression_that_cannot_be_undone_is_told(content: bytes, coding: str) -> None:
    async with broken_server(answer(content, headers={**JSON, "Content-Encoding": coding})) as server:
        failed = await failure(connection(server.url))
    assert "compressed in a way that cannot be undone" in failed.message
    assert "proxy" in failed.hint


async def test_a_compressed_reply_that_breaks_off_is_told() -> None:
    import gzip

    content = gzip.compress(b'{"took": 9}' * 100)[:-12]
    async with broken_server(answer(content, headers={**JSON, "Content-Encoding": "gzip"})) as server:
        failed = await failure(connection(server.url))
    assert "cut in the middle of the answer" in failed.message


async def test_a_host_that_takes_no_connection_gives_way_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node_module, "CONNECT_SECONDS", 0.2)
    with socket.socket() as full, ExitStack() as waiting:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(8):  # The system accepts a few by itself, and then none.
            one = waiting.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        async with broken_server(SOUND) as server:
            silent = f"http://127.0.0.1:{full.getsockname()[1]}"
            asked = Connection(Profile("demo", hosts=(silent, server.url)))
            await search(asked)
            await asked.close()
    assert len(server.requests) == 1


async def test_redirects_are_not_followed() -> None:
    async with broken_server(SOUND) as elsewhere:
        moved = answer(b"", 302, {"Location": f"{elsewhere.url}/other"})
        async with broken_server(moved) as server:
            failed = await failure(connection(server.url))
    assert elsewhere.requests == []
    assert failed.message == f"{server.url} sends elsewhere: {elsewhere.url}/other."
    assert "take credentials along" in failed.hint


@pytest.mark.parametrize(
    "broken", [GARBAGE, CUT, raw(b""), raw(head()[:20]), raw(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 50_000)]
)
async def test_a_connection_is_never_used_again_after_a_broken_reply(broken: Any) -> None:
    async with broken_server(broken, SOUND) as server:
        asked = connection(server.url)
        with pytest.raises(ClusterError):
            await search(asked)
        await search(asked)
        await asked.close()
    assert [request.connection for request in server.requests] == [1, 2]


@pytest.mark.parametrize("close", [lambda asked: asked.close(), None])
async def test_closing_twice_or_unopened_does_no_harm(close: Callable[[Connection], Any] | None) -> None:
    async with broken_server(SOUND) as server:
        asked = connection(server.url)
        if close:
            await search(asked)
            await close(asked)
        await asked.close()
