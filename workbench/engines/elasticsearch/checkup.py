"""A walk from the address to the inference endpoint, which stops where something must be mended first."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any

from workbench.domain.capabilities import DEFAULT_ENDPOINT
from workbench.domain.check import Check, failed, ok, remark
from workbench.domain.deployment import ModelState
from workbench.domain.errors import WorkbenchError
from workbench.domain.text import single_line
from workbench.engines.elasticsearch.connection import Connection
from workbench.engines.elasticsearch.endpoints import endpoint_states, rerank_endpoints
from workbench.engines.elasticsearch.failures import ClusterError, clause, understood
from workbench.engines.elasticsearch.fields import SEMANTIC, WHOLE, WORDS, describe, path_of, targets
from workbench.engines.elasticsearch.reach import address, encryption
from workbench.engines.elasticsearch.templates import SUFFIX, load_template

OLDEST = (8, 17, 0)
"""The first version that has the reranker."""
NEWEST = (9, 4)
"""The last version whose differences are known."""
RERANKING_LICENCES = ("trial", "enterprise")
_HERE = 'write rerank = "local" in the profile, to rerank on this machine'
_CREATE = (
    'PUT _inference/rerank/my-reranker {"service": "elasticsearch", "service_settings": {"model_id": ".rerank-v1", '
    '"num_threads": 1, "adaptive_allocations": {"enabled": true, "min_number_of_allocations": 1}}}'
)
SHOWN = 8
"""Names that a message lists."""


async def checkup(connection: Connection, templates: Path) -> AsyncGenerator[Check, None]:
    """Check everything that a search with reranking needs, in the order in which it needs it.

    Nothing is changed on the cluster. Ends with the first check that fails: the later ones need it.

    Args:
        connection: Of the profile that is checked; left open.
        templates: The folder of the query templates.
    """
    steps: tuple[tuple[str, Callable[[Connection], Awaitable[Check | None]]], ...] = (
        ("address", address),
        ("TLS", encryption),
        ("product", _product),
        ("version", _version),
        ("build", _build),
        ("licence", _licence),
        ("privileges", _privileges),
        ("index", _index),
        ("fields", _fields),
        ("template", partial(_template, templates)),
        ("endpoint", _endpoint),
    )
    for name, step in steps:
        try:
            with understood(name):
                check = await step(connection)
        except WorkbenchError as error:
            check = _refusal(name, error)
        if check is not None:
            yield check
            if not check.ok:
                return


def _refusal(name: str, error: WorkbenchError) -> Check:
    """What kept a check from coming to an end."""
    status = error.status if isinstance(error, ClusterError) else 0
    if name == "product" and status in (0, 401):  # The first that needs the credentials.
        name = "credentials"
    return failed(name, error.message, error.hint, unreachable=status is None)


async def _product(connection: Connection) -> Check:
    server = await connection.server()
    return ok("product", f"Elasticsearch, cluster {server.name or 'without a name'}; asked as {_asker(connection)}")


def _asker(connection: Connection) -> str:
    return "nobody" if connection.profile.asks_as == "none" else connection.profile.asks_as


async def _version(connection: Connection) -> Check:
    server = await connection.server()
    if server.flavour == "serverless":
        return ok("version", "always the newest, as it is serverless")
    number = ".".join(map(str, server.version))
    if not any(server.version):
        return remark("version", "the server does not say", "What it lacks is found out when it refuses it.")
    if server.version < OLDEST:
        says = f"{number} is older than 8.17, the first version that can rerank"
        if connection.profile.rerank == "local":
            return remark("version", says, "BM25 should work; it is not tested.")
        return failed("version", says, f"Upgrade the cluster, or {_HERE}.")
    if server.version[:2] > NEWEST:
        newest = ".".join(map(str, NEWEST))
        return remark("version", f"{number} is newer than {newest}, the last one known to this workbench")
    return ok("version", number)


async def _build(connection: Connection) -> Check:
    flavour = (await connection.server()).flavour
    if flavour in ("default", "serverless"):
        return ok("build", flavour)
    return remark("build", f"{flavour} is not a build that Elastic publishes", "Reranking may be missing from it.")


async def _licence(connection: Connection) -> Check:
    try:
        said = (await connection.ask("read the licence", "GET", "/_license")).body.get("license", {})
    except ClusterError as error:
        if error.status is None:
            raise
        return remark("licence", f"cannot be read here ({_why(error)})", "If reranking is refused, look at it first.")
    kind, status, expiry = said.get("type", "unknown"), said.get("status", "unknown"), said.get("expiry_date", "")
    says = f"{kind}, {status}" + (f", until {expiry[:10]}" if expiry else "")
    if connection.profile.rerank == "local":
        return ok("licence", f"{says}; reranking happens on this machine")
    if status not in ("active", "valid"):
        return failed("licence", says, f"Renew it, or {_HERE}.")
    if kind not in RERANKING_LICENCES:
        hint = f"Start a trial: POST /_license/start_trial?acknowledge=true, or {_HERE}."
        return failed("licence", f"{says}; reranking takes enterprise or trial", hint)
    return ok("licence", f"{says}; enough to rerank")


async def _privileges(connection: Connection) -> Check:
    profile = connection.profile
    cluster = [] if profile.rerank == "local" else ["monitor_inference", "monitor_ml"]
    body: dict[str, Any] = {"cluster": cluster}
    if profile.index:
        body["index"] = [{"names": profile.index.split(","), "privileges": ["read", "view_index_metadata"]}]
    elif not cluster:
        return remark("privileges", "none are asked about, as the profile names no index")
    try:
        said = (await connection.ask("read the privileges", "POST", "/_security/user/_has_privileges", body)).body
    except ClusterError as error:
        if error.status is None:
            raise
        return remark("privileges", f"cannot be asked here ({_why(error)}); security may be off")
    missing = [name for name, has in said.get("cluster", {}).items() if not has]
    on_index = [
        f"{name} on {index}" for index, held in said.get("index", {}).items() for name, has in held.items() if not has
    ]
    if on_index or "monitor_inference" in missing:
        asked = " and ".join([*missing, *on_index])
        return failed("privileges", f"{said.get('username', 'the user')} lacks {asked}", f"Grant {asked} by a role.")
    if missing:
        lost = "the state of models stays unknown"
        return remark("privileges", f"{said.get('username', 'the user')} lacks {', '.join(missing)}: {lost}")
    return ok("privileges", f"{said.get('username', 'the user')} has all that is needed")


async def _index(connection: Connection) -> Check:
    index = connection.profile.index
    if not index:
        return remark("index", "the profile names none", f"There are: {_listed(await targets(connection))}.")
    try:
        said = (await connection.ask("count the documents", "GET", f"/{path_of(index)}/_count")).body
    except ClusterError as error:
        if error.status != 404:
            raise
        there = [name for name in await targets(connection) if name != index]
        near = get_close_matches(index, there, 3, 0.5)
        hint = f"Did you mean {' or '.join(near)}?" if near else f"There are: {_listed(there)}."
        return failed("index", f"there is no index, alias or data stream {index}", hint)
    documents = said.get("count", 0)
    if not documents:
        fill = f"Fill it: workbench index PATH --profile {connection.profile.name} --index {index} --append"
        return remark("index", f"{index} is empty", fill)
    return ok("index", f"{index}: {documents:,} document{'s' * (documents != 1)}")


async def _fields(connection: Connection) -> Check | None:
    if not connection.profile.index:
        return None
    found = await describe(connection, connection.profile.index)
    searched = [name for name, boost in found.fields if boost]
    types = {name: found.mapping[name] for name in dict.fromkeys((*searched, found.field))}
    says = f"searched: {_listed([f'{name} ({types[name]})' for name in searched])}; shown: {found.title or 'no title'}"
    says += f"; reranked: {found.field} ({types[found.field]})"
    for name in searched:
        if types[name] not in (*WORDS, *WHOLE, SEMANTIC):
            texts = [name for name, type in found.mapping.items() if type in WORDS]
            return failed("fields", f"{name} is searched, but is {types[name]}, not text", f"Text: {_listed(texts)}.")
    if whole := [name for name in searched if types[name] in WHOLE]:
        return remark("fields", says, f"A keyword matches as a whole only: {_listed(whole)}.")
    return ok("fields", says)


async def _template(folder: Path, connection: Connection) -> Check | None:
    if not (name := connection.profile.template):
        return None
    template = load_template(folder / f"{name}{SUFFIX}")
    return ok("template", f"{template.name}: {template.file}")


async def _endpoint(connection: Connection) -> Check:
    profile = connection.profile
    if profile.rerank == "local":
        return ok("endpoint", "none is needed: a model of this machine reranks")
    described = ""
    try:
        for one in await rerank_endpoints(connection):
            if one.id == profile.endpoint:
                described = ", ".join(filter(None, (one.service, one.model, one.settings)))
    except ClusterError as error:
        if error.status in (400, 405, 410):
            return failed("endpoint", f"this server has no inference API ({_why(error)})", f"{_HERE.capitalize()}.")
        if error.status is None:
            raise
    says = f"{profile.endpoint}{f': {described}' if described else ''}"
    async with aclosing(endpoint_states(connection, profile.endpoint)) as states:
        state = await anext(states)
    if state.state is ModelState.FAILED:
        hints = filter(None, (state.next, _without_default(connection)))
        return failed("endpoint", state.reason or says, " ".join(hints))
    if state.state is not ModelState.READY:
        on_its_way = f"{says}; the model is still {state.state}, so nothing can be reranked yet"
        return failed("endpoint", on_its_way, "Wait, and test again: nothing has to be done.")
    return remark("endpoint", says, state.next) if state.next else ok("endpoint", f"{says}; ready")


def _without_default(connection: Connection) -> str:
    missing = connection.profile.endpoint == DEFAULT_ENDPOINT and connection.lacks("default endpoint")
    return f"Before 8.18 every endpoint is made by hand: {_CREATE}" if missing else ""


def _listed(names: Sequence[str]) -> str:
    if not names:
        return "none to be seen"
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return ", ".join(single_line(name, 80) for name in names[:SHOWN]) + more


def _why(error: ClusterError) -> str:
    return clause(single_line(error.reason, 120)) or f"status {error.status}"
