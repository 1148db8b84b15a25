"""The catalog on each database that Carrel runs on, for the suites that every one of them must pass."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from carrel.storage.database import Catalog, open_database
from carrel.storage.sqlite import FILE_NAME, SqliteCatalog
from tests.postgres import fresh_database

OpenCatalog = Callable[[float], Catalog]
"""Opens a catalog that waits so many seconds for another one's transaction; each time the same database."""


def put_empty_catalog(folder: Path) -> None:
    """Put a catalog with the newest schema, and nothing in it, into a data folder that has none.

    A copy: to run every migration takes a hundred times as long, and more where the disk is slow.
    """
    folder.mkdir(0o700, parents=True, exist_ok=True)
    if not (folder / FILE_NAME).exists():
        (folder / FILE_NAME).write_bytes(_empty_catalog())


def empty_catalog(folder: Path) -> Catalog:
    """Open such a catalog."""
    put_empty_catalog(folder)
    return open_database(folder)


@cache
def _empty_catalog() -> bytes:
    with TemporaryDirectory() as folder:
        open_database(Path(folder)).close()
        return Path(folder, FILE_NAME).read_bytes()


@contextmanager
def sqlite(folder: Path) -> Iterator[OpenCatalog]:
    """A file in the folder."""
    put_empty_catalog(folder)
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
