"""Keeps document vectors on disk, so that a model reads each document once and not once per query."""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TypeVar

_Result = TypeVar("_Result")

RULES = 2
"""Goes up when what is kept of a document is reckoned in another way, so that older files are not believed."""
_SCHEMA = """
    CREATE TABLE IF NOT EXISTS vectors (
        digest BLOB PRIMARY KEY, vector BLOB NOT NULL, tokens INTEGER NOT NULL, kept INTEGER NOT NULL,
        kept_text_end INTEGER NOT NULL, used INTEGER NOT NULL);
    CREATE INDEX IF NOT EXISTS vectors_by_use ON vectors (used);
"""
_BROKEN = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}
"""Codes that say the file is no cache of ours; every other one says that it cannot be used now."""
_DAY = 86_400
_BUSY_SECONDS = 0.5


@dataclass(frozen=True)
class CachedVector:
    """One document as a bi-encoder read it."""

    vector: bytes
    """Little-endian fp16 numbers."""
    tokens: int
    """Of the whole document, special tokens not counted."""
    kept: int
    kept_text_end: int
    """Character offset where reading stopped."""


def cache_file(folder: Path, fingerprint: str) -> Path:
    """Where the vectors of a model are kept."""
    return folder / f"{fingerprint}-{RULES}.sqlite"


class VectorCache:
    """Vectors of one model by document digest, in one SQLite file that several processes may share.

    A cache never fails a search: when its file cannot be used, `warning` says why and the cache keeps
    nothing from then on. Use it in one thread only.

    Args:
        path: The file; it and its folder are made when they are missing.
        limit: Greatest number of vectors. Past it, the quarter that was not used for longest goes.
        clock: Seconds since the epoch.
    """

    def __init__(self, path: Path, limit: int = 1_000_000, clock: Callable[[], float] = time.time) -> None:
        self.warning: str | None = None
        self._path = path
        self._limit = limit
        self._clock = clock
        self._connection: sqlite3.Connection | None = None
        self._rows = 0
        self._added: dict[bytes, CachedVector] = {}
        self._touched: set[bytes] = set()

    def get(self, digest: bytes) -> CachedVector | None:
        """Look up one vector."""
        if digest in self._added:
            return self._added[digest]
        query = "SELECT vector, tokens, kept, kept_text_end, used FROM vectors WHERE digest = ?"
        row = self._attempt(lambda database: database.execute(query, (digest,)).fetchone())
        if row is None:
            return None
        if row[-1] < self._clock() - _DAY:
            self._touched.add(digest)
        return CachedVector(*row[:-1])

    def add(self, digest: bytes, vector: CachedVector) -> None:
        """Remember one vector; `flush` writes it."""
        if self.warning is None:
            self._added[digest] = vector

    def flush(self) -> None:
        """Write what was added, in one transaction."""
        if self._added or self._touched:
            self._attempt(self._write)
        self._added.clear()
        self._touched.clear()

    def close(self) -> None:
        """Flush and let go of the file."""
        self.flush()
        self._disconnect()

    def _write(self, database: sqlite3.Connection) -> None:
        now = int(self._clock())
        with database:
            touched = [(now, digest) for digest in self._touched]
            database.executemany("UPDATE vectors SET used = ? WHERE digest = ?", touched)
            added = [(digest, *astuple(vector), now) for digest, vector in self._added.items()]
            database.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?, ?, ?, ?)", added)
            self._rows += len(added)
            if self._rows > self._limit:
                oldest = "SELECT rowid FROM vectors ORDER BY used, rowid LIMIT ?"
                excess = max(self._rows // 4, self._rows - self._limit)
                database.execute(f"DELETE FROM vectors WHERE rowid IN ({oldest})", (excess,))
                self._rows = _count(database)

    def _attempt(self, action: Callable[[sqlite3.Connection], _Result]) -> _Result | None:
        """Do something with the database; begin it anew when it is broken, give it up when it cannot be used."""
        for retry in (True, False):
            if self.warning is not None:
                break
            try:
                return action(self._connect())
            except (sqlite3.Error, OSError) as error:
                self._disconnect()
                if not (retry and self._set_aside(error)):
                    self.warning = f"Vectors are not cached: {self._path} cannot be used ({error})."
        return None

    def _connect(self) -> sqlite3.Connection:
        if self._connection is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level="IMMEDIATE")
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.executescript(_SCHEMA)
            self._rows = _count(self._connection)
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _set_aside(self, error: Exception) -> bool:
        """Rename a broken file out of the way; say whether that was called for and worked."""
        if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _BROKEN:
            return False
        try:
            self._path.replace(self._path.with_name(f"{self._path.name}.broken"))
            for suffix in ("-wal", "-shm"):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
        except OSError:
            return False
        return True


def _count(database: sqlite3.Connection) -> int:
    with closing(database.execute("SELECT count(*) FROM vectors")) as cursor:
        return int(cursor.fetchone()[0])
