"""Keeps local models: fetches and prepares them, and knows at a glance what state each is in.

A model's folder holds `download/` (what was fetched so far), `prepared-…/` (what a reranker loads), and a manifest
that names the latter. The manifest is replaced atomically and last, so a model is either ready or not. Beside the
folder lie a lock and, for as long as it has something to say, a `StateFile`.
"""

import errno
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.domain.deployment import ModelState, ModelStatus, PreparedModel, Progress
from workbench.domain.errors import ModelUnavailableError, StoppedError
from workbench.models import manifest
from workbench.models.catalog import Catalog, ModelCard, bundled_catalog
from workbench.models.fetch import fetch
from workbench.models.prepare import prepare
from workbench.models.source import check_stop
from workbench.models.state import StateFile

if TYPE_CHECKING:
    from filelock import BaseFileLock

DOWNLOAD = "download"
PATIENCE = 0.2
"""Seconds between two looks at a lock that another process holds."""
REPORT_EVERY = 0.1
"""Seconds; a new state is told at once, progress within it no more often."""

_AT_WORK = (ModelState.DOWNLOADING, ModelState.VERIFYING, ModelState.PREPARING)

Report = Callable[[ModelStatus], None]


class ModelStore:
    """Local models under one folder; any number of processes may share it."""

    def __init__(self, root: Path, catalog: Catalog | None = None) -> None:
        """Nothing is created until a model is fetched.

        Args:
            root: The cache folder, one folder per model.
            catalog: Which models there are; by default those that ship with the package.
        """
        self.root = root
        self.catalog = catalog or bundled_catalog()

    def cards(self) -> tuple[ModelCard, ...]:
        """All models that can be fetched."""
        return self.catalog.cards

    def card(self, id: str) -> ModelCard:
        """Find one model.

        Raises:
            BadInputError: No such model; the hint names the nearest.
        """
        return self.catalog.card(id)

    def status(self, id: str) -> ModelStatus:
        """Look at one model; cheap, hashes nothing.

        Raises:
            BadInputError: No such model.
        """
        if self.prepared(id):
            return ModelStatus(id, ModelState.READY)
        held, said = self._is_held(id), self._state(id).read(id)
        if held:
            return ModelStatus(id, said.state if said and said.state in _AT_WORK else ModelState.DOWNLOADING)
        if said and said.state is ModelState.FAILED:
            return said
        return ModelStatus(id, ModelState.ABSENT, next=f"workbench models download {id}")

    def prepared(self, id: str) -> PreparedModel | None:
        """Find what is ready to load now; cheap.

        Raises:
            BadInputError: No such model.
        """
        card = self.card(id)
        return manifest.read(self.root / card.id, card)

    def ensure(self, id: str, report: Report, stop: threading.Event) -> PreparedModel:
        """Make a model ready: fetch, verify and prepare it, or wait for the process that does.

        Blocks for as long as that takes; call it from a thread.

        Args:
            id: The model.
            report: Called on this thread with every state, and within one at most ten times a second.
            stop: Ends the work; what was fetched so far is kept for the next call.

        Raises:
            BadInputError: No such model.
            ModelUnavailableError: Every source failed, or the folder cannot be written to.
            StoppedError: `stop` was set.
        """
        card = self.card(id)
        try:
            ready = self.prepared(id) or self._make(card, report, stop)
        except StoppedError:
            report(self.status(id))
            raise
        except ModelUnavailableError as error:
            failure = ModelStatus(id, ModelState.FAILED, reason=error.message, next=error.hint or None)
            self._state(id).write(failure)
            report(failure)
            raise
        report(ModelStatus(id, ModelState.READY))
        return ready

    def remove(self, id: str) -> int:
        """Delete a model and what was fetched of it.

        Returns:
            Bytes freed.

        Raises:
            BadInputError: No such model.
            ModelUnavailableError: Another process is fetching it, or it cannot be deleted.
        """
        home = self.root / self.card(id).id
        if not home.is_dir():
            self._state(id).clear()
            return 0
        with self._clear_errors():
            lock = self._lock(id)
            if not taken(lock):
                raise ModelUnavailableError(f"{id} is being fetched right now.", "Stop that first, or wait for it.")
            with releasing(lock):
                freed = sum(path.stat().st_size for path in home.rglob("*") if path.is_file())
                (home / manifest.MANIFEST).unlink(missing_ok=True)
                shutil.rmtree(home)
                self._state(id).clear()
        return freed

    def _make(self, card: ModelCard, report: Report, stop: threading.Event) -> PreparedModel:
        home = self.root / card.id
        with self._clear_errors(), self._turn(card.id, report, stop) as tell:
            # Whoever held the lock before may have done it all.
            if ready := self.prepared(card.id):
                return ready
            download = home / DOWNLOAD
            download.mkdir(parents=True, exist_ok=True)
            manifest.sweep(home)
            origin = fetch(card, download, tell, stop)
            tell(ModelState.PREPARING)
            folder = manifest.new_folder(home)
            try:
                notes = prepare(card.prepare, download, folder, card.window, stop)
                check_stop(stop)
                manifest.publish(home, card, folder, {**origin, **notes})
            finally:
                manifest.sweep(home)
            shutil.rmtree(download, ignore_errors=True)
            if ready := self.prepared(card.id):
                return ready
            raise ModelUnavailableError(f"{card.id} was changed while it was prepared.", "Try again.")

    @contextmanager
    def _turn(self, id: str, report: Report, stop: threading.Event) -> Iterator["_Teller"]:
        """Hold the model's lock, waiting for another process to let go of it; what is told is for all to see."""
        self.root.mkdir(parents=True, exist_ok=True)
        lock = self._lock(id)
        waiting = _Teller(id, report)
        while not taken(lock):
            waiting(ModelState.DOWNLOADING)
            stop.wait(PATIENCE)
            check_stop(stop)
        with releasing(lock):
            try:
                yield _Teller(id, report, self._state(id).write)
            finally:
                self._state(id).clear()

    def _state(self, id: str) -> StateFile:
        return StateFile(self.root / f"{id}.state.json")

    def _lock(self, id: str) -> "BaseFileLock":
        from filelock import FileLock

        return FileLock(self.root / f"{id}.lock")

    def _is_held(self, id: str) -> bool:
        if not (self.root / f"{id}.lock").exists():
            return False
        lock = self._lock(id)
        try:
            if not taken(lock):
                return True
        except OSError:
            return False
        lock.release()
        return False

    @contextmanager
    def _clear_errors(self) -> Iterator[None]:
        """Turn what the disk does into what a person can act on."""
        try:
            yield
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                message = f"There is no space left for models in {self.root}."
                hint = "Free some space and try again; what was fetched so far is kept."
            else:
                message = f"The model folder {self.root} cannot be written to: {error.strerror or error}."
                hint = "Check its permissions, or set WORKBENCH_HOME to a folder of your own."
            raise ModelUnavailableError(message, hint, repr(error)) from error


class _Teller:
    """Reports what is new, and progress no more often than anyone can read."""

    def __init__(self, id: str, report: Report, enter: Report = lambda status: None) -> None:
        self._id = id
        self._report = report
        self._enter = enter
        self._last: ModelStatus | None = None
        self._told = 0.0

    def __call__(self, state: ModelState, progress: Progress | None = None) -> None:
        status = ModelStatus(self._id, state, progress=progress)
        is_new_state = self._last is None or self._last.state is not state
        is_end = progress is not None and progress.done == progress.total
        due = time.monotonic() - self._told >= REPORT_EVERY
        if is_new_state:
            self._enter(status)
        if status != self._last and (is_new_state or is_end or due):
            self._report(status)
            self._last, self._told = status, time.monotonic()


def taken(lock: "BaseFileLock") -> bool:
    """Take a lock, unless somebody holds it."""
    from filelock import Timeout

    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    return True


@contextmanager
def releasing(lock: "BaseFileLock") -> Iterator[None]:
    """Let go of a lock at the end."""
    try:
        yield
    finally:
        lock.release()
