"""One node of a cluster, reached through httpx: a time limit for a whole exchange, a size limit for its reply."""

import asyncio
import ssl
import time
import zlib
from collections.abc import AsyncIterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx
from elastic_transport import (
    ApiResponseMeta,
    BaseAsyncNode,
    ConnectionError,
    ConnectionTimeout,
    HttpHeaders,
    NodeConfig,
    TransportError,
)
from elastic_transport.client_utils import DEFAULT, DefaultType, client_meta_version

from workbench.config.cluster_address import is_loopback
from workbench.config.profile import Profile
from workbench.engines.elasticsearch.tls import trust
from workbench.engines.elasticsearch.unanswered import causes

REPLY_BYTES = 64_000_000
"""The largest reply, decompressed, that is ever held."""
PIECE_BYTES = 1_000_000
"""The most that is decompressed at once."""
CONNECT_SECONDS = 10.0
"""For a connection alone; after that another node has its turn."""
IDLE_SECONDS = 60.0
"""By the clock on the wall, which goes on while a laptop sleeps: older connections are not trusted again."""
PROFILE = "_workbench_profile"
"""Where a `NodeConfig` carries the profile, among its extras."""


class TooLargeError(TransportError):
    """A reply went past `REPLY_BYTES`; the rest was not read."""


@dataclass
class Passage:
    """What passed over the wire for one request; filled as it passes."""

    limit: float | None = None
    """Seconds that the whole of it may take; the client's own limit when None."""
    began: float = 0.0
    """By `time.perf_counter`, when the wait for it began, with the tries before this one."""
    node: str = ""
    """Address of who was asked."""
    connected: bool = False
    """Whether a connection was opened for it."""
    sent: bool = False
    """Whether any of it may have been sent."""
    status: int | None = None
    location: str = ""
    """Where a redirect leads."""
    reply: bytes = field(default=b"", repr=False)
    """Decompressed; empty until it was read to its end."""
    ended: float | None = None
    """Likewise, when the last byte was in, or nothing more came; None until then."""

    def begin(self, node: str) -> None:
        """Forget the request before, as helpers send several; its limit and beginning stay."""
        self.node, self.connected, self.sent = node, False, False
        self.status, self.location, self.reply, self.ended = None, "", b"", None

    @property
    def reused(self) -> bool:
        """Whether an older connection carried it."""
        return self.sent and not self.connected


passage: ContextVar[Passage | None] = ContextVar("passage", default=None)
"""Where a node writes down what passes, for whoever set it around a request."""


class Reply(NamedTuple):
    """What the client's transport expects of a node."""

    meta: ApiResponseMeta
    body: bytes


