"""A folder of texts, or a single one: every Markdown, reStructuredText, text and HTML file is a document."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path, PurePath

from workbench.corpora.base import Record, Skipped
from workbench.corpora.markup import Parts, markdown, restructured_text
from workbench.corpora.stream import UnreadableError, read_text, reason
from workbench.corpora.web_page import web_page
from workbench.domain.documents import Document
from workbench.domain.errors import BadInputError
from workbench.domain.text import single_line

_SPLIT: dict[str, Callable[[str], Parts]] = {
    ".md": markdown,
    ".markdown": markdown,
    ".rst": restructured_text,
    ".txt": lambda text: ("", text),
    ".html": web_page,
    ".htm": web_page,
}
SUFFIXES = tuple(_SPLIT)
_JUDGED = ("queries.jsonl", "qrels")
"""What lies beside the documents and is read by `read_judged`."""


@dataclass(frozen=True)
class _Found:
    """A file or folder below the root."""

    path: str
    shown: str
    """Relative to the root, with slashes."""
    id: str = ""
    """Empty for a folder and for a file that is no text."""
    size: int = 0
    folder: bool = False


class TextReader:
    """Reads one text as a corpus of one document."""

    kind = "text"
    ignored = 0
    judged_root: Path | None = None
    line: int | None = None

    def __init__(self, path: Path) -> None:
        self._path = path
        self.source = single_line(path.name)
        self.total_bytes = path.stat().st_size
        self.bytes_read = 0

    def records(self) -> Iterator[Record]:
        """Read the file."""
        yield self._read(self._path, self._path.stem)
        self.bytes_read = self.total_bytes

    def _read(self, path: Path, id: str) -> Record:
        try:
            title, body = _SPLIT[path.suffix.lower()](read_text(path))
        except (OSError, UnreadableError) as error:
            return Skipped.of(self.source, None, reason(error))
        document = Document.of(id, title, body)
        if document.title:
            return document
        if not document.body:
            return Skipped.of(self.source, None, "empty document")
        return Document.of(id, path.stem, body)


class FolderReader(TextReader):
    """Reads the texts below a folder in the order of their paths."""

    kind = "folder"

    def __init__(self, root: Path) -> None:
        """Look through the folder.

        Raises:
            BadInputError: It cannot be opened, is empty, or holds no text.
        """
        super().__init__(root)
        self.judged_root = root
        self._real_root = os.path.realpath(root)
        self.ignored = texts = size = 0
        problem = ""
        for found in self._walk():
            if isinstance(found, Skipped):
                problem = problem or str(found)
                continue
            texts += bool(found.id)
            self.ignored += not found.id
            size += found.size
        self.total_bytes = size
        if not texts:
            files = "its one file is no text" if self.ignored == 1 else f"none of its {self.ignored} files is a text"
            holds = files if self.ignored else problem or "it is empty"
            raise BadInputError(
                f"nothing to read in {self.source}: {holds}",
                f"A folder may hold {', '.join(SUFFIXES)}; point at any other file itself.",
            )

    def records(self) -> Iterator[Record]:
        """Read every text."""
        self.bytes_read = 0
        for found in self._walk():
            if isinstance(found, Skipped):
                self.source = found.source
                yield found
            elif found.id:
                self.source = single_line(found.shown)
                yield self._read(Path(found.path), found.id)
                self.bytes_read += found.size
        self.bytes_read = self.total_bytes

    def _walk(self) -> Iterator[_Found | Skipped]:
        """Give every file in the order of paths; `ignored` ones have no id."""
        waiting: list[_Found | Skipped] = [_Found(str(self._path), "", folder=True)]
        while waiting:
            found = waiting.pop()
            if isinstance(found, _Found) and found.folder:
                waiting += reversed(self._list(found))
            else:
                yield found

    def _list(self, folder: _Found) -> list[_Found | Skipped]:
        try:
            with os.scandir(folder.path) as scan:
                entries = [entry for entry in scan if not entry.name.startswith(".")]
        except OSError as error:
            return [Skipped.of(folder.shown or self.source, None, reason(error))]
        stems = Counter(_stem(entry.name) for entry in entries if _is_text(entry.name))
        listed: list[tuple[str, _Found | Skipped]] = []
        for entry in entries:
            if folder.shown or entry.name not in _JUDGED:
                found = self._look(entry, f"{folder.shown}/{entry.name}".removeprefix("/"), stems)
                # A folder sorts as its files do, by the path with the slash.
                slash = "/" if isinstance(found, _Found) and found.folder else ""
                listed.append((entry.name + slash, found))
        return [found for _, found in sorted(listed, key=itemgetter(0))]

    def _look(self, entry: os.DirEntry[str], shown: str, stems: Counter[str]) -> _Found | Skipped:
        try:
            if entry.is_dir(follow_symlinks=False):
                return _Found(entry.path, shown, folder=True)
            if not _is_text(entry.name):
                return _Found(entry.path, shown)
            if entry.is_symlink():
                real = os.path.realpath(entry.path)
                if os.path.commonpath((real, self._real_root)) != self._real_root:
                    return Skipped.of(shown, None, "a link that leads out of the folder")
            size = entry.stat().st_size
            if not entry.is_file():
                return _Found(entry.path, shown)
        except OSError as error:
            return Skipped.of(shown, None, reason(error))
        stem = _stem(entry.name)
        return _Found(entry.path, shown, shown if stems[stem] > 1 else shown[: len(stem) - len(entry.name)], size)


def _is_text(name: str) -> bool:
    return name.lower().endswith(SUFFIXES)


def _stem(name: str) -> str:
    return PurePath(name).stem
