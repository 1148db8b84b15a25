"""What re-indexing needs, as the services have it."""

from collections.abc import Callable
from typing import Protocol

from carrel.config import Settings
from carrel.core.courtesy import Courtesy
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ports import BlobStore, Embedder, Index, Parser, VectorCache
from carrel.storage.database import Catalog
from carrel.storage.parses import ParseStore


class Equipment(Protocol):
    """All is read and nothing set."""

    @property
    def settings(self) -> Settings:
        """Where data are, how much room stays free, and for how long an index is kept."""
        ...

    @property
    def catalog(self) -> Catalog:
        """What is held and what is built."""
        ...

    @property
    def blobs(self) -> BlobStore:
        """The papers' bytes."""
        ...

    @property
    def parses(self) -> ParseStore:
        """How parsers have read them."""
        ...

    @property
    def vectors(self) -> VectorCache:
        """What models have said."""
        ...

    @property
    def embedder_of(self) -> Callable[[KnowledgeBase], Embedder]:
        """The model of a generation."""
        ...

    @property
    def index_of(self) -> Callable[[KnowledgeBase], Index]:
        """The index of a generation."""
        ...

    @property
    def parser_of(self) -> Callable[[KnowledgeBase], Parser]:
        """The parser of a generation."""
        ...

    @property
    def courtesy(self) -> Courtesy:
        """Who goes first."""
        ...

    def possible(self, wanted: KnowledgeBase) -> KnowledgeBase:
        """Return a knowledge base with settings that can be, or raise."""
        ...
