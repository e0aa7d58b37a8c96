"""What a query makes of one document: Lucene's score with its explanation, or nothing when it does not match."""

import math
import re
import struct
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tests.fakes.elastic.model import logit
from tests.fakes.elastic.refusals import all_shards_failed, bad, not_emulated
from tests.fakes.elastic.shard import Shard, analysed

Node = Mapping[str, Any]
Explained = dict[str, Any]
"""`value`, `description`, `details`, as the server prints it."""

K1, B = 1.2, 0.75

_COMMON = "boost _name"
_MATCH = f"query analyzer operator minimum_should_match fuzziness lenient zero_terms_query {_COMMON}"
KEYS = {
    "match_all": _COMMON,
    "match_none": _COMMON,
    "match": _MATCH,
    "match_phrase": f"query analyzer slop zero_terms_query {_COMMON}",
    "multi_match": f"{_MATCH} fields type tie_breaker slop",
    "term": f"value case_insensitive {_COMMON}",
    "terms": _COMMON,
    "ids": f"values {_COMMON}",
    "exists": f"field {_COMMON}",
    "range": f"gt gte lt lte format time_zone relation {_COMMON}",
    "bool": f"must should filter must_not minimum_should_match {_COMMON}",
    "dis_max": f"queries tie_breaker {_COMMON}",
    "constant_score": f"filter {_COMMON}",
    "semantic": f"field query {_COMMON}",
}
_PER_FIELD = ("match", "match_phrase", "term", "range")
_KNOWN_ONLY = (
    "query_string simple_query_string match_phrase_prefix match_bool_prefix prefix wildcard regexp fuzzy nested knn "
    "function_score script_score script boosting intervals more_like_this distance_feature rank_feature sparse_vector "
    "combined_fields pinned rule percolate terms_set has_child has_parent geo_distance geo_bounding_box wrapper"
)


def single(number: float) -> float:
    """Round to the 32 bits that scores have, and print no more digits than those need."""
    rounded = struct.unpack("f", struct.pack("f", number))[0]
    return float(f"{rounded:.9g}")


def node(value: float, description: str, *details: Explained) -> Explained:
    return {"value": single(value), "description": description, "details": list(details)}


def check(query: Any) -> None:
    """Refuse what the server cannot parse, before any document is looked at."""
    if not isinstance(query, Mapping) or len(query) != 1:
        if isinstance(query, Mapping) and len(query) > 1:
            first = next(iter(query))
            raise bad(f"[{first}] malformed query, expected [END_OBJECT] but found [FIELD_NAME]", "parsing_exception")
        raise bad("query malformed, empty clause found", "illegal_argument_exception")
    ((kind, said),) = query.items()
    if kind in _KNOWN_ONLY.split():
        raise not_emulated(f"the query [{kind}]")
    if kind not in KEYS:
        raise bad(f"unknown query [{kind}]", "parsing_exception", line=1, col=1)
    if not isinstance(said, Mapping):
        raise bad(f"[{kind}] query malformed, no start_object after query name", "parsing_exception")
    known = set(KEYS[kind].split())
    if kind in _PER_FIELD:
        if len(said) != 1:
            raise bad(f"[{kind}] query doesn't support multiple fields", "parsing_exception")
        ((_, options),) = said.items()
        unknown = options.keys() - known if isinstance(options, Mapping) else set()
    elif kind == "terms":
        unknown = set()
    else:
        unknown = said.keys() - known
    for key in sorted(unknown):
        raise bad(f"[{kind}] query does not support [{key}]", "parsing_exception", line=1, col=1)
    for child in children(kind, said):
        check(child)


def children(kind: str, said: Any) -> list[Any]:
    """The queries inside a query."""
    if kind == "bool":
        return [child for key in ("must", "should", "filter", "must_not") for child in _list(said.get(key, []))]
    return _list(said.get("queries", [])) if kind == "dis_max" else _list(said.get("filter", []))


