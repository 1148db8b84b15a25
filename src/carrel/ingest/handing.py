"""Handing an embedded paper over to the owner of the index, who may be another process, by the catalog."""

from collections.abc import Iterator

from carrel.core.cited_keys import keys_of_references
from carrel.core.handover_format import (
    PASSAGES_A_PIECE,
    Head,
    Piece,
    encode_head,
    encode_piece,
    made_for,
)
from carrel.core.ids import text_key
from carrel.core.jobs import Job
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.likeness import likeness_of
from carrel.core.ports import Index
from carrel.core.space import Encoder, Space, cut
from carrel.ingest.pipeline import Embedded, Tools, indexed
from carrel.storage import handovers, papers, passages, queue


def hand_over(
    job: Job, embedded: Embedded, knowledge_base: KnowledgeBase, encoder: Encoder, tools: Tools
) -> bool:
    """Write all that the owner needs of a paper, then mark the job as handed over.

    What costs time is done here, where no search waits for it. In several transactions, so that others may
    write meanwhile. Returns whether the job was still wanted; of one that is not, nothing is kept.
    """
    space = Space(encoder, knowledge_base.dimensions or encoder.width)
    head = encode_head(_head(embedded, made_for(knowledge_base, space), space.dimensions))
    for number, piece in enumerate(_pieces(embedded, space.dimensions), 1):
        payload = encode_piece(piece)
        with tools.catalog.write() as tx:
            if not queue.still_wanted(tx, job):
                return False
            handovers.put(tx, job.id, number, [payload])
    with tools.catalog.write() as tx:
        if not queue.still_wanted(tx, job):
            return False
        handovers.put(tx, job.id, 0, [head])
        queue.hand_over(tx, job, len(embedded.chunks), len(embedded.parsed.pages))
    return True


def add_to_built(
    job: Job,
    embedded: Embedded,
    knowledge_base: KnowledgeBase,
    encoder: Encoder,
    index: Index,
    tools: Tools,
) -> None:
    """Bring a paper into a generation that is being built, where worker and owner are one process."""
    space = Space(encoder, knowledge_base.dimensions or encoder.width)
    head = _head(embedded, made_for(knowledge_base, space), space.dimensions)
    found = [item.passage for item in embedded.chunks]
    vectors = cut(embedded.rows, space.dimensions)
    index.add([indexed(knowledge_base.domain, job.paper_id, embedded.metadata, head.vector, found, vectors)])
    with tools.catalog.write() as tx:
        wanted = queue.still_wanted(tx, job)
        if wanted:
            papers.publish_built(tx, knowledge_base, job.paper_id, head, _pieces(embedded, space.dimensions))
            queue.finish(tx, job, len(found), head.pages)
    if not wanted:
        index.remove([job.paper_id])


def _head(embedded: Embedded, made_for: str, dimensions: int) -> Head:
    parsed = embedded.parsed
    return Head(
        made_for=made_for,
        metadata=parsed.metadata,
        quality=parsed.quality,
        pages=len(parsed.pages),
        likeness=likeness_of(parsed),
        cited=keys_of_references(parsed),
        about_key=text_key(embedded.about),
        ids=tuple(item.passage.id for item in embedded.chunks),
        vector=cut(embedded.paper_vector, dimensions),
    )


def _pieces(embedded: Embedded, dimensions: int) -> Iterator[Piece]:
    vectors = cut(embedded.rows, dimensions)
    for first in range(0, len(embedded.chunks), PASSAGES_A_PIECE):
        chunks = embedded.chunks[first : first + PASSAGES_A_PIECE]
        ready = tuple(passages.ready(item.passage, text_key(item.embedded_text)) for item in chunks)
        yield Piece(ready, vectors[first : first + PASSAGES_A_PIECE])
