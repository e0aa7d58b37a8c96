"""Remembers which file of a folder is the tokenizer that was looked for."""

import hashlib
import json
import os
from pathlib import Path

from workbench.domain.deployment import TokenizerFile, TokenizerKind
from workbench.domain.truncation import Strategy, Window

RECORD = "found.json"


def read_record(home: Path) -> TokenizerFile | None:
    """Find what was recorded; None where nothing was, or the file is not as it was then."""
    try:
        said = json.loads((home / RECORD).read_bytes())
        path = home / said["file"]
        budget, special, strategy = said["window"]
        if _digest(path) != said["sha256"]:
            return None
        window = Window(int(budget), int(special), Strategy(strategy))
        return TokenizerFile(str(said["id"]), TokenizerKind(said["kind"]), path, window, tuple(said["notes"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_record(home: Path, found: TokenizerFile) -> None:
    """Record a tokenizer whose file is on disk below `home`."""
    window = found.window
    said = {
        "id": found.id,
        "kind": found.kind,
        "file": found.path.relative_to(home).as_posix(),
        "sha256": _digest(found.path),
        "window": [window.budget, window.special, window.strategy],
        "notes": found.notes,
    }
    replace_file(home / RECORD, json.dumps(said, indent=1).encode())


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def forget(home: Path) -> None:
    """Record nothing."""
    (home / RECORD).unlink(missing_ok=True)


def replace_file(path: Path, content: bytes) -> None:
    """Write a whole file, or leave what was there."""
    draft = path.with_name(f"{path.name}.part")
    with draft.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(path)
