"""Queries and judgments are read from beside the documents."""

from pathlib import Path

import pytest

from workbench.corpora.judgments import Judged, read_judged
from workbench.corpora.open import open_corpus
from workbench.domain.documents import Document, Judgment, Query

QUERIES = '{"_id": "q1", "text": "hot laptop", "metadata": {}}\n{"_id": "q2", "text": "two\\nlines"}\n'


def write(root: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def judged(root: Path) -> Judged:
    found = read_judged(root)
    assert found is not None
    return found


def test_a_beir_folder_holds_documents_queries_and_judgments(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {
            "corpus.jsonl": '{"_id": "d1", "title": "T", "text": "x", "metadata": {}}\n',
            "queries.jsonl": QUERIES,
            "qrels/test.tsv": "query-id\tcorpus-id\tscore\nq1\td1\t2\nq2\td1\t0\n",
            "qrels/train.tsv": "query-id\tcorpus-id\tscore\nq1\td1\t1\n",
        },
    )
    reader = open_corpus(str(root))
    assert (reader.kind, reader.judged_root) == ("beir", root)
    assert list(reader.records()) == [Document("d1", "T", "x")]
    assert judged(root) == Judged(
        (Query("q1", "hot laptop"), Query("q2", "two lines")), (Judgment("q1", "d1", 2), Judgment("q2", "d1", 0)), ()
    )


@pytest.mark.parametrize(
    "qrels",
    [
        "q1 0 a/b 3\nq1 0 c 0\n",
        "q1\t0\ta/b\t3\r\n\r\nq1\t0\tc\t-1\r\n",
        "\ufeffquery-id\tcorpus-id\tscore\nq1\ta/b\t3.0\nq1\tc\t0",
        "q1\ta/b\t3\nq1\tc\t0",
    ],
)
def test_judgments_in_both_forms(tmp_path: Path, qrels: str) -> None:
    root = write(tmp_path, {"a/b.md": "x", "queries.jsonl": QUERIES, "qrels/test.tsv": qrels})
    assert judged(root).judgments == (Judgment("q1", "a/b", 3), Judgment("q1", "c", 0))
    assert judged(root).skipped == ()


def test_document_ids_with_spaces(tmp_path: Path) -> None:
    root = write(tmp_path, {"queries.jsonl": QUERIES, "qrels/test.tsv": "q1\tmy file\t1\n"})
    assert judged(root).judgments == (Judgment("q1", "my file", 1),)


def test_a_folder_without_queries_has_none(tmp_path: Path) -> None:
    assert read_judged(write(tmp_path, {"qrels/test.tsv": "q1\td\t1\n"})) is None


def test_queries_may_come_without_judgments(tmp_path: Path) -> None:
    assert judged(write(tmp_path, {"queries.jsonl": QUERIES})).judgments == ()


def test_another_split_serves_when_there_is_no_test_split(tmp_path: Path) -> None:
    root = write(tmp_path, {"queries.jsonl": QUERIES, "qrels/train.tsv": "q1\tt\t1\n", "qrels/dev.tsv": "q1\td\t1\n"})
    assert judged(root).judgments == (Judgment("q1", "d", 1),)


def test_every_bad_line_is_named(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {
            "queries.jsonl": QUERIES + '{"_id": "q1", "text": "again"}\n{"_id": "q3"}\nbroken\n',
            "qrels/test.tsv": b"query-id\tcorpus-id\tscore\nq1\td\tx\nq1\td\t1.5\nq1\td\t1e9\nq1\td\tnan\nq1\td\nq1\n"
            b"q9\td\t1\nq1\tcaf\xe9\t1\nq1\td\t1\nq1\td\t2\n\td\t1\n",
        },
    )
    found = judged(root)
    assert [query.id for query in found.queries] == ["q1", "q2"]
    assert found.judgments == (Judgment("q1", "d", 2),)
    assert [str(skip) for skip in found.skipped] == [
        "queries.jsonl:3: duplicate id 'q1'",
        "queries.jsonl:4: empty document 'q3'",
        "queries.jsonl:5: broken JSON: Expecting value (character 1)",
        "qrels/test.tsv:2: grade 'x' is not a number",
        "qrels/test.tsv:3: grade '1.5' is not a whole number up to 100",
        "qrels/test.tsv:4: grade '1e9' is not a whole number up to 100",
        "qrels/test.tsv:5: grade 'nan' is not a whole number up to 100",
        "qrels/test.tsv:6: 2 columns where 3 (query, document, grade) or 4 (TREC) were expected",
        "qrels/test.tsv:7: 1 column where 3 (query, document, grade) or 4 (TREC) were expected",
        "qrels/test.tsv:8: query 'q9' is not in queries.jsonl",
        "qrels/test.tsv:9: not UTF-8 at byte 80",
        "qrels/test.tsv:12: query '' is not in queries.jsonl",
    ]


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    root = write(tmp_path, {"queries.jsonl": "", "qrels/test.tsv": b"\x00"})
    assert [str(skip) for skip in judged(root).skipped] == [
        "queries.jsonl is empty",
        "qrels/test.tsv: a binary file (NUL at byte 0)",
    ]
