"""A model hub on loopback, in the public hub's layout, that can be told to misbehave."""

import hashlib
import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LARGE = 1000
"""Bytes from which a file is declared by its sha256 and served from the storage server."""
CHUNK = 4096
COMMIT = "c" * 40


@dataclass
class FakeHub:
    """Files by `owner/model/name`, and switches that may be changed at any time."""

    files: dict[str, bytes]
    url: str = ""
    storage: str = ""
    """Another server, that large files are redirected to."""
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    """Method, full address and headers, in order."""
    declare: bool = True
    """Whether the hub says what its files hash to."""
    length: bool = True
    """Whether it says how long they are."""
    moved: bool = False
    """Whether the hub redirects within itself first, without saying anything of the file."""
    ranges: bool = True
    misplaced: bool = False
    """Whether a resumed body starts elsewhere than asked."""
    replace: Mapping[str, bytes] = field(default_factory=dict)
    """Bodies sent instead of the declared files."""
    drops: list[int] = field(default_factory=list)
    """After how many bytes to break off, one body each."""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    """Sent along with a status other than 200."""
    delay: float = 0
    """Seconds before each chunk."""
    hold_after: int | None = None
    """How many bytes of each body to send before waiting for `go`."""
    held: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)

    def bodies(self, name: str) -> list[dict[str, str]]:
        """Headers of the requests that asked a server for a file's content and were not redirected."""
        large = len(self.files[name]) >= LARGE
        base = self.storage if large else self.url
        short = name.rpartition("/")[2]
        return [
            headers
            for method, url, headers in self.requests
            if method == "GET" and url.startswith(base) and url.endswith(f"/{short}")
        ]


@contextmanager
def fake_hub(files: Mapping[str, bytes]) -> Iterator[FakeHub]:
    hub = FakeHub(dict(files))
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), _handler(hub, storage)) for storage in (False, True)]
    hub.url, hub.storage = (f"http://127.0.0.1:{server.server_port}" for server in servers)
    threads = [threading.Thread(target=server.serve_forever, args=(0.02,)) for server in servers]
    for thread in threads:
        thread.start()
    try:
        yield hub
    finally:
        hub.go.set()
        for server, thread in zip(servers, threads, strict=True):
            server.shutdown()
            thread.join()
            server.server_close()


def _handler(hub: FakeHub, storage: bool) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._answer(body=False)

        def do_GET(self) -> None:
            self._answer(body=True)

        def _answer(self, body: bool) -> None:
            base = hub.storage if storage else hub.url
            hub.requests.append((self.command, base + self.path, dict(self.headers)))
            if hub.status != 200:
                return self._head(hub.status, hub.headers)
            if hub.moved and not storage and not self.path.startswith("/moved/"):
                return self._head(307, {"Location": f"/moved{self.path}", "X-Repo-Commit": COMMIT})
            match = re.fullmatch(r"(/moved)?/(?P<repo>[^/]+/[^/]+)/resolve/main/(?P<file>.+)", self.path)
            name = f"{match['repo']}/{match['file']}" if match else ""
            if name not in hub.files:
                return self._head(404, {})
            content = hub.files[name]
            large = len(content) >= LARGE
            headers = {"Accept-Ranges": "bytes"}
            if hub.declare:
                headers |= _declared(content, large)
            if large and not storage:
                return self._head(302, {**headers, "Location": hub.storage + self.path, "Content-Length": "0"})
            self._content(hub.replace.get(name, content), headers, body)

        def _content(self, content: bytes, headers: dict[str, str], body: bool) -> None:
            asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
            start = int(asked[1]) if asked and hub.ranges else 0
            if start and hub.misplaced:
                start += 1
            if start >= len(content) > 0:
                return self._head(416, {"Content-Range": f"bytes */{len(content)}"})
            if start:
                headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
            if hub.length:
                headers["Content-Length"] = str(len(content) - start)
            self._head(206 if start else 200, headers)
            if body:
                self._send(content[start:])

        def _head(self, status: int, headers: Mapping[str, str]) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()

        def _send(self, content: bytes) -> None:
            end = hub.drops.pop(0) if hub.drops else len(content)
            sent = 0
            while sent < end:
                if hub.hold_after is not None and sent >= hub.hold_after:
                    hub.held.set()
                    hub.go.wait()
                if hub.delay:
                    time.sleep(hub.delay)
                chunk = content[sent : min(sent + CHUNK, end)]
                try:
                    self.wfile.write(chunk)
                except OSError:
                    return
                sent += len(chunk)

        def log_message(self, *args: object) -> None:
            pass

    return Handler


def _declared(content: bytes, large: bool) -> dict[str, str]:
    if large:
        sha256 = hashlib.sha256(content).hexdigest()
        return {"X-Repo-Commit": COMMIT, "X-Linked-Etag": f'"{sha256}"', "X-Linked-Size": str(len(content))}
    blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
    return {"X-Repo-Commit": COMMIT, "ETag": f'W/"{blob}"'}
