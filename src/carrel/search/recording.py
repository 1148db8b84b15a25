"""Recording a search: what it was asked, of what, with what, and what came of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from carrel import __version__
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ranking import Hit, Mode, Query, Reranking, SearchResult
from carrel.core.search_record import (
    RecordedBase,
    RecordedDictionary,
    RecordedPaper,
    RecordedReranker,
    Searched,
    SearchRecord,
)
from carrel.core.space import Space
from carrel.core.translation import Translation
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
        weights = result.weights.get(base.id, {})
        return _base(base, space_of(base) if embedded else None, how, weights)

    return SearchRecord(
        version=__version__,
        at=now(),
        query=replace(query, knowledge_bases=tuple(base.id for base in knowledge_bases)),
        knowledge_bases=tuple(map(base_of, knowledge_bases)),
        reranker=_reranker(result.reranking),
        papers=tuple(map(_paper, result.hits)),
        dictionary=_dictionary(result.translation),
    )


def _base(
    base: KnowledgeBase, space: Space | None, how: Searched, weights: Mapping[str, float]
) -> RecordedBase:
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
        weights=weights,
    )


def _reranker(used: Reranking | None) -> RecordedReranker | None:
    return None if used is None else RecordedReranker(used.model, used.applied, used.candidates)


def _dictionary(translation: Translation | None) -> RecordedDictionary:
    if translation is None or not translation.made:
        return RecordedDictionary()
    return RecordedDictionary(translation.dictionary, translation.date, translation.content)


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
