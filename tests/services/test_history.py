"""Recent queries: what is kept, for how long, and that nothing is lost or overwritten."""

import json
from pathlib import Path

import pytest
from filelock import FileLock

from tests.fakes.hostile import HOSTILE
from tests.services.writers import write_at_once
from workbench.domain.text import single_line
from workbench.services import history
from workbench.services.history import QUERY_LIMIT, History

ADD = """
import sys
from pathlib import Path
from workbench.services.history import History

history = History(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for number in range(25):
    history.add("notes", f"{sys.argv[2]} {number}")
assert history.warning is None, history.warning
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "not yet there" / "history.jsonl"


def add(history: History, *queries: str, corpus: str = "notes") -> History:
    for query in queries:
        history.add(corpus, query)
    return history


def test_nothing_is_touched_before_the_first_query(path: Path) -> None:
    assert History(path).recent("notes") == ()
    assert not path.parent.exists()


def test_the_newest_is_first_and_each_query_is_there_once(path: Path) -> None:
    history = add(History(path), "one", "two", "three", "  one\n")
    assert history.recent("notes") == ("one", "three", "two")


def test_blank_queries_are_left_out(path: Path) -> None:
    assert add(History(path), "", " \t\n", "\u200b").recent("notes") == ()
    assert not path.exists()


def test_every_corpus_has_its_own(path: Path) -> None:
    history = History(path)
    add(history, "both", "note", corpus="notes")
    add(history, "both", "product", corpus="products")
    assert history.recent("notes") == ("note", "both")
    assert history.recent("products") == ("product", "both")
    assert history.recent("other") == ()


def test_they_are_kept_over_restarts(path: Path) -> None:
    add(History(path), "one", "two")
    assert add(History(path), "three").recent("notes") == ("three", "two", "one")
    assert sorted(file.name for file in path.parent.iterdir() if file.suffix != ".lock") == ["history.jsonl"]


def test_the_limit_drops_the_oldest(path: Path) -> None:
    history = History(path, limit=3)
    add(history, "a", "b", corpus="other")
    add(history, "c", "d")
    assert (history.recent("notes"), history.recent("other")) == (("d", "c"), ("b",))
    assert len(path.read_text().splitlines()) == 3


@pytest.mark.parametrize(("name", "title", "body"), HOSTILE, ids=[name for name, _, _ in HOSTILE])
def test_hostile_queries_are_sanitised_and_cut(path: Path, name: str, title: str, body: str) -> None:
    add(History(path), title, body)
    kept = History(path).recent("notes")
    assert kept == (single_line(body, QUERY_LIMIT), single_line(title, QUERY_LIMIT))
    assert all(len(query) <= 1000 for query in kept)


def test_a_file_that_was_edited_by_hand_is_sanitised_too(path: Path) -> None:
    path.parent.mkdir()
    path.write_text(json.dumps({"corpus": "notes", "query": "\x1b]0;owned\x07 title", "more": 1}) + "\n\n")
    history = History(path)
    assert history.recent("notes") == (single_line("\x1b]0;owned\x07 title"),)
    assert history.warning is None


@pytest.mark.parametrize(
    "broken",
    [
        b'{"corpus": "notes", "que',
        b"\x00\xff\xfe",
        b'["corpus"]',
        b'{"corpus": "notes"}',
        b'{"corpus": "notes", "query": ["a"]}',
        b"[" * 100_000,
    ],
    ids=["half written", "binary", "a list", "no query", "not text", "deep"],
)
def test_a_broken_file_is_set_aside_and_what_is_good_stays(path: Path, broken: bytes) -> None:
    add(History(path), "good")
    damaged = path.read_bytes() + broken
    path.write_bytes(damaged)
    history = History(path)
    assert history.recent("notes") == ("good",)
    assert path.with_name("history.jsonl.broken").read_bytes() == damaged
    assert history.warning and "1 line of history.jsonl" in history.warning and ".broken" in history.warning
    again = add(History(path), "new")
    assert again.recent("notes") == ("new", "good")
    assert again.warning is None


def test_a_file_that_was_set_aside_is_never_overwritten(path: Path) -> None:
    path.parent.mkdir()
    for content in (b"first", b"second", b"third"):
        path.write_bytes(content)
        add(History(path), "query")
    found = [path.with_name(f"history.jsonl{end}").read_bytes() for end in (".broken", ".2.broken", ".3.broken")]
    assert found == [b"first", b"second", b"third"]


def test_what_a_crash_left_behind_does_not_matter(path: Path) -> None:
    path.parent.mkdir()
    path.with_name("history.jsonl.new").write_text('{"corp')
    history = add(History(path), "query")
    assert (history.recent("notes"), history.warning) == (("query",), None)


def test_a_folder_that_cannot_be_written_leaves_them_in_memory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    history = add(History(tmp_path / "file" / "history.jsonl"), "one", "two")
    assert history.recent("notes") == ("two", "one")
    assert history.warning and "history.jsonl" in history.warning
    assert (tmp_path / "file").read_text() == "no folder"


def test_what_could_not_be_written_is_written_with_the_next(path: Path) -> None:
    path.mkdir(parents=True)
    history = add(History(path), "one")
    assert history.warning
    path.rmdir()
    add(history, "two")
    assert History(path).recent("notes") == ("two", "one")


def test_a_lock_that_is_held_too_long_delays_nothing_but_the_writing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "PATIENCE", 0.0)
    recent = add(History(path), "one")
    with FileLock(f"{path}.lock"):
        add(recent, "two")
        assert recent.recent("notes") == ("two", "one")
        assert History(path).recent("notes") == ("one",)
    add(recent, "three")
    assert History(path).recent("notes") == ("three", "two", "one")


def test_processes_that_write_at_once_lose_nothing(path: Path) -> None:
    assert write_at_once(ADD, [(str(path), name) for name in "abc"]) == [0, 0, 0]
    kept = History(path).recent("notes")
    assert set(kept) == {f"{name} {number}" for name in "abc" for number in range(25)}
    assert [query for query in kept if query[0] == "a"] == [f"a {number}" for number in reversed(range(25))]
