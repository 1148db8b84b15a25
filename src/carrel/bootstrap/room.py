"""How much room each store takes, and how much is left on the disk."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from carrel.bootstrap.services import Services
from carrel.storage.figures import catalog_bytes


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes taken on the disk, a store; ``other`` is what else lies in the data folder."""

    catalog: int
    papers: int
    parses: int
    indexes: int
    vectors: int
    other: int
    free: int

    @property
    def sum(self) -> int:
        """All of it together."""
        return self.catalog + self.papers + self.parses + self.indexes + self.vectors + self.other


def room_of(services: Services) -> Room:
    """Look at every file of the data folder: some seconds where there are hundreds of thousands."""
    from carrel.engines.vector_cache import FILE_NAME as VECTORS
    from carrel.storage.sqlite import FILE_NAME as CATALOG

    home = services.settings.home
    stores = {"blobs": 0, "parses": 0, "index": 0, VECTORS: 0, CATALOG: 0, "": 0}
    for name, size in _sizes(home):
        known = next((store for store in stores if store and name.startswith(store)), "")
        stores[known] += size
    return Room(
        catalog=catalog_bytes(services.catalog, home),
        papers=stores["blobs"],
        parses=stores["parses"],
        indexes=stores["index"],
        vectors=stores[VECTORS],
        other=stores[""],
        free=shutil.disk_usage(home).free,
    )


def _taken(found: os.stat_result) -> int:
    """Return the room that a file takes: indexes' files have holes, and are smaller than they say."""
    blocks = getattr(found, "st_blocks", None)  # of 512 bytes; not on Windows
    return found.st_size if blocks is None else 512 * int(blocks)


def _sizes(folder: Path) -> Iterator[tuple[str, int]]:
    """Yield what lies in a folder by name, with the size of all that is in it."""
    with os.scandir(folder) as entries:
        for entry in entries:
            try:
                if entry.is_dir(follow_symlinks=False):
                    yield entry.name, sum(size for _, size in _sizes(Path(entry.path)))
                else:
                    yield entry.name, _taken(entry.stat(follow_symlinks=False))
            except FileNotFoundError:  # gone while we looked
                continue
