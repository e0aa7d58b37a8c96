import sqlite3
from pathlib import Path

import pytest

from workbench.engines.vector_cache import CachedVector, VectorCache


def vector(number: int) -> CachedVector:
    return CachedVector(bytes([number % 256]) * 8, tokens=number, kept=number // 2, kept_text_end=3 * number)


def digest(number: int) -> bytes:
    return number.to_bytes(16, "big")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "vectors" / "model.sqlite"


def filled(path: Path, *numbers: int) -> None:
    cache = VectorCache(path)
    for number in numbers:
        cache.add(digest(number), vector(number))
    cache.close()


def test_a_vector_is_found_before_it_is_written(path: Path) -> None:
    cache = VectorCache(path)
    cache.add(digest(1), vector(1))
    assert cache.get(digest(1)) == vector(1)
    assert cache.get(digest(2)) is None
    cache.close()


def test_a_vector_is_found_again_in_the_next_session(path: Path) -> None:
    filled(path, 1, 2)
    cache = VectorCache(path)
    assert [cache.get(digest(number)) for number in (1, 2, 3)] == [vector(1), vector(2), None]
    cache.close()


def test_two_sessions_share_one_file_at_the_same_time(path: Path) -> None:
    one, two = VectorCache(path), VectorCache(path)
    for number in range(20):
        writer, reader = (one, two) if number % 2 else (two, one)
        writer.add(digest(number), vector(number))
        writer.flush()
        assert reader.get(digest(number)) == vector(number)
    assert (one.warning, two.warning) == (None, None)
    one.close()
    two.close()


def test_past_its_limit_it_forgets_the_quarter_that_was_not_used_for_longest(path: Path) -> None:
    now = 0.0
    cache = VectorCache(path, limit=8, clock=lambda: now)
    for number in range(8):
        now += 100_000
        cache.add(digest(number), vector(number))
        cache.flush()
    now += 100_000
    cache.get(digest(0))
    cache.flush()
    now += 100_000
    cache.add(digest(8), vector(8))
    cache.flush()
    assert [number for number in range(9) if cache.get(digest(number))] == [0, 3, 4, 5, 6, 7, 8]
    cache.close()


def test_more_than_its_limit_at_once_leaves_it_at_the_limit(path: Path) -> None:
    cache = VectorCache(path, limit=5)
    for number in range(50):
        cache.add(digest(number), vector(number))
    cache.flush()
    assert sum(cache.get(digest(number)) is not None for number in range(50)) == 5
    cache.close()


@pytest.mark.parametrize("content", [b"not a database " * 100, b"SQLite format 3\0" + b"\xff" * 4096])
def test_a_broken_file_is_set_aside_and_begun_anew(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    filled(path, 1)
    cache = VectorCache(path)
    assert (cache.get(digest(1)), cache.warning) == (vector(1), None)
    cache.close()
    assert path.with_name("model.sqlite.broken").read_bytes() == content


def test_a_file_that_breaks_between_two_sessions_is_begun_anew(path: Path) -> None:
    filled(path, *range(500))
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    path.write_bytes(content)
    filled(path, 1)
    cache = VectorCache(path)
    assert (cache.get(digest(1)), cache.get(digest(2)), cache.warning) == (vector(1), None, None)
    cache.close()


def test_a_database_of_another_shape_is_set_aside(path: Path) -> None:
    path.parent.mkdir()
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE vectors (something TEXT)")
    other.close()
    filled(path, 1)
    cache = VectorCache(path)
    assert cache.get(digest(1)) == vector(1)
    cache.close()


def test_a_locked_file_is_given_up_with_one_warning(path: Path) -> None:
    filled(path, 1)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    cache = VectorCache(path)
    assert cache.get(digest(1)) == vector(1)
    cache.add(digest(2), vector(2))
    cache.flush()
    assert cache.warning is not None
    assert "locked" in cache.warning
    assert (cache.get(digest(1)), cache.get(digest(2))) == (None, None)
    cache.close()
    other.close()


def test_a_folder_that_cannot_be_made_is_given_up_with_one_warning(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = VectorCache(tmp_path / "file" / "model.sqlite")
    cache.add(digest(1), vector(1))
    assert cache.get(digest(2)) is None
    assert cache.warning is not None
    assert "model.sqlite" in cache.warning
    cache.close()