def check_fields(query: Node, shards: Iterable[Shard], matchable: bool) -> None:
    """Refuse words looked for in a field that holds none.

    Args:
        query: Checked.
        shards: Where it is to run.
        matchable: Whether `match` reads a semantic field.
    """
    ((kind, said),) = query.items()
    shards = list(shards)
    for shard in shards:
        names: list[str] = [] if matchable else list(said) if kind == "match" else []
        if kind in ("multi_match", "match_phrase"):
            patterns = [name for name, _ in _boosted(said["fields"])] if "fields" in said else []
            names = patterns if kind == "multi_match" else list(said)
        for name in names:
            if shard.kind(name) == "semantic_text":
                reason = f"Field [{name}] of type [semantic_text] does not support {kind} queries"
                raise all_shards_failed(bad(reason, "query_shard_exception", index=shard.index), shard.index)
    for child in children(kind, said):
        check_fields(child, shards, matchable)


def explain(query: Node, shard: Shard, doc: int, boost: float = 1.0) -> Explained | None:
    """Score one document with a checked query; None when it does not match."""
    ((kind, said),) = query.items()
    if kind in _PER_FIELD:
        ((name, options),) = said.items()
        value = "value" if kind == "term" else "query"
        said = {"field": name, **(options if isinstance(options, Mapping) else {value: options})}
    boost *= float(said.get("boost", 1.0))
    match kind:
        case "match_all":
            return node(boost, "*:*")
        case "match_none":
            return None
        case "match":
            return _match(said["field"], said, shard, doc, boost)
        case "match_phrase":
            return _phrase(said["field"], said, shard, doc, boost)
        case "multi_match":
            return _multi_match(said, shard, doc, boost)
        case "term":
            return _term(said["field"], _string(said["value"]), shard, doc, boost)
        case "bool":
            return _bool(said, shard, doc, boost)
        case "dis_max":
            parts = [explain(child, shard, doc, boost) for child in said["queries"]]
            return _best(parts, float(said.get("tie_breaker", 0.0)))
        case "semantic":
            return _semantic(said["field"], said["query"], shard, doc, boost)
        case _:
            return node(boost, f"ConstantScore({kind})") if _holds(kind, said, shard, doc) else None


def highlighted(query: Node) -> Iterator[tuple[str, str]]:
    """Fields and the texts that a query looks for in them; a field may hold a star."""
    ((kind, said),) = query.items()
    if kind in ("match", "match_phrase", "term"):
        ((field, options),) = said.items()
        yield field, _string(options.get("query", options.get("value")) if isinstance(options, Mapping) else options)
    elif kind == "multi_match":
        yield from ((field, _string(said["query"])) for field, _ in _boosted(said.get("fields", ["*"])))
    else:
        for child in children(kind, said):
            yield from highlighted(child)


def _holds(kind: str, said: Node, shard: Shard, doc: int) -> bool:
    match kind:
        case "ids":
            return shard.ids[doc] in map(str, said["values"])
        case "exists":
            return bool(shard.values(said["field"], doc))
        case "constant_score":
            return explain(said["filter"], shard, doc) is not None
        case "terms":
            field, wanted = next((field, values) for field, values in said.items() if field not in ("boost", "_name"))
            return any(_term(field, _string(value), shard, doc, 1.0) for value in wanted)
        case _:
            bounds = {"gt": float.__gt__, "gte": float.__ge__, "lt": float.__lt__, "lte": float.__le__}
            return any(
                all(compare(float(value), float(said[key])) for key, compare in bounds.items() if key in said)
                for value in shard.values(said["field"], doc)
            )


def _term(field: str, term: str, shard: Shard, doc: int, boost: float) -> Explained | None:
    if field in ("_id", "_index"):
        return node(boost, f"ConstantScore({field}:{term})") if term in shard.values(field, doc) else None
    positions = shard.field(field).postings.get(term, {}).get(doc)
    return _weighed(field, term, [term], len(positions), shard, doc, boost) if positions else None


