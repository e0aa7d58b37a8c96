"""This machine as a place to search: its corpora, and a local model that is made ready."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from workbench.domain.deployment import ModelStatus, PreparedModel
from workbench.domain.tuning import Chosen
from workbench.engines.base import Opened, Reranker
from workbench.engines.threads import in_thread
from workbench.services.models import ModelLibrary, ensure_model


@dataclass(frozen=True)
class LocalModel:
    """A model on this machine; functions, so that nothing heavy is imported before it is needed."""

    id: str
    library: Callable[[], ModelLibrary]
    open: Callable[[PreparedModel], Reranker]

    async def rerankers(self) -> AsyncGenerator[ModelStatus | Reranker, None]:
        """Fetch and prepare it, telling each state, then load it."""
        async with aclosing(ensure_model(self.library(), self.id)) as states:
            async for item in states:
                if isinstance(item, ModelStatus):
                    yield item
                    continue
                reranker = await in_thread(partial(self.open, item), "reranker")
                try:
                    await reranker.load()
                except BaseException:  # Also when nobody wants it any more.
                    await reranker.close()
                    raise
                yield reranker


@dataclass(frozen=True)
class LocalEngines:
    """The `Engines` of this machine."""

    open_corpus: Callable[[str], Awaitable[Opened]]
    corpus_names: Callable[[], list[str]]
    local_model: LocalModel
    profile: str = ""
    marks: tuple[str, ...] = ()
    accent: str = ""

    @property
    def model(self) -> str:
        """The local model's id."""
        return self.local_model.id

    def template(self, chosen: Chosen) -> Path | None:
        """None: the embedded engine has no query templates."""
        return None

    async def open(self, name: str) -> Opened:
        """Open a corpus."""
        return await self.open_corpus(name)

    async def names(self) -> tuple[str, ...]:
        """The corpora there are."""
        return tuple(await in_thread(self.corpus_names, "corpora"))

    def rerankers(self, model: str = "") -> AsyncGenerator[ModelStatus | Reranker, None]:
        """Make the local model ready; there is no other."""
        return self.local_model.rerankers()

    async def close(self) -> None:
        """There is nothing to let go of."""
