"""What a person may type: plain words, "quoted phrases", and `field:` before either; never fails.

What does not parse is read as plain words, with a note that says so.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from workbench.domain.text import sanitize, single_line

MOST_CHARACTERS = 100_000

_PART = re.compile(r'(?:(?P<field>[^\W\d][\w.@-]*):(?=["\w]))?(?:"(?P<phrase>[^"]*)"|(?P<word>[^\s"]+))')
_QUOTES = {ord(mark): '"' for mark in "“”„"}


@dataclass(frozen=True)
class Part:
    """Words or a phrase, as they were typed; a document's score is the sum over the parts that match it."""

    field: str | None
    """The field that was asked for; None for all that are searched."""
    text: str
    phrase: bool = False


def read_query(query: str, fields: Mapping[str, str]) -> tuple[list[Part], tuple[str, ...]]:
    """Read a query.

    Args:
        query: Anything; hostile text included. What is beyond `MOST_CHARACTERS` is left out.
        fields: Names that may stand before a colon, with the field that each means.

    Returns:
        Its parts, of which some may hold nothing, and what a person should know.
    """
    text = sanitize(query[:MOST_CHARACTERS]).translate(_QUOTES)
    trouble = _trouble(text, fields)
    if trouble:
        return [Part(None, text)], (f"{trouble} So the query was read as plain words.",)
    return list(_parts(text, fields)), ()


def _trouble(text: str, fields: Mapping[str, str]) -> str | None:
    """What keeps a query from being more than plain words."""
    if text.count('"') % 2:
        return "A quotation mark is not closed."
    for part in _PART.finditer(text):
        field, word = part["field"], part["word"] or ""
        # A name with other signs in it, as in well-known:thing, is more likely a word.
        if field and field not in fields and field.replace("_", "a").isalnum():
            return f"There is no field “{single_line(field, 30)}” that can be searched for words."
        if word.endswith(":") and word.rstrip(":") in ("", *fields):
            return "A colon has nothing to look for after it."
    return None


def _parts(text: str, fields: Mapping[str, str]) -> Iterator[Part]:
    words = []
    for part in _PART.finditer(text):
        name, phrase, word = part["field"], part["phrase"], part["word"]
        field = fields.get(name) if name else None
        if name and not field:
            words.append(part[0].replace('"', " "))
        elif phrase is not None:
            yield Part(field, phrase, phrase=True)
        elif field:
            yield Part(field, word)
        else:
            words.append(word)
    yield Part(None, " ".join(words))
