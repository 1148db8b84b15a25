"""Opening the catalog: the SQLite file of a data folder, or the PostgreSQL database that a setting names."""

from pathlib import Path

from carrel.storage.catalog import HEAD as HEAD  # noqa: PLC0414 - this module is what others import
from carrel.storage.catalog import Catalog as Catalog  # noqa: PLC0414
from carrel.storage.catalog import Row as Row  # noqa: PLC0414
from carrel.storage.catalog import Transaction as Transaction  # noqa: PLC0414
from carrel.storage.catalog import Value as Value  # noqa: PLC0414
from carrel.storage.sqlite import FILE_NAME as FILE_NAME  # noqa: PLC0414
from carrel.storage.sqlite import open_sqlite


def open_database(folder: Path, url: str = "") -> Catalog:
    """Open or create the catalog and bring its schema up to date.

    Args:
        folder: the data folder; made where it is missing.
        url: ``postgresql://user:password@host/database``; empty for the SQLite file in the folder.

    Raises:
        DataFolderTooNew: a newer Carrel wrote it; nothing is changed.
        DataFolderNotWritable: the folder or the file is read-only.
        CatalogDamaged: it is not a database.
        StorageFull: the disk is full.
        CarrelError: with a ``url``, as ``core/catalog_errors`` has them.
    """
    if not url:
        return open_sqlite(folder)
    # Imported here: most installations have no PostgreSQL, and its driver takes time to import (ADR 0019).
    from carrel.core.catalog_errors import CatalogDriverMissing

    try:
        from carrel.storage.postgres import open_postgres
    except ImportError as error:
        raise CatalogDriverMissing(detail=error) from error
    return open_postgres(url)
