"""Query templates: a person's own search bodies, kept as files, in which the query takes its place safely.

What is put in goes into strings of JSON that is parsed already, so no query can be read as a part of the request.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as late
from functools import lru_cache
from pathlib import Path
from typing import Any

from workbench.domain.errors import BadInputError
from workbench.domain.text import single_line

SUFFIX = ".json"
SIZE_LIMIT = 1_000_000
"""Bytes of a file."""
PARAMETERS = ("query", "depth", "title", "field")
BOOST = "boost."
"""What the name of a boost begins with; a searched field follows, or `title` or `body` for what is shown as such."""
_KEPT = 32
"""Templates that are kept as they were read."""

_PLACE = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_BESIDE = {
    *("sort", "from", "aggs", "aggregations", "rescore", "knn", "collapse", "search_after", "scroll", "rank"),
    *("min_score", "terminate_after", "suggest", "slice", "post_filter", "sub_searches"),
}
"""Keys that cannot stand beside a retriever, or would change what its hits are."""

_STARTER = """{
  "query": {
    "bool": {
      "must": {
        "multi_match": {
          "query": "{{query}}",
          "fields": ["{{title}}^{{boost.title}}", "{{field}}^{{boost.body}}"],
          "type": "best_fields"
        }
      },
      "should": { "match_phrase": { "{{field}}": { "query": "{{query}}", "boost": 2 } } }
    }
  }
}
"""


def starter() -> str:
    """What a new template holds: a query that works, with every kind of place in it but the depth."""
    return _STARTER


@dataclass(frozen=True)
class Template:
    """A search body with places for what changes from search to search. Make it with `load_template`."""

    file: Path
    body: Mapping[str, Any] = late(hash=False)
    """Has `query` or `retriever`, and nothing else."""

    @property
    def name(self) -> str:
        """The file's, without its ending."""
        return self.file.stem

    def filled(self, values: Mapping[str, str | float]) -> dict[str, Any]:
        """Make the body of one search.

        Args:
            values: By name: each of `PARAMETERS`, and `boost.NAME` for each boost. A string that is nothing but one
                place becomes the value itself, so that a number stays a number.

        Raises:
            BadInputError: It asks for the boost of a field that is not searched.
        """

        def put(text: str) -> Any:
            if whole := _PLACE.fullmatch(text):
                return value(whole[1])
            return _PLACE.sub(lambda place: _printed(value(place[1])), text)

        def value(name: str) -> str | float:
            if name in values:
                return values[name]
            there = ", ".join(known for known in values if known.startswith(BOOST))
            raise BadInputError(f"{self.file} asks for {name}, but that is not searched.", f"There are: {there}.")

        def fill(node: Any) -> Any:
            if isinstance(node, dict):
                return {_printed(put(key)): fill(below) for key, below in node.items()}
            if isinstance(node, list):
                return [fill(one) for one in node]
            return put(node) if isinstance(node, str) else node

        filled: dict[str, Any] = fill(self.body)
        return filled


def list_templates(folder: Path) -> dict[str, Path]:
    """Find the templates in a folder, valid or not: each one's name and file, sorted; none where there is no folder."""
    try:
        files = [file for file in folder.glob(f"*{SUFFIX}") if file.is_file()]
    except OSError:
        return {}
    return {file.stem: file for file in sorted(files) if file.stem[0] != "." and single_line(file.stem) == file.stem}


def named_template(folder: Path, name: str) -> Template:
    """Read the template of a name.

    Raises:
        BadInputError: There is none, which says which there are, or it cannot be used.
    """
    there = list_templates(folder)
    if name not in there:
        named = f"There are: {', '.join(there)}." if there else "There is none at all."
        said = f"There is no query template {name}{SUFFIX} in {folder}."
        raise BadInputError(said, f"{named} `template` in the profile names one.")
    return load_template(there[name])


def load_template(path: Path) -> Template:
    """Read a template and check it, unless that was done and the file has not changed since.

    Raises:
        BadInputError: It cannot be read, or could not be a search; names the file, the line and what to do.
    """
    try:
        now = path.stat()
    except OSError as error:
        raise _unreadable(path, error) from None
    return _checked(path, now.st_mtime_ns, now.st_size)


