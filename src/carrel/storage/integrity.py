"""Whether the catalog's own file is sound, as SQLite tells; a PostgreSQL server looks after its own."""

from carrel.storage.database import Catalog
from carrel.storage.sqlite import SqliteCatalog

_MOST = 20


def integrity_problems(catalog: Catalog, deep: bool) -> tuple[str, ...]:
    """Return what is wrong with the file; ``deep`` compares every index with its table, which takes longer.

    Raises:
        CatalogDamaged: so much is wrong that it cannot be read.
    """
    if not isinstance(catalog, SqliteCatalog):
        return ()
    check = "integrity_check" if deep else "quick_check"
    with catalog.read() as tx:
        said = [str(row[0]) for row in tx.rows(f"PRAGMA {check}({_MOST})")]
    return () if said == ["ok"] else tuple(said)
