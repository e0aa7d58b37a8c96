"""`workbench tokens` from outside: a pair, the candidates of a query, a corpus, and the arithmetic alone."""

import csv
import fcntl
import io
import json
import signal
import subprocess
import sys
import termios
import time
import unicodedata
from pathlib import Path
from typing import IO, Any

import jsonschema
import pytest

from tests.e2e.conftest import Workbench
from tests.fakes.elastic.server import fake_elastic
from tests.fakes.hub import FakeHub
from workbench.domain.tokens import ELASTIC

SCHEMA = json.loads((Path(__file__).parent / "tokens.schema.json").read_text())
LOCAL = ("--model", "ms-marco-minilm-l6")
"""The tiny cross-encoder: a token for every letter or two, 512 in all."""


def parsed(done: subprocess.CompletedProcess[str], code: int = 0) -> dict[str, Any]:
    assert done.returncode == code, done.stderr
    value: dict[str, Any] = json.loads(done.stdout)
    jsonschema.validate(value, SCHEMA)
    return value


def counted(workbench: Workbench, *words: str, code: int = 0, **environment: Any) -> dict[str, Any]:
    """What the command prints as JSON, checked against the schema."""
    return parsed(workbench("tokens", *words, "--format", "json", **environment), code)


def sums(workbench: Workbench, query: int, document: int, *words: str) -> dict[str, Any]:
    return counted(workbench, "--query-tokens", str(query), "--document-tokens", str(document), *words)


