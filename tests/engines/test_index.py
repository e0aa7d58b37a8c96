import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from workbench.domain.documents import Document, Judgment, Query
from workbench.domain.errors import BadInputError, IndexUnavailableError, StoppedError, WorkbenchError
from workbench.engines.corpora import BrokenCorpus, CorpusInfo, corpus_info, list_corpora, read_judgments, read_queries
from workbench.engines.index import build_index, rebuild_index, remove_corpus
from workbench.engines.index_reader import IndexReader
from workbench.engines.query_syntax import parse

FIELDS = (("title", 2.0), ("body", 1.0))


def documents(count: int, word: str = "laptop") -> Iterator[Document]:
    for number in range(count):
        yield Document.of(f"d{number}", f"{word} {number}", f"The {word} has number {number}, naïve 日本 & hot.\nEnd.")


def found(root: Path, query: str, name: str = "shop") -> list[str]:
    reader = IndexReader(root, name)
    hits, _ = reader.search(parse(query), 10, FIELDS)
    return [reader.read(hit).id for hit in hits]


def left_in(root: Path, name: str = "shop") -> set[str]:
    return {path.name for path in (root / name).iterdir()}


def test_a_corpus_is_built_listed_read_and_removed(tmp_path: Path) -> None:
    queries = (Query("q1", "laptop hot"), Query("q2", "naïve “日本”"))
    judgments = (Judgment("q1", "d1", 3), Judgment("q1", "d2", 0))
    told: list[tuple[int, int]] = []
    info = build_index(
        tmp_path,
        "shop",
        "/data/shop.csv",
        documents(20),
        judged=(queries, judgments),
        progress=lambda *done: told.append(done),
        skipped=lambda: 2,
    )
    assert (info.name, info.source, info.documents, info.skipped) == ("shop", "/data/shop.csv", 20, 2)
    assert told[-1] == (20, info.text_bytes)
    assert info.text_bytes == sum(len((row.title + row.body).encode()) for row in documents(20))
    assert info.disk_bytes > info.text_bytes
    assert list_corpora(tmp_path) == [info] == [corpus_info(tmp_path, "shop")]
    assert read_queries(tmp_path, "shop") == queries
    assert read_judgments(tmp_path, "shop") == judgments
    assert found(tmp_path, "7") == ["d7"]
    remove_corpus(tmp_path, "shop")
    assert list_corpora(tmp_path) == []
    with pytest.raises(BadInputError, match="no corpus “shop”"):
        remove_corpus(tmp_path, "shop")


def test_documents_come_back_as_they_went_in(tmp_path: Path) -> None:
    row = Document.of("id:1 “x”", "", 'tab\t "quote" \\ 日本 \U0001f600 \u0301\nline')
    build_index(tmp_path, "shop", "here", [row, Document.of("2", "only a title", "")])
    reader = IndexReader(tmp_path, "shop")
    hit = reader.find(row.id)
    assert hit and reader.read(hit) == row
    assert read_queries(tmp_path, "shop") == ()


@pytest.mark.parametrize("workers", [1, 3])
def test_processes_make_the_same_index_as_none(tmp_path: Path, workers: int) -> None:
    build_index(tmp_path, "one", "here", documents(5_000), workers=0)
    build_index(tmp_path, "many", "here", documents(5_000), workers=workers)
    one, many = (IndexReader(tmp_path, name) for name in ("one", "many"))
    for query in ("laptop", "number 4711", '"naïve 日本 hot"', "end"):
        pairs = [reader.search(parse(query), 3_000, FIELDS) for reader in (one, many)]
        assert [[(hit.score, hit.start) for hit in hits] for hits, _ in pairs[:1]] == [
            [(hit.score, hit.start) for hit in hits] for hits, _ in pairs[1:]
        ]
        assert pairs[0][1] == pairs[1][1] > 0


def test_equal_scores_rank_in_the_order_of_the_source(tmp_path: Path) -> None:
    build_index(tmp_path, "shop", "here", (Document.of(f"d{n}", "same", "text") for n in range(500)))
    assert found(tmp_path, "same") == [f"d{n}" for n in range(10)]


