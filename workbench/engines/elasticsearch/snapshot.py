"""Keeps one state of an index, so that both lists of a comparison are of the same documents."""

import asyncio
import time
from contextlib import suppress

from workbench.domain.errors import WorkbenchError
from workbench.engines.elasticsearch.connection import Connection
from workbench.engines.elasticsearch.failures import ClusterError

KEEP = "2m"
"""How long the server keeps a state after it was last searched."""
FRESH = 60.0
"""Seconds after which a new search sees a newer state."""
BLINK = 0.1
"""Seconds that closing may take."""


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
        self._opening: asyncio.Task[str] | None = None
        self._since = 0.0
        self._refused = False

    async def id(self) -> str:
        """Name the state to search; empty where the server keeps none.

        Raises:
            ClusterError: There is no such index, or no answer.
        """
        if self._refused or self._connection.lacks("pit"):
            return ""
        if self._opening is None or time.monotonic() - self._since > FRESH:
            self._since = time.monotonic()
            self._opening = asyncio.create_task(self._open())
            self._opening.add_done_callback(_look)
        opening = self._opening
        try:
            # Of searches that supersede one another, none may end what the next one needs.
            return await asyncio.shield(opening)
        except ClusterError as error:
            self.forget(opening)
            if error.status in (400, 403, 405, 410, 501) or (error.status == 404 and "index" not in error.kind):
                self._refused = True
                return ""
            raise

    def forget(self, opening: "asyncio.Task[str] | None" = None) -> None:
        """Open another one for the next search."""
        if opening in (None, self._opening):
            self._opening = None

    async def close(self) -> None:
        """Tell the server that it is not needed any more; where that takes longer than a blink it runs out."""
        opening, self._opening = self._opening, None
        if opening and opening.done() and not opening.cancelled() and not opening.exception():
            with suppress(WorkbenchError, TimeoutError):
                async with asyncio.timeout(BLINK):
                    await self._connection.ask("snapshot", "DELETE", "/_pit", {"id": opening.result()}, retry=False)

    async def _open(self) -> str:
        answer = await self._connection.ask("snapshot", "POST", f"/{self._path}/_pit?keep_alive={KEEP}")
        id = answer.body.get("id") if isinstance(answer.body, dict) else None
        if not isinstance(id, str):
            raise ClusterError("The server opened no snapshot.", "", status=501)
        return id


def _look(task: asyncio.Task[str]) -> None:
    """Nobody may be left to see how it failed."""
    if not task.cancelled():
        task.exception()
