"""Building the next generation of an index beside the one that serves, from the catalog and the vector cache.

    note it → open it → (papers held: take or embed their vectors → cut → add) → check → swap

Interrupted anywhere, the old generation goes on serving, and the half-built one is noted for removal.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from carrel.core.engine_errors import EndpointUnavailable, PapersReadOtherwise, TextsRefused, VectorsMissing
from carrel.core.errors import IndexIncomplete
from carrel.core.ids import PaperId, text_key
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.metadata import Metadata
from carrel.core.ports import Embedder, Index, IndexedPaper, Indexes, VectorCache
from carrel.core.space import Space, Vectors, cut
from carrel.ingest.pipeline import Tools, as_refused, cut_into_passages, indexed, read_paper
from carrel.storage import generations, knowledge_bases, papers, queue
from carrel.storage.generations import Held, PaperRows

_PAPERS_A_PAGE = 16  # of 100 passages and 2560 dimensions: 16 MB of vectors
_TEXTS_A_CALL = 64


@dataclass(frozen=True, slots=True)
class Rebuilding:
    """How far the next generation is: ``done`` of ``total`` papers."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What the next generation holds, and where its vectors (of passages and papers) came from."""

    knowledge_base: KnowledgeBase
    from_cache: int
    embedded: int


@dataclass(frozen=True, slots=True)
class Sources:
    """Where vectors come from: the cache, and the embedder of the knowledge base for what it lacks."""

    vectors: VectorCache
    embedder: Embedder


def reindex(
    identifier: str, dimensions: int | None, sources: Sources, indexes: Indexes, tools: Tools
) -> Generator[Rebuilding, None, Rebuilt]:
    """Build the next generation of a knowledge base's index and let it serve. Yields progress.

    Only for the owner of the index, who has nothing else under way. ``dimensions``, possible ones, are
    those of the next generation; None leaves them.

    Raises:
        KnowledgeBaseMissing: it is not there, or no longer.
        VectorsMissing: the cache lacks vectors, and the model's server is away.
        PapersReadOtherwise: it lacks those of papers whose passages are no longer what the catalog has.
        ServiceError, StorageFull, PaperError: as the journey. Whatever is raised, the old generation serves,
            and what was built goes with the other removals.
    """
    with tools.catalog.write() as tx:
        before = knowledge_bases.by_id(tx, identifier)
        wanted = before.dimensions if dimensions is None else dimensions
        after = replace(before, generation=before.generation + 1, dimensions=wanted)
        generations.begin(tx, after)
    indexes.drop(after.id, after.generation)  # what an earlier attempt has left
    width = sources.embedder.encoder.width
    build = _Build(before, wanted or width, sources, tools)
    index = indexes.open(after, Space(sources.embedder.encoder, wanted or width))
    while True:
        with tools.catalog.read() as tx:
            held = generations.held(tx, before)
        build.forget_gone(held, index)
        missing = [paper for paper in held if paper not in build.built]
        for first in range(0, len(missing), _PAPERS_A_PAGE):
            yield Rebuilding(len(build.built), len(held))
            build.add(missing[first : first + _PAPERS_A_PAGE], held, index)
        build.check(index)
        with tools.catalog.write() as tx:
            # Whoever removes a paper needs no ownership: what is built is what is held, or another round.
            if generations.held(tx, knowledge_bases.by_id(tx, before.id)) == build.built:
                generations.swap(tx, before, after)
                swapped = knowledge_bases.by_id(tx, after.id)
                return Rebuilt(swapped, build.from_cache, build.embedded)


