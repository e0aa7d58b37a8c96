"""From what a person points at to the reader for it."""

import stat
from pathlib import Path

from workbench.corpora.base import Columns, Reader
from workbench.corpora.beir import BeirReader, is_beir
from workbench.corpora.delimited import DELIMITERS, DelimitedReader
from workbench.corpora.folder import SUFFIXES, FolderReader, TextReader
from workbench.corpora.json_array import JsonArrayReader, holds_array
from workbench.corpora.jsonl import JsonlReader
from workbench.corpora.stream import reason
from workbench.domain.errors import BadInputError
from workbench.domain.text import single_line

_PYTHON = "python"
_JSON_LINES = (".jsonl", ".ndjson")
_READABLE = ", ".join((*_JSON_LINES, ".json", *DELIMITERS, *SUFFIXES))
_HINT = f"Point at a folder of texts, a BEIR folder, or a file that ends in {_READABLE}."


def open_corpus(path: str, columns: Columns = Columns()) -> Reader:  # noqa: B008 (frozen)
    """Choose the reader for a path, looking at no more than its first records.

    Args:
        path: A file, a folder, or `python` for the documentation of Python's standard library.
        columns: Names of columns, where the file has columns.

    Raises:
        BadInputError: There is nothing at the path, nothing in it that can be read, or its columns are unclear.
    """
    if not path:
        raise BadInputError("the path is empty", _HINT)
    shown = single_line(path, 200)
    try:
        place = Path(path).expanduser()
        mode = place.stat().st_mode
    except (OSError, ValueError, RuntimeError) as error:
        if path == _PYTHON and isinstance(error, FileNotFoundError):
            from workbench.corpora.python_docs import PythonDocsReader

            return PythonDocsReader()
        if isinstance(error, PermissionError):
            raise BadInputError(f"{shown!r}: {reason(error)}", "Check its permissions.") from error
        raise BadInputError(f"there is no file or folder {shown!r}", _HINT) from error
    if stat.S_ISDIR(mode):
        return BeirReader(place, columns) if is_beir(place) else FolderReader(place)
    suffix = place.suffix.lower()
    if stat.S_ISREG(mode):
        if suffix in _JSON_LINES:
            return JsonlReader(place, columns)
        if suffix == ".json":
            return JsonArrayReader(place, columns) if holds_array(place) else JsonlReader(place, columns)
        if suffix in DELIMITERS:
            return DelimitedReader(place, columns)
        if suffix in SUFFIXES:
            return TextReader(place)
    raise BadInputError(f"cannot tell how to read {shown!r}", _HINT)
