"""`workbench index` as a person runs it, against an independent server that speaks Elasticsearch's API."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import Workbench
from tests.fakes.elastic import Index, fake_elastic
from tests.fakes.gate import gate
from tests.fakes.hostile import hostile_documents, write_hostile
from tests.fakes.noida import noida

pty = pytest.importorskip("pty")
BLOCKED = {
    "error": {"type": "cluster_block_exception", "reason": "index [made] blocked by: [index read-only];"},
    "status": 403,
}
UNPARSED = {
    "type": "document_parsing_exception",
    "reason": "[1:10] failed to parse field [title]",
    "caused_by": {"type": "illegal_argument_exception", "reason": "Expected text at 1:10 but found START_OBJECT"},
}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with noida(tmp_path_factory.mktemp("noida")) as client:
        yield client


@pytest.fixture
def server(shared: httpx.Client, tmp_path: Path) -> httpx.Client:
    """An empty cluster that the profile `here` leads to."""
    for index in shared.get("/_cat/indices?format=json").json():
        shared.delete(f"/{index['index']}").raise_for_status()
    write_profile(tmp_path, str(shared.base_url))
    return shared


@pytest.fixture(params=["peer", "fake"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[httpx.Client]:
    """As `server`, and after it the scripted one, which is stricter."""
    if request.param == "peer":
        yield request.getfixturevalue("server")
        return
    with fake_elastic() as fake, httpx.Client(base_url=fake.url) as client:
        write_profile(tmp_path, fake.url)
        yield client


def write_profile(home: Path, url: str) -> None:
    config = home / "home" / "config"
    config.mkdir(parents=True, exist_ok=True)
    (config / "profiles.toml").write_text(f'[here]\nhosts = ["{url}"]\n')


def corpus(folder: Path, count: int, text: str = "The text") -> Path:
    path = folder / f"{count}.jsonl"
    rows = ({"_id": f"d{number}", "title": f"Title {number}", "text": f"{text} {number}"} for number in range(count))
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def held(server: httpx.Client, index: str = "made") -> dict[str, dict[str, Any]]:
    hits = server.post(f"/{index}/_search", json={"size": 10_000}).raise_for_status().json()["hits"]["hits"]
    return {hit["_id"]: hit["_source"] for hit in hits}


@contextmanager
def asked(tmp_path: Path, *words: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run the command with a terminal to ask on; gives the other end of that as well."""
    ours, theirs = pty.openpty()
    command = started(tmp_path, *words, stdin=theirs)
    os.close(theirs)
    try:
        yield command, ours
    finally:
        command.kill()
        command.communicate()
        os.close(ours)


def started(tmp_path: Path, *words: str, stdin: int = subprocess.DEVNULL) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "workbench", "index", *words],
        env={**os.environ, "WORKBENCH_HOME": str(tmp_path / "home")},
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def answered(tmp_path: Path, answer: str, *words: str) -> tuple[int, str]:
    """Give an answer; returns the exit code, and what was said on standard error."""
    with asked(tmp_path, *words) as (command, terminal):
        os.write(terminal, answer.encode() + b"\n")
        _, said = command.communicate(timeout=60)
    return command.returncode, said


def test_documents_are_written_counted_and_found(workbench: Workbench, server: httpx.Client, tmp_path: Path) -> None:
    done = workbench("index", str(corpus(tmp_path, 1234)), "--profile", "here", "--index", "made", "--yes")
    assert done.returncode == 0, done.stderr
    assert done.stdout == (
        "here:made: 1,234 documents; 1,234 added\nSearch it: workbench --profile here --corpus made\n"
    )
    assert f"at {str(server.base_url).rstrip('/')}, profile here" in done.stderr
    assert "index    made: new" in done.stderr
    assert len(held(server)) == 1234
    hits = server.post("/made/_search", json={"query": {"match": {"body": "texts 77"}}}).json()["hits"]["hits"]
    assert hits[0]["_source"] == {"title": "Title 77", "body": "The text 77"}


