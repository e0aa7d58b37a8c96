"""One corpus and one model, open together: what a screen or a command puts its questions to."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace
from functools import partial

from workbench.domain.comparison import Comparison, StageError
from workbench.domain.deployment import ModelState, ModelStatus
from workbench.domain.errors import BadInputError
from workbench.domain.tuning import Tuning
from workbench.engines.base import ENDPOINT, Engines, Opened, Reranker
from workbench.engines.threads import in_thread
from workbench.services.compare import compare, compare_with, stage_error
from workbench.services.kept import Kept
from workbench.services.laboratory import NO_LABORATORY, Laboratory


def place_of(profile: str, name: str) -> str:
    """Name a corpus or an index together with the profile that leads to it; a corpus of this machine has none."""
    return f"{profile}:{name}" if profile else name


def _no_other(profile: str) -> Engines:
    raise BadInputError(f"There is no profile {profile}.", "`workbench profile list` names those there are.")


class Session:
    """What is open now, and how to ask it.

    Attributes:
        engines: What the profile in use leads to.
        opened: The open corpus; None until `open` has run.
        reranker: The model in use; or why there is none.
        tuning: What a person tunes; changed by `tune` and `undo`.
        start: What `tuning` was at first.
        baseline: The settings whose result is compared with; None for BM25.
        kept: What a person made, kept over restarts.
    """

    def __init__(
        self,
        engines: Engines,
        tuning: Tuning,
        kept: Kept,
        other: Callable[[str], Engines] = _no_other,
        profiles: Callable[[], tuple[str, ...]] = tuple,
        laboratory: Laboratory = NO_LABORATORY,
    ) -> None:
        """Nothing is opened yet.

        Args:
            engines: Of the first profile.
            tuning: What to start with.
            kept: What a person made.
            other: Gives the engines of another profile; of this machine for an empty name.
            profiles: Names the profiles there are, this machine not among them; reads the disk.
            laboratory: Tools for experiments on truncation.
        """
        self.profiles = profiles
        self.laboratory = laboratory
        self.kept = kept
        self.engines = engines
        self._other = other
        self.tuning = self.start = tuning
        self.baseline: Tuning | None = None
        self._past: list[Tuning] = []
        self.opened: Opened | None = None
        self.reranker: Reranker | StageError = self._not_loaded()
        self._seen: ModelStatus | None = None
        """How the model in use was last seen."""

    def _not_loaded(self) -> StageError:
        return StageError("rerank", f"{self.model} is not loaded yet.", "")

    @property
    def model(self) -> str:
        """The model or inference endpoint that the settings ask for."""
        return dict(self.tuning.chosen).get(ENDPOINT, self.engines.model)

    @property
    def place(self) -> str:
        """What is open, with its profile; empty before anything is."""
        return place_of(self.engines.profile, self.opened.retriever.corpus) if self.opened else ""

    async def names(self, profile: str) -> tuple[str, ...]:
        """What could be opened of a profile, be it in use or not; of this machine for an empty name."""
        if profile == self.engines.profile:
            return await self.engines.names()
        engines = self._other(profile)
        try:
            return await engines.names()
        finally:
            await engines.close()

    async def open(self, place: str) -> Opened:
        """Open a corpus or an index in place of what is open; on an error that stays.

        Args:
            place: As `place_of` names it; with nothing after the profile, what the profile names itself.
        """
        profile, name = place.split(":", 1) if ":" in place else ("", place)
        if profile == self.engines.profile:
            opened, engines = await self.engines.open(name), self.engines
        else:
            engines = await in_thread(partial(self._other, profile), "engines")  # It may import for a while.
            try:
                opened = await engines.open(name)
            except BaseException:
                await engines.close()
                raise
        # All of it at once, and only then what may be cancelled.
        before, self.opened = self.opened, opened
        left = self._leave(engines) if engines is not self.engines else None
        settings = [self.tuning, self.start, *self._past]
        if before is None or left:
            settings = [replace(tuning, reads=opened.retriever.reads) for tuning in settings]
        self.tuning, self.start, *self._past = (self._fitted(tuning) for tuning in settings)
        self.baseline = self.baseline and self._fitted(self.baseline)
        if before:
            await before.retriever.close()
        if left:
            await _close(*left)
        return opened

    def _fitted(self, tuning: Tuning) -> Tuning:
        assert self.opened
        return tuning.fitted(self.opened.retriever.fields, self.opened.retriever.choices)

    def _leave(self, engines: Engines) -> tuple[Reranker | StageError, Engines]:
        """Go over to other engines; gives what belonged to those before."""
        left = self.reranker, self.engines
        self.engines, self.baseline, self._seen = engines, None, None
        self.reranker = self._not_loaded()
        return left

    def tune(self, tuning: Tuning) -> bool:
        """Change the settings, as far as what is open knows them; False when they are these already."""
        tuning = self._fitted(tuning) if self.opened else tuning
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

        A model that is loaded stays as it is, unless another one was chosen meanwhile. One that failed is looked at
        again.
        """
        engines, model, seen = self.engines, self.model, self._seen
        loaded = seen and seen.state is ModelState.LOADED and not isinstance(self.reranker, StageError)
        if seen and loaded and seen.id == model:
            yield seen
            return
        status = ModelStatus(model, ModelState.ABSENT, engines.profile or "local")
        try:
            async with aclosing(engines.rerankers(model)) as states:
                async for item in states:
                    if self.engines is not engines:  # Another profile was opened meanwhile.
                        if not isinstance(item, ModelStatus):
                            await item.close()
                        return
                    if isinstance(item, ModelStatus):
                        status = item
                        if isinstance(self.reranker, StageError):
                            self.reranker = StageError("rerank", f"{status.id} is not ready: {status.state}.", "")
                    else:
                        self.reranker = item
                        if status.state is ModelState.FAILED:  # Its engine may offer another one.
                            return
                        status = replace(status, state=ModelState.LOADED, progress=None)
                    self._seen = status
                    yield status
        except Exception as error:
            if self.engines is not engines:
                return
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
        await _close(self.reranker, self.engines)


async def _close(reranker: Reranker | StageError, engines: Engines) -> None:
    if not isinstance(reranker, StageError):
        await reranker.close()
    await engines.close()
