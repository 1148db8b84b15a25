"""Papers that come to an index in pieces, kept until the last one is there."""

from collections.abc import Collection
from dataclasses import replace

from carrel.core.ids import PaperId
from carrel.core.ports import IndexedPaper, IndexedPassage


class Pieces:
    """The pieces of papers of which some are still to come. For one thread at a time."""

    def __init__(self) -> None:
        self._coming: dict[PaperId, dict[str, IndexedPassage]] = {}

    def whole(self, piece: IndexedPaper, staying: Collection[str]) -> IndexedPaper | None:
        """Return the paper with all its passages, whose ids ``staying`` has in order, once they have come."""
        if not staying:
            return piece
        come = self._coming.setdefault(piece.id, {})
        come.update((passage.id, passage) for passage in piece.passages)
        if not come.keys() >= set(staying):
            return None
        del self._coming[piece.id]
        return replace(piece, passages=tuple(come[passage] for passage in staying))