def _phrase(field: str, said: Node, shard: Shard, doc: int, boost: float) -> Explained | None:
    if said.get("slop"):
        raise not_emulated("[slop]")
    words = [(term, position) for term, _, _, position in _words(field, said, shard)]
    if len(words) < 2:
        return _term(field, words[0][0], shard, doc, boost) if words else None
    postings = [(shard.field(field).postings.get(term, {}).get(doc, []), position) for term, position in words]
    starts = [{place - position for place in places} for places, position in postings]
    found = set.intersection(*starts)
    text = " ".join(term for term, _ in words)
    terms = [term for term, _ in words]
    return _weighed(field, f'"{text}"', terms, len(found), shard, doc, boost) if found else None


def _weighed(field: str, name: str, terms: list[str], times: int, shard: Shard, doc: int, boost: float) -> Explained:
    """BM25 as Lucene explains it; a phrase's rarity is the sum of its terms'."""
    stats = shard.field(field)
    normed = stats.kind in ("text", "semantic_text")
    length, average = (stats.stored_length(doc), stats.average) if normed else (1, 1.0)
    freq = float(times) if normed else 1.0
    idfs = [_idf(term, len(stats.postings[term]), len(stats.lengths)) for term in terms]
    idf = idfs[0] if len(idfs) == 1 else node(sum(one["value"] for one in idfs), "idf, sum of:", *idfs)
    tf = node(
        freq / (freq + K1 * (1 - B + B * length / average)),
        "tf, computed as freq / (freq + k1 * (1 - b + b * dl / avgdl)) from:",
        node(freq, "freq, occurrences of term within document" if len(terms) == 1 else f"phraseFreq={freq}"),
        node(K1, "k1, term saturation parameter"),
        node(B, "b, length normalization parameter"),
        node(length, "dl, length of field" + (" (approximate)" if length > 40 else "")),
        node(average, "avgdl, average length of field"),
    )
    weight = node(boost * (K1 + 1), "boost")
    score = weight["value"] * idf["value"] * tf["value"]
    inner = node(score, f"score(freq={freq}), computed as boost * idf * tf from:", weight, idf, tf)
    return node(score, f"weight({field}:{name} in {doc}) [PerFieldSimilarity], result of:", inner)


def _idf(term: str, having: int, count: int) -> Explained:
    return node(
        math.log(1 + (count - having + 0.5) / (having + 0.5)),
        "idf, computed as log(1 + (N - n + 0.5) / (n + 0.5)) from:",
        node(having, "n, number of documents containing term"),
        node(count, "N, total number of documents with field"),
    )


def _match(field: str, said: Node, shard: Shard, doc: int, boost: float) -> Explained | None:
    _only(said, "fuzziness")
    if shard.kind(field) == "semantic_text":
        return _semantic(field, _string(said["query"]), shard, doc, boost)
    words = [term for term, *_ in _words(field, said, shard)]
    found = [one for term in words if (one := _term(field, term, shard, doc, boost))]
    least = len(words) if str(said.get("operator", "or")).lower() == "and" else 1
    least = max(least, _least(said.get("minimum_should_match"), len(words)))
    return summed(found) if len(found) >= least else None


def _multi_match(said: Node, shard: Shard, doc: int, boost: float) -> Explained | None:
    kind = said.get("type", "best_fields")
    fields = [
        (name, weight * boost)
        for pattern, weight in _boosted(said.get("fields", ["*"]))
        for name in _expanded(pattern, shard)
    ]
    if kind == "cross_fields":
        words = dict.fromkeys(term for field, _ in fields for term, *_ in _words(field, said, shard))
        per_term = [_best([_term(field, term, shard, doc, weight) for field, weight in fields], 0.0) for term in words]
        found = [one for one in per_term if one]
        every = str(said.get("operator", "or")).lower() == "and"
        return summed(found) if found and (not every or len(found) == len(words)) else None
    one_field = {"phrase": _phrase, "best_fields": _match, "most_fields": _match}.get(kind)
    if not one_field:
        raise not_emulated(f"multi_match of type [{kind}]")
    tie = float(said.get("tie_breaker", 1.0 if kind == "most_fields" else 0.0))
    return _best([one_field(field, said, shard, doc, weight) for field, weight in fields], tie)


