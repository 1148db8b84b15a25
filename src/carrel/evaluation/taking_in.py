"""Papers into a library to measure on: the stages of every paper's journey, many papers at a time."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from carrel.chunking.chunker import Chunk
from carrel.core.cited_keys import keys_of_references
from carrel.core.ids import PaperId
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.likeness import likeness_of
from carrel.core.paper import ParsedPaper
from carrel.core.ports import Embedder, Index
from carrel.core.space import Vectors
from carrel.ingest.pipeline import Embedded, as_indexed, cut_into_passages, publish
from carrel.storage import papers
from carrel.storage.database import Catalog

_PAPERS_AT_ONCE = 256
"""In one call of the index and one transaction: a library of 5,000 short papers is twenty of them."""

_TEXTS_A_CALL = 64


@dataclass(frozen=True, slots=True)
class Coming:
    """A paper to be taken in, read only when its turn is. ``name`` is what it is known by from outside."""

    id: PaperId
    sha256: str  # of what its id comes from
    name: str
    read: Callable[[], ParsedPaper] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Taken:
    """How far it is: papers that are searchable, of all; and texts embedded since it began."""

    papers: int
    total: int
    texts: int = 0


def take_in(
    coming: Sequence[Coming],
    knowledge_base: KnowledgeBase,
    catalog: Catalog,
    embedder: Embedder,
    index: Index,
) -> Iterator[Taken]:
    """Make these papers, and no others, searchable in a knowledge base; what is there already stays.

    It can be interrupted and taken up again. What other papers the knowledge base holds are removed.

    Raises:
        ServiceError, StorageFull: it can be tried again.
        TextsRefused: the model's server does not take one of the texts.
    """
    with catalog.read() as tx:
        held = papers.passage_counts(tx, knowledge_base)
    wanted = {paper.id for paper in coming}
    _remove(sorted(PaperId(paper) for paper in held.keys() - wanted), knowledge_base, catalog, index)
    lacking = [paper for paper in coming if paper.id not in held]
    done, texts = len(coming) - len(lacking), 0
    yield Taken(done, len(coming))
    for first in range(0, len(lacking), _PAPERS_AT_ONCE):
        some = lacking[first : first + _PAPERS_AT_ONCE]
        embedding = _embed(some, knowledge_base, embedder)
        embedded: list[Embedded] = []
        for progress in embedding:
            if isinstance(progress, Embedded):
                embedded.append(progress)
            else:
                texts += progress
                yield Taken(done, len(coming), texts)
        _bring_in(some, embedded, knowledge_base, catalog, index)
        done += len(some)
        yield Taken(done, len(coming), texts)


def _embed(
    coming: Sequence[Coming], knowledge_base: KnowledgeBase, embedder: Embedder
) -> Iterator[Embedded | int]:
    """Yield how many texts were embedded, piece by piece, then the papers. Duplicates are embedded once."""
    read = [paper.read() for paper in coming]
    cuts = [
        cut_into_passages(paper.id, parsed, knowledge_base, embedder)
        for paper, parsed in zip(coming, read, strict=True)
    ]
    texts = list(dict.fromkeys(_texts(cuts)))
    piece = _TEXTS_A_CALL if embedder.parallel_calls == 1 else len(texts)
    vectors: dict[str, Vectors] = {}
    for first in range(0, len(texts), piece):
        some = texts[first : first + piece]
        vectors |= zip(some, embedder.embed_documents(some), strict=True)
        yield len(some)
    width = embedder.encoder.width
    for parsed, (chunks, about) in zip(read, cuts, strict=True):
        rows = [vectors[chunk.embedded_text] for chunk in chunks]
        stacked = np.stack(rows) if rows else np.empty((0, width), np.float32)
        yield Embedded(parsed, parsed.metadata, chunks, about, stacked, vectors[about])


def _texts(cuts: Iterable[tuple[Sequence[Chunk], str]]) -> Iterator[str]:
    for chunks, about in cuts:
        yield from (chunk.embedded_text for chunk in chunks)
        yield about


def _bring_in(
    coming: Sequence[Coming],
    embedded: Sequence[Embedded],
    knowledge_base: KnowledgeBase,
    catalog: Catalog,
    index: Index,
) -> None:
    index.add(
        [as_indexed(paper.id, each, knowledge_base) for paper, each in zip(coming, embedded, strict=True)]
    )
    likenesses = [likeness_of(each.parsed) for each in embedded]
    with catalog.write() as tx:
        for paper, each, likeness in zip(coming, embedded, likenesses, strict=True):
            papers.register(tx, paper.id, paper.sha256, len(each.parsed.text.encode()))
            publish(tx, knowledge_base, paper.id, paper.name, each, likeness, keys_of_references(each.parsed))


def _remove(gone: Sequence[PaperId], knowledge_base: KnowledgeBase, catalog: Catalog, index: Index) -> None:
    if not gone:
        return
    with catalog.write() as tx:
        for paper in gone:
            papers.remove(tx, knowledge_base, paper)
        papers.forget_unreferenced(tx, gone)
    index.remove(gone)
