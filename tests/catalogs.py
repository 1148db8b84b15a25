"""The catalog on each database that Carrel runs on, for the suites that every one of them must pass."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from carrel.storage.database import Catalog, open_database
from carrel.storage.sqlite import FILE_NAME, SqliteCatalog
from tests.postgres import fresh_database

OpenCatalog = Callable[[float], Catalog]
"""Opens a catalog that waits so many seconds for another one's transaction; each time the same database."""


@contextmanager
def sqlite(folder: Path) -> Iterator[OpenCatalog]:
    """A file in the folder."""
    open_database(folder).close()
    yield lambda busy_seconds: SqliteCatalog(folder / FILE_NAME, busy_seconds)


@contextmanager
def postgres(_: Path) -> Iterator[OpenCatalog]:
    """A database of its own; skips where PostgreSQL is not installed."""
    with fresh_database() as url:
        from carrel.storage.postgres import open_postgres

        yield lambda busy_seconds: open_postgres(url, busy_seconds)


CATALOGS: dict[str, Callable[[Path], AbstractContextManager[OpenCatalog]]] = {
    "sqlite": sqlite,
    "postgres": postgres,
}
