"""One connection to one cluster: a request in, JSON out, every failure in words."""

import asyncio
import json
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.config.profile import Profile
from workbench.domain.exchange import Exchange
from workbench.domain.text import sanitize
from workbench.engines.elasticsearch.capabilities import Server, read_server
from workbench.engines.elasticsearch.client import make_client
from workbench.engines.elasticsearch.credentials import Credential
from workbench.engines.elasticsearch.failures import ClusterError
from workbench.engines.elasticsearch.refusals import refusal
from workbench.engines.elasticsearch.unanswered import Attempt, another_product, unanswered
from workbench.engines.threads import in_thread

if TYPE_CHECKING:
    from elasticsearch import AsyncElasticsearch

    from workbench.engines.elasticsearch.node import Passage

ANSWER_CHARACTERS = 200_000
"""How much of an answer is kept to be shown."""
PAUSES = (0.25, 1.0)
"""Seconds before each further try, more or less by half."""
RENEWAL_SECONDS = 60.0
"""A credential that is refused is fetched again when it is older."""


@dataclass(frozen=True)
class Answer:
    """A 2xx reply."""

    body: Any
    """Parsed JSON."""
    exchange: Exchange


class Connection:
    """Asks a cluster; see the module."""

    def __init__(self, profile: Profile) -> None:
        """Nothing is opened yet, and no credential fetched."""
        self.profile = profile
        self._credential = Credential(profile)
        self._fetched = 0.0
        self._client: AsyncElasticsearch | None = None
        self._server: Server | None = None
        self._refused: set[str] = set()
        self._making: asyncio.Future[AsyncElasticsearch] | None = None
        self._meeting = asyncio.Lock()
        self._closed = False

    async def client(self) -> "AsyncElasticsearch":
        """The official client, for its helpers.

        Its errors become ours by `failure`.

        Raises:
            WorkbenchError: The credential cannot be had, or an address is none.
        """
        if self._closed:
            raise ClusterError(f"The connection of {self.profile.name} has been closed.", "Open it again.")
        if self._client is not None:
            return self._client
        if self._making is None:
            self._making = asyncio.ensure_future(in_thread(self._make_client, "credentials"))
            self._making.add_done_callback(self._made)
        # Whoever asks may be cancelled by the next key; a keyring that asks a person should do so once.
        return await asyncio.shield(self._making)

    async def server(self) -> Server:
        """Who answers; asked once."""
        async with self._meeting:
            if self._server is None:
                try:
                    told = (await self.ask("who answers", "GET", "/")).body
                except ClusterError as error:
                    if error.status != 403:
                        raise
                    told = {}  # To be told needs a privilege that searching does not.
                self._server = read_server(told)
            return self._server

    def lacks(self, feature: str) -> bool:
        """Whether the server is known not to have a feature, by its version or because it refused it."""
        return feature in self._refused or (self._server is not None and not self._server.has(feature))

    def refused(self, feature: str) -> None:
        """Remember that the server refused a feature."""
        self._refused.add(feature)

    async def ask(
        self,
        purpose: str,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        patience: float | None = None,
        retry: bool = True,
    ) -> Answer:
        """Send one request.

        Args:
            purpose: What it is for, such as `first stage`.
            method: `GET`, `POST`, `PUT`, `DELETE` or `HEAD`.
            path: With its parameters; parts that come from a person are quoted by the caller.
            body: Sent as JSON.
            patience: Seconds for the whole of it; the profile's when None.
            retry: Whether to try again, with back-off, after failures that pass. Never for what creates things.

        Raises:
            WorkbenchError: It was refused, there was no answer (both `ClusterError`), or there is no credential.
        """
        await self.client()
        from workbench.engines.elasticsearch.node import Passage

        text = "" if body is None else json.dumps(body, ensure_ascii=False)
        patience = self.profile.timeout if patience is None else patience
        end = time.monotonic() + patience
        others = max(len(self.profile.hosts) - 1, 0)
        at_once = retry
        pauses = list(PAUSES) if retry else []
        while True:
            seen = Passage()
            try:
                return await self._try(purpose, method, path, text, end - time.monotonic(), patience, seen)
            except ClusterError as error:
                left = end - time.monotonic()
                pause = pauses[0] * random.uniform(0.5, 1.5) if pauses else left
                silent = error.status is None
                if left <= 0:
                    raise
                if at_once and silent and error.passing and seen.reused:
                    at_once = False  # The connection was a stale one; a new one may do.
                elif others and silent and (not seen.sent or (retry and error.passing)):
                    others -= 1  # The client takes the next host by itself.
                elif error.passing and pause < left:
                    pauses.pop(0)
                    await asyncio.sleep(pause)
                elif error.status != 401 or not await self._renewed():
                    raise

    def failure(
        self, error: Exception, asked: str = "", seen: "Passage | None" = None, patience: float = 0.0
    ) -> ClusterError:
        """Put an error of the official client, or of its helpers, into words.

        Args:
            error: An `ApiError` or a `TransportError`.
            asked: Method and path, for the log.
            seen: What passed over the wire, where it is known.
            patience: Seconds that were given; the profile's when 0.
        """
        from elastic_transport import ApiError
        from elasticsearch import UnsupportedProductError

        from workbench.engines.elasticsearch.node import Passage

        seen = seen or Passage()
        node = seen.node or " or ".join(self.profile.hosts) or "the cloud deployment"
        mask = self._credential.mask
        text = mask(seen.reply.decode(errors="replace"))  # Before anything of it is cut.
        if isinstance(error, UnsupportedProductError):
            failed = another_product(error.body, node, asked)
        elif isinstance(error, ApiError):
            body = _parsed(text) or error.body
            failed = refusal(error.meta.status, body, self.profile, node, asked, seen.location)
        elif text and seen.status and seen.status >= 300:  # It is no JSON, or not all of it.
            failed = refusal(seen.status, text, self.profile, node, asked, seen.location)
        else:
            patience = patience or self.profile.timeout
            failed = unanswered(error, Attempt(node, asked, patience, seen.sent, seen.status, text))
        return ClusterError(
            mask(failed.message),
            mask(failed.hint),
            mask(failed.detail),
            status=failed.status,
            kind=mask(failed.kind),
            reason=mask(failed.reason),
            passing=failed.passing,
        )

    async def close(self) -> None:
        """Let go of the sockets; nothing can be asked afterwards."""
        self._closed = True
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    def _make_client(self) -> "AsyncElasticsearch":
        return make_client(self.profile, self._credential.fetch())

    def _made(self, making: "asyncio.Future[AsyncElasticsearch]") -> None:
        self._making = None
        if not making.cancelled() and making.exception() is None:
            self._client, self._fetched = making.result(), time.monotonic()

    async def _try(
        self, purpose: str, method: str, path: str, text: str, seconds: float, patience: float, seen: "Passage"
    ) -> Answer:
        from elastic_transport import ApiError, SerializationError, TransportError

        from workbench.engines.elasticsearch.node import passage

        client = await self.client()
        headers = {"accept": "application/json"} | ({"content-type": "application/json"} if text else {})
        asked, body, failed = f"{method} {path}", None, None
        seen.limit = seconds  # To tell the client itself would make another client, which takes its time.
        token = passage.set(seen)
        try:
            reply = await client.perform_request(
                method, path, headers=headers, body=text.encode(errors="replace") or None
            )
            body = reply.body
            if method == "HEAD" and reply.meta.status == 404:
                failed = refusal(404, "", self.profile, seen.node, asked)
            elif method != "HEAD" and not isinstance(body, dict | list):
                raise SerializationError("no JSON")
        except (ApiError, TransportError, RecursionError) as error:
            failed = self.failure(error, asked, seen, patience)
        finally:
            passage.reset(token)
        exchange = self._exchange(purpose, method, path, text, seen, body)
        if failed is not None:  # Raised here, where nothing of the client's own error comes along.
            failed.exchange = exchange
            raise failed
        return Answer(body, exchange)

    async def _renewed(self) -> bool:
        """Whether the credential has become another one since it was fetched."""
        if time.monotonic() - self._fetched < RENEWAL_SECONDS:
            return False
        self._fetched = time.monotonic()
        before, now = self._credential.headers, await in_thread(self._credential.fetch, "credentials")
        if self._client is None or now == before:
            return False
        self._client = self._client.options(headers=now)
        return True

    def _exchange(self, purpose: str, method: str, path: str, text: str, seen: "Passage", body: Any) -> Exchange:
        def shown(raw: str) -> str:
            return sanitize(self._credential.mask(raw))

        took = body.get("took") if isinstance(body, dict) else None
        answer = seen.reply[: 4 * ANSWER_CHARACTERS].decode(errors="replace")
        return Exchange(
            purpose,
            method,
            shown(path),
            shown(text),
            seen.status,
            shown(answer)[:ANSWER_CHARACTERS],
            float(took) if isinstance(took, int | float) else None,
            seen.seconds * 1000,
        )


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
