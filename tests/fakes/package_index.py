"""A package index on loopback that serves one wheel, and the settings that make pip use nothing else."""

import base64
import hashlib
import socket
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO

NAME = "tiny-model"
VERSION = "1.0"


@dataclass
class PackageIndex:
    """What is served, by path, and switches."""

    pages: dict[str, bytes]
    url: str = ""
    settings: dict[str, str] = field(default_factory=dict)
    """Environment variables for pip."""
    hold: bool = False
    """Whether to stop in the middle of the wheel until `go`."""
    held: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)


def wheel(files: Mapping[str, bytes]) -> bytes:
    """A wheel with package data that asks for a dependency nobody has."""
    stem = f"{NAME.replace('-', '_')}-{VERSION}"
    metadata = f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {VERSION}\nRequires-Dist: nobody-has-this\n"
    everything = {
        **files,
        f"{stem}.dist-info/METADATA": metadata.encode(),
        f"{stem}.dist-info/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},sha256={_hash(content)},{len(content)}\n" for name, content in everything.items())
    everything[f"{stem}.dist-info/RECORD"] = record.encode()
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in everything.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@contextmanager
def package_index(content: bytes) -> Iterator[PackageIndex]:
    """Serve a wheel, whatever its content."""
    file = f"{NAME.replace('-', '_')}-{VERSION}-py3-none-any.whl"
    link = f'<!DOCTYPE html><a href="/files/{file}">{file}</a>'
    index = PackageIndex({f"/simple/{NAME}/": link.encode(), f"/files/{file}": content})
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(index))
    index.url = f"http://127.0.0.1:{server.server_port}/simple"
    index.settings = {"PIP_INDEX_URL": index.url, "PIP_RETRIES": "0", "PIP_EXTRA_INDEX_URL": "", "PIP_FIND_LINKS": ""}
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield index
    finally:
        index.go.set()
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def silent_index() -> Iterator[tuple[socket.socket, dict[str, str]]]:
    """A listener that answers nothing unless told to, and the settings that make pip wait for it without end."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(60)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/simple"
        yield (
            listener,
            {"PIP_INDEX_URL": url, "PIP_DEFAULT_TIMEOUT": "600", "PIP_EXTRA_INDEX_URL": "", "NO_PROXY": "127.0.0.1"},
        )


def _handler(index: PackageIndex) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = index.pages.get(self.path)
            self.send_response(404 if content is None else 200)
            is_page = self.path.startswith("/simple/")
            self.send_header("Content-Type", "text/html" if is_page else "application/octet-stream")
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            if not content:
                return
            half = len(content) // 2
            try:
                self.wfile.write(content[:half])
                if index.hold and not is_page:
                    index.held.set()
                    index.go.wait()
                self.wfile.write(content[half:])
            except OSError:
                pass

        def log_message(self, *args: object) -> None:
            pass

    return Handler


def _hash(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
