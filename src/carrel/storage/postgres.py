"""The catalog in a PostgreSQL database: the same statements, one writer at a time, schema migrated.

The package psycopg is an optional extra; nothing imports this module unless a URL is set (ADR 0019).
"""

import queue
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.pq import TransactionStatus
from psycopg.types.string import StrDumper

from carrel.core.catalog_errors import CatalogTooNew, CatalogUnsuitable
from carrel.storage.catalog import HEAD, Catalog, Row, Transaction, Value
from carrel.storage.postgres_errors import Place, place_of, translated
from carrel.storage.postgres_sql import bound, in_its_words

_BUSY_SECONDS = 60.0
_IDLE_CONNECTIONS = 8  # kept for the next transaction; a server has a hundred for everybody
_OLDEST = 130000  # PostgreSQL 13; older ones are no longer maintained
_WRITE_LOCK = 0x6361_7272_656C  # "carrel" in ASCII: a number that is nobody else's

_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
# The lock before all else, and READ COMMITTED: what the statements after it see is what the last writer left,
# and nobody else writes. A snapshot would be as old as the beginning of the wait. A machine that loses its
# power in the middle keeps the others out for as long as it may be idle, and no longer.
_WRITE = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; "
_LOCK = (
    "SET LOCAL lock_timeout = {wait}; SET LOCAL idle_in_transaction_session_timeout = 60000; "
    "SELECT pg_advisory_xact_lock({lock})"
)
# A server that vanished without a word is noticed after about a minute, not after two hours.
_CONNECTION = {
    "application_name": "carrel",
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}

_Connection = psycopg.Connection[Any]


class PostgresRow:
    """A row of a query: columns by name, or in the order of the query."""

    __slots__ = ("_columns", "_values")

    def __init__(self, columns: dict[str, int], values: Sequence[Any]) -> None:
        self._columns = columns
        self._values = values

    def __getitem__(self, column: str | int, /) -> Any:  # noqa: ANN401  # as in the drivers
        return self._values[self._columns[column] if isinstance(column, str) else column]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values)

    def keys(self) -> list[str]:
        """Return the columns' names."""
        return list(self._columns)


class PostgresTransaction(Transaction):
    """A transaction over psycopg."""

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection

    def run(self, sql: str, **parameters: Value | Sequence[Value]) -> int:
        """Run a statement that changes rows; return how many."""
        return self._connection.execute(in_its_words(sql), bound(parameters)).rowcount

    def run_many(self, sql: str, rows: Iterable[Mapping[str, Value]]) -> None:
        """Run a statement once a row of parameters."""
        with self._connection.cursor() as cursor:
            cursor.executemany(in_its_words(sql), [bound(row) for row in rows])

    def rows(self, sql: str, **parameters: Value | Sequence[Value]) -> list[Row]:
        """Return every row of a query."""
        return self._connection.execute(in_its_words(sql), bound(parameters)).fetchall()

    def row(self, sql: str, **parameters: Value | Sequence[Value]) -> Row | None:
        """Return the first row of a query."""
        found: Row | None = self._connection.execute(in_its_words(sql), bound(parameters)).fetchone()
        return found

    def not_ascii(self, column: str) -> str:
        """Return a condition in SQL: a column's text has a letter beyond ASCII."""
        return f"length({column}) <> octet_length({column})"


class PostgresCatalog(Catalog):
    """A database on a server. Safe to use from several threads, processes and machines."""

    def __init__(self, place: Place, busy_seconds: float = _BUSY_SECONDS) -> None:
        self._place = place
        self._busy_seconds = busy_seconds  # how long to wait for another one's transaction
        self._idle: queue.LifoQueue[_Connection] = queue.LifoQueue()

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """Open a transaction that may write, and commit it unless the block raises. As ``Catalog.write``."""
        with self._begun(_WRITE + _lock(self._busy_seconds)) as connection:
            yield PostgresTransaction(connection)
            connection.execute("COMMIT")

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """Open a transaction that only reads: it sees one state and waits for nobody."""
        with self._begun(_READ) as connection:
            yield PostgresTransaction(connection)

    def close(self) -> None:
        """Close every connection."""
        while not self._idle.empty():
            self._idle.get_nowait().close()

    @contextmanager
    def _begun(self, begin: str) -> Iterator[_Connection]:
        with translated(self._place):
            connection = self._connection_with(begin)
            try:
                yield connection
            finally:
                self._put_away(connection)

    def _connection_with(self, begin: str) -> _Connection:
        """Return a connection on which a transaction has begun.

        Nothing was done on one that turns out to be dead here, so the next one is tried.
        """
        while True:
            try:
                connection, fresh = self._idle.get_nowait(), False
            except queue.Empty:
                connection, fresh = _connected(self._place), True
            try:
                connection.execute(begin.encode(), prepare=False)
            except BaseException as error:
                dead = connection.closed
                self._put_away(connection)
                if fresh or not dead or not isinstance(error, psycopg.OperationalError):
                    raise
            else:
                return connection

    def _put_away(self, connection: _Connection) -> None:
        """Keep a connection for the next transaction, or throw it away where it is broken or one too many."""
        # After a commit there is nothing to roll back.
        if connection.pgconn.transaction_status in {TransactionStatus.INTRANS, TransactionStatus.INERROR}:
            with suppress(psycopg.Error):  # it is broken, then; the error that broke it is on its way
                connection.execute("ROLLBACK")
        idle = connection.pgconn.transaction_status == TransactionStatus.IDLE
        if idle and not connection.closed and self._idle.qsize() < _IDLE_CONNECTIONS:
            self._idle.put_nowait(connection)
        else:
            connection.close()


