"""A server on loopback that answers each request as it is told: late, in part, with rubbish, or not at all."""

import asyncio
import gzip
import json
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

PRODUCT = {"X-Elastic-Product": "Elasticsearch"}


@dataclass(frozen=True)
class Request:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int
    """Number of the connection that it came over, from 1."""


Reply = Callable[["BrokenServer", asyncio.StreamWriter], Awaitable[None]]


@dataclass
class BrokenServer:
    """One reply per request, in order; the last goes on for ever."""

    replies: list[Reply]
    url: str = ""
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    sent: int = 0
    """Bytes of a flood that were taken from us."""
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    """A request has come in."""
    left: asyncio.Event = field(default_factory=asyncio.Event)
    """A client has closed its connection while a request of it was not answered."""

    serving: set[asyncio.Task[None]] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self.serving.add(task)
        self.connections += 1
        number = self.connections
        coming = asyncio.ensure_future(_read(reader, number))
        try:
            while (request := await coming) is not None:
                if request.method == "none":  # As any server does with what is no HTTP, such as TLS.
                    writer.write(head(400, {"Connection": "close"}))
                    break
                self.requests.append(request)
                reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
                coming = asyncio.ensure_future(_read(reader, number))
                answering = asyncio.ensure_future(reply(self, writer))
                self.asked.set()
                await asyncio.wait({coming, answering}, return_when=asyncio.FIRST_COMPLETED)
                if not answering.done():
                    answering.cancel()
                    self.left.set()
                await asyncio.gather(answering, return_exceptions=True)
                if writer.is_closing():
                    break
        except asyncio.CancelledError:
            pass  # The test is over; asyncio would log it.
        finally:
            coming.cancel()
            writer.close()


async def _read(reader: asyncio.StreamReader, connection: int) -> Request | None:
    try:
        begin = await reader.readexactly(1)
        if not begin.isalpha():
            return Request("none", "", {}, begin, connection)
        head = (begin + await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except (asyncio.IncompleteReadError, OSError):
        return None
    first, *lines = head.split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Request(method, target, headers, body, connection)


@asynccontextmanager
async def broken_server(*replies: Reply, tls: ssl.SSLContext | None = None) -> AsyncIterator[BrokenServer]:
    server = BrokenServer(list(replies))
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=tls)
    host, port = listening.sockets[0].getsockname()
    server.url = f"{'https' if tls else 'http'}://{host}:{port}"
    try:
        yield server
    finally:
        listening.close()
        for task in server.serving:
            task.cancel()
        await asyncio.gather(*server.serving, return_exceptions=True)


def raw(*parts: bytes, pause: float = 0.0, hang_up: bool = True) -> Reply:
    """Bytes as they are, a pause after each part; then the connection is closed, or stays open with nothing more."""

    async def reply(server: BrokenServer, writer: asyncio.StreamWriter) -> None:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)
        if hang_up:
            writer.close()
        else:
            await asyncio.Event().wait()

    return reply


def answer(
    body: Any, status: int = 200, headers: Mapping[str, str] = PRODUCT, content_type: str = "application/json"
) -> Reply:
    """A sound reply."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    whole = head(status, {"Content-Type": content_type, "Content-Length": str(len(content)), **headers}) + content

    async def reply(server: BrokenServer, writer: asyncio.StreamWriter) -> None:
        writer.write(whole)
        await writer.drain()

    return reply


def head(status: int = 200, headers: Mapping[str, str] = PRODUCT) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} Whatever\r\n{lines}\r\n".encode()


JSON = {"Content-Type": "application/json", **PRODUCT}
SOUND = answer({"took": 3, "hits": {"hits": []}})
SILENCE = raw(hang_up=False)
NOTHING = raw()
GARBAGE = raw(b"\x00\xff\x17 what is HTTP?\r\n\r\n")
CUT = raw(head(200, {"Content-Length": "5000", **JSON}) + b'{"took": 3, "hits"')
"""Fewer bytes than were promised."""
DRIP = raw(head(200, {"Content-Length": "5000", **JSON}), *[b" "] * 5000, pause=0.01, hang_up=False)


async def reset(server: BrokenServer, writer: asyncio.StreamWriter) -> None:
    """A reset in place of an answer."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def flood(server: BrokenServer, writer: asyncio.StreamWriter) -> None:
    """200 MB of JSON."""
    piece = b"1," * 500_000
    writer.write(head(200, {"Content-Length": "200000000", **JSON}) + b"[")
    for _ in range(200):
        writer.write(piece)
        await writer.drain()
        server.sent += len(piece)


def bomb(megabytes: int) -> Reply:
    """A small reply that grows a thousandfold."""
    content = gzip.compress(b" " * megabytes * 1_000_000, compresslevel=9)
    return raw(head(200, {"Content-Length": str(len(content)), "Content-Encoding": "gzip", **JSON}) + content)


def refusal(status: int, kind: str, reason: str, **more: Any) -> Reply:
    """An error as Elasticsearch gives it."""
    error = {"type": kind, "reason": reason, "root_cause": [{"type": kind, "reason": reason}], **more}
    return answer({"error": error, "status": status}, status)


BAD_GATEWAY = answer(
    b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>", 502, {}, "text/html"
)
