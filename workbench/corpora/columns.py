"""Which column is the id, the title and the body, and how a row becomes a document."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from workbench.corpora.base import Columns
from workbench.domain.documents import Document
from workbench.domain.errors import BadInputError
from workbench.domain.text import single_line

_USUAL = {
    "id": ("id", "_id", "docid", "doc_id", "key", "url"),
    "title": ("title", "name", "headline", "heading"),
    "body": ("body", "text", "content", "description", "passage", "contents"),
}
EXPECTED = f"a column with the text ({', '.join(_USUAL['body'])}; or name it with --body)"
"""What every file of records must have, said to the person."""
_SHOWN = 20


class UnfitError(Exception):
    """A row cannot become a document; the text is the reason."""


@dataclass(frozen=True)
class Chosen:
    """The columns of one file, by their exact names."""

    id: str | None
    """None: records are numbered."""
    title: str | None
    body: str

    def document(self, row: Mapping[str, object], number: int) -> Document:
        """Make a document of a row.

        Args:
            row: Values by column name.
            number: The row's own, its id where no column has ids.

        Raises:
            UnfitError: A value is an object or holds one.
        """
        return Document.of(
            str(number) if self.id is None else _text(row, self.id),
            "" if self.title is None else _text(row, self.title),
            _text(row, self.body),
        )


def choose(names: Iterable[str], asked: Columns, file: str) -> Chosen:
    """Find the columns, by the names a person gave and else by the usual ones, in any case.

    Args:
        names: The columns of the file, in order.
        asked: The names given.
        file: The file's name, for the message.

    Raises:
        BadInputError: A name given is not there, no column looks like a body, or a column is there twice.
    """
    names = list(names)
    found: dict[str, str] = {}
    for name in names:
        found.setdefault(name.strip().casefold(), name)
    given = {"id": asked.id, "title": asked.title, "body": asked.body}
    chosen: dict[str, str | None] = {}
    for role, asked_for in given.items():
        if asked_for is not None:
            chosen[role] = found.get(asked_for.strip().casefold())
            if chosen[role] is None:
                raise _unclear(f"{file} has no column {asked_for!r} (asked for by --{role})", found.values())
    for role, usual in _USUAL.items():
        if role not in chosen:
            free = (found[name] for name in usual if name in found and found[name] not in chosen.values())
            chosen[role] = next(free, None)
    body = chosen["body"]
    if body is None:
        raise _unclear(f"cannot tell which column of {file} holds the text", found.values())
    for role, column in chosen.items():
        if column is not None and names.count(column) > 1:
            message = f"{file} has more than one column {column!r}"
            raise BadInputError(single_line(message), f"Rename one, or name another column with --{role}.")
    return Chosen(chosen["id"], chosen["title"], body)


def _unclear(problem: str, names: Iterable[str]) -> BadInputError:
    shown = [single_line(name, 40) or "(no name)" for name in names]
    listed = ", ".join(shown[:_SHOWN]) + (f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else "")
    return BadInputError(
        single_line(f"{problem}; its columns are: {listed or 'none'}"),
        "Name the columns with --body, --title and --id, for example: --body NAME",
    )


def _text(row: Mapping[str, object], column: str) -> str:
    value = row.get(column)
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list):
        if all(isinstance(item, str) for item in value):
            return "\n".join(value)
        raise UnfitError(f"{column!r} is a list that holds more than text")
    raise UnfitError(f"{column!r} is an object, not text")
