"""An independent server that speaks Elasticsearch's REST API, on loopback, for as long as a test needs it."""

import json
import socket
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path

import httpx

from workbench.domain.documents import Document


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


def write_english(client: httpx.Client, index: str, documents: Iterable[Document]) -> None:
    """Make an index of one shard, which analyses title and body as English, and write documents into it."""
    english = {"type": "text", "analyzer": "english"}
    mappings = {"properties": {"title": english, "body": english}}
    client.put(f"/{index}", json={"settings": {"number_of_shards": 1}, "mappings": mappings}).raise_for_status()
    lines = "".join(
        f"{json.dumps({'index': {'_id': one.id}})}\n{json.dumps({'title': one.title, 'body': one.body})}\n"
        for one in documents
    )
    headers = {"content-type": "application/x-ndjson"}
    assert not client.post(f"/{index}/_bulk?refresh=true", content=lines, headers=headers).json()["errors"]
