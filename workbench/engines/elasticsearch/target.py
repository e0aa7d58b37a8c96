"""Where documents are written to: what a name stands for on a cluster, and an index made anew under it."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as late
from typing import Any

from workbench.domain.errors import BadInputError
from workbench.domain.text import single_line
from workbench.engines.elasticsearch.connection import Connection
from workbench.engines.elasticsearch.failures import ClusterError, understood
from workbench.engines.elasticsearch.paths import segment

SEMANTIC_FIELD = "body_semantic"
"""The field that a semantic index copies its text to."""
_FORBIDDEN = '\\/*?"<>| ,#:'
_LENGTH = 255
_EMBEDDINGS = ("sparse_embedding", "text_embedding")
_TEXTS = ("text", "match_only_text")
_ENGLISH = {"type": "text", "analyzer": "english"}


@dataclass(frozen=True)
class Target:
    """An index that exists."""

    name: str
    documents: int
    """As many as a search sees."""
    aliases: Mapping[str, Any] = late(default_factory=dict, hash=False)
    fields: Mapping[str, Any] = late(default_factory=dict, hash=False)
    """Its mapping's properties."""

    @property
    def semantic(self) -> bool:
        """Whether a model reads every document that is written."""
        return any(_of_type(field, "semantic_text") for field in self.fields.values())


def check_name(name: str) -> None:
    """Hold an index's name against Elasticsearch's rules.

    Raises:
        BadInputError: Elasticsearch would refuse it, or keeps such names for itself.
    """
    shown = single_line(name, 100)
    if not name:
        problem = "it is empty"
    elif name != name.lower():
        problem = "it has capital letters"
    elif found := [letter for letter in name if letter in _FORBIDDEN or not letter.isprintable()]:
        problem = f"it has {single_line(found[0]) or 'a blank'!r}"
    elif name[0] in "-_+":
        problem = f"it begins with {name[0]!r}"
    elif name[0] == ".":
        problem = "names that begin with a dot are Elasticsearch's own"
    elif len(name.encode()) > _LENGTH:
        problem = f"it takes {len(name.encode())} bytes, {_LENGTH} at most are allowed"
    else:
        return
    hint = "Use lower-case letters, digits, - and _; begin with a letter or digit."
    raise BadInputError(f"{shown!r} cannot be an index's name: {problem}.", hint)


async def find_target(connection: Connection, name: str) -> Target | None:
    """Look at what has a name; None when nothing has.

    Raises:
        BadInputError: It is an alias or a data stream.
        ClusterError: The cluster does not say.
    """
    try:
        found = (await connection.ask("look at the index", "GET", f"/{segment(name)}")).body
    except ClusterError as error:
        if error.status == 404:
            return None
        raise
    with understood("look at the index"):
        if name not in found:
            behind = ", ".join(single_line(other, 80) for other in sorted(found)[:3])
            stream = any("data_stream" in index or other.startswith(".ds-") for other, index in found.items())
            raise BadInputError(
                f"{name} is {'a data stream' if stream else f'an alias of {behind}'}, not an index; it stays as it is.",
                "Choose another name." if stream else "Name an index itself.",
            )
        aliases, fields = dict(found[name].get("aliases", {})), dict(found[name]["mappings"].get("properties", {}))
    return Target(name, await _count(connection, name), aliases, fields)


def check_fits(target: Target, endpoint: str) -> None:
    """See that an index has the fields that documents are written to.

    Args:
        target: The index.
        endpoint: Inference endpoint that should read the text; empty when that does not matter.

    Raises:
        BadInputError: It has not.
    """
    hint = "Choose another name, or --recreate to delete it and make it anew."
    for name in ("title", "body"):
        if not any(_of_type(target.fields.get(name), kind) for kind in _TEXTS):
            raise BadInputError(f"{target.name} has no text field {name!r}; nothing was written to it.", hint)
    if endpoint and target.fields.get(SEMANTIC_FIELD, {}).get("inference_id") != endpoint:
        raise BadInputError(f"{target.name} has no field {SEMANTIC_FIELD!r} that {endpoint} reads.", hint)


async def check_endpoint(connection: Connection, endpoint: str) -> None:
    """See that an inference endpoint can embed text, before an index relies on it.

    Raises:
        BadInputError: It is there for something else.
        ClusterError: There is no such endpoint, or the cluster does not say.
    """
    answer = await connection.ask("look at the endpoint", "GET", f"/_inference/{segment(endpoint)}")
    with understood("look at the endpoint"):
        kinds = [single_line(str(one.get("task_type")), 40) for one in answer.body.get("endpoints", ())]
    if kinds and not set(kinds) & set(_EMBEDDINGS):
        raise BadInputError(
            f"{endpoint} does {kinds[0]}; a semantic field needs an endpoint that does {' or '.join(_EMBEDDINGS)}.",
            "List the endpoints: GET /_inference/_all.",
        )


async def create_target(
    connection: Connection, name: str, *, shards: int | None, endpoint: str, aliases: Mapping[str, Any]
) -> None:
    """Make an index in which text is analysed as the embedded engine does.

    Replicas and the refresh interval stay as the cluster would have them. Elasticsearch does not refresh an index
    that nobody searches, so there is nothing to gain, and a load that is killed leaves nothing to put back.

    Args:
        connection: To the cluster.
        name: The index's.
        shards: Primary shards; None for one, or for what a serverless project decides.
        endpoint: Embeds the text into a field of its own; empty for no such field.
        aliases: That lead to it, as the cluster described them.

    Raises:
        ClusterError: It was refused; an index of that name has come to be, for one.
    """
    body: dict[str, Any] = dict(_ENGLISH)
    properties: dict[str, Any] = {"title": _ENGLISH, "body": body}
    if endpoint:
        body["copy_to"] = SEMANTIC_FIELD
        properties[SEMANTIC_FIELD] = {"type": "semantic_text", "inference_id": endpoint}
    index: dict[str, Any] = {"mappings": {"properties": properties}}
    if shards or (await connection.server()).flavour != "serverless":
        index["settings"] = {"number_of_shards": shards or 1}
    if aliases:
        index["aliases"] = aliases
    await connection.ask("make the index", "PUT", f"/{segment(name)}", index, retry=False)


async def delete_target(connection: Connection, name: str) -> None:
    """Delete an index.

    Raises:
        ClusterError: It was refused.
    """
    await connection.ask("delete the index", "DELETE", f"/{segment(name)}", retry=False)


async def visible_documents(connection: Connection, name: str) -> int | None:
    """Let searches see all that was written, and count it; None where the user may not do so.

    Raises:
        ClusterError: The cluster does not say.
    """
    try:
        await connection.ask("refresh the index", "POST", f"/{segment(name)}/_refresh")
        return await _count(connection, name)
    except ClusterError as error:
        if error.status == 403:
            return None
        raise


async def _count(connection: Connection, name: str) -> int:
    answer = await connection.ask("count the documents", "GET", f"/{segment(name)}/_count")
    with understood("count the documents"):
        return int(answer.body["count"])


def _of_type(field: Any, kind: str) -> bool:
    return isinstance(field, Mapping) and field.get("type") == kind
