"""Getting a local model ready in the background, with its state as it changes."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable
from typing import Protocol

from workbench.domain.deployment import ModelStatus, PreparedModel
from workbench.domain.errors import WorkbenchError


class ModelLibrary(Protocol):
    """Local models on disk."""

    def ensure(self, id: str, report: Callable[[ModelStatus], None], stop: threading.Event) -> PreparedModel:
        """Fetch, verify and prepare; blocks, and reports on the calling thread."""
        ...


async def ensure_model(library: ModelLibrary, id: str) -> AsyncGenerator[ModelStatus | PreparedModel, None]:
    """Get a model ready in a thread of its own.

    Closing the iterator stops the download; the thread is a daemon, so quitting does not wait for it.

    Args:
        library: The local models.
        id: Which one.

    Yields:
        Its status as it changes, and last the prepared model.

    Raises:
        WorkbenchError: It could not be made ready; says why and what to do.
    """
    loop = asyncio.get_running_loop()
    news: asyncio.Queue[ModelStatus | PreparedModel | BaseException] = asyncio.Queue()
    stop = threading.Event()

    def tell(item: ModelStatus | PreparedModel | BaseException) -> None:
        if not stop.is_set():
            loop.call_soon_threadsafe(news.put_nowait, item)

    def work() -> None:
        try:
            tell(library.ensure(id, tell, stop))
        except BaseException as error:
            tell(error)

    threading.Thread(target=work, name=f"model {id}", daemon=True).start()
    try:
        while True:
            item = await news.get()
            if isinstance(item, WorkbenchError):
                raise item
            if isinstance(item, BaseException):
                raise WorkbenchError(f"The model {id} could not be made ready.", detail=repr(item)) from item
            yield item
            if isinstance(item, PreparedModel):
                return
    finally:
        stop.set()