def _bool(said: Node, shard: Shard, doc: int, boost: float) -> Explained | None:
    required = [explain(child, shard, doc, boost) for child in _list(said.get("must", []))]
    optional = [explain(child, shard, doc, boost) for child in _list(said.get("should", []))]
    filters = [explain(child, shard, doc, 0.0) for child in _list(said.get("filter", []))]
    if not all(required) or not all(filters):
        return None
    if any(explain(child, shard, doc) for child in _list(said.get("must_not", []))):
        return None
    least = 1 if optional and not required and not filters else 0
    if "minimum_should_match" in said:
        least = _least(said["minimum_should_match"], len(optional))
    matched = [one for one in optional if one]
    if len(matched) < least:
        return None
    clause = "match on required clause, product of:"
    kept = [node(0.0, clause, node(0.0, "# clause"), node(1.0, one["description"])) for one in filters if one]
    scored = [one for one in required if one] + matched
    return summed([*scored, *kept]) if scored or kept else node(boost, "*:*")


def _semantic(field: str, query: str, shard: Shard, doc: int, boost: float) -> Explained | None:
    """A made-up likeness, 0–1, of a query and the text of a semantic field."""
    texts = [_string(value) for value in shard.values(field, doc)]
    if not texts:
        return None
    likeness = max(1 / (1 + math.exp(-logit(query, text))) for text in texts)
    return node(boost * likeness, f"Score based on the likeness of [{field}] to the query")


def summed(parts: list[Explained]) -> Explained | None:
    return (
        parts[0] if len(parts) == 1 else node(sum(one["value"] for one in parts), "sum of:", *parts) if parts else None
    )


def _best(parts: Iterable[Explained | None], tie: float) -> Explained | None:
    there = [one for one in parts if one]
    if len(there) < 2:
        return there[0] if there else None
    if tie == 1.0:
        return summed(there)
    values = [one["value"] for one in there]
    rest = tie * (sum(values) - max(values))
    return node(max(values) + rest, f"max plus {tie} times others of:" if tie else "max of:", *there)


def _words(field: str, said: Node, shard: Shard) -> list[tuple[str, int, int, int]]:
    return analysed(str(said.get("analyzer", shard.analyzer(field))), _string(said["query"]))


def _boosted(fields: Any) -> Iterator[tuple[str, float]]:
    for said in _list(fields):
        name, _, boost = said.partition("^")
        try:
            yield name, float(boost or 1.0)
        except ValueError:
            raise bad(f'For input string: "{boost}"', "number_format_exception") from None


def _expanded(pattern: str, shard: Shard) -> list[str]:
    if "*" not in pattern:
        return [pattern]
    wanted = re.compile(re.escape(pattern).replace(r"\*", ".*"))
    return [name for name in shard.mapped if wanted.fullmatch(name) and shard.kind(name) in ("text", "keyword")]


def _least(said: Any, count: int) -> int:
    """Read `minimum_should_match`: a number or a percentage, negative for how many may be missing."""
    if said is None:
        return 0
    text = str(said)
    if not re.fullmatch(r"-?\d+%?", text):
        raise not_emulated(f"minimum_should_match [{text}]")
    number = int(text.rstrip("%"))
    if text.endswith("%"):
        number = math.trunc(count * number / 100)
    return number if number >= 0 else count + number


def _only(said: Node, *keys: str) -> None:
    for key in keys:
        if key in said:
            raise not_emulated(f"[{key}]")


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _string(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
