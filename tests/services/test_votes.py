"""Kept votes: what is on record of one, which of them count, and that none is lost."""

import json
import random
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from filelock import FileLock

from tests.fakes.hostile import HOSTILE
from tests.services.writers import write_at_once
from workbench.domain.ballot import Ballot, Preference, Tally
from workbench.domain.comparison import Baseline, Comparison, RerankerInfo
from workbench.domain.deployment import ModelKind
from workbench.domain.documents import Document
from workbench.domain.ranking import Candidate, Reranked
from workbench.domain.scores import ScoreSpace
from workbench.domain.text import sanitize, single_line
from workbench.domain.tokens import TokenCount
from workbench.domain.tuning import Tuning
from workbench.services import votes
from workbench.services.votes import Sides, Vote, Votes

NOON = datetime(2031, 5, 24, 12, 0, tzinfo=UTC)
SIDES = Sides("tiny", Tuning(depth=50))
BASED = Sides("tiny", Tuning(depth=50), Tuning())
FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full is needed")

ADD = """
import sys
from dataclasses import replace
from pathlib import Path
from workbench.services.votes import Vote, Votes

kept, vote = Votes(Path(sys.argv[1])), Vote.read(sys.argv[3].encode())
print("ready", flush=True)
sys.stdin.readline()
for number in range(10):
    assert kept.add(replace(vote, query=f"{sys.argv[2]} {number}")), kept.warning
print("voted", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "not yet there" / "votes.jsonl"


def vote(query: str = "query", preferred: str = "after", sides: Sides = SIDES, corpus: str = "notes") -> Vote:
    return Vote(NOON, corpus, query, sides, ("a", "b"), ("b", "c"), True, Preference(preferred))


def queries(path: Path) -> list[str]:
    return [vote.query for vote in Votes(path).all()]


def comparison() -> Comparison:
    candidates = [Candidate(rank, Document.of(f"d{rank}", "", ""), 1.0) for rank in range(1, 6)]
    count = TokenCount(1, 1, 1, 1, 8, 2)
    reranked = tuple(
        Reranked(rank, candidate, 1.0, 1.0, count, candidate.rank)
        for rank, candidate in enumerate(reversed(candidates), 1)
    )
    model = RerankerInfo("tiny", ModelKind.CROSS_ENCODER, ScoreSpace.LOGIT, ScoreSpace.LOGIT, None)
    return Comparison(
        "query", "embedded", "notes", 5, 2, bm25=tuple(candidates), reranker=model, reranked=reranked, done=True
    )


def test_nothing_is_touched_before_the_first_vote(path: Path) -> None:
    assert Votes(path).all() == () and Votes(path).tally("notes", SIDES) == Tally()
    assert not path.parent.exists()


def test_a_vote_records_what_was_on_the_screen() -> None:
    shown, tuning = comparison(), Tuning(depth=5, size=2)
    made = Vote.of(Ballot("query", True).voted("left"), shown, tuning, NOON)
    assert made == Vote(NOON, "notes", "query", Sides("tiny", tuning), ("d1", "d2"), ("d5", "d4"), True, made.preferred)
    assert made.preferred is Preference.AFTER
    against = shown.against(Baseline(Tuning(), shown.reranked))
    based = Vote.of(Ballot("query", False).voted("same"), against, tuning, NOON)
    assert (based.sides.baseline, based.before, based.preferred) == (Tuning(), ("d5", "d4"), Preference.SAME)


def test_a_ballot_without_a_vote_is_no_vote() -> None:
    with pytest.raises(AssertionError):
        Vote.of(Ballot("query", True).shown(), comparison(), Tuning(), NOON)


def test_votes_come_back_as_they_were_in_their_order(path: Path) -> None:
    cast = [vote("one"), vote("two", "before", BASED), vote("свет", "same", corpus="other")]
    kept = Votes(path)
    assert all(map(kept.add, cast)) and kept.warning is None
    assert list(Votes(path).all()) == list(kept.all()) == cast
    assert sorted(file.name for file in path.parent.iterdir() if file.suffix != ".lock") == ["votes.jsonl"]


def test_a_line_is_never_changed(path: Path) -> None:
    kept = Votes(path)
    content = b""
    for query in ("one", "two", "two"):
        kept.add(vote(query))
        assert path.read_bytes().startswith(content)
        content = path.read_bytes()
    line = json.loads(content.splitlines()[0])
    assert (line["cast"], line["preferred"], line["baseline"]) == ("2031-05-24T12:00:00Z", "after", None)
    assert line["tuning"]["depth"] == 50


def test_a_corpus_and_two_sides_have_a_tally_of_their_own(path: Path) -> None:
    kept = Votes(path)
    for cast in (
        vote("one"),
        vote("two"),
        vote("three", "before"),
        vote("four", "same"),
        vote("five", sides=BASED),
        vote("six", sides=replace(SIDES, model="other")),
        vote("seven", sides=replace(SIDES, tuning=Tuning(depth=51))),
        vote("eight", corpus="other"),
    ):
        kept.add(cast)
    assert kept.tally("notes", SIDES) == Tally(before=1, after=2, same=1)
    assert kept.tally("notes", BASED) == Tally(after=1, against="baseline")
    assert kept.tally(" other\n", SIDES) == Tally(after=1)


def test_of_each_query_the_latest_vote_counts(path: Path) -> None:
    for preferred in ("after", "same", "before"):
        Votes(path).add(vote("one", preferred))
    Votes(path).add(vote("two"))
    assert Votes(path).tally("notes", SIDES) == Tally(before=1, after=1)
    assert len(Votes(path).all()) == 4


def test_any_sequence_of_votes_is_tallied_as_counted_by_hand(path: Path) -> None:
    draw, kept, expected = random.Random(5), Votes(path), {}
    for _ in range(60):
        query, preferred = draw.choice("abcdef"), draw.choice(["before", "after", "same"])
        kept.add(vote(query, preferred))
        expected[query] = preferred
    tally = Votes(path).tally("notes", SIDES)
    found = [list(expected.values()).count(side) for side in ("before", "after", "same")]
    assert [tally.before, tally.after, tally.same] == found


@pytest.mark.parametrize(("kind", "title", "body"), HOSTILE, ids=[name for name, _, _ in HOSTILE])
def test_hostile_text_is_sanitised(path: Path, kind: str, title: str, body: str) -> None:
    shown = replace(comparison(), query=body, corpus=title)
    made = Vote.of(Ballot(body, True).voted("left"), shown, Tuning(), NOON)
    Votes(path).add(made)
    assert Votes(path).all() == (made,)
    assert (made.corpus, made.query) == (single_line(title), single_line(body))
    text = path.read_text(encoding="utf-8")
    assert text == sanitize(text) and text.count("\n") == 1
    assert Votes(path).tally(title, made.sides).total == 1


def test_lines_that_were_edited_by_hand_are_sanitised_too(path: Path) -> None:
    path.parent.mkdir()
    raw = json.loads(vote().line()) | {"query": "\x1b[2J" + "x" * 10_000, "before": ["\u202ea"], "more": 1}
    path.write_text(json.dumps(raw) + "\n\n")
    (kept,) = Votes(path).all()
    assert kept.query == "\ufffd[2J" + "x" * 10_000 and kept.before == ("\ufffda",)


@pytest.mark.parametrize(
    "broken",
    [
        b'{"cast": "2031-05-24T12:0',
        b"\x00\xff\xfe",
        b"[]",
        b"[" * 100_000,
        *(
            json.dumps(json.loads(vote().line()) | change).encode()
            for change in (
                {"preferred": "both"},
                {"before": "ab"},
                {"after": [1]},
                {"cast": 5},
                {"tuning": {"depth": 0}},
                {"model": None},
            )
        ),
    ],
    ids=["torn", "binary", "list", "deep", "preferred", "before", "after", "cast", "tuning", "model"],
)
def test_a_damaged_line_is_said_and_costs_no_other(path: Path, broken: bytes) -> None:
    Votes(path).add(vote("one"))
    content = path.read_bytes() + broken
    path.write_bytes(content)
    kept = Votes(path)
    assert [found.query for found in kept.all()] == ["one"]
    assert kept.warning and "1 line of" in kept.warning and "votes.jsonl" in kept.warning
    assert kept.add(vote("two")) and kept.warning is None
    assert path.read_bytes().startswith(content + b"\n")
    assert queries(path) == ["one", "two"]


def test_every_place_at_which_a_crash_may_cut_the_last_line_leaves_the_rest(path: Path) -> None:
    Votes(path).add(vote("one"))
    first = path.read_bytes()
    Votes(path).add(vote("two"))
    second = path.read_bytes()[len(first) :]
    for cut in range(0, len(second), 7):
        path.write_bytes(first + second[:cut])
        assert Votes(path).add(vote("three"))
        assert queries(path) == ["one", "three"]


def test_a_folder_that_cannot_be_written_leaves_them_in_memory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    kept = Votes(tmp_path / "file" / "votes.jsonl")
    assert not kept.add(vote("one")) and not kept.add(vote("two"))
    assert kept.warning and "until you quit" in kept.warning
    assert kept.tally("notes", SIDES) == Tally(after=2)
    (tmp_path / "file").unlink()
    assert kept.add(vote("three")) and kept.warning is None
    assert queries(kept.path) == ["one", "two", "three"]


@FULL
def test_a_full_disk_is_said_and_the_vote_is_written_later(path: Path) -> None:
    path.parent.mkdir()
    path.symlink_to("/dev/full")
    kept = Votes(path)
    assert not kept.add(vote("one"))
    assert kept.warning and "No space left" in kept.warning
    path.unlink()
    assert kept.add(vote("two"))
    assert queries(path) == ["one", "two"]


def test_a_lock_that_is_held_too_long_delays_nothing_but_the_writing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(votes, "PATIENCE", 0.0)
    kept = Votes(path)
    kept.add(vote("one"))
    with FileLock(f"{path}.lock"):
        assert not kept.add(vote("two"))
        assert kept.tally("notes", SIDES).total == 2
        assert queries(path) == ["one"]
    assert kept.add(vote("three"))
    assert queries(path) == ["one", "two", "three"]


def test_processes_that_vote_at_once_lose_nothing_even_when_killed_afterwards(path: Path) -> None:
    write_at_once(ADD, [(str(path), name, vote().line()) for name in "abc"], written="voted")
    assert sorted(queries(path)) == sorted(f"{name} {number}" for name in "abc" for number in range(10))
