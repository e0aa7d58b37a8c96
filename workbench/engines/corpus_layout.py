"""Where an indexed corpus lies on disk, and what its manifest says of it.

`<root>/<name>/current` names the generation that answers; `<root>/<name>/<generation>/` holds it. A generation
is never changed once it is current, only replaced.
"""

import json
import os
import re
import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from workbench.config.paths import bundled
from workbench.domain.errors import BadInputError, IndexUnavailableError
from workbench.domain.text import single_line
from workbench.engines.analyzer import ANALYZER_VERSION

FORMAT_VERSION = 1
"""Goes up when the layout or the schema changes."""

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_LOCKS = ".locks"


@dataclass(frozen=True)
class Manifest:
    """What a generation says of itself; written last."""

    format: int
    tantivy: str
    """The library's own version text; its last part names the index format."""
    analyzer: int
    name: str
    source: str
    documents: int
    text_bytes: int
    skipped: int
    built_at: str
    columns: tuple[str, ...]
    """Fields of `documents.jsonl`."""
    files: dict[str, int]
    """Size in bytes of every other file, by its path."""

    @property
    def mending(self) -> str:
        """The command that makes the corpus again from its source."""
        if self.source.startswith("bundled "):
            return _remove_bundled(self.name)
        # What cannot be printed as it is cannot be copied into a command either.
        path = shlex.quote(self.source) if self.source == single_line(self.source) else "PATH"
        return f"workbench corpus add {path} --name {self.name}"

    def write(self, generation: Path) -> None:
        """Put it into its generation."""
        # In ASCII, as a source's name need not be Unicode and has to come back as it was.
        text = json.dumps(asdict(self), indent=1)
        (generation / "manifest.json").write_text(text + "\n", encoding="utf-8")


def home_of(root: Path, name: str) -> Path:
    """A corpus's folder.

    Raises:
        BadInputError: The name would not do as a folder's name everywhere.
    """
    if not _NAME.fullmatch(name):
        hint = "Use up to 64 of a-z, 0-9, dot, dash and underscore, beginning with a letter or a digit."
        raise BadInputError(f"“{name[:80]}” cannot be the name of a corpus.", hint)
    return root / name


