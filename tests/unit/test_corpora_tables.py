"""JSON Lines, JSON arrays, CSV and TSV become documents by the names of their columns."""

import json
import tracemalloc
from pathlib import Path

import pytest

from workbench.corpora.base import Columns, Record, Skipped
from workbench.corpora.open import open_corpus
from workbench.domain.documents import Document
from workbench.domain.errors import BadInputError

MIB = 1024 * 1024


def write(tmp_path: Path, name: str, content: str | bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(path: Path, columns: Columns | None = None) -> list[Record]:
    return list(open_corpus(str(path), columns or Columns()).records())


def shown(records: list[Record]) -> list[str]:
    return [str(record) if isinstance(record, Skipped) else f"{record.id}={record.text}" for record in records]


ROWS = [{"ID": "a", "Headline": "T", "Content": "one"}, {"ID": "b", "Headline": "", "Content": "two\nlines"}]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.jsonl", "\n".join(map(json.dumps, ROWS))),
        ("x.ndjson", "\r\n".join(map(json.dumps, ROWS)) + "\r\n\r\n"),
        ("x.json", json.dumps(ROWS)),
        ("x.json", json.dumps(ROWS, indent=4)),
        ("x.json", "\n".join(map(json.dumps, ROWS))),
        ("x.csv", 'ID,Headline,Content\na,T,one\nb,,"two\nlines"\n'),
        ("x.CSV", 'Headline,ID,ignored,Content\r\nT,a,,one\r\n\r\n"",b,,"two\r\nlines"'),
        ("x.tsv", 'ID\tHeadline\tContent\na\tT\tone\nb\t\t"two\nlines"\n'),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_every_format_gives_the_same_documents(tmp_path: Path, name: str, content: str, encoding: str) -> None:
    reader = open_corpus(str(write(tmp_path, name, content.encode(encoding))))
    assert list(reader.records()) == [Document("a", "T", "one"), Document("b", "", "two\nlines")]
    assert reader.bytes_read == reader.total_bytes == (tmp_path / name).stat().st_size


def test_records_can_be_read_twice(tmp_path: Path) -> None:
    reader = open_corpus(str(write(tmp_path, "x.jsonl", '{"text": "x"}\n')))
    assert list(reader.records()) == list(reader.records())


@pytest.mark.parametrize("name", ["x.jsonl", "x.json", "x.csv"])
def test_records_without_an_id_column_are_numbered(tmp_path: Path, name: str) -> None:
    content = {
        "x.jsonl": '{"text": "one"}\nbroken\n{"text": "three"}',
        "x.json": '[{"text": "one"}, broken, {"text": "three"}]',
        "x.csv": "text,n\none,1\ntwo\nthree,3\n",
    }
    documents = [record for record in read(write(tmp_path, name, content[name])) if isinstance(record, Document)]
    assert [document.id for document in documents] == ["1", "3"]


def test_a_person_may_name_the_columns(tmp_path: Path) -> None:
    path = write(tmp_path, "x.csv", "text,title,sku,blurb\nno,no,7,yes\n")
    assert read(path, Columns(id="SKU", title="text", body="blurb")) == [Document("7", "no", "yes")]


def test_a_column_has_one_part_only(tmp_path: Path) -> None:
    path = write(tmp_path, "x.csv", "title,text\na,b\n")
    assert read(path, Columns(body="title")) == [Document("1", "", "a")]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.csv", "sku,\x1b[31mblurb\n1,x\n"),
        ("x.jsonl", '{"sku": 1}\n{"\\u001b[31mblurb": 2}'),
        ("x.json", '[{"sku": 1}, {"\\u001b[31mblurb": 2}]'),
    ],
)
def test_unclear_columns_are_listed_with_the_flags_that_name_them(tmp_path: Path, name: str, content: str) -> None:
    path = write(tmp_path, name, content)
    with pytest.raises(BadInputError, match="cannot tell which column") as caught:
        open_corpus(str(path))
    assert caught.value.message.endswith("its columns are: sku, \ufffd[31mblurb")
    assert "--body" in caught.value.hint
    with pytest.raises(BadInputError, match="has no column 'colour'"):
        open_corpus(str(path), Columns(body="colour"))


