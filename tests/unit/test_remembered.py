"""What the app remembers between runs is never lost silently, whatever is found in its place."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from workbench.config.remembered import SIZE_LIMIT, Remembered, load_remembered, remember

NEWER = '{"version": 2, "theme": {"by": "hour"}}'
BROKEN = {
    "half written": '{"version": 1, "the',
    "empty": "",
    "not UTF-8": b"\xff\xfe\x00",
    "another shape": "[1]",
    "no version": '{"theme": "aurora"}',
    "a theme that is no name": '{"version": 1, "theme": "\\u001b[31m"}',
    "nested without end": "[" * 50_000,
    "a number without end": '{"version": ' + "9" * 5000 + "}",
    "huge": " " * (SIZE_LIMIT + 1),
    "newer": NEWER,
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "remembered.json"


def test_nothing_is_remembered_at_first_and_reading_makes_no_folder(path: Path) -> None:
    assert load_remembered(path) == Remembered(None, None)
    assert not path.parent.exists()


def test_the_last_choice_is_remembered(path: Path) -> None:
    assert remember(path, "aurora") == Remembered("aurora")
    assert remember(path, "nord") == Remembered("nord")
    assert load_remembered(path) == Remembered("nord")


def test_what_others_remembered_stays(path: Path) -> None:
    path.parent.mkdir()
    path.write_text('{"version": 1, "theme": "nord", "panels": ["scores"], "ünï": 1}', encoding="utf-8")
    remember(path, "aurora")
    assert json.loads(path.read_bytes()) == {"version": 1, "theme": "aurora", "panels": ["scores"], "ünï": 1}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_file_that_cannot_be_used_is_reported_and_set_aside_only_when_it_would_be_overwritten(
    path: Path, content: str | bytes
) -> None:
    data = content if isinstance(content, bytes) else content.encode()
    path.parent.mkdir()
    path.write_bytes(data)
    loaded = load_remembered(path)
    assert loaded.theme is None and loaded.warning and str(path) in loaded.warning and loaded.warning.isprintable()
    assert path.read_bytes() == data
    kept = remember(path, "aurora")
    assert kept.theme == "aurora" and kept.warning and "remembered.json.aside" in kept.warning
    assert path.with_name("remembered.json.aside").read_bytes() == data
    assert load_remembered(path) == Remembered("aurora")


def test_nothing_set_aside_is_overwritten_either(path: Path) -> None:
    path.parent.mkdir()
    for number in range(3):
        path.write_text(f"broken {number}")
        remember(path, "aurora")
    names = ("remembered.json.aside", "remembered.json.2.aside", "remembered.json.3.aside")
    assert [path.with_name(name).read_text() for name in names] == ["broken 0", "broken 1", "broken 2"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_pipe_is_not_waited_for(path: Path) -> None:
    path.parent.mkdir()
    os.mkfifo(path)
    assert "is not a file" in str(load_remembered(path).warning)
    assert remember(path, "aurora").theme == load_remembered(path).theme == "aurora"


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("in the way")
    kept = remember(tmp_path / "data" / "remembered.json", "aurora")
    assert kept.theme == "aurora" and kept.warning and "until you quit" in kept.warning


def test_several_at_once_leave_one_whole_file(path: Path) -> None:
    names = [f"theme-{number}" for number in range(20)]
    with ThreadPoolExecutor(8) as pool:
        kept = list(pool.map(lambda name: remember(path, name), names))
    assert [one.warning for one in kept] == [None] * 20
    assert load_remembered(path).theme in names
    assert {file.name for file in path.parent.iterdir()} <= {"remembered.json", "remembered.json.lock"}
