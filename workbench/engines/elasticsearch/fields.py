"""What there is to search on a cluster, and which fields of it are searched, shown and reranked."""

import asyncio
from collections.abc import Awaitable, Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as late
from difflib import get_close_matches
from typing import Any
from urllib.parse import quote

from workbench.config.profile import Profile
from workbench.domain.errors import BadInputError
from workbench.domain.text import single_line
from workbench.domain.tuning import Boosts
from workbench.engines.elasticsearch.connection import Answer, Connection
from workbench.engines.elasticsearch.failures import ClusterError
from workbench.engines.elasticsearch.json_values import elements, integer, members, objects

TITLES = ("title", "name", "headline", "subject", "label", "heading", "caption", "question")
TEXTS = (
    "body",
    "text",
    "content",
    "description",
    "abstract",
    "passage",
    "message",
    "summary",
    "body_content",
    "answer",
)
"""Usual names of the two fields, the most usual first; also at the end of a path, as in `page.title`."""
WORDS = ("text", "match_only_text", "search_as_you_type", "annotated_text")
"""Types that are analysed into words."""
WHOLE = ("keyword", "constant_keyword", "wildcard")
"""Types that match as a whole."""
SEMANTIC, NESTED = "semantic_text", "nested"
TITLE_BOOST = 2.0
SAMPLE = 5
"""Documents that are looked at to find out which field is the long one."""

_UNREADABLE = ("object", NESTED, "dense_vector", "sparse_vector", "rank_vectors", "binary", "flattened")


@dataclass(frozen=True)
class Index:
    """An index, alias or data stream, as far as searching it needs to know."""

    name: str
    mapping: Mapping[str, str] = late(hash=False)
    """Every field with its type; `semantic_text` as such, and nothing that is below a `nested` field."""
    title: str
    """The field shown as a title; empty when there is none."""
    field: str
    """The field that is shown as the text and reranked."""
    fields: Boosts
    """Searched fields; only the semantic ones when there are no others."""
    semantic: tuple[str, ...]
    """The `semantic_text` fields; the first is of the reranked text if one is."""
    documents: int

    @property
    def lexical(self) -> bool:
        """Whether there are words that BM25 can score."""
        return not all(self.mapping.get(name) == SEMANTIC for name, _ in self.fields)


def path_of(index: str) -> str:
    """Quote an index for a path; lists, wildcards, exclusions and names on other clusters stay what they are.

    Raises:
        BadInputError: No index has such a name.
    """
    if not index.strip() or index.strip(".") == "":
        raise BadInputError("No index is chosen.", "Name one: `--corpus PROFILE:INDEX`, or `index` in the profile.")
    return quote(index, safe=",*:-")


async def targets(connection: Connection) -> tuple[str, ...]:
    """List what can be searched: indices, aliases and data streams that are neither hidden nor closed.

    Where the server does not let us look, only what the profile itself names.

    Raises:
        ClusterError: There was no answer.
    """
    answer = await _allowed(connection.ask("indices", "GET", "/_resolve/index/*"))
    named = {connection.profile.index} - {""}
    if answer is None:
        return tuple(named)
    return tuple(sorted({*named, *_open(answer.body)}))


def _open(body: Any) -> Iterator[str]:
    for kind in ("indices", "aliases", "data_streams"):
        for entry in objects(members(body).get(kind)):
            name, attributes = entry.get("name"), elements(entry.get("attributes"))
            shut = {"hidden", "system", "closed"}.intersection(map(str, attributes))
            if isinstance(name, str) and not name.startswith(".") and not shut and single_line(name) == name:
                yield name


async def describe(connection: Connection, index: str) -> Index:
    """Find out about one index, alias or data stream.

    Args:
        connection: Of the profile, whose own fields come first.
        index: A name, or an expression that names several.

    Raises:
        ClusterError: It does not exist, or cannot be read.
        BadInputError: The profile names a field that it does not have, or nothing in it can be read.
    """
    profile, path = connection.profile, path_of(index)
    caps, mappings, count = asking = (
        asyncio.ensure_future(connection.ask("fields", "GET", f"/{path}/_field_caps?fields=*")),
        # Newer servers call a semantic field `text` in the first answer; only this one tells.
        asyncio.ensure_future(_allowed(connection.ask("mapping", "GET", f"/{path}/_mapping"))),
        asyncio.ensure_future(connection.ask("documents", "GET", f"/{path}/_count")),
    )
    try:
        await asyncio.gather(*asking)
    finally:
        for one in asking:
            one.cancel()
    types = _types(caps.result().body) | dict(_special(told.body if (told := mappings.result()) else {}))
    mapping = {name: types[name] for name in sorted(types) if not _around(name, types)}
    for name in (profile.title, profile.field, *(name for name, _ in profile.fields)):
        _exists(name, mapping, _around(name, types), index, profile)
    readable = {name: type for name, type in mapping.items() if type not in _UNREADABLE}
    title = profile.title or _usual(TITLES, readable)
    text = profile.field or _usual(TEXTS, readable, title) or await _longest(connection, path, readable, title) or title
    if text not in readable:
        said = f"“{text}” of {index} holds no text." if text else f"{index} has no field with text."
        usable = _usable(mapping)
        hint = f"Set `field` in profile {profile.name} to {' or '.join(usable)}, or choose" if usable else "Choose"
        raise BadInputError(said, f"{hint} another index.")
    semantic = sorted((name for name, type in mapping.items() if type == SEMANTIC), key=lambda name: _far(name, text))
    boosts = profile.fields or _boosts(title, text, readable)
    if mixed := [name for name, _ in profile.fields if name in semantic]:
        raise BadInputError(
            f"“{mixed[0]}” of {index} is a semantic_text field, in which no words can be counted.",
            f"Take it out of `fields` in profile {profile.name}; the first stages rrf and linear search it.",
        )
    documents = integer(members(count.result().body).get("count")) or 0
    return Index(index, mapping, title, text, boosts, tuple(semantic), documents)