@lru_cache(_KEPT)
def _checked(path: Path, changed: int, size: int) -> Template:
    """The template as it is at a time, in ns, with a size in bytes."""
    if size > SIZE_LIMIT:
        raise BadInputError(f"{path} is larger than {SIZE_LIMIT:,} bytes.", "A template is a search body.")
    text = _read(path)
    try:
        body = json.loads(text, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise _wrong(path, error.lineno, f"is no JSON: {error.msg}", "Mend it there.") from None
    except (RecursionError, ValueError) as error:
        raise _wrong(path, 1, f"is no JSON that can be sent: {single_line(str(error), 100)}", "Simplify it.") from None
    if not isinstance(body, dict):
        raise _wrong(path, 1, "is no search body", 'Begin with {"query": …} or {"retriever": …}.')
    lines = {key: text.count("\n", 0, at) + 1 for key, at in _keys(text)}
    for key in body.keys() - {"query", "retriever"}:
        why = "cannot stand beside a retriever" if key in _BESIDE else "is not for a template to set"
        raise _wrong(path, lines[key], f"“{single_line(key, 40)}” {why}", "Take it out; `query` or `retriever` stays.")
    if len(body) != 1 or not isinstance(next(iter(body.values())), dict):
        where = max(lines.values(), default=1)
        raise _wrong(path, where, "needs one of `query` and `retriever`, an object", "See a new template for one.")
    _check_places(path, text, body)
    return Template(path, body)


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except OSError as error:
        raise _unreadable(path, error) from None
    except UnicodeDecodeError as error:
        raise _wrong(path, 1, f"is no UTF-8 text: {error.reason}", "Save it as UTF-8.") from None


def _check_places(path: Path, text: str, body: Any) -> None:
    asked = set()
    for string, is_key in _strings(body):
        for name in _PLACE.findall(string):
            asked.add(name)
            if name not in PARAMETERS and not (name.startswith(BOOST) and len(name) > len(BOOST)):
                known = ", ".join(f"{{{{{known}}}}}" for known in (*PARAMETERS, f"{BOOST}FIELD"))
                what = f"{{{{{single_line(name, 40)}}}}} is not known"
                raise _wrong(path, _line(text, name), what, f"There are: {known}.")
            if is_key and name == "query":
                raise _wrong(path, _line(text, name), "{{query}} stands in a key", "Put it into a value.")
    if "query" not in asked:
        raise _wrong(path, 1, "has no {{query}}", "Put it where the query goes, in a string of its own.")


def _line(text: str, name: str) -> int:
    """The first line with a place of this name."""
    return next((at for at, one in enumerate(text.splitlines(), 1) if name in _PLACE.findall(one)), 1)


def _strings(node: Any) -> Iterator[tuple[str, bool]]:
    """Every string in JSON, and whether it is a key."""
    pending = [node]
    while pending:
        one = pending.pop()
        if isinstance(one, dict):
            yield from ((key, True) for key in one)
            pending += one.values()
        elif isinstance(one, list):
            pending += one
        elif isinstance(one, str):
            yield one, False


def _keys(text: str) -> Iterator[tuple[str, int]]:
    """The outermost keys of an object that is valid JSON, and where each begins."""
    decode = json.JSONDecoder().raw_decode
    at = text.index("{") + 1
    while (begin := _after(text, at, " \t\r\n,")) < len(text) and text[begin] == '"':
        key, at = decode(text, begin)
        yield key, begin
        _, at = decode(text, _after(text, at, " \t\r\n:"))


def _after(text: str, at: int, skipped: str) -> int:
    while at < len(text) and text[at] in skipped:
        at += 1
    return at


def _no_number(said: str) -> float:
    raise ValueError(f"{said} is no number")


def _printed(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:g}"


def _unreadable(path: Path, error: OSError) -> BadInputError:
    return BadInputError(f"{path} cannot be read: {error.strerror or error}.", "Choose another template.")


def _wrong(path: Path, line: int, what: str, hint: str) -> BadInputError:
    return BadInputError(f"{path}, line {line}: {what}.", hint)
