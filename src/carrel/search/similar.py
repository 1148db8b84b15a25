"""Papers near one paper: by the vectors of whole papers, over every index whose vectors can be compared."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from carrel.core.courtesy import Asking, at_once
from carrel.core.errors import SpaceMismatch
from carrel.core.ids import PaperId
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ports import Embedder, Index, IndexQuery, VectorCache
from carrel.core.ranking import Filters, PaperRecord, Signal
from carrel.core.space import Vectors, cut
from carrel.storage import papers
from carrel.storage.database import Catalog


@dataclass(frozen=True, slots=True)
class SimilarPaper:
    """A paper near another one: the cosine of their vectors, and the paper in one knowledge base."""

    score: float
    paper: PaperRecord


def about_vector(
    record: PaperRecord,
    key: str,
    knowledge_base: KnowledgeBase,
    embedder: Embedder,
    vectors: VectorCache,
    asking: Asking = at_once,
) -> Vectors:
    """Return a searchable paper's vector at full width; ``key`` is its own in the cache.

    Raises:
        ServiceError: it is not cached, and the model cannot be reached.
    """
    cached = vectors.get(embedder.encoder, [key]) if key else {}
    if key in cached:
        return cached[key]
    metadata = record.metadata  # the cache was lost: near enough
    text = "\n".join(part for part in (metadata.title, metadata.abstract) if part)
    with asking(knowledge_base.embedder):
        vector: Vectors = embedder.embed_documents([text or record.file_name])[0]
    return vector


def similar_papers(
    vector: Vectors,
    present: KnowledgeBase,
    knowledge_bases: Sequence[KnowledgeBase],
    left_out: Collection[PaperId],
    limit: int,
    catalog: Catalog,
    index_of: Callable[[KnowledgeBase], Index],
) -> tuple[SimilarPaper, ...]:
    """Return the papers nearest to a paper of ``present``, best first, ties by id.

    Only knowledge bases with the model and dimensions of that one are asked: others' vectors say nothing, nor
    do those of indexes that were built in another space, or by another version's analyser.

    Raises:
        ServiceError: an index cannot be reached.
        SpaceMismatch: that of ``present`` was so built.
    """
    scores: dict[PaperId, float] = {}
    for base in knowledge_bases:
        if not base.papers or (base.embedder, base.dimensions) != (present.embedder, present.dimensions):
            continue
        try:
            index = index_of(base)
        except SpaceMismatch:
            if base.id == present.id:
                raise
            continue
        own = cut(vector, base.dimensions or len(vector))
        asked = IndexQuery(own, None, Filters(), limit + len(left_out))
        for candidate in index.search(asked)[Signal.DENSE_PAPERS]:
            scores[candidate.paper_id] = max(candidate.score, scores.get(candidate.paper_id, -1.0))
    best = sorted((-score, paper) for paper, score in scores.items() if paper not in left_out)
    with catalog.read() as tx:
        found = papers.records(tx, [base.id for base in knowledge_bases], [paper for _, paper in best])
    records = {record.id: record for record in reversed(found)}
    near = [SimilarPaper(-score, records[paper]) for score, paper in best if paper in records]
    return tuple(near[:limit])
