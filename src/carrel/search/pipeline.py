"""The query's journey, from a question to papers with passages. It reads from top to bottom.

    understand → open indexes → translate → embed → retrieve (dense + BM25, passages + papers) → weigh, fuse
    → rerank → wishes (newer, different papers) → present

No stage loads a model or builds an index.
"""

import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from itertools import chain

from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ranking import Candidate, Hit, Query, SearchResult, Signal, StageTimings
from carrel.search import exact, retrieve, understand
from carrel.search.fusing import Fused, Lists, fused
from carrel.search.hits import presented
from carrel.search.inquiry import Inquiry
from carrel.search.likes import NO_TASTES, Tastes, themselves, weighed
from carrel.search.listing import listed
from carrel.search.open_indexes import opened
from carrel.search.reading import NO_READING, Reading
from carrel.search.rerank import Order, rerank
from carrel.search.scope import Scope, scope_of
from carrel.search.sources import Sources
from carrel.search.translate import translated
from carrel.search.wishes import granted


def search(
    query: Query,
    knowledge_bases: Sequence[KnowledgeBase],
    sources: Sources,
    reading: Reading = NO_READING,
    tastes: Tastes = NO_TASTES,
) -> SearchResult:
    """Answer a query over knowledge bases that the asker may read; without a reranker, in the fused order.

    Where one of several models cannot be used, what it embedded is searched by words alone; where one of
    several indexes cannot, its knowledge base is left out. The answer says so.

    Raises:
        EmptyQuery: there is nothing to search for.
        InvalidFilter: a condition in the query cannot be read.
        TooManyConditions: it has more than a search looks up.
        ServiceError: no model can be reached, or no index.
        SpaceMismatch: the index was built in another space than its model makes, and no other can be asked.
    """
    marks = [time.perf_counter()]
    inquiry = _understood(query, knowledge_bases, sources, tastes)
    if inquiry.scope.listed is None or inquiry.understood.of_words:
        inquiry = opened(inquiry)
    if inquiry.scope.listed is not None:
        return listed(inquiry)
    inquiry = _embedded(_translated(inquiry))
    marks.append(time.perf_counter())
    inquiry, lists = _retrieved(inquiry)
    marks.append(time.perf_counter())
    found = fused(inquiry, lists)
    marks.append(time.perf_counter())
    order = rerank(inquiry, found.papers, reading)
    marks.append(time.perf_counter())
    best = granted(inquiry, order.papers)
    hits = presented(best, query, inquiry.knowledge_bases, sources.catalog, inquiry.narrow)
    marks.append(time.perf_counter())
    return _answer(inquiry, found, order, hits, _timings(*marks))


def _understood(
    query: Query, knowledge_bases: Sequence[KnowledgeBase], sources: Sources, tastes: Tastes
) -> Inquiry:
    """Return the query as it reads, and where what it asks for may be found."""
    understood = understand.read(query.text, bool(query.liked), query.literal)
    filled = tuple(base for base in knowledge_bases if base.papers)
    scope = scope_of(query, understood, filled, sources.catalog)
    if scope.listed is None:
        scope = scope.barring(themselves(tastes, filled, sources.catalog), filled)
        filled = tuple(base for base in filled if scope.may_hold(base))
    return Inquiry(query, understood, filled, scope, sources, tastes)


def _translated(inquiry: Inquiry) -> Inquiry:
    """Return it with the question in a language that the models read, where they do not read its own."""
    translation = translated(inquiry.text, inquiry.query, inquiry.knowledge_bases, inquiry.sources)
    return replace(inquiry, translation=translation)


def _embedded(inquiry: Inquiry) -> Inquiry:
    """Return it with the question's vectors, as liked and disliked papers turn them."""
    query, bases, sources = inquiry.query, inquiry.knowledge_bases, inquiry.sources
    questions, failures = retrieve.embedded(inquiry.text, query, bases, sources, inquiry.translation)
    questions, failures = weighed(questions, failures, query, inquiry.tastes, bases, sources)
    left_out = (*inquiry.left_out, *retrieve.left_out_by(failures, query, bases))
    unsearched = {each.knowledge_base_id for each in left_out if not each.by_words}
    searched = tuple(base for base in bases if base.id not in unsearched)
    return replace(inquiry, knowledge_bases=searched, questions=questions, left_out=left_out)


def _retrieved(inquiry: Inquiry) -> tuple[Inquiry, Lists]:
    """Return each signal's candidates, and the inquiry within the papers that hold its phrases."""
    query, understood, texts, words = inquiry.query, inquiry.understood, inquiry.texts, inquiry.words
    scope = exact.holding_phrases(understood, inquiry.scope, texts)

    def ask(within: Scope) -> dict[Signal, tuple[Candidate, ...]]:
        return retrieve.retrieved(
            words,
            query,
            inquiry.knowledge_bases,
            within,
            inquiry.questions,
            inquiry.sources,
            inquiry.translation,
        )

    return replace(inquiry, scope=scope), exact.retrieved(ask, understood, scope, query.limit, texts)


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


def _answer(
    inquiry: Inquiry, found: Fused, order: Order, hits: tuple[Hit, ...], took: StageTimings
) -> SearchResult:
    sent = [question.exchanges for question in inquiry.questions.values()]
    liked, disliked = inquiry.tastes.records()
    weights = asdict(found.weights)
    return SearchResult(
        query=inquiry.understood.source,
        mode=inquiry.query.mode,
        took_ms=took,
        hits=hits,
        candidates=tuple(found.lists.items()),
        reranking=order.reranking,
        exchanges=tuple(chain(*sent, order.exchanges)),
        left_out=inquiry.left_out,
        understood=inquiry.understood,
        liked=liked,
        disliked=disliked,
        translation=inquiry.translation.answer,
        weights={base.id: weights for base in inquiry.knowledge_bases},
    )
