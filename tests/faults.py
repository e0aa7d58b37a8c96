"""Everything that can go wrong with a cluster, injected into a session; `python -m tests.faults` prints a table.

Each fault strikes after a good search. What counts is what a person then has: the BM25 list where there can be one,
words for what happened, an answer in time, and a good search again once the cluster is well.
"""

import asyncio
import logging
import socket
import ssl
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import trustme

from tests.fakes.elastic import Auth, FakeElastic, fake_elastic
from workbench.config.profile import Profile
from workbench.config.secrets import in_clear
from workbench.domain.comparison import Comparison
from workbench.domain.documents import Document
from workbench.domain.errors import WorkbenchError
from workbench.domain.tuning import Tuning
from workbench.engines.elasticsearch.engines import ClusterEngines
from workbench.services.kept import Kept
from workbench.services.session import Session

SECRET = "c2VjcmV0OnRoYXQtbXVzdC1uZXZlci1zaG93"  # An encoded API key, as Elasticsearch makes them.
PATIENCE = 1.5
"""Seconds that a request may take."""
LIMIT = 3 * PATIENCE + 2
"""Seconds after which a search counts as hung: two requests, a look at the rest, and a margin."""
QUERY = "hot soup"
DOCUMENTS = [Document.of(f"d{n}", f"Soup {n}", "hot " * (n % 5 + 1) + f"soup number {n}") for n in range(40)]
HTML = "<html><head><title>{} {}</title></head><body>nginx</body></html>"


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong."""

    name: str
    strike: Callable[[FakeElastic], object]
    says: str
    """Pattern of what the person reads; empty when nothing shows."""
    keeps: bool = True
    """Whether the BM25 list is there all the same."""
    way: str = "retriever"
    recovers: bool = True


@dataclass(frozen=True)
class Outcome:
    """What the person had."""

    comparison: Comparison
    seconds: float
    after: Comparison
    """Of the next search, once the cluster is well."""
    leaks: tuple[str, ...]
    """Where the secret was found."""

    @property
    def said(self) -> str:
        """Message and hint, in one line."""
        error = self.comparison.error
        return f"{error.message} {error.hint}".strip() if error else ""


def body(status: int, kind: str, reason: str, **more: Any) -> dict[str, Any]:
    """An error as Elasticsearch writes it."""
    cause = {"type": kind, "reason": reason, **more}
    return {"error": {**cause, "root_cause": [cause]}, "status": status}


def nested(status: int, kind: str, reason: str) -> dict[str, Any]:
    """An error of the reranking retriever: what happened is at the bottom of it."""
    deepest = {"type": kind, "reason": reason}
    phase = {
        "type": "search_phase_execution_exception",
        "phase": "rank-feature",
        "reason": "Computing updated ranks for results failed",
        "caused_by": deepest,
    }
    outer = "[text_similarity_reranker] search failed - retrievers '[standard]' returned errors. "
    return {"error": {"type": "status_exception", "reason": outer, "suppressed": [phase]}, "status": status}


def rerank(**how: Any) -> Callable[[FakeElastic], object]:
    """Let the second search fail, not the first."""
    return lambda server: server.fail("/_search", skip=1, **how)


def search(**how: Any) -> Callable[[FakeElastic], object]:
    """Let every search fail."""
    return lambda server: server.fail("/_search", **how)


def change(**state: Any) -> Callable[[FakeElastic], object]:
    """Change the cluster itself."""

    def strike(server: FakeElastic) -> None:
        for name, value in state.items():
            setattr(server.cluster, name, value)

    return strike


def inference(**how: Any) -> Callable[[FakeElastic], object]:
    """Let the inference API fail after its first batch."""
    return lambda server: server.fail("/_inference/rerank/my-reranker", method="POST", skip=1, **how)


def delete_index(server: FakeElastic) -> None:
    """Take the index away, and what was kept of it for searches."""
    server.cluster.indices.clear()
    server.cluster.advance(3600)


CAPACITY = "Could not start deployment because no ML nodes with sufficient capacity were found"
LOADING = "Model download task is currently running. Wait for trained model [.rerank-v1] download task to complete"
EXPIRED = "current license is non-compliant for [text_similarity_reranker]"
UNAUTHORIZED = (
    "action [indices:data/read/search] is unauthorized for user [eve] with effective roles [guest] on indices "
    "[articles], this action is granted by the index privileges [read,all]"
)

FAULTS = (
    Fault("licence expired", rerank(status=403, body=body(403, "security_exception", EXPIRED)), "licence"),
    Fault("licence basic", change(licence="basic"), "licence", recovers=False),
    Fault(
        "privilege missing",
        search(status=403, body=body(403, "security_exception", UNAUTHORIZED)),
        "privilege.*read",
        keeps=False,
    ),
    Fault("API key revoked", search(status=401, body=body(401, "security_exception", "nope")), "accept", keeps=False),
    Fault(
        "408, the model is downloaded", rerank(status=408, body=nested(408, "status_exception", LOADING)), "download"
    ),
    Fault(
        "408 by inference",
        inference(status=408, body=body(408, "status_exception", LOADING)),
        "download",
        way="inference",
    ),
    Fault("409, not deployed", change(stage="downloaded"), "deploy", way="inference", recovers=False),
    Fault("429, no capacity", rerank(status=429, body=nested(429, "status_exception", CAPACITY)), "capacity|memory"),
    Fault("endpoint deleted", lambda server: server.cluster.endpoints.clear(), "no inference endpoint", recovers=False),
    Fault("index deleted", delete_index, "no index", keeps=False, recovers=False),
    *(
        Fault(f"{status} from a proxy", rerank(status=status, body=HTML.format(status, words)), str(status))
        for status, words in ((502, "Bad Gateway"), (503, "Service Unavailable"), (504, "Gateway Time-out"))
    ),
    Fault("502 for everything", search(status=502, body=HTML.format(502, "Bad Gateway")), "502", keeps=False),
    Fault("no JSON", rerank(status=200, body="<html>Please log in</html>"), "JSON|page"),
    Fault("no hits in the answer", rerank(status=200, body={"took": 1}), "hits"),
    Fault("truncated JSON", rerank(status=200, body='{"took": 3, "hits": {"hits": ['), "JSON|half|middle"),
    Fault(
        "cut in the middle of an answer",
        rerank(status=200, body='{"took": 3}' + " " * 9000, close=True),
        "cut|broke|middle|lost",
    ),
    Fault("200 MB", rerank(status=200, body=b"[" + b" " * 200_000_000), "MB"),
    Fault("never answers", search(hang=True), "answer", keeps=False),
    Fault("never answers the rerank", rerank(hang=True), "answer"),
    Fault("inference never answers", inference(hang=True), "answer|gave up", way="inference"),
    Fault("cut while it searches", search(close=True), "cut|closed|lost|broke|refused", keeps=False),
    Fault("the node is lost between the two searches", rerank(close=True), "cut|closed|lost|broke|refused"),
    Fault("a laptop that slept (stale connection)", search(close=True, times=1), ""),
    Fault("503 once", search(status=503, body=HTML.format(503, "Service Unavailable"), times=1), ""),
    Fault("the snapshot expired", lambda server: server.cluster.advance(3600), ""),
    Fault(
        "the secret comes back in an error",
        rerank(status=500, body=body(500, "exception", f"header ApiKey {SECRET} is odd")),
        "500|odd|hidden|exception",
    ),
)


class Heard(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@contextmanager
def hearing() -> Iterator[Heard]:
    """Hear every logger, ours and others', at its most talkative."""
    heard, root = Heard(), logging.getLogger()
    loggers = [
        root,
        *(logging.getLogger(name) for name in ("workbench", "elastic_transport", "elastic_transport.node", "httpx")),
    ]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(heard)
        logger.setLevel(logging.DEBUG)
    try:
        yield heard
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.removeHandler(heard)
            logger.setLevel(level)


