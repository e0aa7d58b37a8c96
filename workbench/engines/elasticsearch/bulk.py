"""Sends a stream of documents to an index, and can be told to do so again after it was cut short."""

import asyncio
import random
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from workbench.domain.documents import Document
from workbench.domain.text import single_line
from workbench.engines.elasticsearch.connection import Connection
from workbench.engines.elasticsearch.failures import ClusterError, clause, complaints, deepest, understood
from workbench.engines.elasticsearch.paths import segment

NAMED = 10
_ID_BYTES = 512
_PASSING = (408, 429, 502, 503, 504)
"""Statuses of a document or a request that is worth another try: a model that loads, a queue that is full, a proxy."""
_FATAL = (401, 403, 404, *_PASSING)
"""Statuses that the next document would get as well."""
_TRIES = 6
_LONGEST_PAUSE = 30.0


@dataclass(frozen=True)
class Pace:
    """How much is sent at a time, and how long it may take."""

    documents: int
    size: int
    """Characters of text."""
    patience: float
    """Seconds for one request."""


PLAIN = Pace(500, 4_000_000, 120)
EMBEDDING = Pace(16, 400_000, 600)
"""For an index in which a model reads every document that is written."""


@dataclass(frozen=True)
class Refused:
    """A document that the cluster would not take; sanitised."""

    id: str
    reason: str

    def __str__(self) -> str:
        return f"{self.id}: {self.reason}"


class BulkLoad:
    """One load into one index.

    Documents keep their ids and are written as a whole, so that writing one twice does no harm. In an index that has
    documents already, those that are there as they should be are not sent again.

    Attributes:
        added: Documents that were not there before.
        replaced: Documents that were there otherwise.
        unchanged: Documents that were there as they are.
        refused: How many the cluster would not take.
        named: The first ten of them.
    """

    def __init__(
        self, connection: Connection, index: str, *, existing: bool, pace: Pace = PLAIN, pause: float = 1.0
    ) -> None:
        """Prepare the load.

        Args:
            connection: To the cluster.
            index: It exists and has text fields `title` and `body`.
            existing: Whether it may hold some of the documents.
            pace: How much is sent at a time.
            pause: Seconds before the second try; each further pause is twice as long.
        """
        self.added = self.replaced = self.unchanged = self.refused = 0
        self.named: list[Refused] = []
        self._connection = connection
        self._index = index
        self._existing = existing
        self._pace = pace
        self._pause = pause

    @property
    def present(self) -> int:
        """Documents that are in the index as they should be."""
        return self.added + self.replaced + self.unchanged

    async def run(self, documents: Iterable[Document], progress: Callable[[int], None] | None = None) -> None:
        """Write all documents; when it ends early, what it counted stands.

        Args:
            documents: A stream with no id twice; no more of it is held than is sent at a time.
            progress: Told after each request how many documents are settled, refused ones among them.

        Raises:
            ClusterError: The cluster cannot be reached, or refuses whatever is sent.
        """
        for batch in self._batches(documents):
            held = await self._held(batch) if self._existing else {}
            unsent = {one.id: one for one in batch if held.get(one.id) != _source(one)}
            self.unchanged += len(batch) - len(unsent)
            if unsent:
                await self._send(unsent, held)
            if progress:
                progress(self.present + self.refused)

    def _batches(self, documents: Iterable[Document]) -> Iterator[list[Document]]:
        batch: list[Document] = []
        size = 0
        for document in documents:
            # Elasticsearch refuses the whole request for one such id.
            if (length := len(document.id.encode())) > _ID_BYTES:
                self._refuse(document.id, f"an id of {length} bytes; {_ID_BYTES} at most are allowed")
                continue
            if batch and (len(batch) == self._pace.documents or size + len(document.text) > self._pace.size):
                yield batch
                batch, size = [], 0
            batch.append(document)
            size += len(document.text)
        if batch:
            yield batch

    async def _held(self, batch: list[Document]) -> dict[str, Any]:
        """What the index holds under the ids of a batch, searchable or not yet."""
        path = f"/{segment(self._index)}/_mget?_source_includes=title,body"
        answer = await self._connection.ask("compare documents", "POST", path, {"ids": [one.id for one in batch]})
        with understood("compare documents"):
            return {found["_id"]: found.get("_source", {}) for found in answer.body["docs"] if found.get("found")}

    async def _send(self, unsent: dict[str, Document], held: Container[str]) -> None:
        """Write a batch; after a lost connection, once more what has no answer yet."""
        attempt = 0
        while failed := await self._try(unsent, held):
            attempt += 1
            # An answer that is worth another try got it already.
            if failed.status is not None or not failed.passing or attempt == _TRIES:
                raise failed
            await asyncio.sleep(min(self._pause * 2 ** (attempt - 1), _LONGEST_PAUSE) * random.uniform(1, 1.5))

    async def _try(self, unsent: dict[str, Document], held: Container[str]) -> ClusterError | None:
        from elastic_transport import ApiError, TransportError

        from workbench.engines.elasticsearch.node import Passage, passage

        seen = Passage()
        token = passage.set(seen)
        try:
            with understood("write documents"):
                await self._stream(unsent, held)
        except (ApiError, TransportError) as error:
            return self._connection.failure(error, f"PUT /{self._index}/_bulk", seen, self._pace.patience)
        finally:
            passage.reset(token)
        return None

    async def _stream(self, unsent: dict[str, Document], held: Container[str]) -> None:
        from elasticsearch.helpers import async_streaming_bulk

        client = await self._connection.client()
        results = async_streaming_bulk(
            client.options(max_retries=0, request_timeout=self._pace.patience),
            [{"_id": one.id, "_source": _source(one)} for one in unsent.values()],
            chunk_size=self._pace.documents,
            raise_on_error=False,
            max_retries=_TRIES - 1,
            initial_backoff=self._pause,
            max_backoff=_LONGEST_PAUSE,
            retry_on_status=_PASSING,
            index=self._index,
        )
        async for good, item in results:
            outcome = item["index"]
            if not good and outcome["status"] in _FATAL:
                reason = _reason(outcome)
                message = f"{self._index} takes no more documents: {reason}."
                raise ClusterError(message, status=outcome["status"], reason=reason)
            if not unsent.pop(outcome["_id"], None):
                raise _odd(f"{self._index}: the answer names a document that was not sent.")
            if not good:
                self._refuse(outcome["_id"], _reason(outcome))
            elif outcome["_id"] in held:
                self.replaced += 1
            else:
                self.added += 1
        if unsent:
            raise _odd(f"{self._index}: the answer says nothing of {len(unsent):,} of the documents that were sent.")

    def _refuse(self, id: str, reason: str) -> None:
        self.refused += 1
        if len(self.named) < NAMED:
            self.named.append(Refused(single_line(id, 100), reason))


def _source(document: Document) -> dict[str, str]:
    """What is stored; an empty field is left out, since a reranker chokes on a blank text but passes over none."""
    return {name: text for name, text in (("title", document.title), ("body", document.body)) if text}


def _odd(message: str) -> ClusterError:
    return ClusterError(message, "Ask with curl to see who answers there.", "write documents", status=200)


def _reason(outcome: Mapping[str, Any]) -> str:
    return clause(deepest(complaints(outcome)).reason) or f"status {outcome['status']}"