def test_hostile_documents_arrive_as_they_were_sanitised(
    workbench: Workbench, server: httpx.Client, tmp_path: Path
) -> None:
    path = write_hostile(tmp_path / "hostile")["jsonl"]
    done = workbench("index", str(path), "--profile", "here", "--index", "made", "--yes")
    assert done.returncode == 0, done.stderr
    assert held(server) == {one.id: {"title": one.title, "body": one.body} for one in hostile_documents()}


def test_an_index_that_exists_is_left_alone_unless_told_otherwise(
    workbench: Workbench, server: httpx.Client, tmp_path: Path
) -> None:
    server.put("/made/_doc/1?refresh=true", json={"title": "theirs"})
    done = workbench("index", str(corpus(tmp_path, 3)), "--profile", "here", "--index", "made", "--yes")
    assert done.returncode == 2
    assert "made exists on docker-cluster and holds 1 document." in done.stderr
    assert "--append" in done.stderr and "--recreate" in done.stderr
    assert held(server) == {"1": {"title": "theirs"}}


def test_append_adds_overwrites_and_leaves_what_is_right(
    workbench: Workbench, either: httpx.Client, tmp_path: Path
) -> None:
    words = ("--profile", "here", "--index", "made", "--yes")
    assert workbench("index", str(corpus(tmp_path, 5)), *words).returncode == 0
    done = workbench("index", str(corpus(tmp_path, 7)), *words, "--append")
    assert (done.returncode, done.stdout.splitlines()[0]) == (
        0,
        "here:made: 7 documents; 2 added, 5 there already",
    )
    done = workbench("index", str(corpus(tmp_path, 2, "Another text")), *words, "--append")
    assert done.stdout.splitlines()[0] == "here:made: 7 documents; 2 replaced"
    assert held(either)["d1"]["body"] == "Another text 1"


def test_recreate_deletes_what_was_there_and_keeps_its_aliases(
    workbench: Workbench, server: httpx.Client, tmp_path: Path
) -> None:
    server.put("/made", json={"aliases": {"front": {}}})
    server.put("/made/_doc/old?refresh=true", json={"title": "old"})
    done = workbench("index", str(corpus(tmp_path, 3)), "--profile", "here", "--index", "made", "--yes", "--recreate")
    assert done.returncode == 0, done.stderr
    assert "made: IS DELETED with 1 document, and made anew" in done.stderr
    assert held(server, "front").keys() == {"d0", "d1", "d2"}


def test_an_alias_is_never_written_to(workbench: Workbench, server: httpx.Client, tmp_path: Path) -> None:
    server.put("/behind", json={"aliases": {"front": {}}})
    for way in ("--append", "--recreate"):
        done = workbench("index", str(corpus(tmp_path, 3)), "--profile", "here", "--index", "front", "--yes", way)
        assert done.returncode == 2
        assert "front is an alias of behind" in done.stderr
    assert held(server, "behind") == {}


def test_without_a_terminal_it_needs_a_yes(workbench: Workbench, server: httpx.Client, tmp_path: Path) -> None:
    done = workbench("index", str(corpus(tmp_path, 3)), "--profile", "here", "--index", "made")
    assert done.returncode == 2
    assert "Add --yes" in done.stderr
    assert server.get("/made").status_code == 404


@pytest.mark.parametrize("answer", ["", "n", "made", "yess"])
def test_nothing_is_written_unless_the_answer_is_yes(server: httpx.Client, tmp_path: Path, answer: str) -> None:
    code, said = answered(tmp_path, answer, str(corpus(tmp_path, 3)), "--profile", "here", "--index", "made")
    assert code == 130
    assert "[y/N]" in said and "Nothing was written." in said
    assert server.get("/made").status_code == 404


def test_a_yes_is_enough_for_a_new_index(server: httpx.Client, tmp_path: Path) -> None:
    code, said = answered(tmp_path, "y", str(corpus(tmp_path, 3)), "--profile", "here", "--index", "made")
    assert code == 0, said
    assert len(held(server)) == 3


def test_ctrl_c_ends_the_question(server: httpx.Client, tmp_path: Path) -> None:
    with asked(tmp_path, str(corpus(tmp_path, 3)), "--profile", "here", "--index", "made") as (command, _):
        said = ""
        while "[y/N]" not in said:
            letter = command.stderr.read(1)
            assert letter, said
            said += letter
        command.send_signal(signal.SIGINT)
        command.communicate(timeout=60)
    assert command.returncode == 130
    assert server.get("/made").status_code == 404


