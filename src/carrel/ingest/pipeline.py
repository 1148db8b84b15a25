"""The PDF's journey, from a claimed job to a searchable paper. It reads from top to bottom.

    accept → (durable job) → parse → chunk → embed → index → searchable

Each stage is called once, in order; nothing calls back. Doing a journey again gives the same ids,
so a paper that was interrupted anywhere is neither lost nor doubled.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from carrel.chunking.chunker import Chunk, chunk, shortened
from carrel.core.errors import FileUnreadable
from carrel.core.jobs import Job, Stage
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.likeness import likeness_of
from carrel.core.metadata import Metadata
from carrel.core.paper import ParsedPaper, in_context
from carrel.core.ports import BlobStore, Embedder, Index, IndexedPaper, IndexedPassage, Parser
from carrel.core.space import Vectors, cut
from carrel.storage import knowledge_bases, papers, queue, versions
from carrel.storage.database import Catalog
from carrel.storage.parses import ParseStore

# Passages that go to the model at a time: keeps memory bounded and progress visible in long papers.
_PASSAGES_A_CALL = 64


@dataclass(frozen=True, slots=True)
class Tools:
    """What the journey needs. Parser, embedder and index are those of the job's knowledge base."""

    catalog: Catalog
    blobs: BlobStore
    parses: ParseStore
    parser_of: Callable[[KnowledgeBase], Parser]


@dataclass(frozen=True, slots=True)
class Progress:
    """A stage that has begun or moved on: ``done`` of ``total`` passages embedded; pages once known."""

    job: Job
    stage: Stage
    done: int = 0
    total: int = 0
    pages: int = 0


def parse(job: Job, tools: Tools) -> ParsedPaper:
    """Read the paper with its knowledge base's parser, or take what that has read before.

    Raises:
        PaperError: the file cannot be read.
        ParserUnknown, ParserNotInstalled, ServiceError: the parser cannot be used.
        KnowledgeBaseMissing, PaperMissing: deleted since the job was claimed.
    """
    with tools.catalog.read() as tx:
        knowledge_base = knowledge_bases.by_id(tx, job.knowledge_base_id)
        sha256 = papers.sha256_of(tx, job.paper_id)
    parser = tools.parser_of(knowledge_base)
    stored = tools.parses.get(job.paper_id, parser.fingerprint)
    if stored is not None:
        return stored
    try:
        path = tools.blobs.path(sha256)
    except KeyError as error:
        raise FileUnreadable(name=job.file_name, detail="its stored copy is missing") from error
    parsed = parser.parse(path, job.file_name)
    tools.parses.put(job.paper_id, parser.fingerprint, parsed)
    return parsed


def make_searchable(
    job: Job,
    parsed: ParsedPaper,
    knowledge_base: KnowledgeBase,
    embedder: Embedder,
    open_index: Callable[[], Index],
    tools: Tools,
) -> Iterator[Progress]:
    """Take a parsed paper through chunk, embed and index, and publish it. Yields progress.

    The paper becomes searchable in one transaction of the catalog at the end. Where it was removed
    meanwhile, its points are taken back out. In the same transaction it is linked to its versions.

    Raises:
        ServiceError, StorageFull: it can be tried again.
    """
    pages = len(parsed.pages)
    yield Progress(job, Stage.CHUNK, pages=pages)
    chunks = chunk(job.paper_id, parsed, embedder.tokens, knowledge_base.chunking, embedder.max_tokens)

    vectors: list[Vectors] = []
    for first in range(0, len(chunks), _PASSAGES_A_CALL):
        yield Progress(job, Stage.EMBED, first, len(chunks), pages)
        batch = [item.embedded_text for item in chunks[first : first + _PASSAGES_A_CALL]]
        vectors.append(embedder.embed_documents(batch))
    paper_vector = embedder.embed_documents([_about(parsed, embedder)])[0]

    yield Progress(job, Stage.INDEX, len(chunks), len(chunks), pages)
    index = open_index()
    dimensions = knowledge_base.dimensions or len(paper_vector)
    rows = cut(np.concatenate(vectors) if vectors else paper_vector[np.newaxis][:0], dimensions)
    index.add([_indexed(job, parsed.metadata, cut(paper_vector, dimensions), chunks, rows)])
    likeness = likeness_of(parsed)  # takes a second in a very long book: others may write meanwhile
    with tools.catalog.write() as tx:
        wanted = queue.still_wanted(tx, job)
        if wanted:
            passages = [item.passage for item in chunks]
            papers.publish(tx, knowledge_base, job.paper_id, job.file_name, parsed, passages)
            versions.record(tx, job.paper_id, likeness)
            queue.finish(tx, job)
    if not wanted:
        index.remove([job.paper_id])


def _about(parsed: ParsedPaper, embedder: Embedder) -> str:
    """Return what stands for the whole paper: its title and abstract, or its beginning without one."""
    abstract = parsed.metadata.abstract or shortened(parsed.text[:8000], embedder.tokens, embedder.max_tokens)
    return in_context(parsed.metadata.title, "", abstract)


def _indexed(
    job: Job, metadata: Metadata, paper_vector: Vectors, chunks: tuple[Chunk, ...], rows: Vectors
) -> IndexedPaper:
    return IndexedPaper(
        id=job.paper_id,
        vector=paper_vector,
        text="\n".join((metadata.title, ", ".join(metadata.authors), metadata.abstract)),
        passages=tuple(
            IndexedPassage(item.passage.id, row, f"{item.passage.section}\n{item.passage.text}")
            for item, row in zip(chunks, rows, strict=True)
        ),
        year=metadata.year,
        authors=metadata.authors,
    )
