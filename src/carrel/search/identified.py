"""A query that is nothing but a DOI or an arXiv id: the paper that bears it comes first."""

from collections.abc import Sequence
from dataclasses import replace

from carrel.core.ids import PaperId
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ranking import Filters, FusedPaper
from carrel.core.understanding import Understood
from carrel.search.fields import with_identifiers
from carrel.search.scope import Scope
from carrel.storage.database import Catalog

_AHEAD = 0.01  # of the best other paper


def put_first(
    understood: Understood,
    fused: tuple[FusedPaper, ...],
    scope: Scope,
    knowledge_bases: Sequence[KnowledgeBase],
    catalog: Catalog,
) -> tuple[FusedPaper, ...]:
    """Return the papers with those first that bear an identifier; it counts as a quotation of them."""
    identifier = understood.identifier
    if not identifier:
        return fused
    with catalog.read() as tx:
        held = with_identifiers(tx, [base.id for base in knowledge_bases], [identifier])
    found = {paper for _, paper in held}
    there = {paper.paper_id: paper for paper in fused}
    # Of what no signal found only the catalog knows whether it meets the conditions.
    free = not understood.of_words and scope.filters == Filters()
    possible = {paper for paper in found if paper in there or (free and _may_be_found(paper, scope))}
    best = max((paper.score for paper in fused), default=0.0)
    first = [
        replace(paper, score=best + _AHEAD, quotation=paper.quotation + best + _AHEAD - paper.score)
        for paper in (there.get(each) or FusedPaper(each, 0.0, (), ()) for each in sorted(possible))
    ]
    return (*first, *(paper for paper in fused if paper.paper_id not in possible))


def _may_be_found(paper: PaperId, scope: Scope) -> bool:
    among = scope.among
    barred = any(paper in found for found in scope.without.values())
    return not barred and (among is None or any(paper in found for found in among.values()))