def profile(url: str, **more: Any) -> Profile:
    """How the session reaches the cluster."""
    key = in_clear("api_key", SECRET, "test")
    return Profile("prod", (url,), api_key=key, timeout=PATIENCE, index="articles", endpoint="my-reranker", **more)


@asynccontextmanager
async def session_of(where: Profile, folder: Path) -> AsyncIterator[Session]:
    """A session over a cluster, closed at the end."""

    async def none() -> AsyncIterator[Any]:
        raise AssertionError("no local model is asked for")
        yield

    session = Session(ClusterEngines(where, folder, "none", none), Tuning(), Kept(folder))  # type: ignore[arg-type]
    try:
        yield session
    finally:
        await session.close()


def reprs(thing: object, seen: set[int]) -> Iterator[str]:
    """How every object of ours shows itself that can be reached from one, as a debugger or a log would show it."""
    if id(thing) in seen:
        return
    seen.add(id(thing))
    if isinstance(thing, dict | list | tuple | set | frozenset):
        for one in thing.values() if isinstance(thing, dict) else thing:
            yield from reprs(one, seen)
    elif hasattr(thing, "__dict__") and not isinstance(thing, type):
        yield repr(thing)
        if type(thing).__module__.startswith("workbench"):
            yield from reprs(vars(thing), seen)


