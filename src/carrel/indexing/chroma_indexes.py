"""All indexes that Chroma keeps: ``<folder>/chroma.d/<knowledge base id>/<generation>/``."""

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.space import Space
from carrel.indexing.chroma_client import Server, engine_errors, open_client
from carrel.indexing.owned_indexes import OwnedIndexes

if TYPE_CHECKING:
    from carrel.indexing.chroma import ChromaIndex

CHROMA_FOLDER = "chroma.d"  # no knowledge base's id has a dot


class ChromaIndexes(OwnedIndexes["ChromaIndex"]):
    """Indexes port over Chroma. The lock is that of the data folder, whatever the engine."""

    def __init__(self, folder: Path, server: Server | None = None, keep_free_bytes: int = 32 << 20) -> None:
        """Take the folder of all indexes, usually ``<data folder>/index``; it is made when needed.

        Without a server the vectors are kept there too. With less room than ``keep_free_bytes`` on its
        disk, adding raises StorageFull.
        """
        super().__init__(folder / CHROMA_FOLDER, owned_folder=folder)
        self._server = server
        self._keep_free_bytes = keep_free_bytes

    def _opened(self, folder: Path, knowledge_base: KnowledgeBase, space: Space) -> "ChromaIndex":
        from carrel.indexing.chroma import ChromaIndex

        name = (knowledge_base.id, knowledge_base.generation)
        return ChromaIndex.open(folder, name, space, self._server, knowledge_base.name, self._keep_free_bytes)

    def _forget(self, knowledge_base_id: str, generation: int) -> None:
        """Delete the collections that a server keeps; those in the folder go with it."""
        if self._server is None:
            return
        from carrel.indexing.chroma import delete_collections

        with (
            engine_errors(self._folder, self._server, knowledge_base_id),
            closing(open_client(self._folder, self._server, knowledge_base_id)) as client,
        ):
            delete_collections(client, knowledge_base_id, generation)
