"""Reads a server's account of a score into a tree that adds up to it."""

import math
import re
from typing import Any

from workbench.domain.ranking import Explanation
from workbench.domain.text import single_line

LABEL_LIMIT = 300
"""Characters of one line of the account."""

_DEEPEST = 60
_MOST_DETAILS = 2_000
_SHARE = re.compile(r"(?:rrf|weighted) score: \[(?P<score>[^\]]*)\].* in query (?:at index )?\[?(?P<list>[^\]\s]*)\]?")
_NAMED = re.compile(r"at index \[\d+\] \[([^\]]+)\]")
_RANK = re.compile(r"for rank \[(\d+)\]")
_SYNONYMS = re.compile(r"weight\(Synonym\((?P<terms>[^()]*)\) in \d+\)")


def read_explanation(tree: Any, lists: tuple[str, ...] = ()) -> Explanation | None:
    """Read an `explanation` or `_explanation`.

    What a clause that only filters adds, nothing, is left out. A hybrid's shares are named by the list they come from,
    as a term is by its field, such as `bm25:rank 3`.

    Args:
        tree: As JSON has it; anything.
        lists: Names of the lists that a hybrid was mixed from, in order.

    Returns:
        None when it is no explanation.
    """
    return _read(tree, lists, 0)


def _read(tree: Any, lists: tuple[str, ...], depth: int) -> Explanation | None:
    if not isinstance(tree, dict) or depth > _DEEPEST:
        return None
    value, said = _number(tree.get("value")), str(tree.get("description", ""))
    below = tree.get("details")
    details = [_read(one, lists, depth + 1) for one in below[:_MOST_DETAILS]] if isinstance(below, list) else []
    there = [one for one in details if one]
    if "sum of" in said:
        there = [one for one in there if one.value] or there[:1]
        if len(there) == 1 and there[0].value == value:
            return there[0]
    if share := _SHARE.match(said):
        # Servers put the rank where its share of the score belongs, and the share into the text, rounded.
        told = _number(share["score"])
        score = value if math.isclose(value, told, rel_tol=1e-4) else told
        return Explanation(score, _share(said, share["list"], lists), tuple(there))
    if synonyms := _SYNONYMS.match(said):
        field, _, _ = synonyms["terms"].partition(":")
        terms = synonyms["terms"].replace(f"{field}:", "").replace(" ", "/")
        said = f"{field}:{terms}"
    return Explanation(value, single_line(said, LABEL_LIMIT), tuple(there))


def _share(said: str, place: str, lists: tuple[str, ...]) -> str:
    """Name the share that one list has in a hybrid's score."""
    if named := _NAMED.search(said):
        place = named[1]
    elif place.isdigit():
        place = lists[int(place)] if int(place) < len(lists) else f"list-{int(place) + 1}"
    rank = _RANK.search(said)
    return single_line(f"{place}:rank {rank[1]}" if rank else f"{place}:weighted score", LABEL_LIMIT)


def _number(value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return 0.0
    return number if math.isfinite(number) else 0.0