async def last(session: Session) -> Comparison:
    """One whole search; it must end in time."""
    async with asyncio.timeout(LIMIT):
        (*_, comparison) = [stage async for stage in session.compare(QUERY)]
    return comparison


async def strike(fault: Fault, folder: Path) -> Outcome:
    """Search well, let it strike, search, mend it, search again."""
    with hearing() as heard, fake_elastic(DOCUMENTS, auth=Auth(api_key=SECRET)) as server:
        async with session_of(profile(server.url), folder) as session:
            await session.open("prod:")
            _ = [status async for status in session.ready_model()]
            session.tune(session.tuning.choosing("rerank", fault.way))
            before = await last(session)
            assert before.reranked and not before.error, before.error
            fault.strike(server)
            started = perf_counter()
            comparison = await last(session)
            seconds = perf_counter() - started
            server.mend()
            after = await last(session)
            seen = {
                "comparison": repr(comparison),
                "exchanges": "".join(f"{one.path}{one.body}{one.answer}" for one in comparison.exchanges),
                "repr": "\n".join(reprs(session, set())),
                "log": "\n".join(heard.lines),
            }
    return Outcome(comparison, seconds, after, tuple(name for name, text in seen.items() if SECRET in text))


def untrusted() -> ssl.SSLContext:
    """A server's certificate by an authority that nobody knows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    return context


def closed_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


async def refusal(where: Profile, folder: Path) -> WorkbenchError | None:
    """What opening says; None when it works."""
    async with session_of(where, folder) as session:
        try:
            async with asyncio.timeout(LIMIT):
                await session.open("prod:")
        except WorkbenchError as error:
            return error
    return None


OPENING = {
    "wrong address": ("no-such-host.invalid", "resolve|find|address|name"),
    "refused": ("refused", "refused|listen"),
    "TLS untrusted": ("untrusted", "trust|certificate"),
    "https to a port that speaks http": ("https", "TLS|https|http"),
    "nothing like Elasticsearch": ("other", "Elasticsearch"),
}
"""Faults that keep a cluster from being opened: what it is, and what the person reads."""


async def opening(name: str, folder: Path) -> tuple[WorkbenchError | None, float]:
    """Try to open a cluster that is unwell."""
    kind, _ = OPENING[name]
    started = perf_counter()
    if kind == "untrusted":
        with fake_elastic(DOCUMENTS, tls=untrusted()) as server:
            return await refusal(profile(server.url), folder), perf_counter() - started
    with fake_elastic(DOCUMENTS) as server:
        server.product = kind != "other"
        url = {
            "no-such-host.invalid": "http://no-such-host.invalid:9200",
            "refused": f"http://127.0.0.1:{closed_port()}",
            "https": server.url.replace("http:", "https:"),
        }.get(kind, server.url)
        return await refusal(profile(url), folder), perf_counter() - started


async def table() -> None:
    """Print what each fault leaves a person with."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"{'fault':<46} {'s':>5}  {'BM25':<5} {'again':<6} says")
        for wrong in OPENING:
            error, seconds = await opening(wrong, folder)
            print(f"{wrong:<46} {seconds:5.2f}  {'–':<5} {'–':<6} {error.message if error else 'nothing'}")
        for fault in FAULTS:
            outcome = await strike(fault, folder)
            kept = "kept" if outcome.comparison.bm25 else "none"
            well = "well" if outcome.after.reranked else "–"
            print(
                f"{fault.name:<46} {outcome.seconds:5.2f}  {kept:<5} {well:<6} {outcome.said or 'nothing: recovered'}"
            )
            if outcome.leaks:
                print(f"{'':<46} LEAKS in {', '.join(outcome.leaks)}")


if __name__ == "__main__":
    logging.getLogger("workbench").propagate = False
    asyncio.run(table())
    sys.stdout.flush()
