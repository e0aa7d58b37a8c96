"""Turns what a person types into the terms that the embedded engine looks for."""

from dataclasses import dataclass, replace

from workbench.engines.analyzer import tokens
from workbench.engines.query_grammar import MOST_CHARACTERS, Part, read_query

MOST_TERMS = 1_024
"""Terms that one query may have, Lucene's own bound."""

_FIELDS = {name: name for name in ("title", "body", "id")}


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
    parts, notes = read_query(query, _FIELDS)
    clauses, left, cut = [], MOST_TERMS, len(query) > MOST_CHARACTERS
    for clause in map(_clause, parts):
        if kept := clause.terms[:left]:
            clauses.append(replace(clause, terms=kept))
        cut = cut or len(kept) < len(clause.terms)
        left -= len(kept)
    if cut:
        notes += (f"The query is very long; only its beginning, at most {MOST_TERMS:,} terms, was searched.",)
    if not clauses:
        why = "has only signs and words such as “the”" if any(part.text.strip() for part in parts) else "is empty"
        notes += (f"The query {why}; there is nothing to search for.",)
    return ParsedQuery(tuple(clauses), notes)


def _clause(part: Part) -> Clause:
    if part.field == "id":
        return Clause("id", ((0, part.text),))
    return Clause(part.field, _terms(part.text), part.phrase)


def _terms(text: str) -> tuple[tuple[int, str], ...]:
    return tuple((position, term) for term, _, _, position in tokens(text))
