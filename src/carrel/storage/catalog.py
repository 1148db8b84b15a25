"""The catalog as the rest of Carrel sees it: transactions over plain SQL, whatever database runs it."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

HEAD = "0011"
"""The newest revision in ``migrations/versions``; a test keeps the two equal."""

Value = str | int | float | bytes | None
Parameters = Mapping[str, Value | Sequence[Value]]

# PostgreSQL takes no NUL in a text, and neither database takes half of a surrogate pair. One character
# for one, so that offsets into the text stay true.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_INSTEAD = "\ufffd"


class Row(Protocol):
    """A row of a query: columns by name, or in the order of the query."""

    def __getitem__(self, column: str | int, /) -> Any: ...  # noqa: ANN401  # as in the drivers: the schema says what it is
    def __iter__(self) -> Iterator[Any]: ...
    def keys(self) -> list[str]:
        """Return the columns' names."""


class Transaction(ABC):
    """An open transaction on the catalog. Parameters are named: ``WHERE id = :id``.

    ``IN :ids`` and ``NOT IN :ids`` take a list, be it empty. Values never become part of the SQL. What no
    database can store in a text, NUL and lone surrogates, becomes U+FFFD, in what is looked for as well.
    """

    @abstractmethod
    def run(self, sql: str, **parameters: Value | Sequence[Value]) -> int:
        """Run a statement that changes rows; return how many."""

    @abstractmethod
    def run_many(self, sql: str, rows: Iterable[Mapping[str, Value]]) -> None:
        """Run a statement once a row of parameters."""

    @abstractmethod
    def rows(self, sql: str, **parameters: Value | Sequence[Value]) -> list[Row]:
        """Return every row of a query."""

    @abstractmethod
    def row(self, sql: str, **parameters: Value | Sequence[Value]) -> Row | None:
        """Return the first row of a query."""

    @abstractmethod
    def not_ascii(self, column: str) -> str:
        """Return a condition in SQL: a column's text has a letter beyond ASCII."""


class Catalog(ABC):
    """The database of a data folder. Safe to use from several threads and processes."""

    @abstractmethod
    def write(self) -> AbstractContextManager[Transaction]:
        """Open a transaction that may write, and commit it unless the block raises.

        One at a time, over all processes and machines: others wait for it. So what is read in it stays
        true until it ends.

        Raises:
            StorageFull: the disk is full; nothing of the transaction was kept.
            CatalogBusy: another process has been writing for longer than we wait.
            CatalogUnreachable: the database server went away; nothing was kept, unless it went away in
                the very moment of the commit: then it may have been.
        """

    @abstractmethod
    def read(self) -> AbstractContextManager[Transaction]:
        """Open a transaction that only reads: it sees one state and waits for nobody.

        Raises:
            CatalogUnreachable: the database server does not answer, or went away.
        """

    @abstractmethod
    def close(self) -> None:
        """Close every connection."""


def storable(value: Value) -> Value:
    """Return a value as every database stores it."""
    if isinstance(value, str):
        return value if value.isascii() and "\0" not in value else _UNSTORABLE.sub(_INSTEAD, value)
    return int(value) if isinstance(value, bool) else value
