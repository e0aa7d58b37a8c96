"""What is being done to a model, or why the last attempt failed, in a small file for every process to see."""

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from workbench.domain.deployment import ModelState, ModelStatus
from workbench.domain.text import single_line


@dataclass(frozen=True)
class StateFile:
    """One model's file; all of it is best effort, no call raises for what the disk does."""

    path: Path

    def write(self, status: ModelStatus) -> None:
        """Replace what was said before, at once or not at all."""
        said = {"state": status.state, "reason": status.reason, "next": status.next}
        draft = self.path.with_name(f"{self.path.name}.new")
        try:
            draft.write_text(json.dumps(said), "utf-8")
            draft.replace(self.path)
        except OSError:
            with suppress(OSError):
                draft.unlink(missing_ok=True)

    def read(self, id: str) -> ModelStatus | None:
        """What was said last; None when nothing was, or nothing that makes sense."""
        try:
            said = json.loads(self.path.read_bytes())
            reason, next = (None if said[key] is None else single_line(said[key]) for key in ("reason", "next"))
            return ModelStatus(id, ModelState(said["state"]), reason=reason, next=next)
        except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
            return None

    def clear(self) -> None:
        """Say nothing any more."""
        with suppress(OSError):
            self.path.unlink(missing_ok=True)