@pytest.mark.parametrize(("answer", "left"), [("y", {"old"}), ("MADE", {"old"}), ("made", {"d0", "d1"})])
def test_to_delete_an_index_takes_its_name(server: httpx.Client, tmp_path: Path, answer: str, left: set[str]) -> None:
    server.put("/made/_doc/old?refresh=true", json={"title": "old"})
    words = (str(corpus(tmp_path, 2)), "--profile", "here", "--index", "made", "--recreate")
    code, said = answered(tmp_path, answer, *words)
    assert "IS DELETED with 1 document" in said and "Type the name" in said
    assert code == (0 if left != {"old"} else 130)
    assert held(server).keys() == left


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_load_that_was_cut_short_goes_on_where_it_stopped(
    workbench: Workbench, server: httpx.Client, tmp_path: Path, how: signal.Signals
) -> None:
    path = str(corpus(tmp_path, 2600))
    words = ("--profile", "here", "--index", "made", "--yes")
    with gate(server) as before:
        before.passing = 3
        write_profile(tmp_path, before.url)
        command = started(tmp_path, path, *words)
        assert before.held.wait(60)
        command.send_signal(how)
        _, said = command.communicate(timeout=60)
    if how == signal.SIGINT:
        assert command.returncode == 130
        assert "here:made: 1,500 documents of these so far. To go on from there, use --append." in said
        assert said.endswith("workbench: stopped.\n")
    write_profile(tmp_path, str(server.base_url))
    done = workbench("index", path, *words, "--append")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "here:made: 2,600 documents; 1,100 added, 1,500 there already"
    assert len(held(server)) == 2600


def test_a_cluster_that_goes_away_leaves_a_load_that_can_go_on(workbench: Workbench, tmp_path: Path) -> None:
    with fake_elastic() as server:
        server.fail("/_bulk", status=403, body=BLOCKED, skip=1)
        write_profile(tmp_path, server.url)
        done = workbench("index", str(corpus(tmp_path, 700)), "--profile", "here", "--index", "made", "--yes")
        assert done.returncode == 3
        assert "500 documents of these so far. To go on from there, use --append." in done.stderr
        assert "read-only" in done.stderr


def test_a_document_that_is_refused_is_named(workbench: Workbench, tmp_path: Path) -> None:
    items = [
        {"index": {"_id": "d0", "status": 201}},
        {"index": {"_id": "d1", "status": 400, "error": UNPARSED}},
        {"index": {"_id": "d2", "status": 201}},
    ]
    with fake_elastic() as server:
        server.fail("/_bulk", status=200, body={"errors": True, "took": 1, "items": items})
        server.fail("/_count", status=200, body={"count": 2})
        write_profile(tmp_path, server.url)
        done = workbench("index", str(corpus(tmp_path, 3)), "--profile", "here", "--index", "made", "--yes")
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("here:made: 2 documents; 2 added, 1 refused\n")
    assert "refused: d1: Expected text at 1:10 but found START_OBJECT" in done.stderr


def test_a_count_that_is_not_as_it_should_be_is_said(workbench: Workbench, tmp_path: Path) -> None:
    with fake_elastic() as server:
        server.fail("/_count", status=200, body={"count": 1})
        write_profile(tmp_path, server.url)
        done = workbench("index", str(corpus(tmp_path, 3)), "--profile", "here", "--index", "made", "--yes")
    assert done.returncode == 1
    assert "The index holds 1 document, not 3" in done.stderr


def test_a_data_stream_is_never_written_to(workbench: Workbench, tmp_path: Path) -> None:
    with fake_elastic(indices=[Index(".ds-logs-000001", data_stream="logs")]) as server:
        write_profile(tmp_path, server.url)
        for way in ("--append", "--recreate"):
            done = workbench("index", str(corpus(tmp_path, 3)), "--profile", "here", "--index", "logs", "--yes", way)
            assert done.returncode == 2
            assert "logs is a data stream" in done.stderr
        assert not server.asked("", "PUT") and not server.asked("", "DELETE")


