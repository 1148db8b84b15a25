"""Working off the catalog's notes of what is to be deleted outside it."""

from collections.abc import Callable

from carrel.core.errors import ServiceError, UsageError
from carrel.core.ids import PaperId, paper_id
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ports import BlobStore, Index, Indexes
from carrel.storage import knowledge_bases, papers, removals
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
    """Return the index that a note of points means; None where it went with its knowledge base."""
    identifier, generation, _ = key.split("/")
    with catalog.read() as tx:
        found = knowledge_bases.all_of_them(tx)
    current = [each for each in found if (each.id, each.generation) == (identifier, int(generation))]
    return index_of(current[0]) if current else None


def _remove_points(tx: Transaction, key: str, index: Index) -> None:
    identifier, _, paper = key.split("/")
    for knowledge_base in knowledge_bases.all_of_them(tx):
        if knowledge_base.id == identifier and not papers.holds(tx, knowledge_base, PaperId(paper)):
            index.remove([PaperId(paper)])
