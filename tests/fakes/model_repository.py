"""A repository of Elastic's packages on loopback, and a package for it that a test may spoil."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from string import ascii_letters, digits, punctuation
from typing import Any

METADATA, VOCABULARY = "rerank-v1.metadata.json", "rerank-v1.vocab.json"
SPECIAL = ("[PAD]", "[CLS]", "[SEP]", "[UNK]")
WORDS = (*SPECIAL, "▁", "▁laptop", "▁gets", "▁hot", "▁the", *ascii_letters, *digits, *punctuation)


def metadata(**changed: Any) -> dict[str, Any]:
    """What the metadata of a package says; a value of None takes a key out."""
    tokenization = {"deberta_v2": {"max_sequence_length": 512, "truncate": "balanced", "span": -1}}
    said = {
        "packaged_model_id": "rerank-v1",
        "size": 1000,
        "sha256": "ab" * 32,
        "vocabulary_file": VOCABULARY,
        "inference_config": {"text_similarity": {"tokenization": tokenization}},
        "a_key_of_tomorrow": {},
        **changed,
    }
    return {key: value for key, value in said.items() if value is not None}


def vocabulary(**changed: Any) -> dict[str, Any]:
    """A small vocabulary in the format of Elasticsearch."""
    scores = [0.0 if word in SPECIAL else -3.0 - place / 100 for place, word in enumerate(WORDS)]
    return {"vocabulary": list(WORDS), "scores": scores, "merges": [], **changed}


def package(**changed: bytes) -> dict[str, bytes]:
    """The files of a repository; `metadata` and `vocabulary` may be given as bytes."""
    return {
        METADATA: changed.get("metadata", json.dumps(metadata()).encode()),
        VOCABULARY: changed.get("vocabulary", json.dumps(vocabulary()).encode()),
    }


def write_package(folder: Path, **changed: bytes) -> Path:
    """Put the files of a repository into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in package(**changed).items():
        (folder / name).write_bytes(content)
    return folder


@dataclass
class FakeRepository:
    """Files by name, and switches that may be changed at any time."""

    files: dict[str, bytes]
    url: str = ""
    asked: list[str] = field(default_factory=list)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    """Sent with a status other than 200."""
    length: bool = True
    """Whether it says how long a file is."""
    drop_after: int | None = None
    """Bytes of a body after which it breaks off."""
    drip: bool = False
    """Whether a body comes byte by byte, a hundred of them a second."""


@contextmanager
def fake_repository(files: dict[str, bytes]) -> Iterator[FakeRepository]:
    repository = FakeRepository(files)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.lstrip("/")
            repository.asked.append(name)
            content = repository.files.get(name)
            status = repository.status if repository.status != 200 else 404 if content is None else 200
            self.send_response(status)
            for key, value in repository.headers.items() if status != 200 else ():
                self.send_header(key, value)
            if repository.length:
                self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            if status == 200 and content is not None:
                with suppress(OSError):  # Whoever asked has heard enough.
                    if repository.drip:
                        for byte in content:
                            self.wfile.write(bytes([byte]))
                            time.sleep(0.01)
                    self.wfile.write(content[: repository.drop_after])

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    repository.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield repository
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
