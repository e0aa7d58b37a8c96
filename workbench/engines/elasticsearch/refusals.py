"""What servers, and proxies before them, say when they refuse: each known case with what to do about it."""

import re
from dataclasses import dataclass
from typing import Any

from workbench.config.profile import Profile
from workbench.domain.text import single_line
from workbench.engines.elasticsearch.failures import ClusterError, clause, complaints, deepest, page_title

PASSING = (429, 502, 503, 504)


@dataclass(frozen=True)
class _Case:
    """Statuses (any when empty) and words (over every kind and reason of the body) by which a case is known."""

    statuses: tuple[int, ...]
    words: str
    message: str
    hint: str
    lasting: bool = False
    """Whether trying again is in vain although the status says otherwise."""


_LICENCE = (
    "Reranking inside Elasticsearch needs an Enterprise licence or a running trial; "
    'with rerank = "local" in the profile the model of this machine does it.'
)
_ENDPOINTS = "GET _inference/rerank/_all lists the endpoints that exist; name one as endpoint in the profile."
_DEPLOY = "Start the deployment, or send one request and wait: an endpoint that scales to zero starts with it."
_CAPACITY = "Give the machine learning nodes more memory or processors, or stop another deployment."
_LOADING = "The server goes on in the background: try again in a minute, and do not create the endpoint anew."

_CASES = (
    _Case(
        (),
        r"media_type_header_exception",
        "{node} does not speak this client's version of the interface: {reason}",
        "workbench speaks with Elasticsearch 8 and 9; GET / tells what this one is.",
    ),
    _Case((406,), "", "{node} does not speak Elasticsearch's media types.", "Is it Elasticsearch 8 or 9? GET / tells."),
    _Case((401,), "", "{node} does not accept {credential}.", "{credential_hint}"),
    _Case(
        (407,), "", "The proxy before {node} wants credentials.", "Put them into HTTPS_PROXY, or {node} into NO_PROXY."
    ),
    _Case(
        (403,),
        r"license is non-compliant for \[(?P<feature>[^\]]*)\]",
        "The cluster's licence does not include {feature}.",
        _LICENCE,
    ),
    _Case(
        (403,),
        r"action \[(?P<action>[^\]]*)\] is unauthorized for (?P<who>(?:user|API key|service account|run as)[^,]*?)"
        r"(?: with (?:effective |assigned )?roles \[[^\]]*\])?(?P<where> on (?:restricted )?indices \[[^\]]*\])?"
        r", this action is granted by the (?P<scope>index|cluster) privileges \[(?P<privileges>[^\]]*)\]",
        "The privilege to do {action}{where} is missing for {who}.",
        "Give its role one of the {scope} privileges {privileges}.",
    ),
    _Case(
        (403,),
        r"action \[(?P<action>[^\]]*)\] is unauthorized",
        "The privilege to do {action} is missing.",
        "Ask whoever runs the cluster for a role that may do it, or use another API key.",
    ),
    _Case(
        (),
        r"must have at least one token",
        "The text of a candidate is blank, and the model reads no blank text.",
        'Leave such documents out by a filter in the profile, such as wildcard = {{ FIELD = "?*" }} (exists keeps an '
        "empty text), or set rerank to inference, which does not send them.",
    ),
    _Case((403,), r"upgrade is in progress", "{reason}", "Try again when the cluster's upgrade is done."),
    _Case(
        (),
        r"cluster_block_exception",
        "The cluster blocks this: {reason}",
        "Read-only indices are most often a full disk: free space, then remove the block.",
        lasting=True,
    ),
    _Case(
        (404,),
        r"index_not_found_exception.*?\[(?P<index>[^\]]*)\]",
        "There is no index {index}.",
        "Name an index, alias or data stream that exists: `workbench profile test {profile}` looks.",
    ),
    _Case(
        (400, 404, 500),
        r"Inference endpoint not found \[(?P<endpoint>[^\]]*)\]",
        "There is no inference endpoint {endpoint}.",
        _ENDPOINTS,
    ),
    _Case(
        (404,),
        r"Could not find trained model|Cannot find deployment|Could not start the Elastic Reranker",
        "The endpoint's model is not in the cluster: {reason}",
        "Download and deploy the model, or choose another endpoint.",
    ),
    _Case(
        (404,),
        r"search_context_missing_exception",
        "The point in time of the search has gone.",
        "Search again; a new one is opened.",
    ),
    _Case(
        (404,),
        r"Unknown (?:resource|deployment)",
        "The cloud knows no running deployment at {node}.",
        "Check cloud_id or hosts, and whether the deployment is stopped.",
    ),
    _Case(
        (408, 500),
        r"[Mm]odel download task is currently running",
        "The cluster is still downloading the model.",
        _LOADING,
    ),
    _Case(
        (408,), r"waiting for trained model deployment|deployment .* to start", "The model is still starting.", _LOADING
    ),
    _Case(
        (408,),
        "",
        "The cluster gave up waiting: {reason}",
        "The model may be loading or busy; try again, with less depth.",
    ),
    _Case(
        (409,),
        r"must be deployed|not allocated to any nodes|is \[(?:stopping|stopped)\]",
        "The model is not deployed: {reason}",
        _DEPLOY,
    ),
    _Case((409,), r"is \[failed\]", "The model's deployment has failed: {reason}", "Stop it and start it again."),
    _Case(
        (429,),
        r"sufficient capacity|not enough resources|reached the limit of|no suitable nodes",
        "The cluster has no room for the model: {reason}",
        _CAPACITY,
        lasting=True,
    ),
    _Case(
        (429,),
        r"pending requests|waiting for an allocation|queue|rejected_execution",
        "The cluster has too much to do: {reason}",
        "It was tried again in vain; wait a moment, or rerank fewer documents.",
    ),
    _Case((429,), "", "The cluster wants fewer requests: {reason}", "Wait a moment."),
    _Case(
        (413,),
        "",
        "The request is too large for {node}.",
        "Use less depth, or raise http.max_content_length or the limit of the proxy before it.",
    ),
)
_PROXY = _Case(
    (502, 503, 504),
    "",
    "Something before the cluster answered {status} in its place: {reason}",
    "A proxy or load balancer reaches no node in time; whether the request arrived is unknown. Try again in a moment.",
)
_BUSY = _Case(
    (503,), "", "The cluster cannot answer now: {reason}", "It may be starting or have lost nodes; try again."
)
_MOVED = _Case(
    (301, 302, 303, 307, 308),
    "",
    "{node} sends elsewhere: {location}",
    "Write the last address into hosts; a redirect is not followed, for it would take credentials along.",
)
_REFUSED = _Case(
    (),
    "",
    "The cluster refused the request: {reason}",
    "Look at the request that was sent: what it names must exist, and be known to this version.",
)
_FAILED = _Case((), "", "The cluster failed: {reason}", "Its own log says more; try again.")


