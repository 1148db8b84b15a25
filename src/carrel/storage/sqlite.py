"""The catalog in a SQLite file: WAL mode, schema checked, migrated when it is older.

Statements are SQL over the standard library's driver. SQLAlchemy is not on this path: importing it
alone takes 0.65 s, near half of what a cold ``carrel search`` may take (ADR 0003).
"""

import json
import queue
import re
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from carrel.core.errors import (
    CatalogBusy,
    CatalogDamaged,
    DataFolderNotWritable,
    DataFolderTooNew,
)
from carrel.storage.catalog import HEAD, Catalog, Parameters, Row, Transaction, Value, storable
from carrel.storage.files import storage_full

FILE_NAME = "carrel.db"
_BUSY_SECONDS = 60.0
_RETRY_SECONDS = 0.01
_MOST_NAMES = 200  # of one list
_LIST = re.compile(r"\bIN :(\w+)")


class SqliteTransaction(Transaction):
    """A transaction over the standard library's driver."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def run(self, sql: str, **parameters: Value | Sequence[Value]) -> int:
        """Run a statement that changes rows; return how many."""
        return self._connection.execute(*_expanded(sql, parameters)).rowcount

    def run_many(self, sql: str, rows: Iterable[Mapping[str, Value]]) -> None:
        """Run a statement once a row of parameters."""
        cleaned = ({name: storable(value) for name, value in row.items()} for row in rows)
        self._connection.executemany(sql, cleaned)

    def rows(self, sql: str, **parameters: Value | Sequence[Value]) -> list[Row]:
        """Return every row of a query."""
        found: list[Row] = self._connection.execute(*_expanded(sql, parameters)).fetchall()
        return found

    def row(self, sql: str, **parameters: Value | Sequence[Value]) -> Row | None:
        """Return the first row of a query."""
        found: Row | None = self._connection.execute(*_expanded(sql, parameters)).fetchone()
        return found

    def not_ascii(self, column: str) -> str:
        """Return a condition in SQL: a column's text has a letter beyond ASCII."""
        return f"length({column}) <> length(CAST({column} AS BLOB))"


class SqliteCatalog(Catalog):
    """The database file of a data folder. Safe to use from several threads and processes."""

    def __init__(self, path: Path, busy_seconds: float = _BUSY_SECONDS) -> None:
        self._path = path
        self._busy_seconds = busy_seconds  # how long to wait for another one's transaction
        self._idle: queue.LifoQueue[sqlite3.Connection] = queue.LifoQueue()

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """Open a transaction that may write, and commit it unless the block raises.

        Taking the lock at once keeps two that would upgrade from reading out of a deadlock. Raises as
        ``Catalog.write``.
        """
        with self._begun("BEGIN IMMEDIATE") as connection:
            yield SqliteTransaction(connection)
            connection.execute("COMMIT")

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """Open a transaction that only reads: it sees one state and waits for nobody."""
        with self._begun("BEGIN") as connection:
            yield SqliteTransaction(connection)

    def close(self) -> None:
        """Close every connection."""
        while not self._idle.empty():
            self._idle.get_nowait().close()

    @contextmanager
    def _begun(self, begin: str) -> Iterator[sqlite3.Connection]:
        with translated(self._path):
            try:
                connection = self._idle.get_nowait()
            except queue.Empty:
                connection = connect(self._path, self._busy_seconds)
            try:
                connection.execute(begin)
                yield connection
            finally:
                # After a commit there is nothing to roll back.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                self._idle.put_nowait(connection)


def open_sqlite(folder: Path) -> SqliteCatalog:
    """Open or create the catalog file in a data folder and bring its schema up to date.

    Raises:
        DataFolderTooNew: a newer Carrel wrote it; nothing is changed.
        DataFolderNotWritable: the folder or the file is read-only.
        CatalogDamaged: it is not a database.
        StorageFull: the disk is full.
    """
    path = folder / FILE_NAME
    try:
        folder.mkdir(0o700, parents=True, exist_ok=True)  # one that is there stays as open as it is
    except OSError as error:
        raise DataFolderNotWritable(folder=folder) from error
    catalog = SqliteCatalog(path)
    try:
        with catalog.read() as tx:
            revision = _revision(tx)
        if revision != HEAD:
            _migrate(path, revision)
    except BaseException:
        catalog.close()
        raise
    return catalog


def connect(path: Path, busy_seconds: float = _BUSY_SECONDS) -> sqlite3.Connection:
    """Open a connection with our settings; transactions are begun by us alone."""
    connection = sqlite3.connect(path, timeout=busy_seconds, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    _use_wal(connection, busy_seconds)
    # FULL: a paper that was reported as ready survives a power cut.
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    return connection


def _use_wal(connection: sqlite3.Connection, busy_seconds: float) -> None:
    """Switch a new database to WAL; no effect later. SQLite does not wait for others here by itself."""
    deadline = time.monotonic() + busy_seconds
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(_RETRY_SECONDS)
        else:
            return


def _expanded(sql: str, parameters: Parameters) -> tuple[str, dict[str, Value]]:
    """Give every element of a list parameter a name of its own; a long list of texts or numbers becomes JSON.

    SQLite looks each name up among all others, so that many of them cost their square; and it takes 32,766.
    """
    values: dict[str, Value] = {}
    lists: dict[str, str] = {}
    for name, value in parameters.items():
        if not isinstance(value, (list, tuple)):
            values[name] = storable(value)  # type: ignore[arg-type]  # a str is a sequence too, but one value
        elif len(value) > _MOST_NAMES and all(isinstance(element, (str, int)) for element in value):
            values[name] = json.dumps([storable(element) for element in value], ensure_ascii=False)
            lists[name] = f"SELECT value FROM json_each(:{name})"  # noqa: S608  # a parameter's name
        else:
            elements = {f"{name}_{number}": storable(element) for number, element in enumerate(value)}
            values.update(elements)
            lists[name] = ", ".join(f":{element}" for element in elements)
    return _LIST.sub(lambda match: f"IN ({lists[match.group(1)]})", sql), values


def _revision(tx: Transaction) -> str:
    table = tx.row("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'alembic_version'")
    row = tx.row("SELECT version_num FROM alembic_version") if table is not None else None
    return "" if row is None else str(row["version_num"])


def _migrate(path: Path, revision: str) -> None:
    from carrel.storage.migrations.run import known_revisions, upgrade

    if revision and revision not in known_revisions():
        raise DataFolderTooNew(folder=path.parent, revision=revision)
    with translated(path):
        upgrade(path)


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn the driver's errors into ours."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise _typed(error, path) from error


def _typed(error: sqlite3.DatabaseError, path: Path) -> Exception:
    detail = str(error)
    if "readonly" in detail or "unable to open" in detail:
        return DataFolderNotWritable(folder=path.parent)
    if "full" in detail or "disk I/O" in detail:
        return storage_full(path.parent)
    if "locked" in detail:
        return CatalogBusy(path=path)
    if any(sign in detail for sign in ("not a database", "malformed", "already exists")):
        return CatalogDamaged(path=path, detail=detail)
    return error