def test_equal_scores_rank_in_the_order_of_the_source_over_segments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.engines.index._HEAP_BYTES", 15_000_000)
    rng = random.Random(3)
    rows = (Document.of(f"d{n}", "same", " ".join(f"w{rng.random()}" for _ in range(100))) for n in range(2_500))
    build_index(tmp_path, "shop", "here", rows, workers=0)
    reader = IndexReader(tmp_path, "shop")
    assert len(list((corpus_info(tmp_path, "shop").path / "tantivy").glob("*.idx"))) > 1
    for depth in (1, 3, 64, 700):
        hits, total = reader.search(parse("same"), depth, FIELDS)
        assert [reader.read(hit).id for hit in hits] == [f"d{n}" for n in range(depth)]
        assert total == 2_500


@pytest.mark.parametrize("name", ["", "Shop", "a/b", "..", ".locks", "-x", "x" * 65, "shop\n", "süß"])
def test_a_name_that_would_not_do_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInputError) as caught:
        build_index(tmp_path, name, "here", documents(1))
    assert caught.value.hint
    assert list(tmp_path.iterdir()) == []


def failing() -> Iterator[Document]:
    yield from documents(5_000, "printer")
    raise RuntimeError("the source broke off")


@pytest.mark.parametrize("workers", [0, 1])
def test_a_build_that_fails_or_is_stopped_leaves_the_old_index(tmp_path: Path, workers: int) -> None:
    build_index(tmp_path, "shop", "here", documents(20))
    before = left_in(tmp_path)
    with pytest.raises(RuntimeError, match="broke off"):
        build_index(tmp_path, "shop", "here", failing(), workers=workers)
    stop = threading.Event()
    with pytest.raises(StoppedError):
        build_index(
            tmp_path,
            "shop",
            "here",
            documents(20_000, "printer"),
            workers=workers,
            stop=stop,
            progress=lambda *_: stop.set(),
        )
    with pytest.raises(BadInputError, match="no documents"):
        build_index(tmp_path, "shop", "here", [], workers=workers)
    assert left_in(tmp_path) == before
    assert found(tmp_path, "laptop printer 3") == ["d3", *(f"d{n}" for n in range(10) if n != 3)]


def test_a_failed_first_build_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError):
        build_index(tmp_path, "shop", "here", failing())
    assert list_corpora(tmp_path) == []


def test_a_second_builder_is_told_to_wait(tmp_path: Path) -> None:
    def nested() -> Iterator[Document]:
        yield from documents(3)
        with pytest.raises(IndexUnavailableError, match="being built by another process") as caught:
            build_index(tmp_path, "shop", "here", documents(1))
        assert caught.value.hint
        build_index(tmp_path, "other", "here", documents(1))

    assert build_index(tmp_path, "shop", "here", nested()).documents == 3


def test_an_open_index_answers_while_it_is_replaced(tmp_path: Path) -> None:
    build_index(tmp_path, "shop", "here", documents(20))
    reader = IndexReader(tmp_path, "shop")
    build_index(tmp_path, "shop", "here", documents(20, "printer"))
    hits, _ = reader.search(parse("laptop"), 3, FIELDS)
    assert [reader.read(hit).id for hit in hits] == ["d0", "d1", "d2"]
    assert found(tmp_path, "laptop") == []


BUILD = """
import sys
from pathlib import Path
from tests.engines.test_index import documents
from workbench.engines.index import build_index
if __name__ == "__main__":
    build_index(Path(sys.argv[1]), "shop", "here", documents(6_000, "printer"), workers=int(sys.argv[2]))
"""


def test_a_killed_build_harms_nothing_and_leaves_no_process(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(BUILD)
    root = tmp_path / "root"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}

    def start(workers: int) -> subprocess.Popen[bytes]:
        arguments = [sys.executable, str(program), str(root), str(workers)]
        return subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment)

    begun = time.monotonic()
    whole_build = start(2)
    whole_build.communicate()
    assert whole_build.returncode == 0
    whole = time.monotonic() - begun
    rng = random.Random(9)
    for workers in (0, 2) * 6:
        build_index(root, "shop", "here", documents(20), workers=0)
        process = start(workers)
        time.sleep(rng.uniform(0.2, 1.0) * whole)
        process.kill()
        # The workers hold the other end of the pipe: it closes when the last of them has gone.
        process.communicate(timeout=60)
        assert len(found(root, "laptop")) == 10 or len(found(root, "printer")) == 10
        build_index(root, "shop", "here", documents(20, "dock"))
        assert len(left_in(root)) == 2
        assert len(found(root, "dock")) == 10


