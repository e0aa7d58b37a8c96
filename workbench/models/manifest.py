"""What makes a prepared folder visible: one small file, written last and replaced atomically."""

import json
import os
import shutil
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any

from workbench.domain.deployment import PreparedModel
from workbench.models.catalog import ModelCard
from workbench.models.prepare import ONNX, TOKENIZER, VERSION

MANIFEST = "manifest.json"
PREPARED = "prepared-"


def read(home: Path, card: ModelCard) -> PreparedModel | None:
    """Find what a model's folder has ready; None when it has nothing, or something that was made differently."""
    try:
        manifest = json.loads((home / MANIFEST).read_bytes())
        folder = home / manifest["folder"]
        if manifest["recipe"] != _recipe(card) or manifest["sizes"] != _sizes(folder):
            return None
        fingerprint = f"{manifest['content']}-{card.window}"
        return PreparedModel(card.id, card.kind, folder / ONNX, folder / TOKENIZER, card.window, fingerprint)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def new_folder(home: Path) -> Path:
    """Create a folder to prepare in; nobody sees it before `publish`."""
    folder = home / f"{PREPARED}{os.urandom(4).hex()}"
    folder.mkdir()
    return folder


def publish(home: Path, card: ModelCard, folder: Path, notes: Mapping[str, Any]) -> None:
    """Make a prepared folder the one that is ready, on disk before it is seen.

    Args:
        home: The model's folder.
        card: The model.
        folder: A folder from `new_folder` that holds `ONNX` and `TOKENIZER`.
        notes: What else to remember.
    """
    hasher = blake2b(digest_size=8)
    for name in (ONNX, TOKENIZER):
        with (folder / name).open("rb+") as stream:
            hasher.update(stream.read())
            os.fsync(stream.fileno())
    manifest = {
        "model": card.id,
        "folder": folder.name,
        "recipe": _recipe(card),
        "content": hasher.hexdigest(),
        "sizes": _sizes(folder),
        **notes,
    }
    draft = folder / MANIFEST
    with draft.open("w", encoding="utf-8") as stream:
        json.dump(manifest, stream, indent=1)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(home / MANIFEST)


def sweep(home: Path) -> None:
    """Delete prepared folders that the manifest does not name."""
    try:
        named = json.loads((home / MANIFEST).read_bytes())["folder"]
    except (OSError, ValueError, KeyError, TypeError):
        named = None
    for folder in home.glob(f"{PREPARED}*"):
        if folder.name != named:
            shutil.rmtree(folder, ignore_errors=True)


def _recipe(card: ModelCard) -> str:
    """Changes when the same model would be made from other files or in another way."""
    files = [(file.name, file.checksum and file.checksum.value) for file in card.files]
    return blake2b(repr((sorted(files), card.prepare, VERSION)).encode(), digest_size=8).hexdigest()


def _sizes(folder: Path) -> dict[str, int]:
    return {name: (folder / name).stat().st_size for name in (ONNX, TOKENIZER)}
