"""The vector cache: what a model said of each text, so that it is asked once. One SQLite file.

It holds vectors at full width in 16-bit floats, by encoder and text key, so that a knowledge base can
change its dimensions without a call to the model. Whoever asked the model before the process was killed
finds the answer here; it can be lost at any time, so nothing waits for the disk.
"""

import logging
import queue
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from carrel.core.language import tr
from carrel.core.space import Encoder, Vectors, rounded

FILE_NAME = "vectors.db"
DAMAGED_SUFFIX = ".damaged"

_log = logging.getLogger(__name__)

_BUSY_SECONDS = 10.0
_KEYS_A_STATEMENT = 1000
# A vector of 2560 dimensions takes 5 kB: on pages of 4 kB it would take two, and be read in two steps.
_PAGE_BYTES = 16384
_SCHEMA = """
    CREATE TABLE IF NOT EXISTS vectors (
        encoder BLOB NOT NULL,
        key BLOB NOT NULL,
        vector BLOB NOT NULL,           -- 16-bit floats, little-endian
        PRIMARY KEY (encoder, key)
    )
"""
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class SqliteVectorCache:
    """VectorCache port over one file; opened when first used. Safe for threads and processes.

    A damaged file is set aside and begun anew. Where the disk is full or the folder read-only, vectors
    are not kept, and nothing else stops.
    """

    def __init__(self, path: Path) -> None:
        """Take the file's path, usually ``<data folder>/vectors.db``; it is made when needed."""
        self._path = path
        self._idle: queue.LifoQueue[_Connection] = queue.LifoQueue()

    def get(self, encoder: Encoder, keys: Sequence[str]) -> dict[str, Vectors]:
        """Return the vectors, [width], that are there of the texts with these keys."""
        found: dict[str, Vectors] = {}

        def look_up(connection: sqlite3.Connection) -> None:
            for first in range(0, len(keys), _KEYS_A_STATEMENT):
                some = [bytes.fromhex(key) for key in keys[first : first + _KEYS_A_STATEMENT]]
                marks = ", ".join("?" * len(some))
                rows = connection.execute(
                    f"SELECT key, vector FROM vectors WHERE encoder = ? AND key IN ({marks})",  # noqa: S608
                    (bytes.fromhex(encoder.id), *some),
                ).fetchall()
                found.update(_vectors(rows, encoder.width))

        self._try(look_up)
        return found

    def put(self, encoder: Encoder, vectors: Mapping[str, Vectors]) -> None:
        """Keep vectors, [width], by their texts' keys; one that is there already stays as it is."""
        identity = bytes.fromhex(encoder.id)
        rows = [
            (identity, bytes.fromhex(key), vector.astype("<f2").tobytes()) for key, vector in vectors.items()
        ]

        if rows:
            self._insert(rows)

    def names(self, after: tuple[str, str], limit: int) -> list[tuple[str, str]]:
        """Return so many (encoder id, text key) of what is there, in order, those after this one."""
        found: list[tuple[str, str]] = []

        def look_up(connection: sqlite3.Connection) -> None:
            rows = connection.execute(
                """
                SELECT encoder, key FROM vectors WHERE (encoder, key) > (?, ?)
                ORDER BY encoder, key LIMIT ?
                """,
                (bytes.fromhex(after[0]), bytes.fromhex(after[1]), limit),
            ).fetchall()
            found.extend((encoder.hex(), key.hex()) for encoder, key in rows)

        self._try(look_up)
        return found

    def delete(self, keys: Sequence[str]) -> bool:
        """Delete the vectors of the texts with these keys, of every encoder; False where it cannot now."""

        def remove(connection: sqlite3.Connection) -> None:
            connection.execute("BEGIN IMMEDIATE")
            _delete(connection, keys)
            _set_mark(connection, _mark(connection))
            connection.execute("COMMIT")

        return not keys or self._try(remove)

    def unexamined(self, limit: int) -> list[tuple[int, str]]:
        """Return (number, text key) of so many of those that came since the last look, in their order."""
        found: list[tuple[int, str]] = []

        def look_up(connection: sqlite3.Connection) -> None:
            statement = "SELECT rowid, key FROM vectors WHERE rowid > ? ORDER BY rowid LIMIT ?"
            rows = connection.execute(statement, (_mark(connection), limit)).fetchall()
            found.extend((number, key.hex()) for number, key in rows)

        if self._path.exists():  # asked every second: a folder without vectors gets no file by it
            self._try(look_up)
        return found

    def mark_examined(self, number: int, gone: Sequence[str]) -> bool:
        """Take what came up to this number as looked at, and delete these keys; False where it cannot now."""

        def mark(connection: sqlite3.Connection) -> None:
            connection.execute("BEGIN IMMEDIATE")
            _delete(connection, gone)
            _set_mark(connection, number)
            connection.execute("COMMIT")

        return self._try(mark)

    def copy_out(self, names: Sequence[tuple[str, str]]) -> dict[tuple[str, str], bytes]:
        """Return those of these vectors that are there as 16-bit floats, little-endian, for a backup."""
        found: dict[tuple[str, str], bytes] = {}

        def look_up(connection: sqlite3.Connection) -> None:
            statement = "SELECT vector FROM vectors WHERE encoder = ? AND key = ?"
            for encoder, key in names:
                row = connection.execute(statement, (bytes.fromhex(encoder), bytes.fromhex(key))).fetchone()
                if row is not None:
                    found[encoder, key] = row[0]

        self._try(look_up)
        return found

    def copy_in(self, vectors: Mapping[tuple[str, str], bytes]) -> bool:
        """Keep what ``copy_out`` gave; what is there stays as it is. False where it cannot now."""
        rows = [
            (bytes.fromhex(encoder), bytes.fromhex(key), vector) for (encoder, key), vector in vectors.items()
        ]
        return not rows or self._insert(rows)

    def close(self) -> None:
        """Let go of the file; it is opened again when it is used again."""
        while True:
            try:
                self._idle.get_nowait().close()
            except queue.Empty:
                return

    def _insert(self, rows: Sequence[tuple[bytes, bytes, bytes]]) -> bool:
        def insert(connection: sqlite3.Connection) -> None:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT OR IGNORE INTO vectors VALUES (?, ?, ?)", rows)
            connection.execute("COMMIT")

        return self._try(insert)

    def _try(self, action: Callable[[sqlite3.Connection], None]) -> bool:
        """Do something with a connection; where the file cannot be used it ends early, and this is False."""
        connection = None
        try:
            connection = self._connection()
            action(connection)
        except (sqlite3.Error, OSError) as error:
            _log.debug("%s: %s", self._path, error)
            if (
                getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED
            ):  # without the extended code's details
                self._set_aside(connection)
                connection = None
            return False
        else:
            return True
        finally:
            if connection is not None:
                with suppress(sqlite3.Error):
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    self._idle.put_nowait(connection)

    def _connection(self) -> "_Connection":
        """Return a connection to the file that lies there now: it may have been deleted or set aside."""
        try:
            present = self._path.stat().st_ino
        except OSError:
            present = None
        with suppress(queue.Empty):
            while True:
                connection = self._idle.get_nowait()
                if connection.inode == present:
                    return connection
                connection.close()
        return _connect(self._path)

    def _set_aside(self, connection: "_Connection | None") -> None:
        """Rename a damaged file, so that the next use begins anew; the one set aside before is replaced."""
        opened = None if connection is None else connection.inode
        if connection is not None:
            connection.close()
        self.close()
        with suppress(OSError):
            if opened is not None and self._path.stat().st_ino != opened:
                return  # another process has done it: what lies there now is well
            self._path.replace(self._path.with_name(self._path.name + DAMAGED_SUFFIX))
            for suffix in ("-wal", "-shm"):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
        message = tr("The vector cache {path} is damaged: it is set aside and begun anew.")
        _log.warning("%s", message.format(path=self._path))


