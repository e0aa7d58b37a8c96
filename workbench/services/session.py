"""One corpus and one model, open together: what a screen or a command puts its questions to."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial

from workbench.domain.comparison import Comparison, StageError
from workbench.domain.deployment import ModelState, ModelStatus, PreparedModel
from workbench.domain.documents import Query
from workbench.domain.tuning import Tuning
from workbench.engines.base import Reranker, Retriever
from workbench.services.compare import compare, compare_with, stage_error
from workbench.services.kept import Kept
from workbench.services.models import ModelLibrary, ensure_model
from workbench.services.threads import in_thread


@dataclass(frozen=True)
class Opened:
    """A corpus that is open."""

    retriever: Retriever
    documents: int
    queries: tuple[Query, ...]
    """Sample queries that came with it."""


@dataclass(frozen=True)
class Engines:
    """How to open things; functions, so that nothing heavy is imported before it is needed."""

    open_corpus: Callable[[str], Awaitable[Opened]]
    corpus_names: Callable[[], list[str]]
    models: Callable[[], ModelLibrary]
    open_reranker: Callable[[PreparedModel], Reranker]


class Session:
    """What is open now, and how to ask it.

    Attributes:
        opened: The open corpus; None until `open` has run.
        reranker: The model in use; or why there is none.
        tuning: What a person tunes; changed by `tune` and `undo`.
        start: What `tuning` was at first.
        baseline: The settings whose result is compared with; None for BM25.
        kept: What a person made, kept over restarts.
    """

    def __init__(self, engines: Engines, model: str, tuning: Tuning, kept: Kept) -> None:
        self.kept = kept
        self.engines = engines
        self.model = model
        self.tuning = self.start = tuning
        self.baseline: Tuning | None = None
        self._past: list[Tuning] = []
        self.opened: Opened | None = None
        self.reranker: Reranker | StageError = StageError("rerank", f"{model} is not loaded yet.", "")

    async def open(self, corpus: str) -> Opened:
        """Open a corpus in place of the one that is open; on an error that one stays."""
        opened = await self.engines.open_corpus(corpus)
        if self.opened:
            await self.opened.retriever.close()
        self.opened, fields = opened, opened.retriever.fields
        self.tuning, self.start, *self._past = (
            tuning.fitted(fields) for tuning in (self.tuning, self.start, *self._past)
        )
        self.baseline = self.baseline and self.baseline.fitted(fields)
        return opened

    def tune(self, tuning: Tuning) -> bool:
        """Change the settings; False when they are these already."""
        if tuning == self.tuning:
            return False
        self._past.append(self.tuning)
        self.tuning = tuning
        return True

    def undo(self) -> bool:
        """Take the last change of the settings back; False when there is none."""
        if not self._past:
            return False
        self.tuning = self._past.pop()
        return True

    async def ready_model(self) -> AsyncGenerator[ModelStatus, None]:
        """Make the model ready and load it, telling each state on the way; never raises for a model that fails.

        A model that is loaded stays as it is.
        """
        if not isinstance(self.reranker, StageError):
            yield ModelStatus(self.model, ModelState.LOADED)
            return
        status = ModelStatus(self.model, ModelState.ABSENT)
        try:
            async with aclosing(ensure_model(self.engines.models(), self.model)) as states:
                async for item in states:
                    if isinstance(item, PreparedModel):
                        reranker = await in_thread(partial(self.engines.open_reranker, item), "reranker")
                        try:
                            await reranker.load()
                        except BaseException:  # Also when nobody wants it any more.
                            await reranker.close()
                            raise
                        self.reranker = reranker
                        status = ModelStatus(self.model, ModelState.LOADED)
                    else:
                        status = item
                        self.reranker = StageError("rerank", f"{self.model} is not ready: {status.state}.", "")
                    yield status
        except Exception as error:
            failed = stage_error("rerank", error)
            self.reranker = failed
            yield replace(status, state=ModelState.FAILED, progress=None, reason=failed.message, next=failed.hint)

    def compare(self, query: str, pause: float = 0.0) -> AsyncGenerator[Comparison, None]:
        """Run one query against what is open; see `services.compare`."""
        assert self.opened, "open a corpus first"
        retriever = self.opened.retriever
        if self.baseline:
            return compare_with(self.baseline, query, retriever, self.reranker, self.tuning, pause)
        return compare(query, retriever, self.reranker, self.tuning, pause)

    async def close(self) -> None:
        """Let go of everything; waits for nothing."""
        if self.opened:
            await self.opened.retriever.close()
        if not isinstance(self.reranker, StageError):
            await self.reranker.close()
