"""Reads what a person types: plain words, "quoted phrases", and `field:` before either; never fails.

What does not parse is read as plain words, with a note that says so.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from workbench.domain.text import sanitize, single_line
from workbench.engines.analyzer import tokens

MOST_TERMS = 1_024
"""Terms that one query may have, Lucene's own bound."""

_MOST_CHARACTERS = 100_000
_FIELDS = ("title", "body", "id")
_PART = re.compile(r'(?:(?P<field>[^\W\d]\w*):(?=["\w]))?(?:"(?P<phrase>[^"]*)"|(?P<word>[^\s"]+))')


@dataclass(frozen=True)
class Clause:
    """One part of a query; a document's score is the sum over the parts that match it."""

    field: str | None
    """The field that was asked for; None for all that are searched."""
    terms: tuple[tuple[int, str], ...]
    """Position and term, in order; of the `id` field the id as it was typed."""
    phrase: bool = False
    """Whether the terms must stand at these positions, relative to each other."""


@dataclass(frozen=True)
class ParsedQuery:
    """What was understood of a query."""

    clauses: tuple[Clause, ...]
    notes: tuple[str, ...]
    """What a person should know."""

    def terms_of(self, field: str) -> frozenset[str]:
        """Terms that are looked for in a field."""
        return frozenset(term for part in self.clauses if part.field in (None, field) for _, term in part.terms)


def parse(query: str) -> ParsedQuery:
    """Read a query.

    Args:
        query: Anything; hostile and very long text included.

    Returns:
        Its parts, none when there is nothing to search for.
    """
    text = sanitize(query[:_MOST_CHARACTERS]).translate({ord(mark): '"' for mark in "“”„"})
    trouble = _trouble(text)
    clauses, left, cut = [], MOST_TERMS, len(query) > _MOST_CHARACTERS
    for clause in [Clause(None, _terms(text))] if trouble else _clauses(text):
        if kept := clause.terms[:left]:
            clauses.append(replace(clause, terms=kept))
        cut = cut or len(kept) < len(clause.terms)
        left -= len(kept)
    notes = [f"{trouble} So the query was read as plain words."] if trouble else []
    if cut:
        notes.append(f"The query is very long; only its beginning, at most {MOST_TERMS:,} terms, was searched.")
    if not clauses:
        why = "has only signs and words such as “the”" if text.strip() else "is empty"
        notes.append(f"The query {why}; there is nothing to search for.")
    return ParsedQuery(tuple(clauses), tuple(notes))


def _trouble(text: str) -> str | None:
    """What keeps a query from being more than plain words."""
    if text.count('"') % 2:
        return "A quotation mark is not closed."
    for part in _PART.finditer(text):
        field = part["field"]
        if field and field not in _FIELDS:
            return f"There is no field “{single_line(field, 30)}” (there are: {', '.join(_FIELDS)})."
        if part["word"] and part["word"].rstrip(":") in ("", *_FIELDS) and part["word"].endswith(":"):
            return "A colon has nothing to look for after it."
    return None


def _clauses(text: str) -> Iterator[Clause]:
    plain = []
    for part in _PART.finditer(text):
        field, phrase, word = part["field"], part["phrase"], part["word"]
        if field == "id":
            yield Clause("id", ((0, word or phrase),))
        elif phrase is not None:
            yield Clause(field, _terms(phrase), phrase=True)
        elif field:
            yield Clause(field, _terms(word))
        else:
            plain.append(word)
    yield Clause(None, _terms(" ".join(plain)))


def _terms(text: str) -> tuple[tuple[int, str], ...]:
    return tuple((position, term) for term, _, _, position in tokens(text))
