"""Progress on standard error, for a person who waits; nothing of it reaches standard output."""

from types import TracebackType
from typing import TYPE_CHECKING, Self

from workbench.cli.main import say
from workbench.domain.deployment import ModelState, ModelStatus
from workbench.domain.text import single_line

if TYPE_CHECKING:
    from rich.progress import Progress

_SILENT = {ModelState.ABSENT, ModelState.READY, ModelState.LOADED, ModelState.FAILED}


class _Bar:
    """One line that is redrawn; where standard error is no terminal, only its last state is written."""

    def __init__(self) -> None:
        self._progress: Progress | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _draw(self, text: str, done: int, total: int | None) -> None:
        if self._progress is None:
            self._progress = _progress(known=total is not None)
            self._progress.add_task(text, total=total)
            self._progress.start()
        self._progress.update(self._progress.task_ids[0], description=text, completed=done, total=total)

    def _stop(self) -> None:
        if self._progress:
            self._progress.stop()
            self._progress = None


class ModelProgress(_Bar):
    """A line per state while a model is fetched and prepared, with a bar where it is known how far; else silent."""

    def __init__(self) -> None:
        super().__init__()
        self._state = ModelState.ABSENT

    def show(self, status: ModelStatus) -> None:
        """Say what the model is doing."""
        if status.progress:
            self._draw(f"{status.id}: {status.state}", status.progress.done, status.progress.total)
        elif status.state is not self._state:
            self._stop()
            if status.state not in _SILENT:
                say(f"{status.id}: {status.state}…")
        self._state = status.state


class DocumentProgress(_Bar):
    """Documents and bytes while an index is built, with a bar and the time left where the total is known."""

    def __init__(self, name: str, total_bytes: int | None) -> None:
        """Nothing is drawn before the first document.

        Args:
            name: The corpus's.
            total_bytes: What there is to read; None when unknown.
        """
        super().__init__()
        self._name = single_line(name, 40)
        self._total = total_bytes

    def show(self, documents: int, bytes_read: int) -> None:
        """Say how far the reading has come."""
        total = None if self._total is None else max(self._total, bytes_read)
        self._draw(f"{self._name}: {documents:,} {noun(documents, 'document')}", bytes_read, total)


def noun(number: int, one: str, many: str = "") -> str:
    """Choose the form of a word that goes with a number; without `many`, an s makes it."""
    return one if number == 1 else many or one + "s"


def _progress(known: bool) -> "Progress":
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        FileSizeColumn,
        Progress,
        ProgressColumn,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns: list[ProgressColumn] = [TextColumn("{task.description}", markup=False)]
    if known:
        columns += [BarColumn(24), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn()]
    else:
        columns += [FileSizeColumn(), TransferSpeedColumn()]
    return Progress(*columns, console=Console(stderr=True, markup=False, highlight=False))