FULL = """
import resource, sys
from pathlib import Path
from tests.engines.test_index import documents
from workbench.domain.errors import IndexUnavailableError
from workbench.engines.index import build_index
if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    try:
        build_index(Path(sys.argv[1]), "shop", "here", documents(6_000), workers=0)
    except IndexUnavailableError as error:
        print(error.message, error.hint)
"""


@pytest.mark.skipif(os.name == "nt", reason="needs a limit on the size of files")
def test_a_full_disk_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    arguments = [sys.executable, "-c", FULL, str(tmp_path)]
    done = subprocess.run(arguments, capture_output=True, text=True, env=environment, check=True)
    assert "could not be written" in done.stdout
    assert "disk full" in done.stdout
    assert list_corpora(tmp_path) == []


@pytest.mark.parametrize("ask", [corpus_info, rebuild_index, remove_corpus, read_queries])
def test_a_missing_corpus_names_those_there_are_and_first_the_likely_ones(
    tmp_path: Path, ask: Callable[[Path, str], object]
) -> None:
    with pytest.raises(BadInputError, match="there are: none yet") as caught:
        ask(tmp_path, "shopp")
    assert caught.value.hint == "workbench corpus list"
    for name in ("books", "shop"):
        build_index(tmp_path, name, "here", documents(1))
    with pytest.raises(BadInputError, match=r"no corpus “shopp” \(there are: shop, books\)") as caught:
        ask(tmp_path, "shopp")
    assert caught.value.hint == "Did you mean shop?"


def test_a_half_written_corpus_says_so(tmp_path: Path) -> None:
    info = build_index(tmp_path, "shop", "here", documents(5))
    (tmp_path / "shop" / "current").unlink()
    (broken,) = list_corpora(tmp_path)
    assert isinstance(broken, BrokenCorpus)
    assert "never finished" in broken.error.message
    build_index(tmp_path, "shop", "here", documents(5))
    assert not info.path.exists()


@pytest.mark.parametrize("field", ["format", "tantivy", "analyzer"])
def test_an_index_of_another_version_can_be_rebuilt(tmp_path: Path, field: str) -> None:
    queries = (Query("q1", "laptop"),)
    info = build_index(tmp_path, "shop", "/data/shop", documents(5), judged=(queries, ()), skipped=lambda: 1)
    manifest = info.path / "manifest.json"
    lines = manifest.read_text().splitlines()
    place = next(index for index, line in enumerate(lines) if f'"{field}"' in line)
    lines[place] = f' "{field}": {"9" if field != "tantivy" else chr(34) + "v0.1, index_format v1" + chr(34)},'
    manifest.write_text("\n".join(lines))
    with pytest.raises(IndexUnavailableError, match="another version") as caught:
        IndexReader(tmp_path, "shop")
    assert caught.value.hint == "workbench corpus rebuild shop"
    rebuilt = rebuild_index(tmp_path, "shop")
    assert (rebuilt.source, rebuilt.documents, rebuilt.skipped) == ("/data/shop", 5, 1)
    assert read_queries(tmp_path, "shop") == queries
    assert found(tmp_path, "laptop 3")[0] == "d3"


def files(info: CorpusInfo) -> list[Path]:
    return sorted(path for path in info.path.rglob("*") if path.is_file() and path.stat().st_size)


def put(path: Path, content: bytes) -> None:
    """Put another file in a file's place; one that tantivy still has in memory must not shrink under it."""
    new = path.with_name(f"{path.name}.new")
    new.write_bytes(content)
    new.replace(path)


