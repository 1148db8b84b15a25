"""A library to measure on: one collection, indexed in each of the ways that are compared."""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from carrel.core.ids import fingerprint
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ports import Embedder, Index
from carrel.evaluation.configuration import Build
from carrel.evaluation.taking_in import Coming, Taken, take_in
from carrel.library.shelves import Shelves
from carrel.storage.database import Catalog

_LONGEST_NAME = 200


class Library(Protocol):
    """What is needed of the services on a data folder that is there to measure on."""

    @property
    def catalog(self) -> Catalog:
        """What is held."""
        ...

    @property
    def shelves(self) -> Shelves:
        """Its knowledge bases."""
        ...

    @property
    def embedder_of(self) -> Callable[[KnowledgeBase], Embedder]:
        """The model of a knowledge base."""
        ...

    @property
    def index_of(self) -> Callable[[KnowledgeBase], Index]:
        """The index of a knowledge base."""
        ...

    def possible(self, wanted: KnowledgeBase) -> KnowledgeBase:
        """Return it as the catalog keeps it, or raise why it cannot be."""
        ...


def knowledge_base_for(library: Library, name: str, base: KnowledgeBase, build: Build) -> KnowledgeBase:
    """Return the knowledge base for a collection, built so; made where there is none.

    ``base`` has the settings that ``build`` does not say. One with the same settings is taken up again.

    Raises:
        ModelUnknown, DimensionsImpossible, …: such settings cannot be.
    """
    wanted = library.possible(build.of(base))
    key = _name(name, wanted)
    known = {found.name: found for found in library.shelves.readable()}
    return known.get(key) or library.shelves.create(
        key,
        chunking=wanted.chunking,
        embedder=wanted.embedder,
        dimensions=wanted.dimensions,
        domain=wanted.domain,
    )


def fill(library: Library, knowledge_base: KnowledgeBase, coming: Sequence[Coming]) -> Iterator[Taken]:
    """Take a collection into its knowledge base. Yields progress and raises as ``take_in``."""
    embedder, index = library.embedder_of(knowledge_base), library.index_of(knowledge_base)
    return take_in(coming, knowledge_base, library.catalog, embedder, index)


def _name(name: str, wanted: KnowledgeBase) -> str:
    """Return a name that says what the index is built with."""
    chunking = wanted.chunking
    parts = [name, wanted.embedder, str(wanted.dimensions or "")]
    parts.append(f"{chunking.size}/{chunking.overlap}")
    full = " · ".join("".join(c if c.isprintable() else " " for c in part) for part in parts if part)
    return full if len(full) <= _LONGEST_NAME else f"{full[:150]} · {fingerprint(full)}"
