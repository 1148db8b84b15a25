"""The query's journey, from a question to papers with passages. It reads from top to bottom.

    understand → embed → retrieve (dense + BM25, passages + whole papers) → fuse → rerank → present

No stage loads a model or builds an index: both are open before the journey begins.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from itertools import chain

from carrel.core.courtesy import Asking, at_once
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ports import Embedder, Index, Reranker
from carrel.core.ranking import (
    FusedPaper,
    Query,
    SearchResult,
    StageTimings,
)
from carrel.search import quotation, retrieve, understand
from carrel.search.fuse import DEFAULT_WEIGHTS, fuse
from carrel.search.hits import presented
from carrel.search.rerank import rerank
from carrel.search.selection import selected
from carrel.storage import papers, passages
from carrel.storage.database import Catalog

RERANKED = 50  # papers that a reranker looks at
_SOURCES = 30  # passages, and papers, whose words are compared with the query's, in case it quotes one


def search(
    query: Query,
    knowledge_bases: Sequence[KnowledgeBase],
    catalog: Catalog,
    embedder_of: Callable[[KnowledgeBase], Embedder],
    index_of: Callable[[KnowledgeBase], Index],
    reranker: Reranker | None = None,
    reranker_candidates: int = RERANKED,
    asking: Asking = at_once,
) -> SearchResult:
    """Answer a query over knowledge bases that the asker may read; without a reranker, in the fused order.

    Each call of a model is made within ``asking``. Where one of several models cannot be used, what it
    embedded is searched by words alone, and the answer says so.

    Raises:
        EmptyQuery: there is nothing to search for.
        ServiceError: no model can be reached, or an index cannot.
        SpaceMismatch: an index was built in another space than its model makes.
    """
    marks = [time.perf_counter()]
    text = understand.normalised(query.text)
    filled = [knowledge_base for knowledge_base in knowledge_bases if knowledge_base.papers]
    among = selected(query.filters, filled, catalog)
    if among is not None:
        filled = [knowledge_base for knowledge_base in filled if among[knowledge_base.id]]

    questions, failures = retrieve.embedded(text, query, filled, embedder_of, asking)
    left_out = retrieve.left_out_by(failures, query, filled, index_of)
    unsearched = {each.knowledge_base_id for each in left_out if not each.by_words}
    filled = [knowledge_base for knowledge_base in filled if knowledge_base.id not in unsearched]
    marks.append(time.perf_counter())

    lists = retrieve.retrieved(text, query, filled, among, questions, index_of)
    marks.append(time.perf_counter())

    fused = _favour_quotations(text, fuse(lists), filled, catalog)
    marks.append(time.perf_counter())

    order = rerank(text, query, fused, filled, catalog, reranker, reranker_candidates, asking)
    marks.append(time.perf_counter())

    hits = presented(order.papers, query, filled, catalog)
    marks.append(time.perf_counter())
    sent = [question.exchanges for question in questions.values()]
    return SearchResult(
        query=text,
        mode=query.mode,
        took_ms=_timings(*marks),
        hits=hits,
        candidates=tuple(lists.items()),
        reranking=order.reranking,
        exchanges=tuple(chain(*sent, order.exchanges)),
        left_out=left_out,
        weights={knowledge_base.id: asdict(DEFAULT_WEIGHTS) for knowledge_base in filled},
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
