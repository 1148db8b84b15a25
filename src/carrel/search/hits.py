"""The last stage: the best papers with their best passages, one a work, as the catalog knows them."""

from collections.abc import Mapping, Sequence

from carrel.core.ids import PaperId, PassageId
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.paper import Passage, is_reference_list
from carrel.core.ranking import FusedPaper, Hit, PaperRecord, PassageHit, Query, published_first
from carrel.search.retrieve import CANDIDATES
from carrel.storage import papers, passages, versions
from carrel.storage.database import Catalog

PASSAGES_A_PAPER = 3
_PASSAGES_CONSIDERED = 6
_BEHIND = 0.1  # how far a list of references stands behind: less than a quotation from it counts


def presented(
    fused: Sequence[FusedPaper],
    query: Query,
    knowledge_bases: Sequence[KnowledgeBase],
    catalog: Catalog,
    narrowed: bool,
) -> tuple[Hit, ...]:
    """Return the best papers with their best passages, one a work, in a fixed number of look-ups.

    ``narrowed``: there were papers that might not be found, and that are not to be named either.
    """
    ids = [knowledge_base.id for knowledge_base in knowledge_bases]
    with catalog.read() as tx:
        groups = versions.groups(tx, ids, [paper.paper_id for paper in fused])
        # Some to spare: a paper removed a moment ago may still be in the index, and is left out.
        best = _one_a_work(fused, groups)[: query.limit + CANDIDATES // 4]
        others = _versions_to_name(best, groups, narrowed, fused)
        wanted_records = {paper.paper_id for paper in best}.union(*others.values())
        records: dict[str, PaperRecord] = {}
        for record in papers.records(tx, ids, sorted(wanted_records)):
            records.setdefault(record.id, record)
        best = [paper for paper in best if paper.paper_id in records][: query.limit]
        wanted = [point for paper in best for point, _ in paper.passages[:_PASSAGES_CONSIDERED]]
        found = passages.by_id(tx, knowledge_bases, wanted)
        # Found as a whole paper only: its beginning says what it is about.
        bare = [paper.paper_id for paper in best if not paper.passages]
        openings = passages.openings(tx, knowledge_bases, bare)
    return tuple(
        _hit(
            rank,
            paper,
            records[paper.paper_id],
            published_first(records[other] for other in others.get(paper.paper_id, ())),
            found,
            openings,
        )
        for rank, paper in enumerate(best, start=1)
    )


def _one_a_work(
    fused: Sequence[FusedPaper], groups: Mapping[PaperId, frozenset[PaperId]]
) -> list[FusedPaper]:
    """Return the papers without those of which a better version has come before."""
    best, named = [], set[PaperId]()
    for paper in fused:
        if paper.paper_id not in named:
            best.append(paper)
            named |= groups.get(paper.paper_id, frozenset())
    return best


def _versions_to_name(
    best: Sequence[FusedPaper],
    groups: Mapping[PaperId, frozenset[PaperId]],
    narrowed: bool,
    fused: Sequence[FusedPaper],
) -> dict[PaperId, frozenset[PaperId]]:
    """Return the other versions of each paper that has some."""
    others = {
        paper.paper_id: groups[paper.paper_id] - {paper.paper_id}
        for paper in best
        if paper.paper_id in groups
    }
    if not narrowed:
        return others
    # The index has looked only at what may be found.
    meeting = frozenset(paper.paper_id for paper in fused)
    return {paper: found & meeting for paper, found in others.items()}


def _hit(
    rank: int,
    paper: FusedPaper,
    record: PaperRecord,
    versions_of_it: tuple[PaperRecord, ...],
    found: dict[PassageId, Passage],
    openings: dict[PaperId, Passage],
) -> Hit:
    best = [
        PassageHit(found[PassageId(point)], score)
        for point, score in paper.passages[:_PASSAGES_CONSIDERED]
        if PassageId(point) in found
    ]
    # A list of references has everybody's words in it; what the paper says itself answers better.
    best.sort(key=lambda hit: is_reference_list(hit.passage.section) * _BEHIND - hit.score)
    if not best and record.id in openings:
        best = [PassageHit(openings[record.id], 0.0)]
    return Hit(
        rank=rank,
        score=paper.score,
        paper=record,
        passages=tuple(best[:PASSAGES_A_PAPER]),
        contributions=paper.contributions,
        quotation=paper.quotation,
        versions=versions_of_it,
        rerank_score=paper.rerank_score,
        favours=paper.favours,
        place_before=paper.place_before,
    )