def test_a_column_that_is_there_twice_is_refused_where_it_matters(tmp_path: Path) -> None:
    path = write(tmp_path, "x.csv", "id,id,note,note,,,text\na,b,c,d,,,e\n")
    with pytest.raises(BadInputError, match=r"x\.csv has more than one column 'id'") as caught:
        open_corpus(str(path))
    assert "--id" in caught.value.hint
    write(tmp_path, "x.csv", "id,note,note,,,text\na,c,d,,,e\n")
    assert read(path) == [Document("a", "", "e")]


def test_values_that_are_not_text(tmp_path: Path) -> None:
    rows = [
        '{"id": 1, "title": 2.5, "text": null}',
        '{"id": 2, "title": true, "text": ["a", "b"]}',
        '{"id": 3, "text": {"a": 1}}',
        '{"id": 4, "text": ["a", 1]}',
        '{"title": "no id"}',
    ]
    assert shown(read(write(tmp_path, "x.jsonl", "\n".join(rows)))) == [
        "1=2.5",
        "2=true\n\na\nb",
        "x.jsonl:3: 'text' is an object, not text",
        "x.jsonl:4: 'text' is a list that holds more than text",
        "=no id",
    ]


def test_a_broken_line_costs_that_line_alone(tmp_path: Path) -> None:
    lines = [
        b'{"text": "good"}',
        b'{"text": "cut of',
        b'{"text": "caf\xe9"}',
        b'{"text": NaN}',
        b"42",
        b'"text"',
        b"[1]",
        b"null",
        b"[" * 100_000,
        b'{"text": ' + b"9" * 5000 + b"}",
        b'{"text": "raw \t tab"}',
        b"",
        b'{"text": "good again"}',
    ]
    assert shown(read(write(tmp_path, "x.jsonl", b"\n".join(lines)))) == [
        "1=good",
        "x.jsonl:2: broken JSON: Unterminated string starting at (character 10)",
        "x.jsonl:3: not UTF-8 at byte 47",
        "x.jsonl:4: broken JSON: NaN is not JSON",
        "x.jsonl:5: a number where an object was expected",
        "x.jsonl:6: a string where an object was expected",
        "x.jsonl:7: a list where an object was expected",
        "x.jsonl:8: null where an object was expected",
        "x.jsonl:9: JSON nested too deep",
        "x.jsonl:10: broken JSON: Exceeds the limit (4300 digits) for integer string conversion: value has 5000 digits",
        "x.jsonl:11: broken JSON: Invalid control character at (character 15)",
        "13=good again",
    ]


def test_a_broken_record_of_an_array_costs_that_record_alone(tmp_path: Path) -> None:
    records = [
        b'{"text": "good"}',
        b'{"text": tru}',
        b'{"text": "caf\xe9"}',
        b'{"text": NaN, "more": [{"x": "]}\\""}]}',
        b"42",
        b'{"text": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"text": "good again \\ud83d\\ude00"}',
    ]
    assert shown(read(write(tmp_path, "x.json", b"[\n" + b",\n".join(records) + b"\n]\n"))) == [
        "1=good",
        "x.json:3: record 2: broken JSON: Expecting value (character 10)",
        "x.json:4: record 3: not UTF-8 at byte 48",
        "x.json:5: record 4: broken JSON: NaN is not JSON",
        "x.json:6: record 5: a number where an object was expected",
        "x.json:7: record 6: JSON nested too deep",
        "7=good again 😀",
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('[{"text": "a"}, {"text": "b"}, {"te', "x.json:1: record 3: breaks off"),
        ('[{"text": "a"}, {"text": "b"}', "x.json:1: the array breaks off after record 2"),
        ('[{"text": "a"}, {"text": "b"},\n', "x.json:2: the array breaks off after record 2"),
        ('[{"text": "a"}, {"text": "b"}] []', "x.json:1: what follows the end of the array was not read"),
        ('[{"text": "a"}, {"text": "b"}}]', "x.json:1: record 3: broken JSON: Expecting value (character 1)"),
    ],
)
def test_what_came_before_an_array_breaks_off_is_kept(tmp_path: Path, content: str, reason: str) -> None:
    assert shown(read(write(tmp_path, "x.json", content))) == ["1=a", "2=b", reason]


def test_records_of_an_array_may_be_larger_than_the_window(tmp_path: Path) -> None:
    rows = [{"id": str(size), "text": '\\"é{[' * size} for size in (1, 60_000, 2, 300_000, 3)]
    assert read(write(tmp_path, "x.json", json.dumps(rows, ensure_ascii=False))) == [
        Document.of(row["id"], "", row["text"]) for row in rows
    ]


