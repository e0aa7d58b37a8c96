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


def test_arithmetic_loads_no_more_than_help_does() -> None:
    words = ["tokens", "--query-tokens", "300", "--document-tokens", "300"]
    code = (
        "import sys\nfrom workbench.cli.main import main\n"
        f"code = main({words!r})\n"
        f"print(code, sorted(set(sys.modules) & {{*{HEAVY!r}, 'asyncio'}}), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr.strip() == "0 []"
    assert "254" in done.stdout and "255" in done.stdout


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
        (("compare", "x", "--corpus", "absent"), 2, "absent"),
        (("compare", "x", "--corpus", "../up"), 2, "../up"),
        (("models", "download", "gpt"), 2, "gpt"),
        (("corpus", "show", "absent"), 2, "absent"),
        (("corpus", "rebuild", "absent"), 2, "absent"),
        (("corpus", "remove", "absent"), 2, "there are: none yet"),
        (("corpus", "add", ""), 2, "the path is empty"),
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
    (notes / "picture.png").write_bytes(b"\x89PNG")
    done = workbench("corpus", "add", str(notes))
    assert done.returncode == 1, done.stderr
    assert "notes: 1 document," in done.stdout
    assert "notes: 1 document " in done.stderr
    assert "1 file of another kind passed over" in done.stderr
    assert "empty.md" in done.stderr and "binary.txt" in done.stderr
    assert "Traceback" not in done.stderr
    assert workbench("corpus", "list").stdout.startswith("notes\t1 document\t")
    assert "heat" in workbench("compare", "laptop", "--corpus", "notes").stdout.lower()
    strict = workbench("corpus", "add", str(notes), "--strict")
    assert strict.returncode == 2
    assert workbench("corpus", "list").stdout.startswith("notes\t1 document\t")
    assert workbench("corpus", "remove", "notes").returncode == 0
    assert workbench("corpus", "list").stdout == ""


def test_files_of_other_kinds_are_no_finding(workbench: Workbench, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "heat.md").write_text("# Heat")
    for number in range(3):
        (notes / f"{number}.png").write_bytes(b"\x89PNG")
    done = workbench("corpus", "add", str(notes))
    assert done.returncode == 0
    assert done.stderr.endswith("3 files of other kinds passed over\n")


def test_when_nothing_could_be_read_the_first_ten_are_named(workbench: Workbench, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    for number in range(12):
        (notes / f"{number:02}.md").write_text("")
    done = workbench("corpus", "add", str(notes))
    assert done.returncode == 2
    lines = done.stderr.splitlines()
    assert lines[:11] == [*(f"left out: {n:02}.md: empty document" for n in range(10)), "left out: 2 more"]
    assert str(notes) in lines[11]


def test_strict_stops_at_a_broken_judgment(workbench: Workbench, tmp_path: Path) -> None:
    folder = tmp_path / "beir"
    (folder / "qrels").mkdir(parents=True)
    (folder / "corpus.jsonl").write_text('{"_id": "d1", "text": "x"}\n')
    (folder / "queries.jsonl").write_text('{"_id": "q1", "text": "x"}\n')
    (folder / "qrels" / "test.tsv").write_text("q1\td1\t1\nq1\td1\tmuch\n")
    strict = workbench("corpus", "add", str(folder), "--strict")
    assert strict.returncode == 2
    assert "qrels/test.tsv:2: grade 'much'" in strict.stderr
    assert workbench("corpus", "list").stdout == ""
    lenient = workbench("corpus", "add", str(folder))
    assert lenient.returncode == 1
    assert "1 query and 1 judgment kept" in lenient.stdout


@pytest.mark.parametrize(
    ("file", "name"), [("x" * 200 + ".md", "x" * 64), ("-._Über uns!.md", "ber-uns"), ("日本.md", "corpus")]
)
def test_every_path_makes_a_name(workbench: Workbench, tmp_path: Path, file: str, name: str) -> None:
    (tmp_path / file).write_text("# Text")
    done = workbench("corpus", "add", str(tmp_path / file))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{name}: 1 document,")
    assert workbench("corpus", "add", str(tmp_path / file), "--name", "").returncode == 2


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names are always Unicode here")
def test_a_folder_whose_name_is_not_unicode_is_read(workbench: Workbench, tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"bad\xffdir")
    folder.mkdir()
    (folder / os.fsdecode(b"heat\xfe.md")).write_text("# Heat")
    assert workbench("corpus", "add", str(folder)).returncode == 0
    shown = workbench("corpus", "show", "bad-dir")
    assert shown.returncode == 0
    assert f"{tmp_path}/bad\ufffddir\n" in shown.stdout
    assert workbench("corpus", "rebuild", "bad-dir").returncode == 0
    assert workbench("compare", "heat", "--corpus", "bad-dir").stdout


def test_a_misspelt_corpus_is_found_by_its_likeness(workbench: Workbench, tmp_path: Path) -> None:
    (tmp_path / "shop.md").write_text("# Text")
    assert workbench("corpus", "add", str(tmp_path / "shop.md")).returncode == 0
    for words in (("compare", "x", "--corpus", "shopp"), ("corpus", "remove", "shopp"), ("corpus", "show", "shopp")):
        done = workbench(*words)
        assert done.returncode == 2
        assert "there are: " in done.stderr and "Did you mean shop?" in done.stderr
        assert "corpus add" not in done.stderr


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    command = f"{sys.executable} -m workbench models list | head -c 1"
    environment = {**os.environ, "WORKBENCH_HOME": str(tmp_path)}
    done = subprocess.run(
        ["sh", "-c", command], env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stderr == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
@pytest.mark.parametrize("words", [("locate", "logs"), ("tokens", "--query-tokens", "1", "--document-tokens", "2")])
@pytest.mark.parametrize(
    ("where", "says"), [(">&-", "it is closed"), (">/dev/full", "No space left on device")], ids=["closed", "full"]
)
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_an_output_that_cannot_be_written_is_said(
    tmp_path: Path, words: tuple[str, ...], where: str, says: str, unbuffered: str
) -> None:
    done = subprocess.run(
        ["sh", "-c", f'exec "$0" -m workbench "$@" {where}', sys.executable, *words],
        env={**os.environ, "WORKBENCH_HOME": str(tmp_path), "PYTHONUNBUFFERED": unbuffered},
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (3, f"workbench: Standard output cannot be written: {says}.\n")


@pytest.mark.parametrize("closed", ["<&-", "2>&-"])
def test_a_command_ends_as_ever_when_a_stream_is_closed(tmp_path: Path, closed: str) -> None:
    done = subprocess.run(
        ["sh", "-c", f'exec "$0" -m workbench --corpus nowhere {closed}', sys.executable],
        env={**os.environ, "WORKBENCH_HOME": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2 and done.stdout == ""