def test_every_cut_or_missing_file_is_noticed_when_the_corpus_is_opened(tmp_path: Path) -> None:
    info = build_index(tmp_path, "shop", "/data/shop", documents(50))
    for path in files(info):
        whole = path.read_bytes()
        for damage in (lambda p: put(p, p.read_bytes()[: p.stat().st_size // 2]), Path.unlink):
            damage(path)
            with pytest.raises(IndexUnavailableError) as caught:
                IndexReader(tmp_path, "shop")
            expected = {
                "documents.jsonl": "workbench corpus add /data/shop --name shop",
                "manifest.json": "workbench corpus add PATH --name shop",
            }.get(path.name, "workbench corpus rebuild shop")
            assert (caught.value.hint, bool(caught.value.detail)) == (expected, True), path
            put(path, whole)
    assert found(tmp_path, "laptop 3")[0] == "d3"


def test_bytes_that_changed_never_end_in_anything_but_an_error_of_ours(tmp_path: Path) -> None:
    info = build_index(tmp_path, "shop", "here", documents(200))
    rng = random.Random(5)
    for path in files(info):
        whole = path.read_bytes()
        for _ in range(6):
            broken = bytearray(whole)
            for _ in range(rng.randint(1, 40)):
                broken[rng.randrange(len(broken))] = rng.randrange(256)
            put(path, broken)
            try:
                found(tmp_path, 'laptop "number 3" hot 17')
            except WorkbenchError as error:
                assert error.hint
            put(path, whole)


def test_the_bundled_corpus_is_mended_by_removing_it(tmp_path: Path) -> None:
    info = build_index(tmp_path, "help-center", "bundled help-center 0.1.0", documents(5))
    mending = "workbench corpus remove help-center; it is built again when it is next opened."

    def hints() -> set[str]:
        found = set()
        for ask in (corpus_info, rebuild_index):
            with pytest.raises(IndexUnavailableError) as caught:
                ask(tmp_path, "help-center")
            found.add(caught.value.hint)
        return found

    os.truncate(info.path / "documents.jsonl", 10)
    assert hints() == {mending}
    (info.path / "manifest.json").unlink()
    assert hints() == {mending}
    (tmp_path / "help-center" / "current").unlink()
    assert hints() == {mending}


def test_a_source_whose_name_is_not_unicode_is_kept(tmp_path: Path) -> None:
    source = os.fsdecode(b"/data/caf\xe9")
    info = build_index(tmp_path, "shop", source, documents(5))
    assert corpus_info(tmp_path, "shop").source == source
    with pytest.raises(BadInputError) as empty:
        build_index(tmp_path, "shop", source, [])
    os.truncate(info.path / "documents.jsonl", 10)
    with pytest.raises(IndexUnavailableError) as cut:
        corpus_info(tmp_path, "shop")
    assert cut.value.hint == "workbench corpus add PATH --name shop"
    assert (empty.value.message + cut.value.message).isprintable()


def test_text_that_was_cut_is_not_rebuilt_into_a_smaller_corpus(tmp_path: Path) -> None:
    info = build_index(tmp_path, "shop", "/data/shop", documents(50))
    lines = (info.path / "documents.jsonl").read_bytes().splitlines(keepends=True)
    (info.path / "documents.jsonl").write_bytes(b"".join(lines[:30]))
    with pytest.raises(IndexUnavailableError) as caught:
        rebuild_index(tmp_path, "shop")
    assert caught.value.hint == "workbench corpus add /data/shop --name shop"
    assert left_in(tmp_path) == {"current", info.path.name}


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="permissions do not bind this user")
def test_a_folder_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    build_index(tmp_path, "shop", "here", documents(5))
    (tmp_path / "shop").chmod(0)
    try:
        with pytest.raises(IndexUnavailableError, match="may not be read") as caught:
            IndexReader(tmp_path, "shop")
        assert str(tmp_path) in caught.value.hint
    finally:
        (tmp_path / "shop").chmod(0o700)


def test_an_index_answers_where_no_lock_can_be_made(tmp_path: Path) -> None:
    info = build_index(tmp_path, "shop", "here", documents(200))
    lock = info.path / "tantivy" / ".tantivy-meta.lock"
    lock.unlink()
    lock.symlink_to(tmp_path / "nowhere" / "lock")
    assert found(tmp_path, 'laptop "number 3"')[0] == "d3"
    reader = IndexReader(tmp_path, "shop")
    assert reader.explain(parse("laptop"), "d7", FIELDS) is not None


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="permissions do not bind this user")
def test_an_index_answers_from_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    info = build_index(tmp_path, "shop", "here", documents(20))
    everything = [tmp_path, *tmp_path.rglob("*")]
    for path in everything:
        path.chmod(0o500 if path.is_dir() else 0o400)
    try:
        assert found(tmp_path, "laptop 3")[0] == "d3"
        (info.path / "tantivy" / "meta.json").chmod(0)
        with pytest.raises(IndexUnavailableError, match="may not be read") as caught:
            IndexReader(tmp_path, "shop")
        assert str(info.path) in caught.value.hint
    finally:
        for path in everything:
            path.chmod(0o700)
