"""What was sent to a server, what came back, and what a person should know about it."""

import json
import shlex
from dataclasses import dataclass, replace
from typing import Any

from workbench.domain.text import sanitize

_SHOWN = {
    "api_key": '-H "Authorization: ApiKey $ES_API_KEY"',
    "basic": '-u "$ES_USER:$ES_PASSWORD"',
    "bearer": '-H "Authorization: Bearer $ES_TOKEN"',
}
"""How curl shows each kind of credential."""
LINES = ("_bulk", "_msearch")
"""Ends of the paths whose body is one JSON value per line."""


@dataclass(frozen=True)
class Exchange:
    """One request and its answer, without credentials: they never get here."""

    purpose: str
    """What it was for, such as `first stage` or `rerank`; one line."""
    method: str
    path: str
    """Begins with a slash; parameters included."""
    body: str
    """As it was sent, which is safe to print: `printable_json` wrote it. Empty for none."""
    status: int | None = None
    """None when there was no answer."""
    answer: str = ""
    """What came back, cut where it is long. Sanitised."""
    took_ms: float | None = None
    """What the server says it took; None when it does not say."""
    wall_ms: float = 0.0
    """From when it was asked for until the last byte is in: credentials, connections, further tries and the pauses
    between them included."""
    index: str = ""
    """What a search in a point in time searches, quoted for a path; empty for any other request."""
    auth: str = ""
    """With what kind of credential: `api_key`, `basic` or `bearer`; empty for none."""

    @property
    def lasting(self) -> "Exchange":
        """The same request without its point in time, so that it can be repeated when that is gone."""
        if not self.index:
            return self
        try:
            body = {key: value for key, value in json.loads(self.body).items() if key != "pit"}
        except ValueError:
            return self  # What was masked in it was no text: a password of digits, and a number alike.
        return replace(self, path=f"/{self.index}{self.path}", body=printable_json(body), index="")

    @property
    def network_ms(self) -> float:
        """The part of the wait that the server does not account for; 0 when it does not say what it took."""
        return 0.0 if self.took_ms is None else max(self.wall_ms - self.took_ms, 0.0)


@dataclass(frozen=True)
class Finding:
    """One thing that is odd about a request or its answer, though both went through."""

    rule: str
    """Name of the rule that found it, such as `missing-field`."""
    message: str
    """What is odd; one sentence."""
    hint: str
    """What to do about it; one sentence."""
    ids: tuple[str, ...] = ()
    """The documents it is about; empty when it is about the request."""

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


def curl(exchange: Exchange, host: str = "") -> str:
    """Write a request as a command for a POSIX shell, without its point in time.

    The address and the credential are left to variables, such as `$ES_URL` and `$ES_API_KEY`: neither is known here,
    and neither should be.

    Args:
        exchange: The request; its answer does not matter.
        host: Scheme, host and port instead of `$ES_URL`; without credentials.
    """
    exchange = exchange.lasting
    address = shlex.quote(host.rstrip("/")) if host else '"$ES_URL"'
    method = "--head" if exchange.method == "HEAD" else f"-X {exchange.method}"
    # Without globbing: braces and brackets are allowed in the name of a data stream's pattern.
    lines = [f"curl -sS --globoff {method} {address}{shlex.quote(exchange.path)}"]
    if shown := _SHOWN.get(exchange.auth):
        lines.append(shown)
    if exchange.body:
        kind = "x-ndjson" if _by_line(exchange) else "json"
        # Not --data, which takes a body that begins with @ for the name of a file.
        lines += [f"-H 'Content-Type: application/{kind}'", f"--data-raw {shlex.quote(exchange.body)}"]
    return " \\\n  ".join(lines)


def console(exchange: Exchange) -> str:
    """Write a request as Kibana's Dev Console takes it, its body laid out."""
    return "\n".join(filter(None, (f"{exchange.method} {exchange.path}", laid_out(exchange))))


def printable_json(value: Any, indent: int | None = None) -> str:
    """Write JSON of which no character needs to be sanitised; escaped where one would."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    return text if sanitize(text) == text else json.dumps(value, indent=indent)


def laid_out(exchange: Exchange) -> str:
    """The body with a line per value; one that is a JSON value per line, or no JSON, as it was sent."""
    if _by_line(exchange):
        return exchange.body.rstrip("\n")
    try:
        return printable_json(json.loads(exchange.body), indent=2)
    except (ValueError, RecursionError):
        return exchange.body


def _by_line(exchange: Exchange) -> bool:
    return exchange.path.partition("?")[0].endswith(LINES)
