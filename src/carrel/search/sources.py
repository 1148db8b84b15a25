"""What a search asks: the catalog, the indexes, the models and the vectors that are there already."""

from collections.abc import Callable
from dataclasses import dataclass

from carrel.core.courtesy import Asking, at_once
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ports import Embedder, Index, VectorCache
from carrel.core.translation import Dictionary
from carrel.storage.database import Catalog


@dataclass(frozen=True, slots=True)
class Sources:
    """All of them are open. Each call of a model is made within ``asking``, which may wait for a turn."""

    catalog: Catalog
    vectors: VectorCache
    embedder_of: Callable[[KnowledgeBase], Embedder]
    index_of: Callable[[KnowledgeBase], Index]
    dictionary: Callable[[], Dictionary | None] = lambda: None
    asking: Asking = at_once
