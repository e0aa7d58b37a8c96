"""How Elasticsearch says no: an error object with a type and a reason, its root cause, and the status once more."""

from collections.abc import Container, Mapping
from typing import Any


class Refusal(Exception):  # noqa: N818
    """An answer other than 2xx."""

    def __init__(self, status: int, kind: str, reason: str, **more: Any) -> None:
        super().__init__(reason)
        self.status = status
        self.cause: dict[str, Any] = {"type": kind, "reason": reason, **more}
        self.headers: dict[str, str] = {}

    @property
    def body(self) -> Any:
        roots = self.cause.get("root_cause") or [{"type": self.cause["type"], "reason": self.cause["reason"]}]
        return {"error": {"root_cause": roots, **self.cause}, "status": self.status}


class NoHandler(Refusal):
    """The error of a path or a method that leads nowhere is plain text."""

    @property
    def body(self) -> Any:
        return {"error": self.cause["reason"], "status": self.status}


def bad(reason: str, kind: str = "illegal_argument_exception", **more: Any) -> Refusal:
    return Refusal(400, kind, reason, **more)


def invalid(*reasons: str, kind: str = "action_request_validation_exception") -> Refusal:
    """A request that parses and makes no sense."""
    numbered = "".join(f"{number}: {reason};" for number, reason in enumerate(reasons, 1))
    return bad(f"Validation Failed: {numbered}", kind)


def missing(reason: str, kind: str = "resource_not_found_exception") -> Refusal:
    return Refusal(404, kind, reason)


def no_such_index(name: str) -> Refusal:
    more = {"resource.type": "index_or_alias", "resource.id": name, "index_uuid": "_na_", "index": name}
    return Refusal(404, "index_not_found_exception", f"no such index [{name}]", **more)


def unlicensed(feature: str) -> Refusal:
    reason = f"current license is non-compliant for [{feature}]"
    return Refusal(403, "security_exception", reason, **{"license.expired.feature": feature})


def not_emulated(what: str) -> Refusal:
    """The real server knows this, the fake does not: the test must do without, or the fake must learn it."""
    return Refusal(500, "not_emulated", f"this fake does not emulate {what}")


def all_shards_failed(refusal: Refusal, index: str, phase: str = "query") -> Refusal:
    """What a search makes of an error that every shard had."""
    more = {
        "phase": phase,
        "grouped": True,
        "failed_shards": [{"shard": 0, "index": index, "node": "n1", "reason": refusal.cause}],
        "root_cause": [refusal.cause],
    }
    return Refusal(refusal.status, "search_phase_execution_exception", "all shards failed", **more)


def object_of(body: Any, place: str, known: str, unknown: Container[str] = ()) -> Mapping[str, Any]:
    """Take a JSON object whose keys all must be known.

    Args:
        body: As it was sent.
        place: Who reads it, such as `rrf`; stands in the refusal.
        known: The keys that the version knows, with spaces between them.
        unknown: Keys that it is told not to know.
    """
    if not isinstance(body, Mapping):
        raise bad(f"[1:1] [{place}] expected an object", "x_content_parse_exception")
    for key in body:
        if key not in known.split() or key in unknown:
            raise bad(f"[1:1] [{place}] unknown field [{key}]", "x_content_parse_exception")
    return body