def refusal(status: int, body: Any, profile: Profile, node: str, asked: str, location: str = "") -> ClusterError:
    """Put an answer that is no success into words.

    Args:
        status: HTTP status.
        body: Parsed JSON, or text.
        profile: Who was asked; for its name and where its credential comes from.
        node: The address that answered.
        asked: Method and path, for the log.
        location: Where a redirect leads.
    """
    found = complaints(body)
    cause = deepest(found)
    reason = cause.reason or (page_title(body) if isinstance(body, str) else "") or f"HTTP status {status}"
    text = "\n".join(f"{complaint.kind} {complaint.reason}" for complaint in found)
    credential, credential_hint = _credential(profile)
    case, groups = _case(status, text, ours=bool(found))
    words = {
        "node": node,
        "status": str(status),
        "reason": clause(reason),
        "location": single_line(location, 200) or "nowhere",
        "profile": profile.name,
        "credential": credential,
        "credential_hint": credential_hint,
        **groups,
    }
    return ClusterError(
        _sentence(case.message.format_map(words)),
        case.hint.format_map(words),
        f"{status} {cause.kind or 'no kind'}: {asked}",
        status=status,
        kind=cause.kind,
        reason=cause.reason,
        passing=status in PASSING and not case.lasting,
    )


def _case(status: int, text: str, ours: bool) -> tuple[_Case, dict[str, str]]:
    for case in _CASES:
        known = not case.statuses or status in case.statuses
        if known and (match := re.search(case.words, text, re.DOTALL)):
            return case, {name: value or "" for name, value in match.groupdict().items()}
    if status in _PROXY.statuses:
        return (_BUSY if ours else _PROXY), {}
    if status in _MOVED.statuses:
        return _MOVED, {}
    return (_FAILED if status >= 500 else _REFUSED), {}


def _credential(profile: Profile) -> tuple[str, str]:
    """What was shown to the server, and what to do when it does not do."""
    again = f"`workbench profile test {profile.name}` tries them again."
    if profile.api_key:
        return (
            f"the API key from {profile.api_key.source}",
            f"Is it whole, not expired, and of this cluster? {again}",
        )
    if profile.password:
        return f"user {profile.user} with the password from {profile.password.source}", f"Check both. {again}"
    if profile.bearer:
        return f"the bearer token from {profile.bearer.source}", f"Tokens expire: get a new one. {again}"
    return "requests without credentials", "Give the profile an api_key, a user and password, or a bearer token."


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…")) else text + "."
