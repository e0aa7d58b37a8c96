"""Keeps one state of an index, so that both lists of a comparison are of the same documents."""

import asyncio
import time
from contextlib import suppress
from dataclasses import replace
from typing import Any

from workbench.domain.errors import WorkbenchError
from workbench.domain.exchange import Exchange
from workbench.engines.elasticsearch.connection import Answer, Connection
from workbench.engines.elasticsearch.failures import ClusterError
from workbench.engines.elasticsearch.json_values import members
from workbench.engines.elasticsearch.query import Node

KEEP = "2m"
"""How long the server keeps a state after it was last searched."""
FRESH = 60.0
"""Seconds after which a new search sees a newer state."""
BLINK = 0.1
"""Seconds that closing may take."""

Named = tuple[str, tuple[Exchange, ...]]
"""The name of a state, empty for none, and what it took to have it."""


async def search_state(
    connection: Connection, purpose: str, path: str, body: Node, snapshot: str, patience: float | None = None
) -> Answer:
    """Search an index in one of its states.

    Args:
        connection: To the cluster.
        purpose: What it is for.
        path: The index, quoted.
        body: The search, without a point in time.
        snapshot: The state; empty for the index as it is.
        patience: Seconds for the whole of it; the profile's when None.

    Raises:
        ClusterError: The cluster refused, did not answer, or not with hits, as something before it may do.
    """
    if snapshot:
        body = body | {"pit": {"id": snapshot, "keep_alive": KEEP}}
    where = "/_search" if snapshot else f"/{path}/_search"
    answer = await connection.ask(purpose, "POST", where, body, patience=patience)
    if not isinstance(members(answer.body).get("hits"), dict):
        raise ClusterError(
            "The server answered a search with something other than hits.",
            f"Is it Elasticsearch? Ask `workbench profile test {connection.profile.name}`.",
            exchange=answer.exchange,
        )
    return replace(answer, exchange=replace(answer.exchange, index=path)) if snapshot else answer


class Snapshot:
    """A point in time of one index; opened by the first search, and again when it is gone or old.

    An older one is left to run out by itself: a reranker may still be reading it.
    """

    def __init__(self, connection: Connection, path: str) -> None:
        """Nothing is opened yet.

        Args:
            connection: To the cluster.
            path: The index, quoted.
        """
        self._connection = connection
        self._path = path
        self._id = ""
        self._since = 0.0
        self._opening: asyncio.Task[Named] | None = None
        self._refused = False

    async def id(self) -> Named:
        """Name the state to search; empty where the server keeps none, and once this is closed.

        Raises:
            ClusterError: There is no such index, or no answer.
        """
        if self._id and time.monotonic() - self._since <= FRESH:
            return self._id, ()
        if self._refused:
            return "", ()
        if self._opening is None:
            self._opening = asyncio.create_task(self._open())
            self._opening.add_done_callback(self._opened)
        opening = self._opening
        # Of searches that supersede one another, none may end what the next one needs; waiting so cancels nothing.
        await asyncio.wait([opening])
        return ("", ()) if opening.cancelled() else opening.result()

    def latest(self, id: str, answer: Any) -> str:
        """The name by which a state goes after it was searched: each answer may give it another one."""
        told = members(answer).get("pit_id") if id else None
        now = told if isinstance(told, str) and told else id
        if self._id == id:
            self._id = now
        return now

    def forget(self, id: str) -> None:
        """Open another one for the next search, unless that has happened."""
        if self._id == id:
            self._id = ""

    async def close(self) -> None:
        """Tell the server that it is not needed any more; where that takes longer than a blink it runs out."""
        self._refused = True
        if self._opening:
            self._opening.cancel()
        id, self._id = self._id, ""
        if id:
            with suppress(WorkbenchError, TimeoutError):
                async with asyncio.timeout(BLINK):
                    await self._connection.ask("snapshot", "DELETE", "/_pit", {"id": id}, retry=False)

    async def _open(self) -> Named:
        try:
            answer = await self._connection.ask("snapshot", "POST", f"/{self._path}/_pit?keep_alive={KEEP}")
        except ClusterError as error:
            if error.status in (400, 403, 405, 410, 501) or (error.status == 404 and "index" not in error.kind):
                self._refused = True
                return "", (error.exchange,) if error.exchange else ()
            raise
        id = members(answer.body).get("id")
        self._refused = not isinstance(id, str)
        return id if isinstance(id, str) else "", (answer.exchange,)

    def _opened(self, opening: asyncio.Task[Named]) -> None:
        self._opening = None
        # Nobody may be left to see how it failed.
        if not opening.cancelled() and not opening.exception():
            self._id, self._since = opening.result()[0], time.monotonic()
