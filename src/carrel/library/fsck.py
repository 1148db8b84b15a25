"""Examining every store for what is lost, left over or out of step, and mending what can be mended safely.

What is left over is deleted; what is derived is made again; what is lost (a paper's bytes) is named. All is
looked at again under the catalog's write lock before it is touched, so a paper on its way in is no orphan.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from carrel.core.errors import CatalogDamaged, ServiceError, UsageError
from carrel.core.ids import PaperId
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ports import Index, Indexes
from carrel.library.fsck_files import examine_files, examine_parses, examine_temporary_files
from carrel.library.fsck_report import Examining, Problem
from carrel.library.mending import in_step
from carrel.library.vectors import delete_unreferenced, unreferenced
from carrel.storage import knowledge_bases, orphans, papers, queue, removals, vector_keys
from carrel.storage.integrity import integrity_problems

IndexOf = Callable[[KnowledgeBase], Index]


@dataclass(frozen=True, slots=True)
class OwnedIndexes:
    """The indexes of the data folder, for their owner."""

    indexes: Indexes
    index_of: IndexOf


def examine(examining: Examining, owned: OwnedIndexes | None) -> Iterator[Problem]:
    """Yield every problem, mended or not. Without the indexes only the other stores are looked at.

    Where the catalog's file is damaged, what it says of the others cannot be believed: nothing is touched.
    """
    if damage := _damage(examining):
        yield from damage
        return
    yield from _examine_catalog(examining)
    yield from examine_files(examining)
    yield from examine_parses(examining)
    if owned is not None:
        yield from _examine_jobs(examining)
        yield from _examine_indexes(examining, owned)
        yield from _examine_vectors(examining)
        yield from examine_temporary_files(examining)
        yield from _examine_notes(examining)


def _damage(examining: Examining) -> list[Problem]:
    try:
        said = integrity_problems(examining.stores.catalog, examining.deep)
    except CatalogDamaged as error:
        said = (str(error),)
    return [Problem("catalog", "damaged", each, mended=False) for each in said]


def _examine_catalog(examining: Examining) -> Iterator[Problem]:
    catalog, mend = examining.stores.catalog, examining.mend
    for each in orphans.ORPHANS:
        examining.checked["catalog"] += 1
        with catalog.read() as tx:  # others may write while it is looked for
            found = orphans.subjects(tx, each)
        if found and mend:
            with catalog.write() as tx:
                found = orphans.subjects(tx, each)
                orphans.delete(tx, each)
        for subject in found:
            yield Problem("catalog", each.kind, subject, mend)
    with catalog.write() as tx:
        unwanted = orphans.unwanted_papers(tx)
        if mend:
            orphans.forget_papers(tx, unwanted)
        miscounted = list(orphans.miscounted(tx))
        for knowledge_base, paper, name in miscounted if mend else ():
            orphans.read_again(tx, knowledge_base, paper, name)
    for subject in unwanted:
        yield Problem("catalog", "paper-of-nobody", subject, mend)
    for knowledge_base, _, name in miscounted:
        yield Problem("catalog", "passages-miscounted", f"{knowledge_base.name}: {name}", mend)


def _examine_jobs(examining: Examining) -> Iterator[Problem]:
    with examining.stores.catalog.write() as tx:
        abandoned = orphans.abandoned_jobs(tx)
        if examining.mend:
            orphans.put_back_abandoned(tx)
    for name in abandoned:
        yield Problem("catalog", "job-abandoned", name, examining.mend)


def _examine_indexes(examining: Examining, owned: OwnedIndexes) -> Iterator[Problem]:
    catalog, mend = examining.stores.catalog, examining.mend
    with catalog.read() as tx:
        bases = knowledge_bases.all_of_them(tx)
        rows = tx.rows("SELECT knowledge_base_id, generation FROM generations")
    known = {(base.id, base.generation) for base in bases}
    known |= {(row["knowledge_base_id"], row["generation"]) for row in rows}
    for identifier, generation in owned.indexes.stored():
        if (identifier, generation) not in known:
            if mend:
                owned.indexes.drop(identifier, generation)
            yield Problem("index", "index-of-nothing", f"{identifier}/{generation}", mend)
    stored = set(owned.indexes.stored())
    for base in bases:
        if base.papers or (base.id, base.generation) in stored:
            examining.checked["index"] += 1
            yield from _examine_index(examining, base, owned.index_of)


def _examine_index(examining: Examining, base: KnowledgeBase, index_of: IndexOf) -> Iterator[Problem]:
    try:
        index = index_of(base)
    except (ServiceError, UsageError) as error:
        yield Problem("index", "not-examined", f"{base.name}: {error}", mended=False)
        return
    if in_step(base, index):
        return
    indexed = index.paper_ids()
    with examining.stores.catalog.write() as tx:
        counts = papers.passage_counts(tx, base)
        surplus = sorted(paper for paper in indexed if paper not in counts)
        if examining.mend:
            index.remove(surplus)
        lost = set(counts) - indexed
        comparable = examining.mend or not surplus
        if not lost and comparable and index.counts() != (len(counts), sum(counts.values())):
            lost = set(counts)  # those that lack only some of their passages cannot be told apart
        lost -= orphans.awaited(tx, base)
        found = papers.records(tx, [base.id], [PaperId(paper) for paper in sorted(lost)])
        for record in found if examining.mend else ():
            queue.enqueue(tx, base, record.id, record.file_name)
    for paper in surplus:
        yield Problem("index", "points-of-nothing", f"{base.name}: {paper}", examining.mend)
    for record in found:
        yield Problem("index", "paper-not-in-index", f"{base.name}: {record.file_name}", examining.mend)


def _examine_vectors(examining: Examining) -> Iterator[Problem]:
    stores = examining.stores
    with stores.catalog.read() as tx:
        on_their_way = vector_keys.on_their_way(tx)
    if on_their_way:  # their vectors have no rows yet
        examining.left_out.append("vectors")
        return
    for keys in unreferenced(stores.catalog, stores.vectors):
        gone = delete_unreferenced(stores.catalog, stores.vectors, keys) if examining.mend else None
        for key in keys:
            yield Problem("vectors", "vector-of-nothing", key, gone is not None)


def _examine_notes(examining: Examining) -> Iterator[Problem]:
    with examining.stores.catalog.read() as tx:
        left = removals.pending(tx)
    for note in left:
        yield Problem("catalog", "removal-left", f"{note.what} {note.key}", mended=False)
