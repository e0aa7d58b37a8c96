"""Progress on standard error, for a person who waits; nothing of it reaches standard output."""

from types import TracebackType

from workbench.domain.deployment import ModelState, ModelStatus
from workbench.domain.text import single_line

_QUIET = {ModelState.ABSENT, ModelState.READY, ModelState.LOADED, ModelState.FAILED}


class ModelProgress:
    """A bar while a model is fetched and prepared; silent when it is ready already."""

    def __init__(self) -> None:
        self._bar: _Bar | None = None

    def __enter__(self) -> "ModelProgress":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()

    def show(self, status: ModelStatus) -> None:
        """Say what the model is doing."""
        if status.state in _QUIET:
            return
        self._bar = self._bar or _Bar()
        done, total = (status.progress.done, status.progress.total) if status.progress else (0, None)
        self._bar.update(f"{status.id}: {status.state}", done, total)


class DocumentProgress:
    """A bar while an index is built: documents, text per second, time left where it is known."""

    def __init__(self, name: str, total_bytes: int | None) -> None:
        self._name = single_line(name, 40)
        self._total = total_bytes
        self._bar = _Bar()

    def __enter__(self) -> "DocumentProgress":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def show(self, documents: int, bytes_read: int) -> None:
        """Say how far the reading has come."""
        total = None if self._total is None else max(self._total, bytes_read)
        self._bar.update(f"{self._name}: {documents:,} documents", bytes_read, total)


class _Bar:
    """One line that is redrawn; on standard error that is no terminal, only its last state is written."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
        from rich.progress import TransferSpeedColumn as SpeedColumn

        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            DownloadColumn(),
            SpeedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True, markup=False, highlight=False),
            transient=False,
        )
        self._task = self._progress.add_task("", total=None)
        self._said = ""
        self._progress.start()

    def update(self, text: str, done: int, total: int | None) -> None:
        if text.partition(":")[2] != self._said.partition(":")[2] and total != self._progress.tasks[0].total:
            self._progress.reset(self._task, total=total)
        self._said = text
        self._progress.update(self._task, description=text, completed=done, total=total)

    def stop(self) -> None:
        self._progress.stop()
