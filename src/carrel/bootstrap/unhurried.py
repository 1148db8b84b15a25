"""Opening indexes for a thread that must not stand still: a model's server that hangs is not waited for."""

from collections.abc import Callable

from carrel.core.engine_errors import ModelSlow
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ports import Embedder, Index
from carrel.ingest.errands import Errand

_AT_FIRST_SECONDS = 5.0  # a model that is only being loaded is there by then


class Unhurried:
    """Opens indexes, for one thread.

    An index is opened in its model's space, for which the model's server may have to be asked. That is done
    in another thread; until the answer is there, the model's indexes are for later.
    """

    def __init__(
        self,
        embedder_of: Callable[[KnowledgeBase], Embedder],
        index_of: Callable[[KnowledgeBase], Index],
        at_first_seconds: float = _AT_FIRST_SECONDS,
    ) -> None:
        self._embedder_of = embedder_of
        self._index_of = index_of
        self._at_first = at_first_seconds
        self._asked: dict[str, Errand[object]] = {}

    def index_of(self, knowledge_base: KnowledgeBase) -> Index:
        """Return the index of a knowledge base.

        Raises:
            ModelSlow: its model has not answered yet.
            CarrelError: as opening an index.
        """
        model, seconds = knowledge_base.embedder, 0.0
        if model not in self._asked:
            seconds = self._at_first
            self._asked[model] = Errand(lambda: self._embedder_of(knowledge_base).encoder)
        if not self._asked[model].back(seconds):
            raise ModelSlow(model=model)
        self._asked.pop(model).result()
        return self._index_of(knowledge_base)
