"""From a request to a handler as the REST layer goes: media types, credentials, path, parameters, privilege."""

import base64
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

from tests.fakes.elastic.cluster import Cluster
from tests.fakes.elastic.refusals import NoHandler, Refusal, bad

_EVERYWHERE = {"pretty", "human", "error_trace", "filter_path"}
_COMPATIBLE = re.compile(r"application/vnd\.elasticsearch\+(?:json|x-ndjson) *; *compatible-with=(\d+)")
_JSON = re.compile(r"application/(?:vnd\.elasticsearch\+)?(?:json|x-ndjson)\b|\*/\*|application/\*")
_LINES = ("_bulk", "_msearch")


@dataclass(frozen=True)
class Request:
    """What a handler is given."""

    method: str
    path: str
    parts: dict[str, str]
    """Named parts of the path, unquoted."""
    params: dict[str, str]
    body: Any
    """Parsed JSON; None without a body."""
    lines: list[Any]
    """Of a body with one JSON object per line."""


Handler = Callable[[Cluster, Request], Any]
"""Gives the body of a 200; or a status and a body. Raises `Refusal`."""


@dataclass(frozen=True)
class Route:
    """One thing that can be asked for."""

    methods: str
    path: str
    """With `{names}`; what begins with an underscore is never the name of an index."""
    handler: Handler
    params: str = ""
    privilege: str = ""
    """Of the cluster (`monitor`) or of an index (`read`); empty when everybody may."""
    serverless: bool = True

    def match(self, path: str) -> dict[str, str] | None:
        pattern = self.path.replace("{index}", r"(?P<index>[^/_][^/]*|_all)")
        found = re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", pattern), path)
        return {key: unquote(value) for key, value in found.groupdict().items()} if found else None


def answer(
    cluster: Cluster, routes: Iterable[Route], method: str, target: str, headers: Mapping[str, str], content: bytes
) -> tuple[int, Any, dict[str, str]]:
    """Answer one request.

    Args:
        cluster: Who is asked.
        routes: What there is to ask for.
        method: Of HTTP.
        target: The path with its parameters, as sent.
        headers: With names in lower case.
        content: The body as sent.

    Returns:
        Status, body (None for none) and headers.
    """
    path, _, query = target.partition("?")
    path = path.rstrip("/") or "/"
    try:
        _check_media_types(cluster, headers, content)
        _check_credentials(cluster, headers, target)
        route, parts = _route(cluster, routes, method, path, target)
        params = dict(parse_qsl(query, keep_blank_values=True))
        _check_params(params, route, path)
        if route.privilege in cluster.forbidden:
            raise _unauthorized(cluster, route, parts)
        request = Request(method, path, parts, params, *_parsed(content, path))
        with cluster.lock:
            made = route.handler(cluster, request)
    except Refusal as refusal:
        return refusal.status, refusal.body, refusal.headers
    status, body = made if isinstance(made, tuple) else (200, made)
    return status, body, {}


def _check_media_types(cluster: Cluster, headers: Mapping[str, str], content: bytes) -> None:
    accept, sent = headers.get("accept", "*/*"), headers.get("content-type", "") if content else ""
    if content and not _JSON.match(sent):
        reason = f"Content-Type header [{sent}] is not supported"
        raise Refusal(406, "media_type_header_exception", reason)
    major = cluster.number[0] if cluster.flavour == "default" else 9
    asked = {
        name: found[1]
        for name, value in (("Accept", accept), ("Content-Type", sent))
        if (found := _COMPATIBLE.match(value))
    }
    for name, version in asked.items():
        if int(version) not in (major, major - 1):
            value = accept if name == "Accept" else sent
            cause = {
                "type": "status_exception",
                "reason": f"{name} version must be either version {major} or {major - 1}, but found {version}. "
                f"{name}={value}",
            }
            reason = f"Invalid media-type value on headers [{', '.join(asked)}]"
            raise bad(reason, "media_type_header_exception", caused_by=cause)
    if content and (len(set(asked.values())) > 1 or (len(asked) == 1 and accept != "*/*")):
        reason = (
            "A compatible version is required on both Content-Type and Accept headers if either one has requested a "
            f"compatible version and the compatible versions must match. Accept={accept}, Content-Type={sent}"
        )
        raise bad(reason, "status_exception")


