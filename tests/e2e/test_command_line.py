"""The command line from outside: what it loads, prints and exits with."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import Workbench

HEAVY = ("textual", "tantivy", "onnxruntime", "onnx", "tokenizers", "numpy", "httpx", "elasticsearch", "regex")


def test_help_loads_neither_textual_nor_an_engine() -> None:
    code = (
        "import sys\nfrom workbench.cli.main import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        f"print(sorted(set(sys.modules) & set({HEAVY!r})), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr.strip() == "[]"
    assert "compare" in done.stdout and "corpus" in done.stdout


def test_locate_prints_the_folders_and_makes_none(workbench: Workbench, tmp_path: Path) -> None:
    for what in ("config", "data", "cache", "themes", "logs"):
        done = workbench("locate", what)
        assert done.returncode == 0
        assert Path(done.stdout.strip()).is_relative_to(tmp_path)
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("nonsense",), 2, "nonsense"),
        (("compare",), 2, "QUERY"),
        (("compare", "x", "--depth", "0"), 2, "depth"),
        (("compare", "x", "--mix-weight", "2"), 2, "mix_weight"),
        (("compare", "x", "--corpus", "absent"), 3, "absent"),
        (("compare", "x", "--corpus", "../up"), 2, "../up"),
        (("models", "download", "gpt"), 2, "gpt"),
        (("corpus", "show", "absent"), 3, "absent"),
        (("corpus", "add", "/no/such/path"), 2, "/no/such/path"),
    ],
)
def test_wrong_usage_ends_with_its_code_and_one_clear_message(
    workbench: Workbench, words: tuple[str, ...], code: int, says: str
) -> None:
    done = workbench(*words)
    assert done.returncode == code, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_broken_settings_file_is_named(workbench: Workbench, tmp_path: Path) -> None:
    (tmp_path / "home" / "config").mkdir(parents=True)
    (tmp_path / "home" / "config" / "config.toml").write_text("depth = 'x'")
    done = workbench("compare", "x")
    assert done.returncode == 2
    assert "config.toml" in done.stderr and "depth" in done.stderr
    done = workbench("doctor")
    assert done.returncode == 1
    assert "config.toml" in done.stdout


def test_without_a_model_the_comparison_keeps_bm25_and_says_why(workbench: Workbench) -> None:
    done = workbench("compare", "laptop hot while charging", "--format", "json")
    value = json.loads(done.stdout)
    assert done.returncode == 3, done.stderr
    assert len(value["bm25"]) == 10
    assert value["reranked"] == []
    assert value["error"]["stage"] == "rerank"
    assert value["error"]["hint"]


def test_a_folder_becomes_a_corpus_and_what_was_left_out_is_named(workbench: Workbench, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "heat.md").write_text("# Heat\n\nA laptop gets hot.")
    (notes / "empty.md").write_text("")
    (notes / "binary.txt").write_bytes(b"\0\1\2")
    done = workbench("corpus", "add", str(notes))
    assert done.returncode == 1, done.stderr
    assert "1 documents" in done.stdout
    assert "empty.md" in done.stderr and "binary.txt" in done.stderr
    assert "Traceback" not in done.stderr
    assert workbench("corpus", "list").stdout.startswith("notes\t1 documents")
    assert "heat" in workbench("compare", "laptop", "--corpus", "notes").stdout.lower()
    strict = workbench("corpus", "add", str(notes), "--strict")
    assert strict.returncode == 2
    assert workbench("corpus", "list").stdout.startswith("notes\t1 documents")
    assert workbench("corpus", "remove", "notes").returncode == 0
    assert workbench("corpus", "list").stdout == ""


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    command = f"{sys.executable} -m workbench models list | head -c 1"
    environment = {**os.environ, "WORKBENCH_HOME": str(tmp_path)}
    done = subprocess.run(
        ["sh", "-c", command], env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stderr == ""
