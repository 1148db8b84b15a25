"""How much the catalog holds, all in all, and how large it is itself."""

from dataclasses import dataclass
from pathlib import Path

from carrel.storage.database import Catalog
from carrel.storage.sqlite import FILE_NAME, SqliteCatalog


@dataclass(frozen=True, slots=True)
class Figures:
    """Sums over everything. ``passages`` are those of every index, also of one that is built or kept."""

    knowledge_bases: int
    papers: int
    passages: int
    indexes: int
    kept: int  # indexes that served before, and can again
    building: int
    jobs: int  # that have not ended


def figures(catalog: Catalog) -> Figures:
    """Return the sums; they are counted, which takes a moment where there are millions of passages."""
    with catalog.read() as tx:
        row = tx.row(
            """
            SELECT (SELECT count(*) FROM knowledge_bases) AS knowledge_bases,
                (SELECT count(DISTINCT paper_id) FROM holdings) AS papers,
                (SELECT count(*) FROM passages) AS passages,
                (SELECT count(*) FROM generations WHERE state = 'kept') AS kept,
                (SELECT count(*) FROM generations WHERE state IN ('building', 'checking')) AS building,
                (SELECT count(*) FROM jobs WHERE state IN ('queued', 'running', 'handed')) AS jobs
            """
        )
    if row is None:
        return Figures(0, 0, 0, 0, 0, 0, 0)
    bases, kept, building = int(row["knowledge_bases"]), int(row["kept"]), int(row["building"])
    return Figures(
        bases,
        int(row["papers"]),
        int(row["passages"]),
        bases + kept + building,
        kept,
        building,
        int(row["jobs"]),
    )


def catalog_kind(catalog: Catalog) -> str:
    """Return which database the catalog is."""
    return "SQLite" if isinstance(catalog, SqliteCatalog) else "PostgreSQL"


def catalog_bytes(catalog: Catalog, folder: Path) -> int:
    """Return how much room the catalog takes, on this machine or on its server."""
    if isinstance(catalog, SqliteCatalog):
        found = (folder / f"{FILE_NAME}{suffix}" for suffix in ("", "-wal", "-shm"))
        return sum(path.stat().st_size for path in found if path.exists())
    with catalog.read() as tx:
        row = tx.row("SELECT pg_database_size(current_database()) AS bytes")
    return 0 if row is None else int(row["bytes"])
