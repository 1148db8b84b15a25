"""Bringing an index back into step with the catalog, from which it is derived."""

from collections.abc import Callable

from carrel.core.errors import IndexIncomplete, ServiceError, UsageError
from carrel.core.ids import PaperId
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ports import Index
from carrel.storage import knowledge_bases, papers, queue
from carrel.storage.database import Catalog


def in_step(knowledge_base: KnowledgeBase, index: Index) -> bool:
    """Whether the index holds as many papers and passages as the catalog says."""
    return index.counts() == _filled(knowledge_base)


def check_complete(knowledge_base: KnowledgeBase, index: Index, catalog: Catalog) -> None:
    """Make sure that the index holds at least what the catalog says.

    More is no harm: a paper that was interrupted on its way in is not shown. Less may be a paper that was
    removed since the knowledge base was looked up: it is looked up again until it stays the same.

    Raises:
        IndexIncomplete: papers would silently not be found.
    """
    while True:
        papers_in_it, passages_in_it = index.counts()
        if papers_in_it >= knowledge_base.papers and passages_in_it >= knowledge_base.passages:
            return
        before = _filled(knowledge_base)
        with catalog.read() as tx:
            present = knowledge_bases.with_ids(tx, [knowledge_base.id])
        if not present or present[0].generation != knowledge_base.generation:
            return  # nobody asks this index any more
        if _filled(knowledge_base := present[0]) == before:
            raise IndexIncomplete(index=knowledge_base.name)


def _filled(knowledge_base: KnowledgeBase) -> tuple[int, int]:
    return knowledge_base.papers, knowledge_base.passages


def mend_indexes(catalog: Catalog, index_of: Callable[[KnowledgeBase], Index]) -> int:
    """Queue anew what an index lacks and remove what it should not hold; for the owner of the index.

    Costs one count a knowledge base where all is well. Returns how many papers were queued.
    """
    queued = 0
    with catalog.read() as tx:
        filled = [found for found in knowledge_bases.all_of_them(tx) if found.papers]
    for knowledge_base in filled:
        try:
            index = index_of(knowledge_base)
        except (ServiceError, UsageError):
            continue  # said to whoever searches it or adds to it; the other indexes are mended
        if in_step(knowledge_base, index):
            continue
        indexed = index.paper_ids()
        with catalog.write() as tx:
            counts = papers.passage_counts(tx, knowledge_base)
            index.remove([paper for paper in indexed if paper not in counts])
            if index.counts() == (len(counts), sum(counts.values())):
                continue
            # Papers that lost only some of their passages cannot be told apart: all are queued.
            lost = set(counts) - indexed or set(counts)
            for record in papers.records(tx, [knowledge_base.id], [PaperId(paper) for paper in lost]):
                queue.enqueue(tx, knowledge_base, record.id, record.file_name)
                queued += 1
    return queued
