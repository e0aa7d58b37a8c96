"""The standard library's documentation strings are a corpus that every machine has."""

import pytest

from workbench.corpora.base import Record, Skipped
from workbench.corpora.checks import checked
from workbench.corpora.open import open_corpus
from workbench.corpora.python_docs import PythonDocsReader
from workbench.domain.documents import Document


@pytest.fixture(scope="module")
def reader() -> PythonDocsReader:
    return PythonDocsReader()


@pytest.fixture(scope="module")
def records(reader: PythonDocsReader) -> list[Record]:
    return list(checked(reader.records(), reader))


@pytest.fixture(scope="module")
def documents(records: list[Record]) -> dict[str, Document]:
    return {record.id: record for record in records if isinstance(record, Document)}


def test_there_are_several_thousand_documents_and_no_skips(records: list[Record]) -> None:
    assert [str(record) for record in records if isinstance(record, Skipped)] == []
    assert len(records) > 4000


@pytest.mark.parametrize(
    ("id", "title", "words"),
    [
        ("asyncio.Queue.get", "asyncio.Queue.get()", "Remove and return an item from the queue."),
        ("asyncio.wait_for", "asyncio.wait_for(fut, timeout)", "coroutine"),
        ("json.loads", "json.loads(s, *, cls, object_hook", "JSON document"),
        ("collections.abc.Mapping", "collections.abc.Mapping", "Mapping"),
        ("collections.deque", "collections.deque", ""),
        ("datetime.date", "datetime.date", "date"),
        ("os.path.join", "os.path.join(a, *p)", "Join two or more pathname components"),
        ("str.join", "str.join(iterable)", "Concatenate any number of strings."),
        ("math.sqrt", "math.sqrt(x)", "square root"),
        ("print", "print(", "Prints the values to a stream"),
        ("unittest.TestCase.assertEqual", "unittest.TestCase.assertEqual(first, second, msg)", "Fail if"),
        ("asyncio", "asyncio", "asyncio"),
    ],
)
def test_documents_go_by_the_name_people_know(documents: dict[str, Document], id: str, title: str, words: str) -> None:
    assert documents[id].title.startswith(title)
    assert words in documents[id].body


def test_tests_and_private_names_are_left_out(documents: dict[str, Document]) -> None:
    for id in documents:
        parts = id.split(".")
        assert parts[0] not in {"test", "idlelib", "lib2to3"}
        assert not any(part.startswith("_") or not part for part in parts)


def test_the_order_is_that_of_the_names(records: list[Record], reader: PythonDocsReader) -> None:
    ids = [record.id for record in records if isinstance(record, Document)]
    assert ids == sorted(ids)
    assert reader.bytes_read == reader.total_bytes


def test_the_reader_has_no_judgments() -> None:
    assert open_corpus("python").judged_root is None