@pytest.fixture
def notes(workbench: Workbench, tmp_path: Path) -> str:
    """A corpus of three documents: one short, one long, one with no text but its title."""
    rows = [
        {"id": "short", "title": "Heat", "text": "A laptop gets hot."},
        {"id": "long", "title": "Hot", "text": "So it goes on and on. " * 200 + "A hot laptop is the answer."},
        {"id": "titled", "title": "Hot", "text": ""},
    ]
    (tmp_path / "notes.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert workbench("corpus", "add", str(tmp_path / "notes.jsonl")).returncode == 0
    return "notes"


# The arithmetic alone


@pytest.mark.parametrize(
    ("query", "document", "kept"),
    [
        (254, 255, (254, 255)),
        (255, 254, (255, 254)),
        (255, 255, (254, 255)),
        (300, 300, (254, 255)),
        (300, 254, (255, 254)),
        (300, 253, (256, 253)),
        (255, 600, (254, 255)),
        (10, 1000, (10, 499)),
        (600, 100, (409, 100)),
        (1000, 1, (508, 1)),
        (254, 300, (254, 255)),
    ],
)
def test_elasticsearch_s_table(workbench: Workbench, query: int, document: int, kept: tuple[int, int]) -> None:
    value = sums(workbench, query, document)
    assert value["query"] == {"tokens": query, "kept": kept[0]}
    assert value["document"] == {"tokens": document, "kept": kept[1]}
    assert (value["model"], value["budget"], value["special"], value["strategy"]) == (None, 512, 3, "balanced")
    side = {(False, False): "none", (True, False): "query", (False, True): "document", (True, True): "both"}
    assert value["cut"] == side[kept[0] < query, kept[1] < document]


def test_other_windows(workbench: Workbench) -> None:
    longest = sums(workbench, 300, 301, "--strategy", "longest-first")
    assert (longest["query"]["kept"], longest["document"]["kept"]) == (254, 255)
    longest = sums(workbench, 301, 300, "--strategy", "longest-first")
    assert (longest["query"]["kept"], longest["document"]["kept"]) == (255, 254)
    head = sums(workbench, 300, 300, "--strategy", "head-only", "--budget", "256")
    assert (head["special"], head["query"]["kept"], head["document"]["kept"]) == (2, 254, 254)
    four = sums(workbench, 10, 1000, "--special", "4", "--budget", "100")
    assert four["document"]["kept"] == 86
    full = sums(workbench, 0, 0, "--special", "3", "--budget", "3")
    assert full["cut"] == "none"


def test_a_cut_fails_a_pipeline_only_when_that_is_asked(workbench: Workbench) -> None:
    numbers = ("tokens", "--query-tokens", "10", "--document-tokens")
    assert workbench(*numbers, "499", "--fail-on-cut").returncode == 0
    assert workbench(*numbers, "500").returncode == 0
    done = workbench(*numbers, "500", "--fail-on-cut")
    assert done.returncode == 1 and "✂ The document is cut." in done.stdout


# A pair


def test_a_document_of_a_corpus_is_read_as_the_model_reads_it(workbench: Workbench, notes: str, hub: FakeHub) -> None:
    words = ("hot laptop", "--corpus", notes, *LOCAL)
    short = counted(workbench, *words, "--doc", "short", HF_ENDPOINT=hub.url)
    assert (short["model"], short["exact"], short["id"]) == ("ms-marco-minilm-l6", True, "short")
    assert (short["budget"], short["special"], short["cut"]) == (512, 3, "none")
    assert short["kept_text_end"] == short["text_length"] == len("Heat\n\nA laptop gets hot.")
    assert "verdict" not in short
    long = counted(workbench, *words, "--doc", "long", "--fail-on-cut", code=1, HF_ENDPOINT=hub.url)
    assert long["cut"] == "document" and long["document"]["kept"] == 509 - long["query"]["tokens"]
    assert 0 < long["kept_text_end"] < long["text_length"]
    assert long["document"]["tokens"] > 509 > long["document"]["kept"]


def test_the_fields_the_budget_and_the_strategy_can_be_others(workbench: Workbench, notes: str, hub: FakeHub) -> None:
    words = ("hot", "--corpus", notes, "--doc", "long", *LOCAL)
    title = counted(workbench, *words, "--reads", "title", HF_ENDPOINT=hub.url)
    assert title["text_length"] == 3 and title["cut"] == "none"
    body = counted(workbench, *words, "--reads", "body", HF_ENDPOINT=hub.url)
    both = counted(workbench, *words, "--reads", "title+body", HF_ENDPOINT=hub.url)
    assert both["document"]["tokens"] == body["document"]["tokens"] + title["document"]["tokens"]
    large = counted(workbench, *words, "--budget", "9000", HF_ENDPOINT=hub.url)
    assert large["cut"] == "none" and large["budget"] == 9000
    apart = counted(workbench, *words, "--strategy", "head-only", "--budget", "100", HF_ENDPOINT=hub.url)
    assert (apart["special"], apart["document"]["kept"]) == (2, 98)


def test_a_text_is_read_from_a_file_or_a_pipe(workbench: Workbench, tmp_path: Path, hub: FakeHub) -> None:
    file = tmp_path / "text.txt"
    file.write_bytes("\ufeffFirst line\r\nsecond line, naïve 😀\n".encode())
    by_name = counted(workbench, "hot", "--text-file", str(file), *LOCAL, HF_ENDPOINT=hub.url)
    with file.open("rb") as stdin:
        by_pipe = counted(workbench, "hot", "-", *LOCAL, stdin=stdin, HF_ENDPOINT=hub.url)
    assert by_name == by_pipe
    assert by_name["text_length"] == len("First line\r\nsecond line, naïve 😀\n") and by_name["id"] is None


def test_the_table_shows_the_words_around_the_cut(workbench: Workbench, tmp_path: Path, hub: FakeHub) -> None:
    file = tmp_path / "text.txt"
    file.write_text("\x1b[31mab " * 8 + "kept words | lost \x1b]0;x\x07words " + "cd " * 500)
    words = ("tokens", "hot", "--text-file", str(file), *LOCAL, "--budget")
    shown = workbench(*words, "60", HF_ENDPOINT=hub.url)
    assert shown.returncode == 0, shown.stderr
    assert "✂ The document is cut." in shown.stdout and shown.stdout.count("✂") == 2
    assert not {c for c in shown.stdout if unicodedata.category(c) in ("Cc", "Cs")} - {"\n"}
    assert max(map(len, shown.stdout.splitlines())) <= 120
    whole = workbench(*words, "9000", HF_ENDPOINT=hub.url)
    assert "Nothing is cut" in whole.stdout and "✂" not in whole.stdout


def test_nothing_to_read_is_said_and_is_no_crash(workbench: Workbench, tmp_path: Path, hub: FakeHub) -> None:
    file = tmp_path / "blank.txt"
    file.write_text(" \n\t ")
    value = counted(workbench, "", "--text-file", str(file), "--fail-on-cut", "--verdict", *LOCAL, HF_ENDPOINT=hub.url)
    assert (value["query"]["tokens"], value["document"]["tokens"], value["verdict"]) == (0, 0, None)
    assert [one["rule"] for one in value["findings"]] == ["blank-text", "blank-text"]
    assert "document has no tokens" in value["warnings"][1]


def test_special_tokens_in_a_text_are_said(workbench: Workbench, tmp_path: Path, hub: FakeHub) -> None:
    (tmp_path / "log.txt").write_text("one [SEP] two [SEP] three")
    value = counted(workbench, "why", "--text-file", str(tmp_path / "log.txt"), *LOCAL, HF_ENDPOINT=hub.url)
    assert [one["rule"] for one in value["findings"]] == ["control-token"] and "[SEP]" in value["warnings"][0]


def test_a_query_that_is_cut_is_said(workbench: Workbench, tmp_path: Path, hub: FakeHub) -> None:
    (tmp_path / "long.txt").write_text("word " * 1000)
    value = counted(workbench, "why " * 400, "--text-file", str(tmp_path / "long.txt"), *LOCAL, HF_ENDPOINT=hub.url)
    assert value["cut"] == "both"
    assert "query-cut" in [one["rule"] for one in value["findings"]]


# The candidates of a query, and a corpus


def test_the_candidates_of_a_query(workbench: Workbench, hub: FakeHub) -> None:
    words = ("laptop gets hot", *LOCAL)
    value = counted(workbench, *words, HF_ENDPOINT=hub.url)
    rows = value["candidates"]
    assert [row["bm25_rank"] for row in rows] == list(range(1, 31))
    assert value["query"]["text"] == "laptop gets hot" and value["corpus"] == "help-center"
    assert value["cut_documents"] == sum(row["cut"] != "none" for row in rows) > 0
    assert value["cut_in_top"] == sum(row["cut"] != "none" for row in rows[:10])
    assert value["fit"] == 509 - value["query"]["tokens"]
    tokens = sorted(row["tokens"] for row in rows)
    assert value["percentiles"]["50"] == tokens[14] and value["percentiles"]["100"] == tokens[-1]
    one = counted(workbench, *words, "--doc", rows[0]["id"], HF_ENDPOINT=hub.url)
    assert one["document"] == {"tokens": rows[0]["tokens"], "kept": rows[0]["kept"]}
    fits = counted(
        workbench, *words, "--budget", str(value["budget_for_95"]), "--size", "3", "--depth", "20", HF_ENDPOINT=hub.url
    )
    assert len(fits["candidates"]) == 20 and fits["size"] == 3 and fits["cut_documents"] <= 2
    assert workbench("tokens", *words, "--fail-on-cut", HF_ENDPOINT=hub.url).returncode == 1


@pytest.mark.parametrize("format", ["table", "tsv", "markdown"])
def test_candidates_for_people_and_spreadsheets(workbench: Workbench, hub: FakeHub, format: str) -> None:
    done = workbench("tokens", "laptop gets hot", *LOCAL, "--format", format, HF_ENDPOINT=hub.url)
    assert done.returncode == 0, done.stderr
    if format == "tsv":
        lines = list(csv.reader(io.StringIO(done.stdout), delimiter="\t", quoting=csv.QUOTE_NONE))
        assert len(lines) == 31 and {len(line) for line in lines} == {10}
    else:
        assert "of the first 10" in done.stdout
        assert "ms-marco" in done.stdout


def test_nothing_that_matches_is_no_error(workbench: Workbench, notes: str, hub: FakeHub) -> None:
    for words in (("zebra",), ("zebra", "--verdict"), ("zebra " * 1000,)):
        value = counted(workbench, *words, "--corpus", notes, *LOCAL, HF_ENDPOINT=hub.url)
        assert value["candidates"] == [] and value["cut_documents"] == 0
        done = workbench("tokens", *words, "--corpus", notes, *LOCAL, HF_ENDPOINT=hub.url)
        assert done.returncode == 0 and "Nothing matches" in done.stdout


def test_a_whole_corpus(workbench: Workbench, hub: FakeHub) -> None:
    words = ("--corpus", "help-center", *LOCAL)
    value = counted(workbench, *words, HF_ENDPOINT=hub.url)
    assert value["documents"] == sum(one["documents"] for one in value["histogram"]) > 100
    assert value["query"] == {"text": None, "tokens": 0, "kept": 0} and value["fit"] == 509
    beside = counted(workbench, "laptop gets hot", "--all", *words, HF_ENDPOINT=hub.url)
    assert beside["fit"] == 509 - beside["query"]["tokens"] and beside["cut_documents"] >= value["cut_documents"] > 0
    fits = counted(workbench, *words, "--budget", str(value["budget_for_95"]), HF_ENDPOINT=hub.url)
    assert 0 < fits["cut_documents"] <= 0.05 * fits["documents"]
    tsv = workbench("tokens", *words, "--format", "tsv", HF_ENDPOINT=hub.url).stdout
    assert [row["exact"] for row in csv.DictReader(io.StringIO(tsv), delimiter="\t")] == ["true"] * len(
        value["histogram"]
    )
    assert 509 in [one["high"] for one in value["histogram"]], "a bar ends with what fits"
    done = workbench("tokens", *words, "--fail-on-cut", HF_ENDPOINT=hub.url)
    assert done.returncode == 1
    assert "do not fit" in done.stdout and "would fit 95 %" in done.stdout and "█" in done.stdout
    assert f"{value['documents']} documents" in done.stderr, "progress"


def test_a_query_that_is_cut_fails_a_pipeline_though_every_document_fits(
    workbench: Workbench, tmp_path: Path, hub: FakeHub
) -> None:
    (tmp_path / "short.jsonl").write_text(json.dumps({"id": "a", "title": "Why", "text": "because"}))
    assert workbench("corpus", "add", str(tmp_path / "short.jsonl")).returncode == 0
    for words in (("why " * 1200, "--all"), ("why " * 1200,)):
        words = (*words, "--corpus", "short", "--fail-on-cut", *LOCAL)
        value = counted(workbench, *words, code=1, HF_ENDPOINT=hub.url)
        assert value["cut_documents"] == 0 and 0 < value["query"]["kept"] < 509 < value["query"]["tokens"]
        done = workbench("tokens", *words, HF_ENDPOINT=hub.url)
        assert "✂ The query is cut: " in done.stdout and "with 1 of 1 document." in done.stdout
        assert done.returncode == 1


def test_a_query_is_printed_as_it_was_tokenised(workbench: Workbench, hub: FakeHub) -> None:
    query = "hot  \u200b laptop\n\x9b 😀 \u202e"
    done = workbench(
        "tokens", query, "--corpus", "help-center", "--all", *LOCAL, "--format", "json", HF_ENDPOINT=hub.url
    )
    assert parsed(done)["query"]["text"] == query
    assert not {c for c in done.stdout if unicodedata.category(c) in ("Cc", "Cf")} - {"\n"}


def test_a_byte_that_is_no_character_is_counted_as_a_replacement_for_one(workbench: Workbench, hub: FakeHub) -> None:
    for words in (("--depth", "3"), ("--corpus", "help-center", "--all")):
        value = counted(workbench, "laptop \udcff", *words, *LOCAL, HF_ENDPOINT=hub.url)
        assert value["query"]["text"] == "laptop \ufffd"


# Whether it matters


def test_the_verdict_on_a_candidate(workbench: Workbench, notes: str, hub: FakeHub) -> None:
    words = ("hot laptop", "--corpus", notes, "--verdict", *LOCAL)
    value = counted(workbench, *words, "--doc", "long", HF_ENDPOINT=hub.url)
    verdict = value["verdict"]
    assert (
        verdict["kind"] in ("harmless", "suppressed", "decisive") and verdict["rank"] >= verdict["rank_with_best_piece"]
    )
    assert (verdict["kind"] == "harmless") == (verdict["best_piece_score"] <= verdict["score"])
    assert verdict["best_piece"]["end"] <= value["text_length"] and verdict["best_piece"]["text"]
    assert value["bm25_rank"] == 2 and verdict["score_space"] == "logit"
    assert counted(workbench, *words, "--doc", "short", HF_ENDPOINT=hub.url)["verdict"] is None
    table = workbench("tokens", *words, "--doc", "long", HF_ENDPOINT=hub.url)
    assert verdict["kind"].upper() in table.stdout and "scoring" in table.stderr
    assert "logit score of what was read" in table.stdout


def test_the_verdict_on_a_text_has_no_ranks(workbench: Workbench, tmp_path: Path, hub: FakeHub) -> None:
    (tmp_path / "long.txt").write_text("So it goes on and on. " * 200 + "A hot laptop.")
    words = ("hot laptop", "--text-file", str(tmp_path / "long.txt"), "--verdict", *LOCAL)
    verdict = counted(workbench, *words, HF_ENDPOINT=hub.url)["verdict"]
    assert verdict["kind"] in ("harmless", "suppressed")
    assert verdict["rank"] is None and verdict["rank_with_best_piece"] is None and verdict["score_space"] == "logit"
    assert "no candidate" in workbench("tokens", *words, HF_ENDPOINT=hub.url).stdout


def test_the_verdicts_on_all_candidates(workbench: Workbench, hub: FakeHub) -> None:
    words = ("laptop gets hot", "--verdict", "--depth", "10", *LOCAL)
    value = counted(workbench, *words, HF_ENDPOINT=hub.url)
    judged = [row["verdict"] for row in value["candidates"] if row["verdict"]]
    assert len(judged) == sum(row["kept"] < row["tokens"] for row in value["candidates"]) > 0
    for kind, number in value["verdicts"].items():
        assert number == sum(verdict["kind"] == kind for verdict in judged)
    assert "Verdicts: " in workbench("tokens", *words, HF_ENDPOINT=hub.url).stdout


def test_a_candidate_that_the_reranked_list_dropped_is_not_called_no_candidate(workbench: Workbench) -> None:
    documents = {"d1": {"title": "Hot", "body": "hot " + "word " * 900}}
    with fake_elastic(documents, version="9.2.0") as server:
        add = ("profile", "add", "p", "--host", server.url, "--index", "articles", "--endpoint", "my-reranker")
        assert workbench(*add, "--field", "body").returncode == 0
        words = ("hot", "--profile", "p", "--verdict", "--doc", "d1")
        ranked = counted(workbench, *words)
        profiles = Path(workbench("locate", "config").stdout.strip()) / "profiles.toml"
        profiles.write_text(profiles.read_text() + "min_score = 1000\n")
        dropped, shown = counted(workbench, *words), workbench("tokens", *words).stdout
    assert (ranked["bm25_rank"], ranked["verdict"]["rank"]) == (1, 1)
    assert (dropped["bm25_rank"], dropped["verdict"]["rank"]) == (1, None)
    assert "candidate 1 of the query, but not in the reranked list" in shown


# The document in chunks


def test_a_document_in_chunks(workbench: Workbench, notes: str, hub: FakeHub) -> None:
    words = ("hot laptop", "--doc", "long", "--corpus", notes, *LOCAL, "--chunks")
    value = counted(workbench, *words, HF_ENDPOINT=hub.url)
    assert value["cut"] == "document" and "verdict" not in value
    lab = value["chunks"]
    ways = {way["way"]: way for way in lab["ways"]}
    assert lab["score_space"] == "logit" and len(ways) == 9
    every = ways["long_document_strategy: chunk"]
    assert every["pairs"] == sum(chunk["sent"] for chunk in every["chunks"]) == len(every["chunks"]) > 1
    assert every["best_score"] == max(chunk["score"] for chunk in every["chunks"])
    assert every["against_truncated"] == pytest.approx(every["best_score"] - lab["truncated_score"], abs=2e-6)
    assert all(chunk["kept"] <= chunk["tokens"] and chunk["start"] < chunk["end"] for chunk in every["chunks"])
    assert (every["chunks"][0]["start"], every["chunks"][-1]["end"]) == (0, value["text_length"])
    table = workbench("tokens", *words, HF_ENDPOINT=hub.url)
    assert table.returncode == 0 and "scoring" in table.stderr
    (line,) = [line for line in table.stdout.splitlines() if line.startswith("long_document_strategy: chunk  ")]
    assert f"1–{every['pairs']}" in line and f"{every['best_score']:.4g}" in line
    assert f"{every['against_truncated']:+.4g}" in line
    tsv = workbench("tokens", *words, "--format", "tsv", HF_ENDPOINT=hub.url)
    rows = list(csv.DictReader(io.StringIO(tsv.stdout), delimiter="\t", quoting=csv.QUOTE_NONE))
    assert len(rows) == sum(len(way["chunks"]) for way in lab["ways"])


def test_chunking_settings_of_one_s_own_are_tried_too(workbench: Workbench, notes: str, hub: FakeHub) -> None:
    words = ("hot laptop", "--doc", "long", "--corpus", notes, *LOCAL, "--chunks")
    own = '{"strategy": "recursive", "max_chunk_size": 20, "separators": ["\\\\. "]}'
    value = counted(workbench, *words, own, HF_ENDPOINT=hub.url)
    embedded, rescored = value["chunks"]["ways"][9:]
    assert embedded["way"] == "semantic_text · recursive 20 own separators" and embedded["pairs"] == 0
    assert rescored["way"] == "chunk_rescorer · best 1 · recursive 20 own separators" and rescored["pairs"] == 1
    assert len(embedded["chunks"]) == len(rescored["chunks"]) > 20


def test_a_blank_text_has_chunks_without_scores(workbench: Workbench, tmp_path: Path, hub: FakeHub) -> None:
    (tmp_path / "blank.txt").write_text(" \n ")
    words = ("hot", "--text-file", str(tmp_path / "blank.txt"), "--chunks", *LOCAL)
    lab = counted(workbench, *words, HF_ENDPOINT=hub.url)["chunks"]
    assert lab["truncated_score"] is None and {way["pairs"] for way in lab["ways"]} == {0}
    assert "there is no text to score" in workbench("tokens", *words, HF_ENDPOINT=hub.url).stdout


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ("hot", "this is no JSON object"),
        ("[]", "this is no JSON object"),
        ('{"strategy": "sentence", "max_chunk_size": 5}', "[max_chunk_size] must be greater than or equal to [20]"),
        ('{"strategy": "recursive", "max_chunk_size": 10, "separators": ["("]}', "not a regular expression"),
    ],
)
def test_settings_that_the_server_would_refuse_are_refused(workbench: Workbench, settings: str, says: str) -> None:
    done = workbench("tokens", "q", "--doc", "d", "--chunks", settings)
    assert done.returncode == 2 and says in done.stderr and done.stdout == ""