def test_a_semantic_index_needs_an_endpoint_that_embeds(workbench: Workbench, tmp_path: Path) -> None:
    with fake_elastic(endpoints=["my-reranker"]) as server:
        write_profile(tmp_path, server.url)
        words = ("index", str(corpus(tmp_path, 3)), "--profile", "here", "--index", "made", "--yes", "--semantic")
        done = workbench(*words, "my-reranker")
        assert done.returncode == 2
        assert "my-reranker does rerank; a semantic field needs" in done.stderr
        done = workbench(*words, "nothing")
        assert done.returncode == 3
        assert "nothing" in done.stderr
        assert not server.asked("", "PUT")


def test_a_semantic_index_is_written_in_small_requests(workbench: Workbench, tmp_path: Path) -> None:
    with fake_elastic() as server:
        endpoint = {"inference_id": "elser", "task_type": "sparse_embedding", "service": "elasticsearch"}
        server.fail("/_inference/elser", status=200, body={"endpoints": [endpoint]})
        write_profile(tmp_path, server.url)
        words = ("--profile", "here", "--index", "made", "--yes", "--semantic", "elser")
        done = workbench("index", str(corpus(tmp_path, 40)), *words)
        assert done.returncode == 0, done.stderr
        assert "elser reads every document" in done.stderr
        fields = server.index("made").mappings["properties"]
        assert fields["body"]["copy_to"] == "body_semantic"
        assert fields["body_semantic"] == {"type": "semantic_text", "inference_id": "elser"}
        assert [len(request.body) // 2 for request in server.asked("/_bulk")] == [16, 16, 8]


def test_a_serverless_project_is_told_nothing_of_shards(workbench: Workbench, tmp_path: Path) -> None:
    with fake_elastic(flavour="serverless") as server:
        write_profile(tmp_path, server.url)
        words = ("index", str(corpus(tmp_path, 3)), "--profile", "here", "--index", "made", "--yes")
        done = workbench(*words, "--shards", "2")
        assert done.returncode == 3
        assert "not available when running in serverless mode" in done.stderr
        done = workbench(*words)
        assert done.returncode == 0, done.stderr
        assert len(server.index("made").documents) == 3


def test_records_that_are_no_documents_are_told_and_strict_writes_nothing(
    workbench: Workbench, server: httpx.Client, tmp_path: Path
) -> None:
    path = corpus(tmp_path, 3)
    path.write_text(path.read_text() + "{broken\n")
    words = ("index", str(path), "--profile", "here", "--index", "made", "--yes")
    done = workbench(*words, "--strict")
    assert done.returncode == 2
    assert "3.jsonl:4" in done.stderr and "Nothing was indexed" in done.stderr
    assert server.get("/made").status_code == 404
    done = workbench(*words)
    assert done.returncode == 1
    assert "left out: 3.jsonl:4" in done.stderr
    assert len(held(server)) == 3


def test_nothing_to_read_writes_nothing(workbench: Workbench, server: httpx.Client, tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("")
    words = ("--profile", "here", "--index", "made", "--yes", "--recreate")
    server.put("/made/_doc/1?refresh=true", json={"title": "theirs"})
    done = workbench("index", str(tmp_path / "empty.jsonl"), *words)
    assert done.returncode == 2
    assert held(server) == {"1": {"title": "theirs"}}


def test_judged_queries_stay_behind_and_it_says_how_to_have_them(
    workbench: Workbench, server: httpx.Client, tmp_path: Path
) -> None:
    done = workbench("index", "fixtures/help-center", "--profile", "here", "--index", "made", "--yes")
    assert done.returncode == 0, done.stderr
    assert "workbench corpus add fixtures/help-center" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--index", "Made"), "capital letters"),
        (("--index", "made", "--shards", "0"), "--shards 0"),
        (("--index", "made", "--append", "--recreate"), "not allowed with"),
    ],
)
def test_wrong_words_are_refused_before_anything_is_asked(
    workbench: Workbench, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    with fake_elastic() as server:
        write_profile(tmp_path, server.url)
        done = workbench("index", str(corpus(tmp_path, 3)), "--profile", "here", "--yes", *words)
        assert done.returncode == 2
        assert said in done.stderr
        assert not server.requests
