"""A query of nothing but conditions: the papers that meet them, newest first."""

import time

from carrel.core.ranking import MOST_RESULTS, FusedPaper, SearchResult, StageTimings
from carrel.search.exact import unfit
from carrel.search.hits import presented
from carrel.search.inquiry import Inquiry


def listed(inquiry: Inquiry) -> SearchResult:
    """Return the papers of its scope, in its order and without scores: no model and no index ranks them.

    Of those that must not have some words, the first thousand are looked at.

    Raises:
        ServiceError: an index cannot be reached that words are looked up in.
    """
    began = time.perf_counter()
    query, understood, texts = inquiry.query, inquiry.understood, inquiry.texts
    found = inquiry.scope.listed or ()
    if understood.of_words:
        out = unfit(found[:MOST_RESULTS], understood, texts)
        found = tuple(paper for paper in found[:MOST_RESULTS] if paper not in out)
    papers = [FusedPaper(paper, 0.0, (), ()) for paper in found[: 2 * MOST_RESULTS]]
    hits = presented(papers, query, texts.knowledge_bases, texts.catalog, narrowed=True)
    return SearchResult(
        query=understood.source,
        mode=query.mode,
        took_ms=StageTimings(total=(time.perf_counter() - began) * 1000),
        hits=hits,
        left_out=inquiry.left_out,
        understood=understood,
        listed=found,
    )