def _check_credentials(cluster: Cluster, headers: Mapping[str, str], target: str) -> None:
    auth = cluster.auth
    if not auth:
        return
    given = headers.get("authorization", "")
    pair = base64.b64encode(f"{auth.user}:{auth.password}".encode()).decode()
    accepted = [
        *([f"ApiKey {auth.api_key}"] if auth.api_key else []),
        *([f"Basic {pair}"] if auth.user else []),
        *([f"Bearer {auth.bearer}"] if auth.bearer else []),
    ]
    scheme, _, secret = given.partition(" ")
    if any(scheme.lower() == one.split()[0].lower() and secret == one.split()[1] for one in accepted):
        return
    if not given:
        reason = f"missing authentication credentials for REST request [{target}]"
    elif scheme.lower() == "basic":
        user = base64.b64decode(secret).decode().partition(":")[0]
        reason = f"unable to authenticate user [{user}] for REST request [{target}]"
    else:
        reason = "unable to authenticate with provided credentials and anonymous access is not allowed for this request"
    refusal = Refusal(401, "security_exception", reason)
    if scheme.lower() == "apikey":
        refusal.cause["additional_unsuccessful_credentials"] = "API key: invalid credentials for API key [xyz]"
    wanted = ['Basic realm="security", charset="UTF-8"', 'Bearer realm="security"', "ApiKey"]
    refusal.cause["header"] = {"WWW-Authenticate": wanted}
    refusal.headers["WWW-Authenticate"] = ", ".join(wanted)
    raise refusal


def _route(
    cluster: Cluster, routes: Iterable[Route], method: str, path: str, target: str
) -> tuple[Route, dict[str, str]]:
    met = [(route, parts) for route in routes if (parts := route.match(path)) is not None]
    if not met or cluster.refuses.intersection(path.split("/")):
        raise NoHandler(400, "", f"no handler found for uri [{target}] and method [{method}]")
    for route, parts in met:
        if method in route.methods.split() or (method == "HEAD" and "GET" in route.methods.split()):
            if cluster.flavour == "serverless" and not route.serverless:
                there = f"Request for uri [{target}] with method [{method}] exists"
                reason = f"{there} but is not available when running in serverless mode"
                raise Refusal(410, "api_not_available_exception", reason)
            return route, parts
    allowed = ", ".join(sorted({one for route, _ in met for one in route.methods.split()}))
    reason = f"Incorrect HTTP method for uri [{target}] and method [{method}], allowed: [{allowed}]"
    refusal = NoHandler(405, "", reason)
    refusal.headers["Allow"] = allowed
    raise refusal


def _check_params(params: Mapping[str, str], route: Route, path: str) -> None:
    unknown = sorted(params.keys() - _EVERYWHERE - set(route.params.split()))
    if unknown:
        plural = "s" if len(unknown) > 1 else ""
        named = ", ".join(f"[{name}]" for name in unknown)
        raise bad(f"request [{path}] contains unrecognized parameter{plural}: {named}")


def _unauthorized(cluster: Cluster, route: Route, parts: Mapping[str, str]) -> Refusal:
    user = cluster.auth.user if cluster.auth and cluster.auth.user else "reader"
    on, of = (f" on indices [{parts['index']}]", "index") if "index" in parts else ("", "cluster")
    reason = (
        f"action [{of}:{route.privilege}/{route.handler.__name__}] is unauthorized for user [{user}] with effective "
        f"roles [none]{on}, this action is granted by the {of} privileges [{route.privilege},all]"
    )
    return Refusal(403, "security_exception", reason)


def _parsed(content: bytes, path: str) -> tuple[Any, list[Any]]:
    try:
        if path.rpartition("/")[2] in _LINES:
            if content and not content.endswith(b"\n"):
                what = path.rpartition("/")[2].strip("_")
                raise bad(f"The {what} request must be terminated by a newline [\\n]")
            return None, [json.loads(line) for line in content.split(b"\n") if line.strip()]
        return (json.loads(content) if content.strip() else None), []
    except ValueError as error:
        raise bad(f"[1:1] Unexpected character: {error}", "x_content_parse_exception") from error
