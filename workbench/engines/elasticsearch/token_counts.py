"""Counts tokens for a cluster's model: with a tokenizer that a person named, else by an estimate."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

from workbench.config.references import RERANK_V1
from workbench.domain.capabilities import DEFAULT_ENDPOINT
from workbench.domain.errors import WorkbenchError
from workbench.domain.tokens import ESTIMATE, Reader, TokenCount
from workbench.engines.elasticsearch.endpoints import Endpoint
from workbench.engines.threads import in_thread

PATIENCE = 2.0
"""Seconds after its opening began for which scores wait for a tokenizer; one that is fetched takes longer."""
AGAIN = 60.0
"""Seconds after which a tokenizer that could not be opened is tried again."""

OpenReader = Callable[[], Reader]


class TokenCounts:
    """A tokenizer that is opened once, and what is counted with it; nothing of it runs on the event loop.

    One that could not be opened is tried again; one that was opened is kept, whatever becomes of its file.
    """

    def __init__(self, open_reader: OpenReader | None = None, own: bool = True) -> None:
        """Nothing is opened yet.

        Args:
            open_reader: Opens how the model reads; blocks, and may fetch it first. None where nobody named one.
            own: Whether it is named for the profile's endpoint, and not for all clusters.
        """
        self.own = own
        self._open = open_reader
        self._opening: asyncio.Task[Reader] | None = None
        self._until = self._again = 0.0
        self.warnings: tuple[str, ...] = ()
        """Why counts are estimates though a tokenizer is named."""

    @property
    def opened(self) -> Reader:
        """How the model reads as far as it is known now."""
        opening = self._opening
        return opening.result() if opening and opening.done() and not opening.cancelled() else ESTIMATE

    def begin(self, again: bool = False) -> None:
        """Open the tokenizer in the background, unless that has begun.

        Args:
            again: Whether to try at once again what failed, and not only after a while.
        """
        now = asyncio.get_running_loop().time()
        if self._open is None or (self._opening and not self._opening.cancelled() and not self._is_due(again, now)):
            return
        self._opening = asyncio.create_task(self._opened(self._open))
        self._until, self._again = now + PATIENCE, now + AGAIN

    def _is_due(self, again: bool, now: float) -> bool:
        failed = self._opening is not None and self._opening.done() and bool(self.warnings)
        return failed and (again or now >= self._again)

    async def reader(self, patience: float | None = None) -> Reader:
        """How the model reads; an estimate where no tokenizer is named, it cannot be opened, or that takes too long.

        Args:
            patience: Seconds to wait at most; None waits for ever.
        """
        self.begin()
        if self._opening is not None:
            await asyncio.wait([self._opening], timeout=patience)
        return self.opened

    async def count(
        self, query: str, texts: Sequence[str], told: Callable[[Reader], Reader] = lambda reader: reader
    ) -> list[TokenCount]:
        """Count the tokens of a query with each of some texts.

        Args:
            query: What a person typed.
            texts: What the model is given.
            told: Says how far the reader can be trusted.
        """
        self.begin()
        reader = told(await self.reader(max(self._until - asyncio.get_running_loop().time(), 0.0)))
        return await in_thread(partial(reader.count, query, texts), "tokens")

    async def _opened(self, open_reader: OpenReader) -> Reader:
        try:
            reader = await in_thread(open_reader, "tokenizer")
        except WorkbenchError as error:
            self.warnings = (f"Token counts are estimates. {error.message} {error.hint}".strip(),)
            return ESTIMATE
        self.warnings = ()
        return reader


ESTIMATES = TokenCounts()
"""Of a model that nobody named a tokenizer for."""


def trusted(reader: Reader, endpoint: Endpoint, named: Endpoint, own: bool) -> Reader:
    """Say how far a tokenizer counts for an endpoint's model, with a note where it does not or may not.

    Exact is Elastic's vocabulary with Elastic's model, and what a profile names for its own endpoint, unless that is
    known to be a stand-in. A person knows what they deployed, so that is believed where nobody may look at the endpoint
    too, and it is said that it could not be checked. What is named for all clusters is believed of Elastic's model
    alone: nobody said it of this endpoint.

    Args:
        reader: By the tokenizer that was named.
        endpoint: Which one reranks; without a model where nobody may look.
        named: The profile's own.
        own: Whether the profile names the tokenizer, and not the settings for all clusters.
    """
    model = endpoint.model or (RERANK_V1 if endpoint.id == DEFAULT_ENDPOINT else "")
    is_elastics = model.startswith(RERANK_V1) and not endpoint.hosted
    reads_elastics = reader.of == RERANK_V1
    if not reader.tokenizer.exact or (is_elastics and reads_elastics):
        return reader
    known = bool(model) or endpoint.hosted
    said = own and (endpoint.id == named.id or (bool(model) and model == named.model))
    tokenizer, whose = reader.tokenizer.id, model or endpoint.id
    if known and not said and (own or not is_elastics):
        return ESTIMATE.noted(f"The tokenizer {tokenizer} does not count for {whose}, which it was not named for.")
    if is_elastics or (known and reads_elastics):
        return reader.noted(f"{tokenizer} stands in for the tokenizer of {whose}.", exact=False)
    if not known:
        unchecked = f"Which model {endpoint.id} has could not be looked up, nor whether {tokenizer} is its tokenizer."
        return reader.noted(unchecked, exact=said)
    return reader
