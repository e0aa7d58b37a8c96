"""Puts tantivy's account of a score into words that a person knows from Elasticsearch."""

import json
from collections.abc import Iterable
from typing import Any

from workbench.domain.ranking import Explanation

_WORDS = {
    "(K1+1)": "k1 + 1",
    "idf": "idf: how rare the term is",
    "freq /": "tf: how often it is here, for the length of the field",
    "n,": "documents with the term",
    "N,": "documents",
    "freq,": "times in this document",
    "k1,": "k1: how soon more occurrences stop to count",
    "b,": "b: how much the length counts",
    "dl,": "length of the field in terms, rounded as stored",
    "avgdl,": "average length of the field in terms",
}


def term_score(name: str, boost: float, tree: str) -> Explanation:
    """Read what tantivy says of one term or phrase.

    Args:
        name: What was looked for, such as `title:laptop`.
        boost: The field's, not part of the tree.
        tree: JSON of tantivy's explanation.

    Returns:
        The boosted score; its details multiply to it.
    """
    root: dict[str, Any] = json.loads(tree)
    while len(root.get("details", ())) == 1:
        root = root["details"][0]
    factors = tuple(_read(node) for node in root.get("details", ()))
    return Explanation(boost * root["value"], name, (Explanation(boost, "boost"), *factors))


def summed(description: str, parts: Iterable[Explanation | None]) -> Explanation | None:
    """Add parts up; a single one stands for itself, None for none."""
    there = tuple(part for part in parts if part)
    if len(there) < 2:
        return there[0] if there else None
    return Explanation(sum(part.value for part in there), description, there)


def highest(description: str, parts: Iterable[Explanation | None]) -> Explanation | None:
    """Take the highest part, which comes first; a single one stands for itself, None for none."""
    there = tuple(sorted((part for part in parts if part), key=lambda part: -part.value))
    if len(there) < 2:
        return there[0] if there else None
    return Explanation(there[0].value, description, there)


def _read(node: dict[str, Any]) -> Explanation:
    said = str(node["description"])
    words = next((ours for theirs, ours in _WORDS.items() if said.startswith(theirs)), said)
    return Explanation(node["value"], words, tuple(_read(detail) for detail in node.get("details", ())))
