"""Indices and the documents in them: what there is, how it is mapped, and how it gets there."""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from tests.fakes.elastic.cluster import Cluster, Index
from tests.fakes.elastic.fetch import filtered
from tests.fakes.elastic.refusals import Refusal, bad, invalid, no_such_index, not_emulated, object_of
from tests.fakes.elastic.rest import Request
from tests.fakes.elastic.shard import METADATA, analysed, utf16_offset

_FAMILY = {"match_only_text": "text", "constant_keyword": "keyword", "wildcard": "keyword"}
"""Field capabilities name the family of a type."""
_AGGREGATABLE = ("keyword", "integer", "long", "float", "double", "date", "boolean")


def resolve(cluster: Cluster, request: Request) -> Any:
    found = cluster.find(request.parts["name"])
    streams = sorted({index.data_stream for index in found if index.data_stream})
    aliases = sorted({alias for index in found for alias in index.aliases if _wanted(alias, request.parts["name"])})
    return {
        "indices": [
            {"name": index.name, "attributes": ["open"], **({"aliases": index.aliases} if index.aliases else {})}
            for index in sorted(found, key=lambda index: index.name)
            if not index.data_stream
        ],
        "aliases": [
            {"name": alias, "indices": sorted(one.name for one in found if alias in one.aliases)} for alias in aliases
        ],
        "data_streams": [
            {
                "name": stream,
                "backing_indices": sorted(one.name for one in found if one.data_stream == stream),
                "timestamp_field": "@timestamp",
            }
            for stream in streams
        ],
    }


def field_caps(cluster: Cluster, request: Request) -> Any:
    body = object_of(request.body or {}, "field_caps", "fields index_filter runtime_mappings")
    asked = request.params.get("fields", "").split(",") if "fields" in request.params else body.get("fields", [])
    if not asked:
        raise invalid("no fields specified")
    indices = cluster.find(request.parts.get("index", ""))
    # From then on only the mapping tells semantic text from text.
    family = {**_FAMILY, **({"semantic_text": "text"} if cluster.knows("semantic_text is text") else {})}
    kinds: dict[str, dict[str, list[str]]] = {}
    for index in indices:
        for name, said in [*index.shard.mapped.items(), *((name, {"type": name}) for name in METADATA)]:
            if any(fnmatchcase(name, pattern) for pattern in asked):
                kind = family.get(said["type"], said["type"])
                kinds.setdefault(name, {}).setdefault(kind, []).append(index.name)
    fields: dict[str, Any] = {}
    for name, of in sorted(kinds.items()):
        for kind, where in of.items():
            caps = {
                "type": kind,
                "metadata_field": name in METADATA,
                "searchable": kind not in ("object", "nested") and name != "_source",
                "aggregatable": kind in _AGGREGATABLE,
                **({"indices": where} if len(of) > 1 else {}),
            }
            fields.setdefault(name, {})[kind] = caps
    return {"indices": [index.name for index in indices], "fields": fields}


def mapping(cluster: Cluster, request: Request) -> Any:
    return {index.name: {"mappings": index.mappings} for index in cluster.find(request.parts.get("index", ""))}


def show(cluster: Cluster, request: Request) -> Any:
    return {
        index.name: {
            "aliases": {alias: {} for alias in index.aliases},
            "mappings": index.mappings,
            "settings": {"index": {"number_of_shards": "1", "uuid": f"uuid-{index.name}", **index.settings}},
            **({"data_stream": index.data_stream} if index.data_stream else {}),
        }
        for index in cluster.find(request.parts["index"])
    }


def create(cluster: Cluster, request: Request) -> Any:
    name = request.parts["index"]
    if any(name in index.names for index in cluster.indices.values()):
        raise bad(f"index [{name}/uuid-{name}] already exists", "resource_already_exists_exception", index=name)
    if name != name.lower() or any(letter in name for letter in ' "*\\<|,>/?#:'):
        raise bad(f"Invalid index name [{name}], must be lowercase", "invalid_index_name_exception", index=name)
    body = object_of(request.body or {}, "create index", "settings mappings aliases")
    _check_mapping(body.get("mappings", {}))
    index = Index(name, mappings=body.get("mappings", {}), aliases=body.get("aliases", {}))
    index.settings = dict(body.get("settings", {}))
    if cluster.flavour == "serverless" and (private := [key for key in index.settings if "number_of" in key]):
        named = ",".join(f"index.{key.removeprefix('index.')}" for key in sorted(private))
        raise bad(f"Settings [{named}] are not available when running in serverless mode")
    cluster.indices[name] = index
    return {"acknowledged": True, "shards_acknowledged": True, "index": name}


def delete(cluster: Cluster, request: Request) -> Any:
    for index in cluster.find(request.parts["index"]):
        if request.parts["index"] in index.aliases:
            what = f"The provided expression [{request.parts['index']}] matches an alias"
            raise bad(f"{what}, specify the corresponding concrete indices instead.")
        del cluster.indices[index.name]
    return {"acknowledged": True}


def refresh(cluster: Cluster, request: Request) -> Any:
    found = cluster.find(request.parts.get("index", ""))
    for index in found:
        index.refresh()
    return {"_shards": {"total": len(found), "successful": len(found), "failed": 0}}


def document(cluster: Cluster, request: Request) -> Any:
    found = _got(cluster.find(request.parts["index"])[0], request.parts["id"], request.params)
    return found if found["found"] else (404, found)


