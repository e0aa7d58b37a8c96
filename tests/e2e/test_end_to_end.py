"""From a path and a question to two lists, through the real command, index, download and model."""

import csv
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.e2e.conftest import Workbench
from tests.fakes.hostile import HOSTILE, write_hostile
from tests.fakes.hub import FakeHub
from workbench.cli.main import FORMATS

SCHEMA = json.loads((Path(__file__).parent / "compare.schema.json").read_text())
ROWS = [
    {"id": f"d{n}", "title": f"Note {n}", "text": text}
    for n, text in enumerate(
        ["A laptop gets hot while it charges.", "Cold coffee is better than hot coffee.", "Hot springs near the sea."],
        1,
    )
]


def compare(workbench: Workbench, hub: FakeHub, *words: str) -> dict[str, Any]:
    """One comparison as JSON, checked against the schema, with the tiny cross-encoder."""
    model = ("--model", "ms-marco-minilm-l6", "--format", "json")
    done = workbench("compare", *words, *model, HF_ENDPOINT=hub.url)
    assert done.returncode == 0, done.stderr
    value: dict[str, Any] = json.loads(done.stdout)
    jsonschema.validate(value, SCHEMA)
    return value


def write_folder(root: Path) -> Path:
    (root / "deep").mkdir(parents=True)
    (root / "deep" / "d1.md").write_text(f"# {ROWS[0]['title']}\n\n{ROWS[0]['text']}\n")
    (root / "d2.html").write_text(f"<title>{ROWS[1]['title']}</title><p>{ROWS[1]['text']}</p>")
    (root / "d3.txt").write_text(ROWS[2]["text"])
    return root


def write_jsonl(root: Path) -> Path:
    root.mkdir(parents=True)
    (root / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return root / "rows.jsonl"


def write_csv(root: Path) -> Path:
    root.mkdir(parents=True)
    with (root / "rows.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, ["id", "title", "text"])
        table.writeheader()
        table.writerows(ROWS)
    return root / "rows.csv"


def write_beir(root: Path) -> Path:
    (root / "qrels").mkdir(parents=True)
    lines = [json.dumps({"_id": row["id"], "title": row["title"], "text": row["text"]}) + "\n" for row in ROWS]
    (root / "corpus.jsonl").write_text("".join(lines))
    (root / "queries.jsonl").write_text(json.dumps({"_id": "q1", "text": "hot laptop"}) + "\n")
    (root / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td1\t3\n")
    return root


@pytest.mark.parametrize("write", [write_folder, write_jsonl, write_csv, write_beir])
def test_what_a_person_points_at_can_be_compared(
    workbench: Workbench, hub: FakeHub, tmp_path: Path, write: Any
) -> None:
    added = workbench("corpus", "add", str(write(tmp_path / "source")), "--name", "mine")
    assert added.returncode == 0, added.stderr
    value = compare(workbench, hub, "hot", "--corpus", "mine")
    assert value["retriever"]["total"] == 3
    assert len(value["reranked"]) == len(value["bm25"]) == 3
    assert value["reranker"] == {
        "model": "ms-marco-minilm-l6",
        "kind": "cross-encoder",
        "score_space": "logit",
        "raw_score_space": "logit",
        "mix_weight": None,
        "way": "",
    }
    if write is write_beir:
        shown = workbench("corpus", "show", "mine").stdout
        assert "hot laptop" in shown and "judgments  1" in shown


def test_the_same_query_twice_gives_the_same_bytes_but_for_latency(workbench: Workbench, hub: FakeHub) -> None:
    first, second = (compare(workbench, hub, "can I take a power bank on a plane") for _ in range(2))
    assert first.pop("latency_ms").keys() == second.pop("latency_ms").keys()
    assert json.dumps(first) == json.dumps(second)
    assert len(first["reranked"]) == 10
    fetched = [url for method, url, _ in hub.requests if method == "GET" and url.endswith("model.onnx")]
    assert len(fetched) <= 2, "the second run found the model in the cache"


def test_without_a_terminal_the_app_prints_its_first_comparison_and_how_to_open_it(
    workbench: Workbench, hub: FakeHub
) -> None:
    done = workbench("--model", "ms-marco-minilm-l6", HF_ENDPOINT=hub.url)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line for line in lines if line.startswith("10 ")], "a full list"
    assert "power bank" in lines[0]
    assert "run `workbench`" in lines[-1]


def test_a_failed_model_gives_the_schema_too(workbench: Workbench) -> None:
    done = workbench("compare", "power bank", "--format", "json")
    assert done.returncode == 3
    value = json.loads(done.stdout)
    jsonschema.validate(value, SCHEMA)
    assert value["reranked"] == [] and value["error"]["stage"] == "rerank"


def test_hostile_documents_come_through_every_reader_and_format_harmless(
    workbench: Workbench, hub: FakeHub, tmp_path: Path
) -> None:
    for kind, path in write_hostile(tmp_path / "hostile").items():
        name = f"hostile-{kind}"
        added = workbench("corpus", "add", str(path), "--name", name)
        assert added.returncode in (0, 1), added.stderr
        assert "Traceback" not in added.stderr
        for format in FORMATS if kind == "jsonl" else ("json",):
            done = workbench(
                *("compare", "title lines red quit link evil", "--corpus", name, "--format", format),
                *("--size", "30", "--model", "ms-marco-minilm-l6"),
                HF_ENDPOINT=hub.url,
            )
            assert done.returncode == 0, done.stderr
            for stream in (done.stdout, done.stderr, added.stdout, added.stderr):
                harmful = {
                    char for char in stream if ord(char) < 32 or 127 <= ord(char) < 160 or char in "\u202e\u2066"
                }
                assert harmful <= {"\n", "\t"}, (kind, format, harmful)
        listed = workbench("corpus", "show", name).stdout
        assert f"{len(HOSTILE)}" in listed, (kind, listed)


def test_a_flag_before_the_command_counts_as_one_behind_it(workbench: Workbench, hub: FakeHub) -> None:
    model = ("--model", "ms-marco-minilm-l6")
    done = workbench(*model, "compare", "power bank", "--size", "2", "--format", "json", HF_ENDPOINT=hub.url)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["reranker"]["model"] == "ms-marco-minilm-l6"
    missing = workbench("--corpus", "nowhere", "compare", "power bank")
    assert missing.returncode == 2
    assert "nowhere" in missing.stderr