class Node(BaseAsyncNode):
    """See the module. Nothing is logged, and no redirect is followed.

    The proxies of the environment (`HTTPS_PROXY`, `NO_PROXY`, …) are used, as curl uses them, but never for this
    machine's own addresses.
    """

    _CLIENT_META_HTTP_CLIENT = ("hx", client_meta_version(httpx.__version__))

    def __init__(self, config: NodeConfig) -> None:
        super().__init__(config)
        self._http: httpx.AsyncClient | None = None
        self._opening = asyncio.Lock()
        self._under_way = 0
        self._last = 0.0

    async def perform_request(  # type: ignore[override]
        self,
        method: str,
        target: str,
        body: bytes | None = None,
        headers: HttpHeaders | None = None,
        request_timeout: DefaultType | float | None = DEFAULT,
    ) -> Reply:
        """Send one request and read its reply; cancelling closes its connection.

        Raises:
            ConnectionTimeout: It took longer than `request_timeout`, all in all.
            ConnectionError: There was no whole reply.
            TooLargeError: The reply was too large.
        """
        seen = passage.get() or Passage()
        seen.begin(self.base_url)
        limit = self.config.request_timeout if isinstance(request_timeout, DefaultType) else request_timeout
        limit = limit if seen.limit is None else seen.limit
        self._under_way += 1
        try:
            async with asyncio.timeout(limit):
                http = await self._opened()
                meta = await self._exchange(http, seen, method, target, body, headers or HttpHeaders())
        except (TimeoutError, httpx.TimeoutException) as error:
            raise ConnectionTimeout("no whole reply in time", errors=(error,)) from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, ImportError) as error:
            if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes(error)):
                await self.close()  # A certificate may have been renewed: the next request looks anew.
            raise ConnectionError(str(error), errors=(error,)) from error
        finally:
            self._under_way -= 1
            self._last = time.time()
        return Reply(meta, seen.reply)

    async def close(self) -> None:  # type: ignore[override]
        """Close the connections."""
        if self._http is not None:
            http, self._http = self._http, None
            await http.aclose()

    async def _opened(self) -> httpx.AsyncClient:
        async with self._opening:
            if self._under_way == 1 and time.time() - self._last > IDLE_SECONDS:
                await self.close()
            if self._http is None:
                profile: Profile = self.config._extras[PROFILE]
                secure = self.scheme == "https"
                self._http = httpx.AsyncClient(
                    headers={**self.headers, "accept-encoding": "gzip"},
                    verify=await trust(profile, self.host, self.port) if secure else False,
                    timeout=httpx.Timeout(None, connect=CONNECT_SECONDS),
                    limits=httpx.Limits(
                        max_connections=self.config.connections_per_node, keepalive_expiry=IDLE_SECONDS
                    ),
                    trust_env=not is_loopback(self.host),
                )
            return self._http

    async def _exchange(
        self, http: httpx.AsyncClient, seen: Passage, method: str, target: str, body: bytes | None, headers: HttpHeaders
    ) -> ApiResponseMeta:
        async def note(event: str, details: dict[str, Any]) -> None:
            if event.endswith("connect_tcp.started"):
                seen.connected = True
            elif event == "http11.send_request_headers.started":
                seen.sent = True

        started = time.perf_counter()
        try:
            url = self.base_url + target
            request = http.stream(method, url, content=body, headers=dict(headers), extensions={"trace": note})
            async with request as reply:
                seen.status = reply.status_code
                seen.location = reply.headers.get("location", "")
                kept = HttpHeaders(reply.headers)
                kept.pop("warning", None)  # The client would print it over the screen.
                seen.reply = await _read(reply)
        finally:
            seen.ended = time.perf_counter()
        version = reply.http_version.removeprefix("HTTP/")
        return ApiResponseMeta(reply.status_code, version, kept, seen.ended - started, self.config)


async def _read(reply: httpx.Response) -> bytes:
    whole = bytearray()
    async for part in _inflated(reply):
        if len(whole) + len(part) > REPLY_BYTES:
            raise TooLargeError(f"more than {REPLY_BYTES // 1_000_000} MB")
        whole += part
    return bytes(whole)


async def _inflated(reply: httpx.Response) -> AsyncIterator[bytes]:
    """The body, decompressed in pieces of bounded size whatever the server packed into it."""
    coding = reply.headers.get("content-encoding", "identity").strip().lower()
    if coding == "identity":
        async for part in reply.aiter_raw():
            yield part
        return
    if coding not in ("gzip", "deflate"):
        raise httpx.DecodingError(f"unknown content encoding {coding}")
    inflate = zlib.decompressobj(wbits=47)
    started = False
    async for part in reply.aiter_raw():
        started = True
        while part:
            try:
                piece = inflate.decompress(part, PIECE_BYTES)
            except zlib.error as error:
                raise httpx.DecodingError(str(error)) from error
            part = inflate.unconsumed_tail
            yield piece
    if started and not inflate.eof:
        raise httpx.RemoteProtocolError("the compressed reply ends too early")


def proxy_before(url: str) -> str:
    """Host and port of the environment's proxy for an address; empty for none."""
    parts = urlsplit(url)
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all") or ""
    if not proxy or is_loopback(parts.hostname or "") or proxy_bypass(parts.netloc):
        return ""
    return proxy.rpartition("@")[2].rpartition("//")[2].strip("/")
