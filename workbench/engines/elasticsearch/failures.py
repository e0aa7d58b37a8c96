"""What can go wrong between us and a cluster, in words that a person can act on."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from workbench.domain.errors import UnavailableError
from workbench.domain.exchange import Exchange
from workbench.domain.text import single_line
from workbench.engines.elasticsearch.json_values import elements

REASON_CHARACTERS = 600
LASTING = (400, 401, 403, 404, 405, 406, 410, 413)
"""Statuses by which a server says that the request, or what it needs, has to change."""
_DEPTH = 40
_WORDS = ("error_message", "message", "detail")
"""Where bodies without an `error` object put their words."""


class ClusterError(UnavailableError):
    """A cluster could not be asked, or refused; `lasting` by its status, but for a point in time that has gone.

    Attributes:
        status: The HTTP status; None when there was no answer.
        kind: The server's own type of the deepest error, such as `resource_not_found_exception`; empty when unknown.
        reason: The server's own words for it, sanitised; empty when it gave none.
        passing: Whether the same request may well succeed a moment later.
        exchange: What was sent and what came back, without credentials; None when it never got that far.
    """

    def __init__(
        self,
        message: str,
        hint: str = "",
        detail: str = "",
        *,
        status: int | None = None,
        kind: str = "",
        reason: str = "",
        passing: bool = False,
        exchange: Exchange | None = None,
    ) -> None:
        super().__init__(message, hint, detail)
        self.status = status
        self.kind = kind
        self.reason = reason
        self.passing = passing
        self.exchange = exchange
        self.lasting = status in LASTING and not self.snapshot_gone

    @property
    def snapshot_gone(self) -> bool:
        """Whether the point in time that was to be searched is no more."""
        return self.kind == "search_context_missing_exception"


@dataclass(frozen=True)
class Complaint:
    """One error of the many that an error body can hold."""

    depth: int
    kind: str
    reason: str


@contextmanager
def understood(purpose: str) -> Iterator[None]:
    """Surround what relies on the shape of an answer: whoever answered may be anybody.

    Args:
        purpose: What was asked, for the log.

    Raises:
        ClusterError: In place of what reading such an answer raises.
    """
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ClusterError(
            "The answer is not one of Elasticsearch's.",
            "Ask with curl to see who answers there.",
            f"{type(error).__name__}: {purpose}",
            status=200,
        ) from None


def complaints(body: Any) -> list[Complaint]:
    """Every error of an error body that has a reason, in the order of the text.

    An `error` is an object or a string. Objects nest in `caused_by`, `suppressed`, `failed_shards[].reason` and
    `root_cause`. A proxy, or a licence call, answers without an `error` but with a message.
    """
    if not isinstance(body, Mapping):
        return []
    error = body.get("error")
    if isinstance(error, Mapping):
        return list(_walk(error, 0))
    words = [error, *(body.get(key) for key in _WORDS)]
    return [Complaint(0, "", _clean(said)) for said in words if isinstance(said, str) and said.strip()]


def deepest(found: list[Complaint]) -> Complaint:
    """The cause of all the others; an empty one when there is none."""
    return max(found, key=lambda complaint: complaint.depth, default=Complaint(0, "", ""))


def clause(words: str) -> str:
    """A server's words to stand inside a sentence, without the full stop or semicolon that ends them."""
    return words.rstrip(" .;,:")


def page_title(text: str) -> str:
    """What a page in HTML calls itself, or the first words of a text."""
    head = text[:20_000]
    title = re.search(r"<title[^>]*>(.*?)</title", head, re.IGNORECASE | re.DOTALL)
    return single_line(title[1] if title else re.sub(r"<[^>]*>", " ", head), 120)


def _walk(error: Mapping[str, Any], depth: int) -> Iterator[Complaint]:
    kind, reason = error.get("type"), error.get("reason")
    if isinstance(reason, str) and reason.strip():
        yield Complaint(depth, _clean(kind) if isinstance(kind, str) else "", _clean(reason))
    feature = error.get("license.expired.feature")
    if isinstance(feature, str) and "license is non-compliant" not in str(reason):
        yield Complaint(depth, "security_exception", f"license is non-compliant for [{_clean(feature)}]")
    if depth == _DEPTH:
        return
    causes = [error.get("caused_by"), *elements(error.get("suppressed"))]
    causes += [shard.get("reason") for shard in elements(error.get("failed_shards")) if isinstance(shard, Mapping)]
    causes += elements(error.get("root_cause"))
    for cause in causes:
        if isinstance(cause, Mapping):
            yield from _walk(cause, depth + 1)


def _clean(text: str) -> str:
    return single_line(text, REASON_CHARACTERS)
