"""One engine at a time: what another engine kept of an index goes with the first change of this one's."""

import shutil
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from carrel.core.ids import PaperId
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ports import Index, IndexedPaper, Indexes, IndexQuery
from carrel.core.ranking import Candidate, Signal
from carrel.core.space import Space
from carrel.indexing.marker import MARKER_FILE


@dataclass(frozen=True, slots=True)
class SoleEngine:
    """Indexes port over another's, beside the folder of the engine that was set before.

    What that one kept no longer follows the catalog, and deleted papers would live on in it. A search
    changes nothing, so a setting that was a mistake can be taken back.
    """

    indexes: Indexes
    elsewhere: Path  # the other engine's ``<knowledge base id>/<generation>/`` folders

    def acquire(self, purpose: str, wait_seconds: float) -> None:
        """Become the owner, as the engine does."""
        self.indexes.acquire(purpose, wait_seconds)

    def release(self) -> None:
        """Close every index and give ownership up."""
        self.indexes.release()

    def open(self, knowledge_base: KnowledgeBase, space: Space) -> Index:
        """Return the index of the knowledge base's current generation. Raises as the engine does."""
        opened = self.indexes.open(knowledge_base, space)
        other = self.elsewhere / knowledge_base.id / str(knowledge_base.generation)
        return _SoleIndex(opened, other) if other.exists() else opened

    def drop(self, knowledge_base_id: str, generation: int) -> None:
        """Delete an index from the disk, whichever engine kept it."""
        self.indexes.drop(knowledge_base_id, generation)
        _delete(self.elsewhere / knowledge_base_id / str(generation))

    def stored(self) -> tuple[tuple[str, int], ...]:
        """Return (knowledge base id, generation) of every index that this engine keeps."""
        return self.indexes.stored()


@dataclass(frozen=True, slots=True)
class _SoleIndex:
    """Index port over another, which deletes the other engine's folder before the first change."""

    index: Index
    other: Path

    def add(self, papers: Sequence[IndexedPaper], staying: Collection[str] = ()) -> None:
        if papers:
            _delete(self.other)
        self.index.add(papers, staying)

    def remove(self, papers: Sequence[PaperId]) -> None:
        if papers:
            _delete(self.other)
        self.index.remove(papers)

    def search(self, query: IndexQuery) -> dict[Signal, tuple[Candidate, ...]]:
        return self.index.search(query)

    def paper_ids(self) -> frozenset[PaperId]:
        return self.index.paper_ids()

    def counts(self) -> tuple[int, int]:
        return self.index.counts()


def _delete(folder: Path) -> None:
    """Delete a folder that is of no use half deleted either: without its marker it is swept."""
    if folder.exists():
        (folder / MARKER_FILE).unlink(missing_ok=True)
        shutil.rmtree(folder)
        with suppress(OSError):  # other generations of the same knowledge base
            folder.parent.rmdir()