class _Connection(sqlite3.Connection):
    """A connection that knows which file it has open, whatever that is called by now."""

    inode: int | None = None


def _connect(path: Path) -> _Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(
        path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False, factory=_Connection
    )
    try:
        connection.execute(f"PRAGMA page_size={_PAGE_BYTES}")  # of a new file; no effect on another
        connection.execute("PRAGMA journal_mode=WAL")
        # NORMAL: survives kill -9; a power failure may lose the last vectors, which are asked for again.
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute(_SCHEMA)
        connection.inode = path.stat().st_ino
    except BaseException:
        connection.close()
        raise
    return connection


def _delete(connection: sqlite3.Connection, keys: Sequence[str]) -> None:
    doomed = [bytes.fromhex(key) for key in keys]
    for encoder in _encoders(connection) if doomed else ():
        rows = ((encoder, key) for key in doomed)
        connection.executemany("DELETE FROM vectors WHERE encoder = ? AND key = ?", rows)


def _mark(connection: sqlite3.Connection) -> int:
    """Return the number up to which rows have been looked at. It is kept in the file's header."""
    (number,) = connection.execute("PRAGMA user_version").fetchone()
    return int(number)


def _set_mark(connection: sqlite3.Connection, number: int) -> None:
    """Note up to which number rows have been looked at, at most the highest: the next row's is one more."""
    (highest,) = connection.execute("SELECT coalesce(max(rowid), 0) FROM vectors").fetchone()
    if (mark := min(number, int(highest))) != _mark(connection):
        connection.execute(f"PRAGMA user_version = {mark}")


def _encoders(connection: sqlite3.Connection) -> list[bytes]:
    """Return every encoder that has vectors, by a look-up each: reading all of the keys would take long."""
    found: list[bytes] = []
    statement = "SELECT encoder FROM vectors WHERE encoder > ? ORDER BY encoder LIMIT 1"
    while row := connection.execute(statement, (found[-1] if found else b"",)).fetchone():
        found.append(row[0])
    return found


def _vectors(rows: Sequence[tuple[bytes, bytes]], width: int) -> dict[str, Vectors]:
    """Return rows of the table as vectors; one of another length, or not finite, is as good as lost."""
    whole = [(key.hex(), vector) for key, vector in rows if len(vector) == 2 * width]
    if not whole:
        return {}
    coarse = np.frombuffer(b"".join(vector for _, vector in whole), "<f2").reshape(-1, width)
    units = rounded(coarse.astype(np.float32))
    finite = np.isfinite(units.sum(axis=1))
    return {key: unit for (key, _), unit, good in zip(whole, units, finite, strict=True) if good}