def test_a_broken_row_costs_that_row_alone(tmp_path: Path) -> None:
    rows = [
        b"id,text",
        b"1,good",
        b"2",
        b"3,a,b",
        b'4,"never closed',
        b"5,after it",
        b'6,"says "hi" there"',
        b"7,caf\xe9",
        b'8,"two',
        b'lines"',
        b"",
        b'9,"""quoted"", with, commas"',
        b'10,"at the end',
    ]
    assert shown(read(write(tmp_path, "x.csv", b"\n".join(rows)))) == [
        "1=good",
        "x.csv:3: 1 column where the header has 2",
        "x.csv:4: 3 columns where the header has 2",
        "x.csv:5: broken quoting: ',' expected after '\"'",
        "5=after it",
        "x.csv:7: broken quoting: ',' expected after '\"'",
        "x.csv:8: not UTF-8 at byte 75",
        "8=two\nlines",
        '9="quoted", with, commas',
        "x.csv:13: a quote is never closed",
    ]


def test_a_quote_that_is_never_closed_does_not_swallow_the_rest(tmp_path: Path) -> None:
    rows = ['0,"open'] + [f"{number},row" for number in range(1, 1000)]
    bad, *rest = read(write(tmp_path, "x.csv", "id,text\n" + "\n".join(rows)))
    assert str(bad) == "x.csv:2: a quote is never closed"
    assert [record.id for record in rest if isinstance(record, Document)] == [str(n) for n in range(1, 1000)]


def test_rows_that_reopen_quotes_are_not_read_again_without_end(tmp_path: Path) -> None:
    rows = b'a","\n' * 20_000
    records = read(write(tmp_path, "x.csv", b"id,text\n" + rows))
    assert all(isinstance(record, Skipped) for record in records)
    assert str(records[-1]).endswith("lost with it: the lines up to 20001")


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("x.jsonl", b'{"id": 1, "text": "a"}\n{"text": "', b'"}\n{"id": 3, "text": "c"}\n'),
        ("x.json", b'[{"id": 1, "text": "a"},\n{"text": "', b'"},\n{"id": 3, "text": "c"}\n]'),
        ("x.csv", b"id,text\n1,a\n2,", b"\n3,c\n"),
        ("x.csv", b'id,text\n1,a\n2,"', b'"\n3,c\n'),
    ],
)
def test_a_record_of_200_megabytes_is_thrown_away_in_pieces(
    tmp_path: Path, name: str, before: bytes, after: bytes
) -> None:
    path = tmp_path / name
    with path.open("wb") as file:
        file.write(before + b"x" * 10_000)
        file.seek(200 * MIB)  # A hole, which takes no room on disk.
        file.write(after)
    tracemalloc.start()
    try:
        first, skipped, last = read(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (first, last) == (Document("1", "", "a"), Document("3", "", "c"))
    assert "over the limit of 16 MiB" in str(skipped)
    assert peak < 80 * MIB


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.jsonl", b"", "x.jsonl is empty"),
        ("x.json", b"42", "the first problem is: x.json:1: a number where an object was expected"),
        ("x.json", b"[]", "x.json is empty"),
        ("x.json", b'{\n "a": 1\n}', "x.json:1: broken JSON"),
        ("x.jsonl", b"\x00\x01", "x.jsonl: a binary file"),
        ("x.csv", b"", "x.csv is empty"),
        ("x.csv", b'"id,text\n1,2\n', "the header row cannot be read: x.csv:1: a quote is never closed"),
        ("x.csv", b"caf\xe9,text\n", "the header row cannot be read: x.csv:1: not UTF-8 at byte 3"),
    ],
)
def test_a_file_without_a_record_is_refused(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    with pytest.raises(BadInputError) as caught:
        open_corpus(str(write(tmp_path, name, content)))
    assert message in caught.value.message
    assert caught.value.hint


def test_a_file_of_nothing_but_broken_records_says_what_they_need(tmp_path: Path) -> None:
    with pytest.raises(BadInputError) as caught:
        open_corpus(str(write(tmp_path, "x.jsonl", "broken\n")))
    assert "body, text, content" in caught.value.hint
    assert "--body" in caught.value.hint


def test_a_file_that_vanishes_meanwhile_is_skipped(tmp_path: Path) -> None:
    path = write(tmp_path, "x.jsonl", '{"text": "x"}')
    reader = open_corpus(str(path))
    path.unlink()
    assert shown(list(reader.records())) == ["x.jsonl: no such file or directory"]
