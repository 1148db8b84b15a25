"""The recall of smaller vectors, measured on a knowledge base itself: its cached vectors, no model asked."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

import numpy as np

from carrel.core.ids import KnowledgeBaseId
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ports import VectorCache
from carrel.core.space import Encoder
from carrel.evaluation.recall import CutRecall, recall_of_cuts
from carrel.storage import vector_keys
from carrel.storage.database import Catalog

MOST_PASSAGES = 5000
_QUERIES = 200
FEWEST_PASSAGES = 50  # of fewer, ten are too large a part to say anything
_KEPT = 64  # measurements

_Key = tuple[KnowledgeBaseId, int, int]


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured, of how many passages and with how many of them as queries. No cuts: too few."""

    cuts: tuple[CutRecall, ...]
    passages: int
    queries: int
    width: int


class Measurements:
    """What was measured since this process began, by knowledge base, generation and number of papers.

    Safe to use from several threads; one is measured at a time.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[_Key, Measured] = OrderedDict()
        self._measuring = Lock()

    def known(self, base: KnowledgeBase) -> Measured | None:
        """Return what was measured of a knowledge base as it is now; None: nothing yet."""
        return self._kept.get(_key(base))

    def measured(
        self, base: KnowledgeBase, catalog: Catalog, vectors: VectorCache, encoder_of: Callable[[], Encoder]
    ) -> Measured:
        """Return what was measured, or measure it: up to 5,000 passages, in some seconds at most.

        Raises:
            ServiceError: what knows the model's width does not answer.
        """
        with self._measuring:
            present = self._kept.get(_key(base))
            if present is None:
                present = measure(base, catalog, vectors, encoder_of())
                self._kept[_key(base)] = present
                while len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
            return present


def measure(base: KnowledgeBase, catalog: Catalog, vectors: VectorCache, encoder: Encoder) -> Measured:
    """Measure the recall of smaller vectors with passages from anywhere in the generation that serves."""
    with catalog.read() as tx:
        keys = vector_keys.of_passages(tx, base.id, base.generation, MOST_PASSAGES)
    found = vectors.get(encoder, keys)
    rows = [found[key] for key in keys if key in found]
    if len(rows) < FEWEST_PASSAGES:
        return Measured((), len(rows), 0, encoder.width)
    queries = np.arange(min(_QUERIES, len(rows)))
    return Measured(recall_of_cuts(np.stack(rows), queries), len(rows), len(queries), encoder.width)


def _key(base: KnowledgeBase) -> _Key:
    return base.id, base.generation, base.papers
