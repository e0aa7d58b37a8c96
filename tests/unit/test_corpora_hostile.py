"""Hostile documents come through every reader: none is lost, and nothing unsafe comes out."""

from pathlib import Path

import pytest

from tests.fakes.hostile import HOSTILE, hostile_documents, write_hostile
from workbench.corpora.base import Skipped
from workbench.corpora.checks import checked
from workbench.corpora.judgments import read_judged
from workbench.corpora.open import open_corpus
from workbench.domain.documents import Document
from workbench.domain.text import sanitize

KINDS = ("markdown", "html", "jsonl", "json", "csv", "tsv", "beir")


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write_hostile(tmp_path_factory.mktemp("hostile"))


@pytest.mark.parametrize("kind", KINDS)
def test_every_hostile_document_comes_out_clean(kind: str, places: dict[str, Path]) -> None:
    reader = open_corpus(str(places[kind]))
    records = list(checked(reader.records(), reader))

    assert [record for record in records if isinstance(record, Skipped)] == []
    documents = [record for record in records if isinstance(record, Document)]
    assert {document.id for document in documents} == {name for name, _, _ in HOSTILE}
    for document in documents:
        for part in (document.id, document.title, document.body):
            assert sanitize(part) == part
        assert "\n" not in document.title
        document.text.encode()


@pytest.mark.parametrize("kind", ("jsonl", "json", "beir"))
def test_json_keeps_every_character_that_is_safe(kind: str, places: dict[str, Path]) -> None:
    assert list(open_corpus(str(places[kind])).records()) == hostile_documents()


@pytest.mark.parametrize("kind", ("csv", "tsv", "markdown", "html"))
def test_markup_in_text_stays_as_it_is_written(kind: str, places: dict[str, Path]) -> None:
    documents = {
        record.id: record for record in open_corpus(str(places[kind])).records() if isinstance(record, Document)
    }
    for expected in hostile_documents():
        if expected.id.endswith("-markup"):
            assert documents[expected.id] == expected


def test_ids_of_judgments_are_cleaned_as_those_of_documents_are(places: dict[str, Path]) -> None:
    judged = read_judged(places["beir"])
    assert judged is not None
    assert judged.skipped == ()
    assert judged.judgments[0].query_id == judged.queries[0].id == "q\ufffd[31m1"


def test_hostile_file_names_are_shown_safely(tmp_path: Path) -> None:
    for name in (b"red\x1b[31m.md", b"not-utf8-\xff.md", "over\u202eride.md".encode(), b"new\nline.md"):
        Path(tmp_path, name.decode("utf-8", "surrogateescape")).write_text("# T\n\ntext")
    Path(tmp_path, "bad\x1b]0;x\x07.md").write_bytes(b"\xff")

    records = list(open_corpus(str(tmp_path)).records())

    assert len(records) == 5
    for record in records:
        assert sanitize(str(record)) == str(record)
        if isinstance(record, Document):
            assert sanitize(record.id) == record.id
            record.id.encode()
    assert [str(record) for record in records if isinstance(record, Skipped)] == [
        "bad\ufffd]0;x\ufffd.md: not UTF-8 at byte 0"
    ]


def test_a_hostile_path_that_is_not_there_is_named_safely() -> None:
    from workbench.domain.errors import BadInputError

    for path in ("\x1b]52;c;x\x07.md", "nul\x00.md", "a" * 5000, "not-utf8-\udcff.jsonl"):
        with pytest.raises(BadInputError) as caught:
            open_corpus(path)
        assert sanitize(caught.value.message) == caught.value.message
