"""Reads the hits of a search, whatever is in them, into documents that are safe to show."""

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from workbench.domain.documents import Document, Span
from workbench.domain.exchange import Finding
from workbench.domain.ranking import Candidate
from workbench.domain.request_check import search_timed_out, shards_failed
from workbench.domain.text import sanitize, single_line
from workbench.engines.elasticsearch.json_values import elements, integer, members, objects

Hit = dict[str, Any]
"""As JSON has it; nothing in it is sure to be there."""


@dataclass(frozen=True)
class Place:
    """Where a document is on the server."""

    index: str
    """Empty when the id alone leads there."""
    id: str
    routing: str = ""
    """What it was written with, where that was not its id: one id may be on several shards then."""


OPEN, CLOSE = "\x02", "\x03"
"""Stand around a match in highlighted text; sanitised text has neither."""
TEXT_LIMIT = 1_000_000
"""Characters of a field that are kept: as many as Elasticsearch itself highlights."""

_TITLE_LIMIT = 1_000
_MOST_VALUES = 10_000
_DEEPEST = 20


@dataclass(frozen=True)
class Read:
    """What the hits of one search hold."""

    candidates: tuple[Candidate, ...]
    values: dict[str, int]
    """How many values each candidate has in the reranked field, by document id."""
    findings: tuple[Finding, ...]


class Names:
    """Names hits as their documents are named: by their ids, and with the index where several have that id.

    A name stays what it is from search to search, or lists could not be compared.
    """

    def __init__(self) -> None:
        """Nothing is named yet."""
        self._names: dict[tuple[Place, int], str] = {}
        self._homes: dict[str, Place] = {}
        self._known = Counter[str]()
        """How many documents are known of each id."""

    def of(self, hits: Sequence[Hit]) -> list[str]:
        """Name hits, those with an id; no two of them the same."""
        places = [_place(hit) for hit in hits]
        plain = [single_line(place.id) or ascii(place.id) for place in places]
        shared, met, given = Counter(plain), Counter[Place](), []
        for place, name in zip(places, plain, strict=True):
            known = place, met[place]  # Nothing tells apart what has one place, but its turn.
            met[place] += 1
            if known not in self._names:
                if shared[name] > 1 or name in self._homes:
                    name = f"{name} ({single_line(place.index, 80)})"
                while name in self._homes:
                    name += "'"
                self._names[known], self._homes[name] = name, place
                self._known[place.id] += 1
            given.append(self._names[known])
        return given

    def place(self, name: str) -> Place:
        """Where a document is; without the index where its id alone leads there, as that of an unknown one may."""
        home = self._homes.get(name, Place("", name))
        return Place("", home.id) if self._known[home.id] < 2 and home.id == name else home


def _place(hit: Hit) -> Place:
    return Place(str(hit.get("_index", "")), str(hit.get("_id")), str(hit.get("_routing") or ""))


def read_hits(body: Any, title: str, text: str, names: Names) -> Read:
    """Make candidates of an answer's hits, in its order.

    Args:
        body: The answer to a search.
        title: The field that holds titles; empty for none.
        text: The field that is reranked, of whose values a model reads the first.
        names: Of the documents.
    """
    hits = [hit for hit in hits_of(body) if isinstance(hit.get("_id"), str | int)]
    candidates, counts, scoreless, cut = [], {}, [], []
    for rank, (hit, name) in enumerate(zip(hits, names.of(hits), strict=True), 1):
        held = values(hit, text)
        first = held[0] if held else ""
        document = document_of(hit, name, title, text)
        score = score_of(hit)
        spans = spans_in(marked_values(hit, title), document.title)
        candidates.append(Candidate(rank, document, score or 0.0, spans))
        counts[name] = len(held)
        if score is None:
            scoreless.append(name)
        if len(first) > TEXT_LIMIT:
            cut.append(name)
    return Read(tuple(candidates), counts, tuple(_odd(len(hits_of(body)) - len(hits), scoreless, cut)))


def hits_of(body: Any) -> list[Hit]:
    """The hits of an answer."""
    return objects(members(members(body).get("hits")).get("hits"))


def total_of(body: Any) -> tuple[int, bool]:
    """How many documents matched, and whether that is all of them; else there are at least as many."""
    total = members(members(body).get("hits")).get("total")
    value = total.get("value") if isinstance(total, dict) else total
    if not isinstance(value, int):
        return len(hits_of(body)), False
    return value, not isinstance(total, dict) or total.get("relation", "eq") == "eq"