# What can go wrong


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "--corpus"),
        (("--query-tokens", "-1", "--document-tokens", "2"), "--query-tokens"),
        (("--query-tokens", "x", "--document-tokens", "2"), "--query-tokens"),
        (("--query-tokens", "1"), "--document-tokens is missing"),
        (("--special", "3"), "--query-tokens is missing"),
        (("--query-tokens", "1", "--document-tokens", "2", "--budget", "2"), "--budget 2"),
        (("--query-tokens", "1", "--document-tokens", "2", "--strategy", "balance"), "Did you mean balanced?"),
        (("--query-tokens", "1", "--document-tokens", "2", "--model", "x"), "--model does not go with"),
        (("--query-tokens", "1", "--document-tokens", "2", "--verdict"), "--verdict does not go with"),
        (("q", "--doc", "d", "--text-file", "f"), "--doc and --text-file"),
        (("q", "-", "--doc", "d"), "each name a document"),
        (("q", "words"), "words"),
        (("--doc", "d"), "QUERY is missing"),
        (("-",), "QUERY is missing"),
        (("q", "--all"), "--corpus"),
        (("q", "--all", "--corpus", "help-center", "--verdict"), "--verdict does not go with"),
        (("q", "--verdict", "--budget", "100"), "--budget does not go with --verdict"),
        (("q", "--doc", "d", "--chunks", "--budget", "100"), "--budget does not go with --chunks"),
        (("q", "--chunks"), "--chunks does not go with the candidates"),
        (("q", "--doc", "d", "--strategy", "nonsense"), "--strategy nonsense"),
        (("q", "--doc", "d", "--reads", "author"), "--reads author"),
        (("q", "--text-file", "f", "--reads", "title"), "--reads does not go with"),
        (("q", "--text-file", "/no/such/file"), "/no/such/file"),
        (("q", "--text-file", "/"), "/ cannot be read"),
        (("q", "-"), "standard input is empty"),
        (("q", "--text-file", ""), "--text-file is empty"),
        (("q", "--model", ""), "--model is empty"),
        (("--query-tokens", "1", "--document-tokens", "2", "--special", "999999999"), "Give 512 or less"),
        (("q", "--doc", "absent"), "--doc absent"),
        (("q", "--doc", "\udcff"), "--doc \ufffd: help-center has no such document"),
        (("q", "--doc", "absent", "--corpus", "nowhere"), "nowhere"),
        (("--corpus", "nowhere"), "nowhere"),
        (("q", "--profile", "nobody"), "nobody"),
    ],
)
def test_wrong_usage_names_what_is_wrong(workbench: Workbench, words: tuple[str, ...], says: str) -> None:
    done = workbench("tokens", *words)
    assert done.returncode == 2, done.stderr
    assert says in done.stderr and "Traceback" not in done.stderr and done.stdout == ""


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbfone\ntwo\ncaf\xe9\n", "line 3 is not UTF-8"),
        (b"%PDF\n\0\1\2", "line 2 has a NUL byte"),
        (b"word " * 2_000_001, "larger than 10 MB"),
    ],
    ids=["empty", "not-utf-8", "binary", "large"],
)
def test_what_is_no_text_is_refused_by_name(workbench: Workbench, tmp_path: Path, data: bytes, says: str) -> None:
    file = tmp_path / "text.txt"
    file.write_bytes(data)
    done = workbench("tokens", "q", "--text-file", str(file))
    assert done.returncode == 2 and f"{file}" in done.stderr and says in done.stderr, done.stderr
    with file.open("rb") as stdin:
        done = workbench("tokens", "q", "-", stdin=stdin)
    assert done.returncode == 2 and "standard input" in done.stderr and says in done.stderr


