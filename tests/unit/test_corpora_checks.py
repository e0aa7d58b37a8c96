"""What no corpus may hold is skipped, whatever it was read from."""

from pathlib import Path

from workbench.corpora.base import BODY_LIMIT, Record, Skipped
from workbench.corpora.checks import checked
from workbench.corpora.open import open_corpus
from workbench.domain.documents import Document


def outcome(records: list[Record]) -> list[str]:
    return [str(record) if isinstance(record, Skipped) else record.id for record in checked(records)]


def test_the_first_of_two_documents_with_one_id_stays() -> None:
    documents: list[Record] = [Document("a", "first", ""), Document("b", "", "x"), Document("a", "second", "")]
    assert list(checked(documents))[:2] == documents[:2]
    assert outcome(documents) == ["a", "b", "duplicate id 'a'"]


def test_documents_without_an_id_or_without_text_are_skipped() -> None:
    assert outcome([Document("", "t", "b"), Document("a", "", ""), Document("a", "", "now")]) == [
        "no id",
        "empty document 'a'",
        "a",
    ]


def test_a_body_over_the_limit_is_skipped_and_the_limit_named() -> None:
    fits, over = Document("a", "", "x" * BODY_LIMIT), Document("b", "", "x" * (BODY_LIMIT + 1))
    assert outcome([fits, over]) == ["a", "a body of 10,000,001 characters, over the limit of 10,000,000"]


def test_skips_pass_through() -> None:
    skip = Skipped.of("x.csv", 3, "broken")
    assert list(checked([skip])) == [skip]


def test_a_hundred_thousand_ids_are_told_apart() -> None:
    ids = [f"doc-{number}" for number in range(100_000)]
    assert outcome([Document(id, "t", "") for id in ids]) == ids
    assert all(line.startswith("duplicate") for line in outcome([Document(id, "t", "") for id in ids * 2])[100_000:])


def test_a_reader_says_where_the_document_stood(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text('{"id": "a", "text": "1"}\n\n{"id": "a", "text": "2"}\n{"id": "", "text": "3"}\n')
    (tmp_path / "x.csv").write_text('id,text\na,"1\n2"\na,x\n')
    for name, places in (
        ("x.jsonl", ["x.jsonl:3: duplicate id 'a'", "x.jsonl:4: no id"]),
        ("x.csv", ["x.csv:4: duplicate id 'a'"]),
    ):
        reader = open_corpus(str(tmp_path / name))
        assert [str(record) for record in checked(reader.records(), reader) if isinstance(record, Skipped)] == places
    (tmp_path / "a.md").write_text("a")
    (tmp_path / "a.md.md").write_text("b")
    (tmp_path / "a.html").write_text("c")
    reader = open_corpus(str(tmp_path))
    skips = [str(record) for record in checked(reader.records(), reader) if isinstance(record, Skipped)]
    assert skips == ["a.md.md: duplicate id 'a.md'"]
