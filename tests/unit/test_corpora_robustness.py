"""Damaged files of every kind are read as far as they go, and refused with a message at worst."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from workbench.corpora.base import Skipped
from workbench.corpora.checks import checked
from workbench.corpora.judgments import read_judged
from workbench.corpora.open import open_corpus
from workbench.domain.errors import BadInputError
from workbench.domain.text import sanitize

ROUNDS = 120
RECORDS = 12

GOOD = {
    "x.jsonl": "".join(f'{{"id": "{n}", "title": "t\\u00e9 {n}", "text": "some wörds"}}\n' for n in range(RECORDS)),
    "x.json": "[" + ",\n".join(f'{{"id": "{n}", "text": "some [w]ö{{r}}ds \\" {n}"}}' for n in range(RECORDS)) + "]",
    "x.csv": "id,title,text\n" + "".join(f'{n},t,"some ""wörds"", {n}\nmore"\n' for n in range(RECORDS)),
    "x.tsv": "id\ttitle\ttext\n" + "".join(f"{n}\tt\tsome wörds\n" for n in range(RECORDS)),
    "x.md": "---\ntitle: x\n---\n# Title\n\n```\n# code\n```\nsome *wörds*\n\nUnder\n=====\n",
    "x.rst": "=====\nTitle\n=====\n\nsome wörds\n\nMore\n----\n",
    "x.html": "<!DOCTYPE html><title>T</title><h1>H &amp; x</h1><script>a</script><pre>p</pre><!-- c --><p a='b'>wörds",
}


def flip(data: bytes, chance: random.Random) -> bytes:
    damaged = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        damaged[chance.randrange(len(damaged))] = chance.choice(
            (*b'\x00\xff\x80"\\{}[],\n\r\t<>&!-', chance.randrange(256))
        )
    return bytes(damaged)


def cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data))]


def drop(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + data[at + chance.randint(1, 30) :]


@pytest.mark.parametrize("damage", [flip, cut, drop])
@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_damage_never_raises_and_nothing_unsafe_comes_out(
    tmp_path: Path, name: str, damage: Callable[[bytes, random.Random], bytes], encoding: str
) -> None:
    chance = random.Random(f"{name} {damage.__name__} {encoding}")
    path = tmp_path / name
    for _ in range(ROUNDS):
        path.write_bytes(damage(GOOD[name].encode(encoding), chance))
        try:
            reader = open_corpus(str(path))
        except BadInputError as error:
            assert sanitize(error.message) == error.message
            continue
        for record in checked(reader.records(), reader):
            for part in (str(record),) if isinstance(record, Skipped) else (record.id, record.title, record.body):
                assert sanitize(part) == part
        assert reader.bytes_read == reader.total_bytes


@pytest.mark.parametrize("name", ["x.jsonl", "x.tsv"])
def test_every_line_is_accounted_for_whatever_the_damage(tmp_path: Path, name: str) -> None:
    chance = random.Random(name)
    path = tmp_path / name
    header, body = GOOD[name].encode().split(b"\n", 1)
    for _ in range(ROUNDS):
        # No quotes and no line ends: those change how many records there are.
        damaged = bytearray(body)
        for _ in range(6):
            at = chance.randrange(len(damaged))
            if damaged[at] != ord("\n"):
                damaged[at] = chance.choice(b"\x01\xff\x80{}[],x\t\\")
        path.write_bytes(header + b"\n" + damaged)
        records = list(open_corpus(str(path)).records())
        assert len(records) == RECORDS


@pytest.mark.parametrize("damage", [flip, cut, drop])
def test_damaged_judgments_never_raise(tmp_path: Path, damage: Callable[[bytes, random.Random], bytes]) -> None:
    chance = random.Random(damage.__name__)
    queries = "".join(f'{{"_id": "q{n}", "text": "query {n}"}}\n' for n in range(RECORDS)).encode()
    qrels = ("query-id\tcorpus-id\tscore\n" + "".join(f"q{n}\td{n}\t{n % 4}\n" for n in range(RECORDS))).encode()
    (tmp_path / "qrels").mkdir()
    for _ in range(ROUNDS):
        (tmp_path / "queries.jsonl").write_bytes(damage(queries, chance))
        (tmp_path / "qrels" / "test.tsv").write_bytes(damage(qrels, chance))
        judged = read_judged(tmp_path)
        assert judged is not None
        known = {query.id for query in judged.queries}
        assert all(judgment.query_id in known for judgment in judged.judgments)
