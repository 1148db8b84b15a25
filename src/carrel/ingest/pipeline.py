"""The PDF's journey, from a claimed job to a searchable paper. It reads from top to bottom.

    accept → (durable job) → parse → chunk → embed → index → searchable

Each stage is called once, in order; nothing calls back. Doing a journey again gives the same ids,
so a paper that was interrupted anywhere is neither lost nor doubled.
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from carrel.chunking.chunker import Chunk, chunk, shortened
from carrel.chunking.structured import structured
from carrel.core.cited_keys import keys_of_references
from carrel.core.domain_terms import paper_text, passage_text
from carrel.core.domains import Domain
from carrel.core.engine_errors import TextRefused, TextsRefused
from carrel.core.errors import FileUnreadable
from carrel.core.ids import PaperId, text_key
from carrel.core.jobs import Job, Stage
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.language import tr
from carrel.core.likeness import Likeness, likeness_of
from carrel.core.metadata import Metadata
from carrel.core.paper import ParsedPaper, Passage, in_context
from carrel.core.ports import BlobStore, Embedder, Index, IndexedPaper, IndexedPassage, Parser
from carrel.core.rebuild_errors import GenerationOutdated
from carrel.core.space import Vectors, cut
from carrel.storage import citing, corrections, knowledge_bases, papers, queue, readings, targets, versions
from carrel.storage.database import Catalog, Transaction
from carrel.storage.parses import ParseStore
from carrel.storage.rebuilds import PassageRow

_Shown = Passage | PassageRow

# Passages that go to the model at a time: keeps memory bounded and progress visible in long papers.
_PASSAGES_A_CALL = 64


@dataclass(frozen=True, slots=True)
class Tools:
    """What the journey needs beside the embedder and the index of the job's knowledge base."""

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


@dataclass(frozen=True, slots=True, eq=False)
class Embedded:
    """A paper that is cut and embedded, at full width."""

    parsed: ParsedPaper
    metadata: Metadata  # as they stand, with what was corrected in the knowledge base
    chunks: tuple[Chunk, ...]
    about: str  # what stands for the whole paper
    rows: Vectors  # [chunks, width]
    paper_vector: Vectors  # [width]


def parse(job: Job, tools: Tools) -> ParsedPaper:
    """Read the paper with its knowledge base's parser, or take what that has read; as its domain has it.

    Raises:
        PaperError: the file cannot be read.
        ParserUnknown, ParserNotInstalled, ServiceError: the parser cannot be used.
        KnowledgeBaseMissing, PaperMissing: deleted since the job was claimed.
    """
    with tools.catalog.read() as tx:
        knowledge_base = targets.target(tx, job)
    return read_paper(job.paper_id, job.file_name, knowledge_base, tools)


def read_paper(paper: PaperId, name: str, knowledge_base: KnowledgeBase, tools: Tools) -> ParsedPaper:
    """Read a stored paper as ``parse`` does; ``name`` is what errors call it."""
    with tools.catalog.read() as tx:
        sha256 = papers.sha256_of(tx, paper)
    parser = tools.parser_of(knowledge_base)
    stored = tools.parses.get(paper, parser.fingerprint)
    if stored is not None:
        return structured(stored, knowledge_base.domain)
    try:
        path = tools.blobs.path(sha256)
    except KeyError as error:
        raise FileUnreadable(name=name, detail="its stored copy is missing") from error
    parsed = parser.parse(path, name)
    tools.parses.put(paper, parser.fingerprint, parsed)
    return structured(parsed, knowledge_base.domain)


def cut_into_passages(
    paper: PaperId, parsed: ParsedPaper, knowledge_base: KnowledgeBase, embedder: Embedder
) -> tuple[tuple[Chunk, ...], str]:
    """Return a paper's passages, and what stands for the whole: its title and abstract, or its beginning."""
    chunks = chunk(paper, parsed, embedder.tokens, knowledge_base.chunking, embedder.max_tokens)
    return chunks, about_text(parsed.metadata.title, parsed.metadata.abstract or parsed.text[:8000], embedder)


def about_text(title: str, text: str, embedder: Embedder) -> str:
    """Return what stands for a whole paper: its title and what it says of itself, as long as the model reads.

    Cut here and not by the model: its vector is kept under the text that it is of.
    """
    return shortened(in_context(title, "", text), embedder.tokens, embedder.max_tokens)


def as_corrected(job: Job, parsed: ParsedPaper, knowledge_base: KnowledgeBase, tools: Tools) -> Metadata:
    """Return a paper's metadata as they stand, with what was corrected in the job's knowledge base."""
    with tools.catalog.read() as tx:
        return _as_shown(tx, job.paper_id, knowledge_base, parsed.metadata)


def embed(
    job: Job, parsed: ParsedPaper, metadata: Metadata, knowledge_base: KnowledgeBase, embedder: Embedder
) -> Generator[Progress, None, Embedded]:
    """Take a parsed paper through chunk and embed, with its metadata as corrected. Yields progress.

    An embedder that makes use of several calls at once packs its requests itself: it is given all of a
    paper; another one pieces of it.

    Raises:
        TextRefused: the model's server does not take one of its texts.
        ServiceError, StorageFull: it can be tried again.
    """
    pages = len(parsed.pages)
    yield Progress(job, Stage.CHUNK, pages=pages)
    as_shown = replace(parsed, metadata=metadata)
    chunks, about = cut_into_passages(job.paper_id, as_shown, knowledge_base, embedder)
    texts = [*(item.embedded_text for item in chunks), about]
    piece = _PASSAGES_A_CALL if embedder.parallel_calls == 1 else len(texts)
    vectors: list[Vectors] = []
    for first in range(0, len(texts), piece):
        yield Progress(job, Stage.EMBED, min(first, len(chunks)), len(chunks), pages)
        try:
            vectors.append(embedder.embed_documents(texts[first : first + piece]))
        except TextsRefused as error:
            raise as_refused(error, job.file_name, chunks, first) from error
    rows = np.concatenate(vectors)
    return Embedded(parsed, metadata, chunks, about, rows[:-1], rows[-1])


