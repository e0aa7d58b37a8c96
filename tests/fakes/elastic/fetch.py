"""What a hit shows of its document: the source or parts of it, fields, highlights, the explanation."""

import re
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from tests.fakes.elastic.found import Hit
from tests.fakes.elastic.queries import highlighted, node
from tests.fakes.elastic.refusals import not_emulated, object_of
from tests.fakes.elastic.shard import Shard, analysed, values_at

_HIGHLIGHT = (
    "fields pre_tags post_tags tags_schema number_of_fragments fragment_size order type no_match_size encoder "
    "require_field_match boundary_scanner boundary_max_scan boundary_chars boundary_scanner_locale fragmenter "
    "highlight_query matched_fields max_analyzed_offset phrase_limit fragment_offset options max_fragment_length"
)


def shown(hit: Hit, body: Mapping[str, Any], ranking: Sequence[Mapping[str, Any]], wrapped: bool) -> dict[str, Any]:
    """One element of `hits.hits`.

    Args:
        hit: What was found.
        body: The search.
        ranking: The queries that ranked, for highlights.
        wrapped: Whether the explanation stands in a sum, as that of a compound retriever does.
    """
    shard, doc = hit.shard, hit.doc
    row: dict[str, Any] = {"_index": shard.index, "_id": shard.ids[doc], "_score": hit.score}
    if body.get("version"):
        row["_version"] = 1
    if (source := filtered(shard.sources[doc], body.get("_source", True))) is not None:
        row["_source"] = source
    if fields := _fields(shard, doc, body.get("fields", [])):
        row["fields"] = fields
    if "highlight" in body and (found := _highlights(shard, doc, body["highlight"], ranking)):
        row["highlight"] = found
    if body.get("explain"):
        required = node(0.0, "match on required clause, product of:", node(0.0, "# clause"), node(1.0, "*:*"))
        explained = node(hit.score, "sum of:", hit.explained, required) if wrapped else hit.explained
        row |= {"_shard": f"[{shard.index}][0]", "_node": "n1", "_explanation": explained}
    return row


def filtered(source: Mapping[str, Any], wanted: Any) -> Mapping[str, Any] | None:
    """Apply `_source`: a boolean, names or patterns, or what to include and exclude."""
    if isinstance(wanted, bool):
        return source if wanted else None
    if isinstance(wanted, Mapping):
        said = object_of(wanted, "_source", "includes include excludes exclude")
        includes = _names(said.get("includes", said.get("include", [])))
        excludes = _names(said.get("excludes", said.get("exclude", [])))
    else:
        includes, excludes = _names(wanted), []
    return _kept(source, includes, excludes, "")


def _kept(source: Mapping[str, Any], includes: list[str], excludes: list[str], prefix: str) -> dict[str, Any]:
    kept = {}
    for key, value in source.items():
        path = prefix + key
        if _met(path, excludes):
            continue
        if isinstance(value, Mapping):
            inner = _kept(value, [] if _met(path, includes) else includes, excludes, f"{path}.")
            if inner:
                kept[key] = inner
        elif not includes or _met(path, includes):
            kept[key] = value
    return kept


def _fields(shard: Shard, doc: int, asked: Iterable[Any]) -> dict[str, list[Any]]:
    patterns = [one["field"] if isinstance(one, Mapping) else one for one in asked]
    names = [name for name in shard.mapped if _met(name, patterns) and shard.kind(name) not in ("object", "nested")]
    found = {name: values for name in names if (values := shard.values(name, doc))}
    for parent in dict.fromkeys(filter(None, map(shard.nested, names))):
        below = [name.removeprefix(f"{parent}.") for name in names if shard.nested(name) == parent]
        objects = [
            {name: values for name in below if (values := values_at(one, name))}
            for one in values_at(shard.sources[doc], parent)
        ]
        if held := list(filter(None, objects)):
            found[parent] = held
    return found


def _highlights(shard: Shard, doc: int, body: Any, ranking: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    said = object_of(body, "highlight", _HIGHLIGHT)
    fields = said.get("fields", {})
    if isinstance(fields, list):
        fields = {name: options for one in fields for name, options in one.items()}
    found: dict[str, list[str]] = {}
    for pattern, own in fields.items():
        options = {**said, **object_of(own, "highlight_field", _HIGHLIGHT)}
        if options.get("type", "unified") not in ("unified", "plain"):
            raise not_emulated(f"the highlighter [{options['type']}]")
        for name in (name for name in shard.mapped if fnmatchcase(name, pattern) and shard.kind(name) == "text"):
            asked = [options["highlight_query"]] if "highlight_query" in options else ranking
            wanted = [pair for query in asked for pair in highlighted(query)]
            everywhere = options.get("require_field_match") is False
            texts = {text for field, text in wanted if everywhere or fnmatchcase(name, field)}
            terms = {term for text in texts for term, *_ in analysed(shard.analyzer(name), text)}
            if fragments := _fragments(shard, name, doc, terms, options):
                found[name] = fragments
    return found


def _fragments(shard: Shard, name: str, doc: int, terms: set[str], options: Mapping[str, Any]) -> list[str]:
    """The whole value with `number_of_fragments` of 0, else the sentences with a match; marked."""
    before, after = options.get("pre_tags", ["<em>"])[0], options.get("post_tags", ["</em>"])[0]
    most = options.get("number_of_fragments", 5)
    fragments = []
    for value in map(str, shard.values(name, doc)):
        pieces = [value] if most == 0 else re.findall(r"[^.!?\n]+[.!?\n]*\s*", value)
        for piece in pieces:
            marked, end = "", 0
            for term, start, stop, _ in analysed(shard.analyzer(name), piece):
                if term in terms:
                    marked, end = f"{marked}{piece[end:start]}{before}{piece[start:stop]}{after}", stop
            if end:
                fragments.append(marked + piece[end:])
        if not fragments and (length := options.get("no_match_size", 0)):
            fragments.append(value[:length])
    return fragments[: most or None]


def _names(wanted: Any) -> list[str]:
    return [wanted] if isinstance(wanted, str) else list(wanted)


def _met(path: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(path, pattern) or path.startswith(f"{pattern}.") for pattern in patterns)