def open_postgres(url: str, busy_seconds: float = _BUSY_SECONDS) -> PostgresCatalog:
    """Open the catalog in a database and bring its schema up to date.

    Raises:
        InvalidSetting: it is no URL of PostgreSQL.
        CatalogUnreachable, CatalogLoginRefused: the server does not answer, or lets nobody in.
        CatalogUnsuitable: not in UTF-8, or on a server that is too old.
        CatalogNotWritable: no right to make tables.
        CatalogTooNew: a newer Carrel wrote it; nothing is changed.
    """
    place = place_of(url)
    catalog = PostgresCatalog(place, busy_seconds)
    try:
        with catalog.read() as tx:
            _check(tx, place)
            revision = _revision(tx)
        if revision != HEAD:
            _migrate(place, revision, busy_seconds)
    except BaseException:
        catalog.close()
        raise
    return catalog


def _connected(place: Place) -> _Connection:
    """Open a connection with our settings; transactions are begun by us alone."""
    connection: _Connection = psycopg.connect(
        **_parameters(place),
        autocommit=True,
        row_factory=_rows,
        # A plan that is kept breaks when another process migrates, and connection poolers lose it.
        prepare_threshold=None,
    )
    connection.adapters.register_dumper(
        str, StrDumper
    )  # a text says that it is one: nothing is left to guess
    connection.adapters.register_loader("numeric", _Number)
    return connection


def _parameters(place: Place) -> dict[str, Any]:
    return {**_CONNECTION, **place.parameters, "client_encoding": "UTF8"}


def _rows(cursor: psycopg.Cursor[Any]) -> Callable[[Sequence[Any]], PostgresRow]:
    columns = {column.name: place for place, column in enumerate(cursor.description or ())}
    return lambda values: PostgresRow(columns, values)


class _Number(Loader):
    """The sum of large integers is an integer, as SQLite has it, and no decimal."""

    def load(self, data: Buffer) -> int | float:
        text = bytes(data).decode()
        return int(text) if text.lstrip("-").isdigit() else float(text)


def _lock(busy_seconds: float) -> str:
    return _LOCK.format(wait=max(1, round(busy_seconds * 1000)), lock=_WRITE_LOCK)


def _check(tx: Transaction, place: Place) -> None:
    found = tx.rows(
        """
        SELECT current_setting('server_encoding') AS encoding, current_setting('server_version') AS version,
            current_setting('server_version_num') AS number
        """
    )[0]
    if found["encoding"] != "UTF8":
        raise CatalogUnsuitable(**place.named, detail=f"its encoding is {found['encoding']}")
    if int(found["number"]) < _OLDEST:
        raise CatalogUnsuitable(**place.named, detail=f"PostgreSQL {found['version']}")


def _revision(tx: Transaction) -> str:
    table = tx.rows("SELECT to_regclass('alembic_version') IS NOT NULL AS there")[0]
    row = tx.row("SELECT version_num FROM alembic_version") if table["there"] else None
    return "" if row is None else str(row["version_num"])


def _migrate(place: Place, revision: str, busy_seconds: float) -> None:
    from carrel.storage.migrations.run import known_revisions, upgrade_postgres

    if revision and revision not in known_revisions():
        raise CatalogTooNew(**place.named, revision=revision)

    def connect() -> _Connection:
        connection: _Connection = psycopg.connect(**_parameters(place))
        connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
        return connection

    with translated(place):
        upgrade_postgres(connect, _lock(busy_seconds))