def documents(cluster: Cluster, request: Request) -> Any:
    """Several at once, as they were last written; one that there is not is no error."""
    body = object_of(request.body or {}, "mget", "docs ids")
    if not body.get("ids"):
        if "docs" in body:
            raise not_emulated("[docs] of mget")
        raise invalid("no documents to get")
    index = cluster.find(request.parts["index"])[0]
    return {"docs": [_got(index, id, request.params) for id in body["ids"]]}


def _got(index: Index, id: str, params: Mapping[str, str]) -> dict[str, Any]:
    head = {"_index": index.name, "_id": id}
    if id not in index.documents:
        return {**head, "found": False}
    wanted: Any = {"includes": params.get("_source_includes", "").split(",")}
    if "_source_includes" not in params:
        said = params.get("_source", "true")
        wanted = said == "true" if said in ("true", "false") else said.split(",")
    source = filtered(index.documents[id], wanted)
    shown = {} if source is None else {"_source": source}
    return {**head, "_version": index.versions[id], "_seq_no": 0, "_primary_term": 1, "found": True, **shown}


def analyze(cluster: Cluster, request: Request) -> Any:
    body = object_of(
        request.body or {},
        "analyze_request",
        "analyzer field text tokenizer filter char_filter normalizer explain attributes",
    )
    if "text" not in body:
        raise invalid("text is missing")
    analyzer = body.get("analyzer", "standard")
    if "field" in body:
        analyzer = cluster.find(request.parts["index"])[0].shard.analyzer(body["field"])
    if analyzer not in ("english", "standard", "keyword"):
        raise bad(f"failed to find global analyzer [{analyzer}]")
    texts = body["text"] if isinstance(body["text"], list) else [body["text"]]
    found = [
        {
            "token": term,
            "start_offset": utf16_offset(text, start),
            "end_offset": utf16_offset(text, end),
            "type": "<NUM>" if term.isdigit() else "<ALPHANUM>",
            "position": position,
        }
        for text in texts
        for term, start, end, position in analysed(analyzer, text)
    ]
    return {"tokens": found}


def bulk(cluster: Cluster, request: Request) -> Any:
    """Writes one by one; each item has its own status, and the whole answers 200 all the same."""
    lines = iter(request.lines)
    items: list[dict[str, Any]] = []
    touched = {}
    for line in lines:
        ((action, head),) = line.items()
        if action not in ("index", "create", "update", "delete"):
            expected = "expected one of [create, delete, index, update]"
            raise bad(f"Malformed action/metadata line [1], {expected} but found [{action}]")
        object_of(head, action, "_index _id routing version version_type if_seq_no if_primary_term require_alias")
        source = None if action == "delete" else next(lines)
        name = head.get("_index", request.parts.get("index", ""))
        item = {"_index": name, "_id": head.get("_id") or f"auto-{len(items)}"}
        try:
            item |= _write(cluster, name, action, item["_id"], source)
            touched[name] = cluster.indices[name]
        except Refusal as refusal:
            item |= {"status": refusal.status, "error": refusal.cause}
        items.append({action: item})
    if request.params.get("refresh", "false") in ("", "true", "wait_for"):
        for index in touched.values():
            index.refresh()
    errors = any("error" in item for one in items for item in one.values())
    return {"errors": errors, "took": cluster.took, "items": items}


def _write(cluster: Cluster, name: str, action: str, id: str, source: Any) -> dict[str, Any]:
    if cluster.busy_items > 0:
        cluster.busy_items -= 1
        reason = "rejected execution of coordinating operation [coordinating_and_primary_bytes=0]"
        raise Refusal(429, "es_rejected_execution_exception", reason)
    if name not in cluster.indices and cluster.find(name, lenient=True):
        raise bad(f"no write index is defined for alias [{name}].")
    if name not in cluster.indices:
        if "create_index" in cluster.forbidden:
            raise no_such_index(name)
        cluster.indices[name] = Index(name, mappings={})
    index = cluster.indices[name]
    there = id in index.documents
    if action == "create" and there:
        reason = f"[{id}]: version conflict, document already exists (current version [{index.versions[id]}])"
        raise Refusal(409, "version_conflict_engine_exception", reason, index=name, shard="0")
    if action == "delete":
        index.documents.pop(id, None)
        return {"_version": 2, "result": "deleted" if there else "not_found", "status": 200 if there else 404}
    if not isinstance(source, Mapping):
        raise bad("failed to parse", "document_parsing_exception")
    if action == "update":
        if not there:
            raise Refusal(404, "document_missing_exception", f"[{id}]: document missing", index=name, shard="0")
        source = {**index.documents[id], **source.get("doc", {})}
    index.write(id, source)
    made = {
        "_version": index.versions[id],
        "result": "updated" if there else "created",
        "status": 200 if there else 201,
    }
    return {**made, "_shards": {"total": 1, "successful": 1, "failed": 0}, "_seq_no": 0, "_primary_term": 1}


def _check_mapping(mappings: Mapping[str, Any]) -> None:
    object_of(
        mappings,
        "mapping",
        "properties dynamic _source _meta date_detection dynamic_templates _routing runtime",
    )
    for said in mappings.get("properties", {}).values():
        if said.get("analyzer", "standard") not in ("english", "standard", "simple", "whitespace", "keyword"):
            raise bad(
                f"Failed to parse mapping: analyzer [{said['analyzer']}] has not been configured in mappings",
                "mapper_parsing_exception",
            )


def _wanted(name: str, expression: str) -> bool:
    parts: Iterable[str] = expression.split(",")
    return any(part == "_all" or fnmatchcase(name, part) for part in parts)