def as_refused(error: TextsRefused, name: str, chunks: Sequence[Chunk], first: int) -> TextRefused:
    """Return a refusal with the paper's name and the text's place.

    The call's texts were those of the paper's chunks from number ``first`` on, and what stands for the whole.
    """
    number, detail = min(error.refused.items(), default=(0, ""))
    place = _place(chunks[first + number].passage) if first + number < len(chunks) else tr("abstract")
    detail, endpoint = detail or error.parameters["detail"], error.parameters["endpoint"]
    return TextRefused(name=name, place=place, endpoint=endpoint, detail=detail)


def make_searchable(
    job: Job, embedded: Embedded, knowledge_base: KnowledgeBase, index: Index, tools: Tools
) -> None:
    """Bring an embedded paper into the index and publish it.

    It becomes searchable in one transaction of the catalog at the end. Where it was removed meanwhile, its
    points are taken back out. In the same transaction it is linked to its versions.

    Where its metadata have become others meanwhile, since it came into another knowledge base, the index is
    given those first.

    Raises:
        GenerationOutdated: another generation serves than the paper was made ready for.
        ServiceError, StorageFull: it can be tried again.
    """
    parsed = embedded.parsed
    index.add([as_indexed(job.paper_id, embedded, knowledge_base)])
    # Takes a second in a very long book: others may write meanwhile.
    likeness, cited = likeness_of(parsed), keys_of_references(parsed)
    with tools.catalog.write() as tx:
        wanted = queue.still_wanted(tx, job)
        outdated = wanted and not _serves(tx, knowledge_base)
        shown = _as_shown(tx, job.paper_id, knowledge_base, parsed.metadata)
        if wanted and not outdated:
            if shown != embedded.metadata:  # seldom: nobody waits long for this transaction
                index.add([as_indexed(job.paper_id, replace(embedded, metadata=shown), knowledge_base)])
            publish(tx, knowledge_base, job.paper_id, job.file_name, embedded, likeness, cited)
            queue.finish(tx, job, len(embedded.chunks), len(parsed.pages))
    if outdated or not wanted:
        index.remove([job.paper_id])
    if outdated:
        raise GenerationOutdated(name=knowledge_base.name)


def as_indexed(paper: PaperId, embedded: Embedded, knowledge_base: KnowledgeBase) -> IndexedPaper:
    """Return an embedded paper as the knowledge base's index takes it."""
    dimensions = knowledge_base.dimensions or len(embedded.paper_vector)
    vector, rows = cut(embedded.paper_vector, dimensions), cut(embedded.rows, dimensions)
    passages = [item.passage for item in embedded.chunks]
    return indexed(knowledge_base.domain, paper, embedded.metadata, vector, passages, rows)


def publish(
    tx: Transaction,
    knowledge_base: KnowledgeBase,
    paper: PaperId,
    file_name: str,
    embedded: Embedded,
    likeness: Likeness,
    cited: bytes,
) -> None:
    """Make a paper searchable that is in the index, link it to its versions, and note what it cites."""
    passages = [item.passage for item in embedded.chunks]
    keys = [text_key(item.embedded_text) for item in embedded.chunks]
    about_key = text_key(embedded.about)
    if papers.publish(tx, knowledge_base, paper, file_name, embedded.parsed, passages, keys, about_key):
        versions.record(tx, paper, likeness)
        citing.record(tx, paper, cited)


def _as_shown(tx: Transaction, paper: PaperId, knowledge_base: KnowledgeBase, metadata: Metadata) -> Metadata:
    standing = readings.standing(tx, knowledge_base, paper, metadata)
    return corrections.applied(tx, knowledge_base.id, paper, standing)


def _serves(tx: Transaction, knowledge_base: KnowledgeBase) -> bool:
    return knowledge_bases.by_id(tx, knowledge_base.id).generation == knowledge_base.generation


def indexed(
    domain: Domain,
    paper: PaperId,
    metadata: Metadata,
    vector: Vectors,
    passages: Sequence[_Shown],
    rows: Vectors,
) -> IndexedPaper:
    """Return a paper as the index takes it; vectors are cut already."""
    return IndexedPaper(
        id=paper,
        vector=vector,
        text=paper_text(domain, metadata),
        passages=tuple(
            IndexedPassage(passage.id, row, passage_text(domain, metadata, passage.section, passage.text))
            for passage, row in zip(passages, rows, strict=True)
        ),
        year=metadata.year,
        authors=metadata.authors,
    )


def _place(passage: Passage) -> str:
    where = (
        tr("paragraph {number}").format(number=passage.paragraph)
        if passage.page is None
        else tr("page {page}").format(page=passage.page)
    )
    return f"{where}, {passage.section}" if passage.section else where
