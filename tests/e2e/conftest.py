"""Runs the command as a person does, with a home of its own and no way to the internet."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest

from tests.fakes.hub import FakeHub, fake_hub
from tests.fakes.tiny_models import tiny_cross_encoder

Workbench = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def workbench(tmp_path: Path) -> Workbench:
    """Run `workbench WORDS…`; other keywords are environment variables."""
    offline = {
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": "",
        "PIP_CONFIG_FILE": os.devnull,
        "HF_ENDPOINT": "http://127.0.0.1:9",
        "WORKBENCH_HOME": str(tmp_path / "home"),
    }

    def run(
        *words: str, stdin: IO[bytes] | int = subprocess.DEVNULL, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "workbench", *words],
            env={**os.environ, **offline, **environment},
            stdin=stdin,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[FakeHub]:
    """A hub that has a tiny model where the catalog's cross-encoder is published."""
    folder = tiny_cross_encoder(tmp_path / "published")
    names = ("onnx/model.onnx", "tokenizer.json")
    files = {f"cross-encoder/ms-marco-MiniLM-L6-v2/{name}": (folder / name).read_bytes() for name in names}
    with fake_hub(files) as hub:
        yield hub
