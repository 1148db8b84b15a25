"""All indexes of a data folder: ``<folder>/<knowledge base id>/<generation>/``, a Qdrant Edge shard each."""

from pathlib import Path
from typing import TYPE_CHECKING

from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.space import Space
from carrel.indexing.owned_indexes import OwnedIndexes

if TYPE_CHECKING:
    from carrel.indexing.qdrant import QdrantIndex


class QdrantIndexes(OwnedIndexes["QdrantIndex"]):
    """Indexes port over embedded shards."""

    def __init__(self, folder: Path, keep_free_bytes: int = 32 << 20) -> None:
        """Take the folder of all indexes, usually ``<data folder>/index``; it is made when needed.

        With less room than ``keep_free_bytes`` on its disk, adding raises StorageFull.
        """
        super().__init__(folder)
        self._keep_free_bytes = keep_free_bytes

    def _opened(self, folder: Path, knowledge_base: KnowledgeBase, space: Space) -> "QdrantIndex":
        from carrel.indexing.qdrant import QdrantIndex

        return QdrantIndex.open(folder, space, knowledge_base.name, self._keep_free_bytes)
