"""Stands before a server and, from the request on that a test names, lets nothing through any more."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

_KEPT = ("content-type", "x-elastic-product")


@dataclass
class Gate:
    """A place to stop a client in the middle of its work."""

    url: str = ""
    path: str = "/_bulk"
    """Part of the path of the requests that are counted."""
    passing: int = 1_000_000
    """How many of them still go through."""
    held: threading.Event = field(default_factory=threading.Event)
    """One was not let through; it is kept waiting until the gate goes."""
    gone: threading.Event = field(default_factory=threading.Event)

    def lets_through(self, path: str) -> bool:
        if self.path in path:
            self.passing -= 1
        return self.path not in path or self.passing >= 0


@contextmanager
def gate(server: httpx.Client) -> Iterator[Gate]:
    """Stand before a server for as long as a test needs it."""
    before = Gate()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _forward(self) -> None:
            content = self.rfile.read(int(self.headers.get("content-length") or 0))
            if not before.lets_through(self.path):
                before.held.set()
                before.gone.wait()
                self.close_connection = True
                return
            headers = {name: value for name, value in self.headers.items() if name.lower() in _KEPT}
            reply = server.request(self.command, self.path, content=content, headers=headers)
            self.send_response(reply.status_code)
            for name in _KEPT:
                if name in reply.headers:
                    self.send_header(name, reply.headers[name])
            self.send_header("content-length", str(len(reply.content)))
            self.end_headers()
            self.wfile.write(reply.content)

        do_GET = do_POST = do_PUT = do_DELETE = _forward  # noqa: N815

        def log_message(self, *arguments: object) -> None:
            pass

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener.daemon_threads = True
    listener.handle_error = lambda *arguments: None  # type: ignore[method-assign]  # The client may be gone.
    before.url = f"http://127.0.0.1:{listener.server_port}"
    thread = threading.Thread(target=listener.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield before
    finally:
        before.gone.set()
        listener.shutdown()
        thread.join()
        listener.server_close()
