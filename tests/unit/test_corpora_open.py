"""The reader is chosen by looking at the path."""

from pathlib import Path

import pytest

from workbench.corpora.open import open_corpus
from workbench.domain.errors import BadInputError


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("x.jsonl", '{"text": "x"}', "jsonl"),
        ("x.ndjson", '{"text": "x"}', "jsonl"),
        ("x.json", ' \n[{"text": "x"}]', "json"),
        ("x.json", '{"text": "x"}', "jsonl"),
        ("x.csv", "text\nx", "csv"),
        ("x.TSV", "text\nx", "tsv"),
        ("x.md", "x", "text"),
        ("x.htm", "x", "text"),
        ("d/x.md", "x", "folder"),
        ("d/corpus.jsonl", '{"text": "x"}', "beir"),
    ],
)
def test_kind_of_reader(tmp_path: Path, name: str, content: str, kind: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(content)
    assert open_corpus(str(tmp_path / name.split("/")[0])).kind == kind


def test_python_is_the_standard_library_unless_something_has_that_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert open_corpus("python").kind == "python"
    (tmp_path / "python").mkdir()
    (tmp_path / "python" / "x.md").write_text("x")
    assert open_corpus("python").kind == "folder"


def test_the_home_folder_may_be_written_as_a_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    (tmp_path / "x.md").write_text("x")
    assert open_corpus("~/x.md").kind == "text"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("", "the path is empty"),
        ("nothing.md", "there is no file or folder"),
        ("x.pdf/more", "there is no file or folder"),
        ("x.pdf", "cannot tell how to read"),
        ("noname", "cannot tell how to read"),
        ("empty", "it is empty"),
        ("~nobody-has-this-name/x", "there is no file or folder"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_hint(
    tmp_path: Path, path: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.pdf").write_text("%PDF")
    (tmp_path / "noname").write_text("text")
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInputError, match=message) as caught:
        open_corpus(path)
    assert ".md" in caught.value.hint