def names(root: Path) -> list[str]:
    """Every corpus below a root, whole or not, in alphabetical order."""
    try:
        return sorted(home.name for home in root.iterdir() if _NAME.fullmatch(home.name) and home.is_dir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise IndexUnavailableError(
            "The folder of all corpora may not be read.", f"See to {root}.", str(error)
        ) from error


@contextmanager
def reading(name: str, hint: str = "") -> Iterator[None]:
    """Turn what goes wrong while a corpus is read into the error of the house; the hint mends damage."""
    try:
        yield
    except PermissionError as error:
        allow = f"Make {error.filename} readable and writable for you."
        raise IndexUnavailableError(f"The corpus “{name}” may not be read.", allow, str(error)) from error
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise damaged(name, str(error), hint) from error


def damaged(name: str, detail: str, hint: str = "") -> IndexUnavailableError:
    """The error for an index whose files are not as they were written."""
    return IndexUnavailableError(f"The index of “{name}” is damaged.", hint or _rebuild(name), detail)


def current_generation(root: Path, name: str) -> Path:
    """The folder that answers for a corpus now.

    Raises:
        BadInputError: There is no corpus of that name; the message says which there are.
        IndexUnavailableError: It was never finished, or may not be read.
    """
    home = home_of(root, name)
    with reading(name):
        if not home.is_dir():
            known = names(root)
            from difflib import get_close_matches

            near = get_close_matches(name, known)
            there = ", ".join(dict.fromkeys([*near, *known])) or "none yet"
            hint = f"Did you mean {near[0]}?" if near else "workbench corpus list"
            raise BadInputError(f"There is no corpus “{name}” (there are: {there}).", hint)
        try:
            return home / (home / "current").read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            message = f"The index of “{name}” was never finished."
            raise IndexUnavailableError(message, _from_source(name)) from None


def read_manifest(generation: Path, name: str) -> Manifest:
    """Read what a generation says of itself, whatever its version.

    Raises:
        IndexUnavailableError: It cannot be read.
    """
    with reading(name, _from_source(name)):
        said: dict[str, Any] = json.loads((generation / "manifest.json").read_text(encoding="utf-8"))
        missing = [field.name for field in fields(Manifest) if field.name not in said]
        if missing:
            raise ValueError(f"manifest.json lacks {', '.join(missing)}")
        return Manifest(**{field.name: said[field.name] for field in fields(Manifest)})


def check(manifest: Manifest, generation: Path) -> None:
    """Make sure that this program can read a generation and that no file of it was cut.

    Raises:
        IndexUnavailableError: It cannot; the hint mends it.
    """
    from tantivy.tantivy import __version__ as tantivy_version

    name = manifest.name
    ours = (FORMAT_VERSION, _index_format(tantivy_version), ANALYZER_VERSION)
    theirs = (manifest.format, _index_format(manifest.tantivy), manifest.analyzer)
    if ours != theirs:
        message = f"The index of “{name}” was made by another version of this program."
        raise IndexUnavailableError(message, _rebuild(name), f"format, tantivy, analyzer: {theirs}, wanted {ours}")
    with reading(name):
        for path, size in manifest.files.items():
            file = generation / path
            if (found := file.stat().st_size if file.exists() else 0) != size:
                hint = manifest.mending if path == "documents.jsonl" else ""
                raise damaged(name, f"{path} has {found:,} bytes, {size:,} were written", hint)


@contextmanager
def locked(root: Path, name: str, patience: float = 0) -> Iterator[None]:
    """Hold a corpus against other builders, waiting for one some seconds.

    Raises:
        IndexUnavailableError: Another one holds it.
    """
    from filelock import FileLock, Timeout

    home_of(root, name)
    try:
        (root / _LOCKS).mkdir(parents=True, exist_ok=True)
        with FileLock(root / _LOCKS / name, timeout=patience):
            yield
    except Timeout:
        hint = "Wait until it has finished; what was there before answers until then."
        raise IndexUnavailableError(f"“{name}” is being built by another process.", hint) from None
    except PermissionError as error:
        hint = f"Make {root} writable for you."
        raise IndexUnavailableError(f"The corpus “{name}” may not be written.", hint, str(error)) from error
    except OSError as error:
        hint = f"See to {root} (is the disk full?) and try again; what was there before still answers."
        raise IndexUnavailableError(f"The index of “{name}” could not be written.", hint, str(error)) from error


def switch(home: Path, generation: Path) -> None:
    """Make a generation the one that answers, once all of it is on the disk."""
    for path in (*files_in(generation), generation / "tantivy", generation):
        _sync(path)
    new = home / "current.new"
    new.write_text(generation.name + "\n", encoding="utf-8")
    _sync(new)
    new.replace(home / "current")
    _sync(home)


def sweep(home: Path) -> None:
    """Delete all that no reader can find: old generations and those that were never finished."""
    try:
        current = (home / "current").read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        current = ""
    for path in home.iterdir() if home.is_dir() else ():
        if path.name == "current.new":
            path.unlink()
        elif path.name not in ("current", current):
            # Where an open file cannot be deleted, the next build does it.
            shutil.rmtree(path, ignore_errors=True)
    if home.is_dir() and not any(home.iterdir()):
        home.rmdir()


def files_in(generation: Path) -> Iterator[Path]:
    """Every file of a generation."""
    return (path for path in generation.rglob("*") if path.is_file())


def _sync(path: Path) -> None:
    if os.name == "nt" and path.is_dir():
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _index_format(version: str) -> str:
    return version.rpartition(",")[2].strip()


def _rebuild(name: str) -> str:
    return f"workbench corpus rebuild {name}"


def _remove_bundled(name: str) -> str:
    return f"workbench corpus remove {name}; it is built again when it is next opened."


def _from_source(name: str) -> str:
    """What mends a corpus that cannot say where it came from."""
    if (bundled("fixtures") / name).is_dir():
        return _remove_bundled(name)
    return f"workbench corpus add PATH --name {name}"
