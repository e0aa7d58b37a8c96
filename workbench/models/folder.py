"""Takes models from a folder on this machine, for those who bring the files themselves."""

import os
import threading
from collections.abc import Sequence
from pathlib import Path

from workbench.domain.deployment import Progress
from workbench.domain.errors import ModelUnavailableError
from workbench.domain.text import single_line
from workbench.models.source import CHUNK, ModelFile, Report, check_stop

VARIABLE = "WORKBENCH_MODELS"


class Folder:
    """The folder that `WORKBENCH_MODELS` names; it holds one folder per model id."""

    @property
    def name(self) -> str:
        """The variable, as a person set it."""
        return single_line(f"{VARIABLE}={os.environ.get(VARIABLE, '')}")

    def fetch(
        self, model: str, files: Sequence[ModelFile], folder: Path, report: Report, stop: threading.Event
    ) -> Sequence[ModelFile] | None:
        """Copy the files; see `Source.fetch`."""
        root = os.environ.get(VARIABLE)
        if not root or not (origin := Path(root).expanduser() / model).is_dir():
            return None
        missing = [file.name for file in files if not os.access(origin / file.name, os.R_OK)]
        if missing:
            raise ModelUnavailableError(f"it has no readable {' and no '.join(f'{model}/{name}' for name in missing)}")
        total = sum((origin / file.name).stat().st_size for file in files)
        done = 0
        for file in files:
            target = folder / file.name
            target.parent.mkdir(parents=True, exist_ok=True)
            with (origin / file.name).open("rb") as reader, target.open("wb") as writer:
                while chunk := reader.read(CHUNK):
                    check_stop(stop)
                    writer.write(chunk)
                    done += len(chunk)
                    report(Progress(done, total, "bytes"))
        return files
