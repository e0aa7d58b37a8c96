"""One connection to one cluster: a request in, JSON out, every failure in words."""

import asyncio
import json
import random
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from workbench.config.profile import Profile
from workbench.domain.capabilities import Server, read_server
from workbench.domain.exchange import Exchange, printable_json
from workbench.domain.text import sanitize
from workbench.engines.elasticsearch.client import make_client
from workbench.engines.elasticsearch.credentials import Credential
from workbench.engines.elasticsearch.failures import ClusterError
from workbench.engines.elasticsearch.refusals import refusal
from workbench.engines.elasticsearch.unanswered import Attempt, another_product, unanswered
from workbench.engines.threads import in_thread

if TYPE_CHECKING:
    from elasticsearch import AsyncElasticsearch

    from workbench.engines.elasticsearch.node import Passage

    _Made = tuple[AsyncElasticsearch, dict[str, str]]
    """A client, and the header of the credential that it shows."""

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
        self._shown: dict[str, str] = {}
        self._fetched = 0.0
        self._client: AsyncElasticsearch | None = None
        self._server: Server | None = None
        self._refused: set[str] = set()
        self._making: asyncio.Future[_Made] | None = None
        self._meeting = asyncio.Lock()
        self._closed = False

    async def client(self) -> "AsyncElasticsearch":
        """The official client, for its helpers.

        Its errors become ours by `failure`.

        Raises:
            WorkbenchError: The credential cannot be had, or the cloud id leads nowhere.
        """
        if self._closed:
            raise ClusterError(f"The connection of {self.profile.name} has been closed.", "Open it again.")
        return self._client or await self._made()

    async def server(self) -> Server:
        """Who answers; asked once."""
        async with self._meeting:
            return self._server or await self._met()

    async def meet(self) -> Server:
        """Ask anew who answers, and forget what was refused: the cluster may be another one by now."""
        async with self._meeting:
            return await self._met()

    def lacks(self, feature: str) -> bool:
        """Whether the server is known not to have a feature, by its version or because it refused it."""
        return feature in self._refused or (self._server is not None and not self._server.has(feature))

    @contextmanager
    def without(self, feature: str) -> Iterator[None]:
        """Do without a feature that the server refused; from then on, if what is asked meanwhile succeeds."""
        self._refused.add(feature)
        try:
            yield
        except BaseException:
            self._refused.discard(feature)
            raise

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
        began = time.perf_counter()
        await self.client()
        from workbench.engines.elasticsearch.node import Passage

        text = "" if body is None else printable_json(body)
        patience = self.profile.timeout if patience is None else patience
        end = time.monotonic() + patience
        others = max(len(self.profile.hosts) - 1, 0)
        at_once = retry
        pauses = list(PAUSES) if retry else []
        while True:
            # To tell the client itself of a limit would make another client, which takes its time.
            seen, shown = Passage(end - time.monotonic(), began), self._shown
            try:
                return await self._try(purpose, method, path, text, patience, seen)
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
                elif error.status != 401 or not await self._renewed(shown):
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

    async def _met(self) -> Server:
        try:
            told = (await self.ask("who answers", "GET", "/")).body
        except ClusterError as error:
            if error.status != 403:
                raise
            told = {}  # To be told needs a privilege that searching does not.
        self._server = read_server(told)
        self._refused.clear()
        return self._server

    async def close(self) -> None:
        """Let go of the sockets; nothing can be asked afterwards."""
        self._closed = True
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _made(self) -> "AsyncElasticsearch":
        """A client that shows the credential as it is now; one for all who wait for it."""
        if self._making is None:
            make = partial(_make, self.profile, self._credential, self._client)
            self._making = asyncio.ensure_future(in_thread(make, "credentials"))
            self._making.add_done_callback(self._keep)
        # Whoever asks may be cancelled by the next key; a keyring that asks a person should do so once.
        client, _ = await asyncio.shield(self._making)
        return client

    def _keep(self, making: "asyncio.Future[_Made]") -> None:
        self._making, self._fetched = None, time.monotonic()
        if not making.cancelled() and making.exception() is None:
            self._client, self._shown = making.result()

    async def _renewed(self, refused: dict[str, str]) -> bool:
        """Whether there is another credential by now than the one that was refused."""
        if self._shown == refused and time.monotonic() - self._fetched >= RENEWAL_SECONDS:
            await self._made()
        return self._shown != refused

    async def _try(self, purpose: str, method: str, path: str, text: str, patience: float, seen: "Passage") -> Answer:
        from elastic_transport import ApiError, SerializationError, TransportError

        from workbench.engines.elasticsearch.node import passage

        client = await self.client()
        headers = {"accept": "application/json"} | ({"content-type": "application/json"} if text else {})
        asked, body, failed = f"{method} {path}", None, None
        token = passage.set(seen)
        try:
            reply = await client.perform_request(method, path, headers=headers, body=text.encode() or None)
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

    def _exchange(self, purpose: str, method: str, path: str, text: str, seen: "Passage", body: Any) -> Exchange:
        took = body.get("took") if isinstance(body, dict) else None
        answer = seen.reply[: 4 * ANSWER_CHARACTERS].decode(errors="replace")
        return Exchange(
            purpose,
            method,
            self._credential.mask(path),
            self._credential.mask(text),
            seen.status,
            sanitize(self._credential.mask(answer, ANSWER_CHARACTERS)),
            float(took) if isinstance(took, int | float) else None,
            ((seen.ended or time.perf_counter()) - seen.began) * 1000,
            auth=self._credential.kind,
        )


def _make(profile: Profile, credential: Credential, client: "AsyncElasticsearch | None") -> "_Made":
    shown = credential.fetch()
    return client.options(headers=shown) if client else make_client(profile, shown), shown


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
