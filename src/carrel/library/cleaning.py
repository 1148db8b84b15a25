"""Working off the catalog's notes of what is to be deleted outside it."""

from collections.abc import Callable
from dataclasses import replace

from carrel.core.errors import KnowledgeBaseMissing, ServiceError, UsageError
from carrel.core.ids import PaperId, paper_id
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ports import BlobStore, Index, Indexes
from carrel.storage import generations, knowledge_bases, papers, rebuilds, removals
from carrel.storage.database import Catalog, Transaction
from carrel.storage.parses import ParseStore
from carrel.storage.removals import Removal, What


def work_off_removals(
    catalog: Catalog,
    blobs: BlobStore,
    parses: ParseStore,
    indexes: Indexes,
    index_of: Callable[[KnowledgeBase], Index],
) -> int:
    """Delete what the notes name and cross them out; only for the owner of the index.

    Each note is crossed out in the transaction in which its thing is deleted, so an interruption
    leaves the note, and doing it again does no harm. Returns how many notes there were.
    """
    with catalog.read() as tx:
        notes = removals.pending(tx)
    for note in notes:
        index = None
        if note.what is What.POINTS:
            # Before the lock is taken: opening it may ask a model's server.
            try:
                index = _index_of_points(catalog, note.key, index_of)
            except (ServiceError, UsageError):
                # It is of no use as it stands, and other knowledge bases' work goes on: the note stays.
                continue
        with catalog.write() as tx:
            if note.what is What.FILE:
                _remove_file(tx, note.key, blobs, parses)
            elif note.what is What.PARSE:
                _remove_parse(tx, PaperId(note.key), parses)
            elif note.what is What.INDEX:
                knowledge_base, generation = note.key.split("/")
                indexes.drop(knowledge_base, int(generation))
            elif index is not None:
                _remove_points(tx, note.key, index)
            removals.cross_out(tx, Removal(note.what, note.key))
    return len(notes)


def drop_unknown_indexes(catalog: Catalog, indexes: Indexes) -> None:
    """Delete indexes of which the catalog knows nothing; only for the owner of the index."""
    stored = indexes.stored()
    with catalog.read() as tx:
        known = set(generations.with_index(tx))
    for knowledge_base, generation in stored:
        if (knowledge_base, generation) not in known:
            indexes.drop(knowledge_base, generation)


def _remove_file(tx: Transaction, sha256: str, blobs: BlobStore, parses: ParseStore) -> None:
    # The transaction holds the catalog's only write lock: nobody can refer to the file meanwhile.
    if not papers.file_known(tx, sha256):
        # The paper of a locked file may live on with its unlocked copy.
        _remove_parse(tx, paper_id(sha256), parses)
        blobs.delete(sha256)


def _remove_parse(tx: Transaction, paper: PaperId, parses: ParseStore) -> None:
    if not papers.known(tx, paper):
        parses.delete(paper)


def _index_of_points(catalog: Catalog, key: str, index_of: Callable[[KnowledgeBase], Index]) -> Index | None:
    """Return the index that a note of points means; None where it went, alone or with its knowledge base."""
    identifier, generation, _ = key.split("/")
    with catalog.read() as tx:
        try:
            target = generations.target(tx, identifier, int(generation))
        except KnowledgeBaseMissing:
            return None
    return index_of(target)


def _remove_points(tx: Transaction, key: str, index: Index) -> None:
    identifier, generation, paper = key.split("/")
    serving = knowledge_bases.with_ids(tx, [identifier])
    if not serving:
        return
    target = replace(serving[0], generation=int(generation))
    serves = target.generation == serving[0].generation
    there = papers.holds(tx, target, PaperId(paper)) if serves else rebuilds.has(tx, target, PaperId(paper))
    if not there:
        index.remove([PaperId(paper)])
