"""Recording a search: what it was asked, of what, with what, and what came of it."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from carrel import __version__
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ranking import Hit, Mode, Query, SearchResult
from carrel.core.search_record import RecordedBase, RecordedPaper, RecordedReranker, Searched, SearchRecord
from carrel.core.space import Space
from carrel.storage.clock import now


def recorded(
    query: Query,
    result: SearchResult,
    knowledge_bases: Sequence[KnowledgeBase],
    space_of: Callable[[KnowledgeBase], Space],
) -> SearchRecord:
    """Return the record of a search over these knowledge bases, in the order in which they were searched.

    ``space_of`` is asked only for those whose model has embedded the question.
    """
    searched = {
        left_out.knowledge_base_id: Searched.WORDS if left_out.by_words else Searched.NOTHING
        for left_out in result.left_out
    }

    def base_of(base: KnowledgeBase) -> RecordedBase:
        how = searched.get(base.id, Searched.WHOLE)
        embedded = base.papers and query.mode is not Mode.LEXICAL and how is Searched.WHOLE
        space = space_of(base) if embedded else None
        return RecordedBase(
            id=base.id,
            name=base.name,
            generation=base.generation,
            papers=base.papers,
            passages=base.passages,
            model=base.embedder,
            revision=space.encoder.revision if space else "",
            space=space.id if space else "",
            dimensions=base.dimensions,
            chunking=base.chunking,
            parser=base.parser,
            searched=how,
            weights=result.weights.get(base.id, {}),
        )

    reranking = result.reranking
    return SearchRecord(
        version=__version__,
        at=now(),
        query=replace(query, knowledge_bases=tuple(base.id for base in knowledge_bases)),
        knowledge_bases=tuple(map(base_of, knowledge_bases)),
        reranker=None
        if reranking is None
        else RecordedReranker(reranking.model, reranking.applied, reranking.candidates),
        papers=tuple(map(_paper, result.hits)),
    )


def _paper(hit: Hit) -> RecordedPaper:
    return RecordedPaper(
        rank=hit.rank,
        paper=hit.paper.id,
        knowledge_base=hit.paper.knowledge_base_id,
        title=hit.paper.metadata.title,
        file_name=hit.paper.file_name,
        score=hit.score,
        passages=tuple((found.passage.id, found.score) for found in hit.passages),
        rerank_score=hit.rerank_score,
    )
