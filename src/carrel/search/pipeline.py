"""The query's journey, from a question to papers with passages. It reads from top to bottom.

    understand → translate → embed → retrieve (dense + BM25, passages + papers) → fuse → rerank → present

No stage loads a model or builds an index: both are open before the journey begins.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import chain

from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ports import EmbeddedQuery, Reranker
from carrel.core.ranking import (
    Candidate,
    FusedPaper,
    Query,
    SearchResult,
    Signal,
    StageTimings,
)
from carrel.core.understanding import Understood
from carrel.search import exact, feedback, quotation, retrieve, understand
from carrel.search.fuse import Weights, fuse
from carrel.search.hits import presented
from carrel.search.identified import put_first
from carrel.search.likes import NO_TASTES, Tastes, themselves, weighed
from carrel.search.listing import listed
from carrel.search.rerank import rerank
from carrel.search.retrieve import Asked
from carrel.search.scope import Scope, scope_of
from carrel.search.sources import Sources
from carrel.search.translate import translated
from carrel.search.unread import unread_papers
from carrel.search.weighing import weights_of
from carrel.storage import papers, passages
from carrel.storage.database import Catalog

Lists = Mapping[Signal, tuple[Candidate, ...]]

RERANKED = 50  # papers that a reranker looks at
_SOURCES = 30  # passages, and papers, whose words are compared with the query's, in case it quotes one


def search(
    query: Query,
    knowledge_bases: Sequence[KnowledgeBase],
    sources: Sources,
    reranker: Reranker | None = None,
    reranker_candidates: int = RERANKED,
    tastes: Tastes = NO_TASTES,
) -> SearchResult:
    """Answer a query over knowledge bases that the asker may read; without a reranker, in the fused order.

    Where one of several models cannot be used, what it embedded is searched by words alone, and the answer
    says so.

    Raises:
        EmptyQuery: there is nothing to search for.
        InvalidFilter: a condition in the query cannot be read.
        ServiceError: no model can be reached, or an index cannot.
        SpaceMismatch: an index was built in another space than its model makes.
    """
    marks = [time.perf_counter()]
    understood = understand.read(query.text, bool(query.liked), query.literal)
    text = understood.text
    filled = [knowledge_base for knowledge_base in knowledge_bases if knowledge_base.papers]
    texts = exact.Texts(filled, sources.catalog, sources.index_of)
    scope = scope_of(query, understood, filled, sources.catalog)
    if scope.listed is not None:
        return listed(query, understood, scope, texts)
    scope = scope.barring(themselves(tastes, filled, sources.catalog), filled)
    filled = [knowledge_base for knowledge_base in filled if scope.may_hold(knowledge_base)]

    translation = translated(text, query, filled, sources)
    questions, failures = retrieve.embedded(text, query, filled, sources, translation)
    questions, failures = weighed(questions, failures, query, tastes, filled, sources)
    left_out = retrieve.left_out_by(failures, query, filled, sources)
    unsearched = {each.knowledge_base_id for each in left_out if not each.by_words}
    filled = [knowledge_base for knowledge_base in filled if knowledge_base.id not in unsearched]
    marks.append(time.perf_counter())

    texts = exact.Texts(filled, sources.catalog, sources.index_of)
    scope = exact.holding_phrases(understood, scope, texts)
    words = tastes.words(text)

    def ask(within: Scope) -> dict[Signal, tuple[Candidate, ...]]:
        return retrieve.retrieved(words, query, filled, within, questions, sources, translation)

    lists: Lists = exact.retrieved(ask, understood, scope, query.limit, texts)
    marks.append(time.perf_counter())

    weights = weights_of(filled)
    lists, fused = _fused(understood, query, lists, weights, filled, questions, scope, sources)
    fused = put_first(understood, fused, scope, filled, sources.catalog)
    marks.append(time.perf_counter())

    order = rerank(text or words, query, fused, filled, sources, reranker, reranker_candidates)
    marks.append(time.perf_counter())

    hits = presented(
        order.papers, query, filled, sources.catalog, narrowed=scope.narrow or understood.of_words
    )
    marks.append(time.perf_counter())
    sent = [question.exchanges for question in questions.values()]
    liked, disliked = tastes.records()
    return SearchResult(
        query=understood.source,
        mode=query.mode,
        took_ms=_timings(*marks),
        hits=hits,
        candidates=tuple(lists.items()),
        reranking=order.reranking,
        exchanges=tuple(chain(*sent, order.exchanges)),
        left_out=left_out,
        understood=understood,
        liked=liked,
        disliked=disliked,
        translation=translation.answer,
        weights={knowledge_base.id: asdict(weights) for knowledge_base in filled},
    )


def _timings(
    began: float, embedded: float, retrieved: float, fused: float, reranked: float, done: float
) -> StageTimings:
    """Return how long each stage took, by the seconds at which it ended."""
    return StageTimings(
        embed=(embedded - began) * 1000,
        retrieve=(retrieved - embedded) * 1000,
        fuse=(fused - retrieved) * 1000,
        rerank=(reranked - fused) * 1000,
        total=(done - began) * 1000,
    )


def _fused(
    understood: Understood,
    query: Query,
    lists: Lists,
    weights: Weights,
    knowledge_bases: Sequence[KnowledgeBase],
    questions: Mapping[Asked, EmbeddedQuery],
    scope: Scope,
    sources: Sources,
) -> tuple[Lists, tuple[FusedPaper, ...]]:
    """Return one list of papers, and the signals' lists that it is made of: the best papers may ask again."""
    models = {model for model, _ in questions}
    unread = unread_papers(understood.text, lists, knowledge_bases, models, sources)
    fused = fuse(lists, weights, unread)
    fused = _favour_quotations(understood.text, fused, knowledge_bases, sources.catalog)
    if not feedback.says_more(understood, query, fused):
        return lists, fused
    drawn = feedback.drawn(questions, query, fused, knowledge_bases, sources, unread)
    lists = {**lists, **retrieve.retrieved("", query, knowledge_bases, scope, drawn, sources)}
    return lists, fuse(lists, weights, unread)


def _favour_quotations(
    text: str, fused: tuple[FusedPaper, ...], knowledge_bases: Sequence[KnowledgeBase], catalog: Catalog
) -> tuple[FusedPaper, ...]:
    if not quotation.could_be_quotation(text):
        return fused
    with catalog.read() as tx:
        texts = passages.texts(tx, knowledge_bases, quotation.likely_sources(fused, _SOURCES))
        found = [paper.paper_id for paper in fused[:_SOURCES]]
        texts |= papers.titles_and_abstracts(tx, [base.id for base in knowledge_bases], found)
    return quotation.favour_quotations(text, fused, texts)
