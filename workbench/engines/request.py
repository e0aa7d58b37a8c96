"""The query as it runs, in words that people know from Elasticsearch.

One description is what the index is asked and what a person reads, so that the two cannot differ.
"""

from typing import Any

from workbench.domain.tuning import Boosts
from workbench.engines.json_layout import laid_out
from workbench.engines.query_syntax import Clause, ParsedQuery

Node = dict[str, Any]
"""One of `bool` (with `should`; `boost`), `dis_max`, `term`, `match_phrase` and `match_none`, as JSON has it."""

SIMILARITY = {"type": "BM25", "k1": 1.2, "b": 0.75}
"""What tantivy scores with; it has no setting for it."""


def described(query: ParsedQuery, boosts: Boosts) -> Node:
    """Say what is looked for where.

    Args:
        query: What was understood of a query.
        boosts: Of the searched fields; 0 leaves a field out.

    Returns:
        A sum (`bool`) over the clauses; in each the best field (`dis_max`); in each field a sum over the terms. A
        term is an analysed one. A sum of one clause and a choice of one field are left out.
    """
    clauses = [_clause(clause, boosts) for clause in query.clauses]
    if not clauses:
        return {"match_none": {}}
    return clauses[0] if len(clauses) == 1 else {"bool": {"should": clauses}}


def written(engine: str, corpus: str, depth: int, boosts: Boosts, query: Node) -> str:
    """Write the whole request as JSON, two spaces deeper per level, what is short on one line."""
    whole = {
        "engine": engine,
        "corpus": corpus,
        "limit": depth,
        "similarity": SIMILARITY,
        "boosts": dict(boosts),
        "query": query,
    }
    return laid_out(whole)


def _clause(clause: Clause, boosts: Boosts) -> Node:
    fields = [_in_field(clause, field, boost) for field, boost in _searched(clause, boosts)]
    return fields[0] if len(fields) == 1 else {"dis_max": {"tie_breaker": 0.0, "queries": fields}}


def _searched(clause: Clause, boosts: Boosts) -> Boosts:
    """The fields a clause looks in; the one it names also when nothing else searches it."""
    if clause.field is None:
        return tuple(pair for pair in boosts if pair[1])
    return ((clause.field, dict(boosts).get(clause.field) or 1.0),)


def _in_field(clause: Clause, field: str, boost: float) -> Node:
    if clause.phrase and len(clause.terms) > 1:
        first = clause.terms[0][0]
        terms = [term for _, term in clause.terms]
        positions = [position - first for position, _ in clause.terms]
        return {"match_phrase": {field: {"terms": terms, "positions": positions, "boost": boost}}}
    return {"bool": {"should": [{"term": {field: term}} for _, term in clause.terms], "boost": boost}}
