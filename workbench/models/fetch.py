"""Gets a model's files from the first source that has them, and refuses what is not what was published."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from workbench.domain.deployment import ModelState, Progress
from workbench.domain.errors import ModelUnavailableError
from workbench.models.catalog import ModelCard
from workbench.models.folder import VARIABLE
from workbench.models.source import ModelFile, digest

Tell = Callable[[ModelState, Progress | None], None]
EARLIER = "an earlier download"


def fetch(card: ModelCard, folder: Path, tell: Tell, stop: threading.Event) -> dict[str, object]:
    """Bring verified files into a folder.

    Args:
        card: The model.
        folder: May hold what an earlier, interrupted call left.
        tell: Called with each state and progress.
        stop: Ends the work; what was fetched so far stays.

    Returns:
        Where the files came from and what each was checked against.

    Raises:
        ModelUnavailableError: Every source failed; says why each did.
        StoppedError: `stop` was set.
        OSError: The folder cannot be written to.
    """
    if all(file.checksum and (folder / file.name).is_file() for file in card.files):
        tell(ModelState.VERIFYING, None)
        try:
            return {"source": EARLIER, "files": verify(card.files, folder, stop)}
        except ModelUnavailableError:
            pass  # the bad file is gone, the sources bring a new one
    failures: list[tuple[str, ModelUnavailableError]] = []
    for source in card.sources:
        try:
            tell(ModelState.DOWNLOADING, None)
            known = source.fetch(
                card.id, card.files, folder, lambda progress: tell(ModelState.DOWNLOADING, progress), stop
            )
            if known is None:
                continue
            tell(ModelState.VERIFYING, None)
            return {"source": source.name, "files": verify(known, folder, stop)}
        except ModelUnavailableError as error:
            failures.append((source.name, error))
    raise ModelUnavailableError(
        f"{card.id} could not be fetched: "
        + ("; ".join(f"{name}: {error.message}" for name, error in failures) or "it has no source")
        + ".",
        f"Check the network and try again, or set {VARIABLE} to a folder that holds {card.id}/{card.files[0].name}.",
        "\n\n".join(f"{name}\n{error.message}\n{error.detail}" for name, error in failures),
    )


def verify(files: Sequence[ModelFile], folder: Path, stop: threading.Event) -> dict[str, str]:
    """Hash each file; delete and refuse one that is wrong.

    Returns:
        What each was checked against.

    Raises:
        ModelUnavailableError: A file is not what was published.
        StoppedError: `stop` was set.
    """
    checked = {}
    for file in files:
        path = folder / file.name
        size = path.stat().st_size
        if file.size is not None and size != file.size:
            path.unlink()
            raise ModelUnavailableError(f"{file.name} has {size:,} bytes, expected {file.size:,}")
        if not file.checksum:
            checked[file.name] = "size" if file.size is not None else "nothing"
            continue
        algorithm, expected = file.checksum.algorithm, file.checksum.value
        got = digest(path, algorithm, stop)
        if got != expected:
            path.unlink()
            raise ModelUnavailableError(
                f"{file.name} has {algorithm} {got[:12]}…, expected {expected[:12]}…",
                detail=f"{file.name}: {algorithm} {got}, expected {expected}",
            )
        checked[file.name] = f"{algorithm} {expected}"
    return checked
