"""An independent server that speaks Elasticsearch's REST API, on loopback, for as long as a test needs it."""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path

import httpx


@contextmanager
def noida(folder: Path) -> Iterator[httpx.Client]:
    """Start the server with its data in a folder, yield a client for it, and stop it again."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with as_file(files("noida_db") / "noida-db") as program:
        program.chmod(0o755)
        arguments = ["start", "--only", "elasticsearch", "--elasticsearch-port", str(port), "--data-dir", str(folder)]
        server = subprocess.Popen([program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    url = f"http://127.0.0.1:{port}"
    try:
        assert server.stdout
        said = b""
        while url.encode() not in said:
            line = server.stdout.readline()
            assert line, said.decode()
            said += line
        with httpx.Client(base_url=url, timeout=60) as client:
            yield client
    finally:
        server.terminate()
        server.communicate()
