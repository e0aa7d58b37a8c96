"""HTTP on loopback around the fake cluster, with a record of what was asked and faults on demand."""

import json
import select
import socket
import ssl
import threading
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from tests.fakes.elastic.cluster import Auth, Cluster, Endpoint, Index
from tests.fakes.elastic.rest import answer
from tests.fakes.elastic.routes import ROUTES
from tests.fakes.elastic.shard import Source
from workbench.domain.documents import Document


class Asked(NamedTuple):
    """One request."""

    method: str
    path: str
    """With its parameters."""
    headers: dict[str, str]
    """Names in lower case."""
    body: Any
    """Parsed JSON; a list of lines for one object per line, None for nothing, text for what is no JSON."""


@dataclass
class Fault:
    """How requests for a path fail; what is left as it is happens as ever."""

    path: str
    """Any part of the path with its parameters."""
    method: str = ""
    """Empty for any."""
    status: int | None = None
    """To answer instead of asking the cluster."""
    body: Any = ""
    """JSON, or text or bytes that are sent as they are."""
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0
    """Seconds to wait first."""
    hang: bool = False
    """Never answer; ends with the server, or when the client goes away."""
    close: bool = False
    """Cut the connection: at once, or with a status half-way through the body."""
    times: int | None = None
    """How often; None for always."""
    skip: int = 0
    """How many requests go well first."""


@dataclass
class FakeElastic:
    """See the package."""

    cluster: Cluster
    url: str = ""
    requests: list[Asked] = field(default_factory=list)
    abandoned: list[Asked] = field(default_factory=list)
    """Requests whose client went away while it was kept waiting by a fault."""
    faults: list[Fault] = field(default_factory=list)
    product: bool = True
    """Whether answers carry the header that official clients check."""
    broken: list[str] = field(default_factory=list)
    """Tracebacks of the fake's own mistakes; a test with one fails."""
    stopped: threading.Event = field(default_factory=threading.Event)

    def fail(self, path: str, **how: Any) -> Fault:
        """Let requests for a path fail from now on; see `Fault`."""
        fault = Fault(path, **how)
        self.faults.append(fault)
        return fault

    def mend(self) -> None:
        """Forget all faults."""
        self.faults.clear()

    def asked(self, path: str, method: str = "") -> list[Asked]:
        """Requests so far whose path holds a text."""
        return [one for one in self.requests if path in one.path and method in ("", one.method)]

    def index(self, name: str) -> Index:
        return self.cluster.indices[name]

    def fault_for(self, request: Asked) -> Fault | None:
        for fault in self.faults:
            if fault.path in request.path and fault.method in ("", request.method) and fault.times != 0:
                if fault.skip:
                    fault.skip -= 1
                    continue
                if fault.times:
                    fault.times -= 1
                return fault
        return None


@contextmanager
def fake_elastic(
    documents: Iterable[Document] | Mapping[str, Source] = (),
    *,
    index: str = "articles",
    indices: Iterable[Index] = (),
    version: str = "8.19.0",
    flavour: str = "default",
    licence: str = "trial",
    auth: Auth | None = None,
    endpoints: Iterable[str | Endpoint] = ("my-reranker",),
    stage: str = "ready",
    faults: Iterable[Fault] = (),
    tls: ssl.SSLContext | None = None,
    **more: Any,
) -> Iterator[FakeElastic]:
    """Run a cluster for as long as a test needs it.

    Args:
        documents: Documents with a title and a body, or sources by id; they make up the index `index`.
        index: Its name.
        indices: Further ones.
        version: Of the server; decides what it knows.
        flavour: `default` or `serverless`.
        licence: Type of the licence.
        auth: Who is let in; everybody by default.
        endpoints: Inference endpoints that rerank, beside the preconfigured one.
        stage: Of the model; see `cluster.STAGES`.
        faults: Paths that fail from the start.
        tls: Speaks TLS with this context.
        more: Any other attribute of `Cluster`.
    """
    if not isinstance(documents, Mapping):
        documents = {one.id: {"title": one.title, "body": one.body} for one in documents}
    there = [Index(index, documents), *indices]
    made = [Endpoint(one) if isinstance(one, str) else one for one in endpoints]
    cluster = Cluster(version, flavour, licence, auth=auth, stage=stage, **more)
    cluster.indices = {one.name: one for one in there}
    cluster.endpoints = {one.id: one for one in made}
    fake = FakeElastic(cluster, faults=list(faults))
    server = _Server(("127.0.0.1", 0), _handler(fake))
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    fake.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield fake
    finally:
        fake.stopped.set()
        server.shutdown()
        thread.join()
        server.close_all()
    assert not fake.broken, fake.broken[0]


class _Server(ThreadingHTTPServer):
    """Ends connections that clients keep open when it ends itself."""

    daemon_threads = False
    request_queue_size = 64

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.open: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self.open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no news."""

    def close_all(self) -> None:
        for one in list(self.open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self.server_close()


def _handler(fake: FakeElastic) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def handle_one_request(self) -> None:
            with suppress(ConnectionError, ssl.SSLError):
                super().handle_one_request()
                return
            self.close_connection = True

        def _answer(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Asked(self.command, self.path, headers, _read(content))
            fake.requests.append(request)
            fault = fake.fault_for(request)
            if fault and not self._wait(fault):
                fake.abandoned.append(request)
                self.close_connection = True
            elif fault and fault.close and fault.status is None:
                self.close_connection = True
            elif fault and fault.status is not None:
                self._send(fault.status, fault.body, fault.headers, whole=not fault.close)
            else:
                self._send(*self._asked(headers, content))

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _answer  # noqa: N815

        def _asked(self, headers: Mapping[str, str], content: bytes) -> tuple[int, Any, Mapping[str, str]]:
            try:
                return answer(fake.cluster, ROUTES, self.command, self.path, headers, content)
            except Exception:
                fake.broken.append(traceback.format_exc())
                return 500, {"error": {"type": "fake_is_broken", "reason": fake.broken[-1]}, "status": 500}, {}

        def _wait(self, fault: Fault) -> bool:
            """Keep the client waiting as long as the fault says; False when it goes away, or the server ends."""
            end = time.monotonic() + fault.delay
            while not fake.stopped.is_set() and (fault.hang or time.monotonic() < end):
                left = 0.05 if fault.hang else min(0.05, max(end - time.monotonic(), 0.0))
                if select.select([self.connection], [], [], left)[0]:
                    return False
            return not fault.hang

        def _send(self, status: int, body: Any, headers: Mapping[str, str], *, whole: bool = True) -> None:
            plain = isinstance(body, bytes | str)
            text = body if plain else json.dumps(body)
            raw = text.encode() if isinstance(text, str) else text
            self.send_response(status)
            kind = "text/html" if plain and body else "application/json"
            sent = {"Content-Type": kind, "Content-Length": str(len(raw)), **headers}
            if fake.product:
                sent["X-Elastic-Product"] = "Elasticsearch"
            for name, value in sent.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(raw if whole else raw[: len(raw) // 2])
            self.wfile.flush()
            self.close_connection |= not whole

        def log_message(self, *args: object) -> None:
            pass

    return Handler


def _read(content: bytes) -> Any:
    if not content:
        return None
    try:
        return json.loads(content)
    except ValueError:
        pass
    try:
        return [json.loads(line) for line in content.splitlines() if line]
    except ValueError:
        return content.decode(errors="replace")