def _types(body: Any) -> dict[str, str]:
    """Every field with its type; of several types in several indices, one that can be searched for words."""
    types = {}
    for name, kinds in members(members(body).get("fields")).items():
        known = [str(kind) for kind, caps in members(kinds).items() if not members(caps).get("metadata_field")]
        known = [kind for kind in known if kind != "unmapped"]
        if known and not name.startswith("_") and single_line(name) == name:
            types[name] = next((kind for kind in (SEMANTIC, *WORDS, *WHOLE) if kind in known), min(known))
    return types


def _special(body: Any) -> Iterator[tuple[str, str]]:
    """The `semantic_text` and `nested` fields of all mappings in an answer, with their types."""
    pending = [("", members(members(members(one).get("mappings")).get("properties"))) for one in members(body).values()]
    while pending:
        prefix, properties = pending.pop()
        for name, said in properties.items():
            said = members(said)
            if said.get("type") in (SEMANTIC, NESTED):
                yield f"{prefix}{name}", said["type"]
            if said.get("type") != SEMANTIC:
                pending += [(f"{prefix}{name}.", members(said.get(below))) for below in ("properties", "fields")]


def _around(name: str, types: Mapping[str, str]) -> str:
    """The `nested` field that a field is below; empty for most."""
    parts = name.split(".")
    above = (".".join(parts[:at]) for at in range(1, len(parts)))
    return next((parent for parent in above if types.get(parent) == NESTED), "")


def _usable(mapping: Mapping[str, str]) -> list[str]:
    """Some fields that can be shown and reranked, those with words first."""
    found = [name for name, type in mapping.items() if type in (*WORDS, *WHOLE, SEMANTIC)]
    return sorted(found, key=lambda name: mapping[name] in WHOLE)[:5]


def _exists(name: str, mapping: Mapping[str, str], around: str, index: str, profile: Profile) -> None:
    if not name or name in mapping:
        return
    if around:
        raise BadInputError(
            f"“{single_line(name, 80)}” of {single_line(index, 80)} is below the nested field "
            f"{single_line(around, 80)}, where neither a search for words nor a reranker looks.",
            f"Copy it to a field beside that one (`copy_to`), or name another in profile {profile.name}.",
        )
    close = get_close_matches(name, mapping, 3, 0.5)
    there = close or _usable(mapping)
    said = f"Did you mean {' or '.join(there)}?" if close else f"There are: {', '.join(there)}." if there else ""
    raise BadInputError(
        f"{single_line(index, 80)} has no field “{single_line(name, 80)}”.",
        f"{said} Profile {profile.name} names it.".strip(),
    )


def _usual(names: tuple[str, ...], readable: Mapping[str, str], but: str = "") -> str:
    """The field with the most usual name: whole names first, of any type; then ends of paths, of analysed fields."""
    for name in names:
        if name != but and readable.get(name) in (*WORDS, *WHOLE, SEMANTIC):
            return name
    ends = [path for path, type in readable.items() if path != but and type in (*WORDS, SEMANTIC)]
    for name in names:
        if found := [path for path in ends if path.rpartition(".")[2] == name]:
            return min(found, key=len)
    return ""


async def _longest(connection: Connection, path: str, readable: Mapping[str, str], but: str) -> str:
    """The analysed field with most text in a few documents; the first by name where none can be looked at."""
    names = [name for name, type in readable.items() if type in (*WORDS, SEMANTIC) and name != but]
    if len(names) < 2:
        return "".join(names)
    from workbench.engines.elasticsearch.hits import hits_of, values

    body = {"size": SAMPLE, "_source": False, "fields": names[:200], "query": {"match_all": {}}}
    answer = await _allowed(connection.ask("sample", "POST", f"/{path}/_search", body))
    hits = hits_of(answer.body) if answer else []
    return max(names, key=lambda name: sum(len(value) for hit in hits for value in values(hit, name)))


def _boosts(title: str, text: str, readable: Mapping[str, str]) -> Boosts:
    """The title twice as much as the text; where both are semantic, another analysed field, else the text itself."""
    searched = [name for name in dict.fromkeys((title, text)) if name and readable[name] != SEMANTIC]
    if text not in searched:
        others = [name for name, type in readable.items() if type in WORDS and name not in searched]
        searched += sorted(others, key=lambda name: _far(name, text))[:1]
    if not searched:
        return ((text, 1.0),)
    return tuple((name, TITLE_BOOST if name == title and len(searched) > 1 else 1.0) for name in searched)


def _far(name: str, text: str) -> tuple[bool, bool, str]:
    """Sorts fields that seem to hold the same text first."""
    return name != text, not (name.startswith(text) or text.startswith(name)), name


async def _allowed(asked: Awaitable[Answer]) -> Answer | None:
    """The answer; None when the server refuses or does not know the request."""
    try:
        return await asked
    except ClusterError as error:
        if error.status in (400, 403, 404, 405, 410):
            return None
        raise