def cut_short(body: Any) -> Iterator[Finding]:
    """That part of the index was not searched, where an answer says so."""
    failed = integer(members(members(body).get("_shards")).get("failed")) or 0
    timed_out = members(body).get("timed_out") is True
    yield from filter(None, (shards_failed(failed), search_timed_out(timed_out)))


def document_of(hit: Hit, name: str, title: str, text: str) -> Document:
    """The document of a hit: its title, and the first value of the reranked field."""
    titles, texts = values(hit, title) if title else [], values(hit, text)
    first = texts[0][:TEXT_LIMIT] if texts else ""
    return Document.of(name, single_line(titles[0], _TITLE_LIMIT) if titles and title != text else "", first)


def score_of(hit: Hit) -> float | None:
    """The score; None when there is none that is a finite number."""
    score = hit.get("_score")
    if isinstance(score, bool) or not isinstance(score, int | float):
        return None
    try:
        return float(score) if math.isfinite(score) else None
    except OverflowError:
        return None


def values(hit: Hit, field: str) -> list[str]:
    """The values of a field as text, as `fields` gave them, else as the source holds them."""
    found = list(_at(hit.get("fields"), field)) or list(_at(hit.get("_source"), field))
    return [_text(value) for value in found[:_MOST_VALUES]]


def spans_in(marked: Iterable[str], target: str) -> tuple[Span, ...]:
    """Find the highlighted parts of a text; none where what was highlighted is not that text.

    Args:
        marked: Values of a field, each whole, with `OPEN` and `CLOSE` around what matches.
        target: Sanitised text of the first value: on one line, or stripped and cut.
    """
    for value in marked:
        # Neither mark is a blank to `split`, and both parts of a pair may be the same one from here on.
        whole = CLOSE.join(sanitize(part) for part in re.split(f"[{OPEN}{CLOSE}]", value))
        for folded in (whole.strip(), " ".join(whole.split())):
            pieces = folded.split(CLOSE)
            if len(pieces) % 2 and "".join(pieces)[: len(target)] == target:
                ends = list(accumulate(map(len, pieces)))
                return tuple(span for span in zip(ends[0::2], ends[1::2], strict=False) if span[1] <= len(target))
    return ()


def marked_values(hit: Hit, field: str) -> list[str]:
    """The highlighted values of a field, for `spans_in`."""
    return [entry for entry in elements(members(hit.get("highlight")).get(field)) if isinstance(entry, str)]


def _at(node: Any, path: str, depth: int = 0) -> Iterator[Any]:
    """What stands under a name with dots in it, lists and nested objects opened."""
    if isinstance(node, list):
        if depth < _DEEPEST:
            for one in node[:_MOST_VALUES]:
                yield from _at(one, path, depth + 1)
    elif not path:
        # A semantic field once held its text beside what the model made of it.
        if isinstance(node, dict) and isinstance(node.get("text"), str | list) and "inference" in node:
            yield from _at(node["text"], "", depth + 1)
        elif node is not None:
            yield node
    elif isinstance(node, dict):
        if path in node:
            yield from _at(node[path], "", depth + 1)
            return
        parts = path.split(".")
        for at in range(len(parts) - 1, 0, -1):
            if (head := ".".join(parts[:at])) in node:
                yield from _at(node[head], ".".join(parts[at:]), depth + 1)
                return


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return "{…}"


def _odd(nameless: int, scoreless: list[str], cut: list[str]) -> Iterator[Finding]:
    if nameless:
        said = "1 hit came without an id and is" if nameless == 1 else f"{nameless:,} hits came without an id and are"
        yield Finding("no-id", f"{said} left out.", "Look at the answer itself.")
    if scoreless:
        yield Finding(
            "no-score",
            f"{len(scoreless):,} {'hit' if len(scoreless) == 1 else 'hits'} came without a score; 0 is shown instead.",
            "Their order is the server's. Look at the query template, if one is used.",
            tuple(scoreless),
        )
    if cut:
        yield Finding(
            "very-long-text",
            f"{len(cut):,} {'candidate has' if len(cut) == 1 else 'candidates have'} a text of over {TEXT_LIMIT:,} "
            "characters; only its beginning is kept.",
            "Index long documents in parts.",
            tuple(cut),
        )