def unread(pipe: IO[bytes]) -> int:
    """Bytes that lie in a pipe."""
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


def test_ctrl_c_ends_it_while_it_waits_for_a_text() -> None:
    command = subprocess.Popen(
        [sys.executable, "-m", "workbench", "tokens", "q", "-"], stdin=subprocess.PIPE, stderr=subprocess.PIPE
    )
    with command:
        assert command.stdin and command.stderr
        command.stdin.write(b"word ")
        command.stdin.flush()
        while unread(command.stdin):
            time.sleep(0.05)
        command.send_signal(signal.SIGINT)
        try:
            assert command.wait(20) == 130
        finally:
            command.kill()
        assert command.stderr.read() == b"workbench: stopped.\n"


def test_an_endless_file_is_given_up(workbench: Workbench) -> None:
    done = workbench("tokens", "q", "--text-file", "/dev/zero")
    assert done.returncode == 2 and "larger than 10 MB" in done.stderr


def test_without_the_model_there_is_nothing_to_count_with(workbench: Workbench, tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("some words")
    for words in (("q", "--text-file", str(tmp_path / "text.txt")), ("q", "--verdict"), ("--corpus", "help-center")):
        done = workbench("tokens", *words)
        assert done.returncode == 3, done.stderr
        assert done.stdout == "" and "Traceback" not in done.stderr


def test_what_a_cluster_reads_is_estimated_and_says_so(workbench: Workbench) -> None:
    documents = {f"d{n}": {"title": f"Note {n}", "body": "hot word " * 100 * n} for n in range(1, 6)}
    with fake_elastic(documents, version="9.2.0") as server:
        add = ("profile", "add", "p", "--host", server.url, "--index", "articles", "--endpoint", "my-reranker")
        assert workbench(*add, "--field", "body").returncode == 0
        value = counted(workbench, "hot", "--profile", "p")
        one = counted(workbench, "hot", "--profile", "p", "--doc", "d5")
        done = workbench("tokens", "hot", "--profile", "p")
        corpus = workbench("tokens", "--corpus", "articles", "--profile", "p")
    assert not value["exact"] and (value["strategy"], value["budget"]) == (ELASTIC.strategy, ELASTIC.budget)
    assert value["corpus"] == "p:articles" and len(value["candidates"]) == 5 and 0 < value["cut_documents"] < 5
    assert one["cut"] == "document" and not one["exact"] and one["warnings"]
    assert "estimated" in done.stdout and "About" in done.stdout
    assert "✂≈" in done.stdout and "50 %: ≈" in done.stdout and "A budget of ≈" in done.stdout
    assert all("≈" in line for line in done.stdout.splitlines() if line.strip()[:1].isdigit()), "every candidate"
    assert corpus.returncode == 2 and "--profile p" in corpus.stderr


def test_why_a_tokenizer_that_is_named_does_not_count_is_said(workbench: Workbench, tmp_path: Path) -> None:
    documents = {"d1": {"title": "Hot", "body": "hot " + "word " * 900}}
    with fake_elastic(documents, version="9.2.0") as server:
        add = ("profile", "add", "p", "--host", server.url, "--index", "articles", "--endpoint", "my-reranker")
        missing = ("--tokenizer", str(tmp_path / "gone.vocab.json"))
        assert workbench(*add, "--field", "body", *missing).returncode == 0
        for words in ((), ("--doc", "d1"), ("--verdict",), ("--verdict", "--doc", "d1")):
            value = counted(workbench, "hot", "--profile", "p", *words)
            why = [said for said in value["warnings"] if "gone.vocab.json" in said]
            assert len(why) == 1 and why[0].startswith("Token counts are estimates. There is no "), words