@dataclass(slots=True)
class _Build:
    """A generation that is being built."""

    before: KnowledgeBase
    dimensions: int
    sources: Sources
    tools: Tools
    built: dict[PaperId, Held] = field(default_factory=dict)
    otherwise: dict[PaperId, str] = field(default_factory=dict)  # file names
    from_cache: int = 0
    embedded: int = 0

    def forget_gone(self, held: dict[PaperId, Held], index: Index) -> None:
        """Take out the papers that somebody has removed since they were added."""
        gone = [paper for paper, as_built in self.built.items() if held.get(paper) != as_built]
        index.remove(gone)
        for paper in gone:
            del self.built[paper]

    def add(self, page: Sequence[PaperId], held: dict[PaperId, Held], index: Index) -> None:
        """Add some papers, or those of them that are still there."""
        with self.tools.catalog.read() as tx:
            contents = generations.contents(tx, self.before, page)
            records = {record.id: record for record in papers.records(tx, [self.before.id], page)}
        encoder = self.sources.embedder.encoder
        keys = {key for rows in contents.values() for key in rows.keys if key}
        cached = self.sources.vectors.get(encoder, sorted(keys))
        for paper, rows in contents.items():
            vectors: Sequence[Vectors] | None
            if all(key in cached for key in rows.keys):
                vectors = [cached[key] for key in rows.keys]
                self.from_cache += len(vectors)
            else:
                vectors = self._embedded_anew(paper, rows)
            if vectors is not None:
                index.add([self._indexed(paper, rows, vectors, records[paper].metadata)])
                self.built[paper] = held[paper]

    def check(self, index: Index) -> None:
        """Check that all papers could be built, and that the index holds each of them whole.

        Raises:
            PapersReadOtherwise: some could not; they are queued for the ordinary journey.
            IndexIncomplete: it does not.
        """
        if self.otherwise:
            with self.tools.catalog.write() as tx:
                for paper, file_name in self.otherwise.items():
                    if papers.holds(tx, self.before, paper):
                        queue.enqueue(tx, self.before, paper, file_name)
            raise PapersReadOtherwise(
                name=self.before.name, count=len(self.otherwise), example=next(iter(self.otherwise.values()))
            )
        if index.counts() != (len(self.built), sum(paper.passages for paper in self.built.values())):
            raise IndexIncomplete(index=self.before.name)

    def _embedded_anew(self, paper: PaperId, rows: PaperRows) -> Sequence[Vectors] | None:
        """Return a paper's vectors by its ordinary journey; None where that gives other passages now."""
        parsed = read_paper(paper, rows.file_name, self.before, self.tools)
        chunks, about = cut_into_passages(paper, parsed, self.before, self.sources.embedder)
        if [item.passage.id for item in chunks] != [passage.id for passage in rows.passages]:
            self.otherwise[paper] = rows.file_name
            return None
        texts = [*(item.embedded_text for item in chunks), about]
        keys = [text_key(text) for text in texts]
        cached = self.sources.vectors.get(self.sources.embedder.encoder, keys)
        try:
            vectors: list[Vectors] = []
            for first in range(0, len(texts), _TEXTS_A_CALL):
                vectors.extend(self.sources.embedder.embed_documents(texts[first : first + _TEXTS_A_CALL]))
        except TextsRefused as error:
            raise as_refused(error, rows.file_name, chunks, first) from error
        except EndpointUnavailable as error:
            missing, total = self._count_missing()
            raise VectorsMissing(name=self.before.name, missing=missing, total=total) from error
        self.from_cache += sum(key in cached for key in keys)
        self.embedded += sum(key not in cached for key in keys)
        if tuple(keys) != rows.keys:  # rows of before vectors were cached
            text_keys: dict[str, str] = {
                item.passage.id: key for item, key in zip(chunks, keys, strict=False)
            }
            with self.tools.catalog.write() as tx:
                generations.set_keys(tx, self.before, paper, text_keys, keys[-1])
        return vectors

    def _count_missing(self) -> tuple[int, int]:
        """Return how many vectors the cache lacks, and how many there should be."""
        missing = total = 0
        with self.tools.catalog.read() as tx:
            held = list(generations.held(tx, self.before))
            for first in range(0, len(held), _PAPERS_A_PAGE):
                contents = generations.contents(tx, self.before, held[first : first + _PAPERS_A_PAGE])
                keys = [key for rows in contents.values() for key in rows.keys]
                known = sorted({key for key in keys if key})
                cached = self.sources.vectors.get(self.sources.embedder.encoder, known)
                missing += sum(key not in cached for key in keys)
                total += len(keys)
        return missing, total

    def _indexed(
        self, paper: PaperId, rows: PaperRows, vectors: Sequence[Vectors], metadata: Metadata
    ) -> IndexedPaper:
        short = cut(np.stack(vectors), self.dimensions)
        return indexed(paper, metadata, short[-1], rows.passages, short[:-1])
