"""Saved states: what is kept of one, and that nothing in the file is lost or overwritten."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from filelock import FileLock

from tests.fakes.hostile import HOSTILE
from tests.services.writers import write_at_once
from workbench.domain.errors import BadInputError
from workbench.domain.saved import NAME_LIMIT, State, age
from workbench.domain.text import sanitize, single_line
from workbench.domain.tuning import Choice, Tuning
from workbench.services import saved
from workbench.services.saved import SavedStates

NOON = datetime(2031, 5, 24, 12, 0, tzinfo=UTC)
TUNED = Tuning(50, 5, 0.25, (("title", 0.0), ("body", 3.5)), ("body",))
FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full is needed")

SAVE = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from workbench.domain.saved import State
from workbench.domain.tuning import Tuning
from workbench.services.saved import SavedStates

states = SavedStates(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for number in range(10):
    name = f"{sys.argv[2]} {number}"
    assert states.save(State.of(name, "notes", name, Tuning(), None, None, datetime.now(UTC))), states.warning
print("saved", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "not yet there" / "saved.json"


def state(name: str, minutes: int = 0, query: str = "query", tuning: Tuning = TUNED) -> State:
    return State.of(name, "notes", query, tuning, Tuning(), "d1", NOON + timedelta(minutes=minutes))


def names(path: Path) -> list[str]:
    return [state.name for state in SavedStates(path).all()]


def write(path: Path, content: object) -> str:
    path.parent.mkdir(exist_ok=True)
    text = content if isinstance(content, str) else json.dumps(content)
    path.write_text(text)
    return text


def test_nothing_is_touched_before_the_first_is_saved(path: Path) -> None:
    assert SavedStates(path).all() == ()
    assert not path.parent.exists()


def test_a_state_comes_back_as_it_was(path: Path) -> None:
    whole = state("demo")
    bare = State.of("bare", "notes", "", Tuning(), None, None, NOON + timedelta(minutes=1))
    states = SavedStates(path)
    assert states.save(whole) and states.save(bare)
    assert SavedStates(path).all() == states.all() == (bare, whole)
    assert sorted(file.name for file in path.parent.iterdir() if file.suffix != ".lock") == ["saved.json"]


def test_an_engine_s_own_settings_come_back_as_words(path: Path) -> None:
    chosen = replace(TUNED, choices=(Choice("rerank", ("retriever", "inference"), "inference"),))
    assert SavedStates(path).save(replace(state("clustered", tuning=chosen), corpus="prod:articles"))
    (back,) = SavedStates(path).all()
    assert (back.corpus, back.tuning.chosen) == ("prod:articles", (("rerank", "inference"),))
    write(path, path.read_text().replace('"inference"', "3"))
    states = SavedStates(path)
    assert states.all() == ()
    assert states.warning and "rerank is not text" in states.warning


def test_the_newest_is_first_whenever_it_was_written(path: Path) -> None:
    states = SavedStates(path)
    for name, minutes in (("b", 2), ("c", 3), ("a", 1), ("also c", 3)):
        states.save(state(name, minutes))
    assert names(path) == ["also c", "c", "b", "a"]


def test_one_of_the_same_name_is_replaced(path: Path) -> None:
    states = SavedStates(path)
    states.save(state("demo", query="old"))
    states.save(state("other"))
    states.save(state(" demo\n", 5, query="new"))
    assert [(found.name, found.query) for found in states.all()] == [("demo", "new"), ("other", "query")]


def test_one_can_be_removed(path: Path) -> None:
    states = SavedStates(path)
    states.save(state("demo"))
    states.save(state("other"))
    assert states.remove("demo") and states.remove("never there")
    assert names(path) == ["other"]


def test_the_file_can_be_read_by_a_person(path: Path) -> None:
    SavedStates(path).save(state("свет"))
    assert '      "name": "свет",\n      "saved": "2031-05-24T12:00:00Z",' in path.read_text(encoding="utf-8")


def test_times_are_kept_in_utc_to_the_second() -> None:
    local = NOON.astimezone(timezone(timedelta(hours=5))).replace(microsecond=999)
    kept = State.of("demo", "notes", "", Tuning(), None, None, local)
    assert (kept.saved, kept.saved.tzinfo) == (NOON, UTC)


@pytest.mark.parametrize(("kind", "title", "body"), HOSTILE, ids=[name for name, _, _ in HOSTILE])
def test_hostile_text_is_sanitised_and_names_are_cut(path: Path, kind: str, title: str, body: str) -> None:
    for text in (title, body):
        hostile = replace(TUNED, boosts=((single_line(text, 50), 1.0),))
        SavedStates(path).save(State.of(text, text, text, hostile, hostile, text, NOON))
        (kept,) = SavedStates(path).all()
        line = single_line(text)
        assert (kept.name, kept.corpus, kept.query, kept.selected) == (single_line(text, NAME_LIMIT), line, line, line)
        assert len(kept.name) <= NAME_LIMIT and kept.tuning == hostile
        assert path.read_text(encoding="utf-8") == sanitize(path.read_text(encoding="utf-8"))
        SavedStates(path).remove(kept.name)
    assert names(path) == []


def test_a_file_that_was_edited_by_hand_is_sanitised_too(path: Path) -> None:
    record = state("demo").record()
    bad = "\x1b[2J\u202ename" + "x" * 10_000
    write(path, {"states": [record | {"name": bad, "query": bad, "tuning": {"boosts": {"\x1b[2Jtitle": 1}}}]})
    (kept,) = SavedStates(path).all()
    assert kept.name == single_line(bad, NAME_LIMIT)
    assert "\x1b" not in repr(kept) and "\u202e" not in repr(kept)
    assert (kept.tuning.depth, kept.tuning.boosts) == (30, ((single_line("\x1b[2Jtitle"), 1.0),))


def test_a_blank_name_is_refused() -> None:
    for blank in ("", " \n\t", "\u200b"):
        with pytest.raises(BadInputError, match="name is blank"):
            state(blank)


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"name": 7}, "name is not text"),
        ({"name": " "}, "name is blank"),
        ({"corpus": None}, "corpus is missing"),
        ({"query": ["a"]}, "query is not text"),
        ({"selected": 1}, "selected is not text"),
        ({"saved": "yesterday"}, "saved is not a time"),
        ({"saved": "0001-01-01T00:00:00+12:00"}, "saved is not a time"),
        ({"tuning": None}, "tuning is missing"),
        ({"tuning": [1]}, "tuning is not an object"),
        ({"baseline": {"depth": 5000}}, "5000 is out of range for depth"),
        ({"tuning": {"depth": 1.5}}, "depth is a whole number"),
        ({"tuning": {"depth": True}}, "depth is not a number"),
        ({"tuning": {"size": 10**400}}, "size is not a number"),
        ({"tuning": {"mix": float("nan")}}, "mix is not a number"),
        ({"tuning": {"mix": 1.01}}, "1.01 is out of range for mix"),
        ({"tuning": {"reads": ["footnotes"]}}, "reads is not a list of fields"),
        ({"tuning": {"boosts": {}}}, "One field must be searched"),
        ({"tuning": {"boosts": {"title": 0, "body": 0}}}, "One field must be searched"),
        ({"tuning": {"boosts": {"title": "2"}}}, "boost title is not a number"),
        ({"tuning": {"boosts": {"\x1b[2Jtitle": -1}}}, "-1 is out of range for boost \ufffd[2Jtitle"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_broken_entry_is_named_and_stays_while_the_others_are_read(
    path: Path, change: dict[str, object], wrong: str
) -> None:
    broken = state("broken \x1b]0;owned\x07").record() | change
    write(path, {"states": [state("good").record(), broken]})
    states = SavedStates(path)
    assert [found.name for found in states.all()] == ["good"]
    assert states.warning and wrong in states.warning and "\x1b" not in states.warning
    assert ("entry 2" if "name" in change else "“broken \ufffd]0;owned\ufffd”") in states.warning
    assert states.save(state("new", 1)) and states.warning is None
    assert json.dumps(json.loads(path.read_text())["states"][1]) == json.dumps(broken)
    assert names(path) == ["new", "good"]


def test_many_broken_entries_make_no_long_message(path: Path) -> None:
    write(path, {"states": [None, 1, [], "x" * 10_000, {"name": "y" * 10_000}]})
    states = SavedStates(path)
    assert states.all() == ()
    assert states.warning and "entry 3" in states.warning and "And 2 more." in states.warning
    assert len(states.warning) < 500


def test_saving_under_the_name_of_a_broken_entry_keeps_both(path: Path) -> None:
    write(path, {"states": [{"name": "demo", "query": 1}]})
    assert SavedStates(path).save(state("demo"))
    assert json.loads(path.read_text())["states"][0] == {"name": "demo", "query": 1}
    assert names(path) == ["demo"]


def test_what_is_not_known_stays(path: Path) -> None:
    known = state("demo").record()
    more = {"note": "for Tuesday\ud800", "list": [{"deep": None}]}
    content = {"by": "hand", "states": [known | more, state("other").record() | more]}
    write(path, content)
    SavedStates(path).save(state("demo", 1, query="new"))
    after = json.loads(path.read_text(encoding="utf-8"))
    assert after["by"] == "hand"
    assert after["states"] == [content["states"][1], state("demo", 1, query="new").record() | more]


@pytest.mark.parametrize(
    "damaged",
    ['{"states": [{"na', "", "\x00\x01", "[]", '{"states": {}}', '{"version": "two"}', "[" * 100_000],
    ids=["half written", "empty", "binary", "a list", "no list", "no version", "deep"],
)
def test_a_file_of_something_else_is_set_aside_when_one_is_saved(path: Path, damaged: str) -> None:
    write(path, damaged)
    states = SavedStates(path)
    assert states.all() == () and states.warning and "saved.json" in states.warning
    assert path.read_text() == damaged
    assert states.save(state("demo"))
    aside = path.with_name("saved.json.broken")
    assert aside.read_text() == damaged and states.warning and str(aside) in states.warning
    assert [found.name for found in states.all()] == ["demo"] and states.warning is None


def test_what_is_nested_too_deeply_to_be_written_again_is_left_alone(path: Path) -> None:
    text = write(path, '{"more": ' + "[" * 700 + "]" * 700 + "}")
    states = SavedStates(path)
    if not states.save(state("demo")):
        assert path.read_text() == text and states.warning and "nested" in states.warning
    assert [found.name for found in states.all()] == ["demo"]


def test_a_file_of_a_newer_version_is_not_overwritten(path: Path) -> None:
    text = write(path, {"version": 2, "states": [state("old").record()]})
    states = SavedStates(path)
    assert states.all() == () and states.warning and "newer" in states.warning
    assert not states.save(state("demo"))
    assert states.warning and "newer" in states.warning and "until you quit" in states.warning
    assert path.read_text() == text
    assert [found.name for found in states.all()] == ["demo"]


def test_a_folder_that_cannot_be_written_leaves_them_in_memory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    states = SavedStates(tmp_path / "file" / "saved.json")
    assert not states.save(state("one")) and not states.save(state("two", 1))
    assert states.warning and "saved.json" in states.warning and "until you quit" in states.warning
    assert [found.name for found in states.all()] == ["two", "one"]
    assert not states.remove("one")
    assert [found.name for found in states.all()] == ["two"]


@FULL
def test_a_full_disk_changes_nothing_in_the_file(path: Path) -> None:
    states = SavedStates(path)
    states.save(state("old"))
    content = path.read_bytes()
    path.with_name("saved.json.new").symlink_to("/dev/full")
    assert not states.save(state("new", 1))
    assert states.warning and "No space left" in states.warning
    assert path.read_bytes() == content
    assert [found.name for found in states.all()] == ["new", "old"]
    path.with_name("saved.json.new").unlink()
    assert states.save(state("newest", 2))
    assert names(path) == ["newest", "new", "old"]


def test_a_lock_that_is_held_too_long_delays_nothing_but_the_writing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved, "PATIENCE", 0.0)
    states = SavedStates(path)
    states.save(state("one"))
    with FileLock(f"{path}.lock"):
        assert not states.save(state("two", 1)) and not states.remove("one")
        assert [found.name for found in states.all()] == ["two"]
        assert names(path) == ["one"]
    assert states.save(state("three", 2))
    assert names(path) == ["three", "two"]


def test_what_another_process_saved_or_removed_is_seen(path: Path) -> None:
    ours, theirs = SavedStates(path), SavedStates(path)
    ours.save(state("ours"))
    theirs.save(state("theirs", 1))
    assert [found.name for found in ours.all()] == ["theirs", "ours"]
    theirs.remove("ours")
    ours.save(state("again", 2))
    assert names(path) == ["again", "theirs"]


def test_processes_that_write_at_once_lose_nothing_even_when_killed_afterwards(path: Path) -> None:
    write_at_once(SAVE, [(str(path), name) for name in "abc"], written="saved")
    assert sorted(names(path)) == sorted(f"{name} {number}" for name in "abc" for number in range(10))


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "just now"),
        (-30, "just now"),
        (59, "just now"),
        (60, "1 min ago"),
        (3599, "59 min ago"),
        (3600, "1 h ago"),
        (86_399, "23 h ago"),
        (172_800, "2 d ago"),
        (30 * 86_400, "2031-05-24"),
        (-3600, "2031-05-24"),
    ],
)
def test_an_age_is_said_in_one_unit(seconds: int, said: str) -> None:
    assert age(NOON, NOON + timedelta(seconds=seconds)) == said
