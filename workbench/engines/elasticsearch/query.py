"""Turns what a person types into a query of Elasticsearch's that ranks as the embedded engine does.

Words, "quoted phrases" and `field:` before either mean what they mean there; whatever else is typed is plain words, so
that no query is ever a syntax error.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.domain.tuning import Boosts
from workbench.engines.elasticsearch.fields import SEMANTIC, WHOLE, WORDS, Index
from workbench.engines.query_grammar import MOST_CHARACTERS, Part, read_query

Node = dict[str, Any]
"""A query or a retriever, as JSON has it."""

MOST_WORDS = 1_024
"""Words times fields that one query may have: a server of any size takes as many clauses."""
MATCH_NONE: Node = {"match_none": {}}

_NAMED = {*WORDS, *WHOLE, "boolean", "date", "date_nanos", "ip", "version", "byte", "short", "integer", "long"}
_NAMED |= {"unsigned_long", "half_float", "float", "scaled_float", "double"}
"""Types of fields that can be asked for by name."""
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Words:
    """What was understood of a query."""

    clauses: tuple[Part, ...]
    """None when there is nothing to search for."""
    text: str
    """All of it without marks, as a model reads it."""
    notes: tuple[str, ...]
    """What a person should know."""


def understood(query: str, index: Index) -> Words:
    """Read a query; `title:` and `body:` stand for the fields that are shown as such where there are none so named."""
    parts, said = read_query(query, _known(index))
    clauses, notes = [], list(said)
    left = MOST_WORDS // max(len(index.fields), 1)
    cut = len(query) > MOST_CHARACTERS
    for part in parts:
        kept, left, fits = _shortened(part, left)
        cut = cut or not fits
        if kept.text.strip():
            clauses.append(kept)
    if cut:
        most = MOST_WORDS // max(len(index.fields), 1)
        notes.append(f"The query is very long; only its beginning, at most {most:,} words, was searched.")
    if not clauses:
        notes.append("The query is empty; there is nothing to search for.")
    return Words(tuple(clauses), " ".join(clause.text for clause in clauses), tuple(notes))


def lexical(words: Words, boosts: Boosts, mapping: Mapping[str, str]) -> Node:
    """Write a BM25 query: a sum over the parts, in each the best field alone.

    Args:
        words: What was understood of a query.
        boosts: Of the searched fields; 0 leaves a field out.
        mapping: The index's fields and their types.
    """
    nodes = [_node(clause, boosts, mapping) for clause in words.clauses]
    nodes = [node for node in nodes if node != MATCH_NONE]
    if not nodes:
        return MATCH_NONE
    return nodes[0] if len(nodes) == 1 else {"bool": {"should": nodes}}


def in_field(words: Words, field: str, mapping: Mapping[str, str]) -> Node | None:
    """What of a query looks in one field, for highlighting; None when nothing does."""
    clauses = tuple(clause for clause in words.clauses if clause.field in (None, field))
    if not clauses or mapping.get(field) == SEMANTIC:
        return None
    return lexical(Words(clauses, "", ()), ((field, 1.0),), mapping)


def by_meaning(field: str, text: str) -> Node:
    """Write a query of a `semantic_text` field."""
    return {"semantic": {"field": field, "query": text}}


def standard(query: Node) -> Node:
    """Write the retriever that runs one query."""
    return {"standard": {"query": query}}


def hybrid(kind: str, retrievers: Sequence[Node], depth: int) -> Node:
    """Write the retriever that mixes several.

    Args:
        kind: `rrf` by their ranks, `linear` by their scores, each put between 0 and 1.
        retrievers: What is mixed, to equal parts.
        depth: How many of each are mixed, and how many come out.
    """
    if kind == "linear":
        return {
            "linear": {
                "retrievers": [{"retriever": one, "weight": 1, "normalizer": "minmax"} for one in retrievers],
                "rank_window_size": depth,
            }
        }
    return {"rrf": {"retrievers": list(retrievers), "rank_window_size": depth}}


def filtered(retriever: Node, clause: Any) -> Node:
    """Let a retriever find only what a clause matches; scores stay. Every kind takes a filter beside its own."""
    ((kind, said),) = retriever.items()
    there = said.get("filter", [])
    there = there if isinstance(there, list) else [there]
    return {kind: {**said, "filter": [*there, clause] if there else clause}}


def plain(retriever: Node) -> Node | None:
    """The query of a retriever that runs just one, for servers and requests that know no retrievers; None of others."""
    said = retriever.get("standard")
    if not isinstance(said, dict) or not said.keys() <= {"query", "filter"}:
        return None
    query: Node = said.get("query", {"match_all": {}})
    return {"bool": {"must": query, "filter": said["filter"]}} if "filter" in said else query


def _known(index: Index) -> dict[str, str]:
    """Names that a person may put before a colon, with the field of each."""
    stand_ins = {"id": "_id", "title": index.title, "body": index.field}
    usable = {name for name, type in index.mapping.items() if type in _NAMED}
    return {name: field for name, field in stand_ins.items() if field in (*usable, "_id")} | {
        name: name for name in usable if name != "id"
    }


def _shortened(clause: Part, most: int) -> tuple[Part, int, bool]:
    """The clause with at most so many words, how many are left, and whether that was all of it."""
    if clause.field == "_id":
        return clause, most, True
    count = 0
    for word in _WORD.finditer(clause.text):
        if count == most:
            return Part(clause.field, clause.text[: word.start()], clause.phrase), 0, False
        count += 1
    return clause, most - count, True


def _node(clause: Part, boosts: Boosts, mapping: Mapping[str, str]) -> Node:
    if clause.field == "_id":
        return {"ids": {"values": [clause.text]}}
    # A field that is asked for by name is searched also when nothing else searches it.
    searched = ((clause.field, dict(boosts).get(clause.field) or 1.0),) if clause.field else boosts
    searched = tuple(pair for pair in searched if pair[1])
    if not searched:
        return MATCH_NONE
    kinds = {mapping.get(name, "text") for name, _ in searched}
    asked: Node = {
        "query": clause.text,
        "fields": [name if boost == 1 else f"{name}^{boost:g}" for name, boost in searched],
    }
    # Only analysed text has phrases.
    if clause.phrase and kinds <= {*WORDS, *WHOLE}:
        asked["type"] = "phrase"
    else:
        asked |= {"type": "best_fields", "tie_breaker": 0.0}
    if not kinds <= {*WORDS, *WHOLE}:
        asked["lenient"] = True  # Not every word is a number or a date.
    return {"multi_match": asked}
