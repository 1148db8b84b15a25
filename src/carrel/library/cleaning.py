"""Working off the catalog's notes of what is to be deleted, outside it and of its own rows."""

from collections.abc import Callable

from carrel.core.errors import ServiceError, UsageError
from carrel.core.ids import PaperId, paper_id
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ports import BlobStore, Index, Indexes
from carrel.library.turns import in_turns
from carrel.storage import generations, holds, knowledge_bases, leftovers, papers, removals
from carrel.storage.database import Catalog, Transaction
from carrel.storage.parses import ParseStore
from carrel.storage.removals import Removal, What


def work_off_leftovers(catalog: Catalog) -> bool:
    """Delete for a second what deleted knowledge bases left in the catalog; return whether more is left.

    Anybody may be killed at it, and it goes on with the next one: what is left stays noted.
    """
    with catalog.read() as tx:  # asked every second: where nothing is left, nobody is to wait for it
        if not leftovers.any_left(tx):
            return False
    return in_turns(catalog, leftovers.delete_some)


def work_off_removals(
    catalog: Catalog,
    blobs: BlobStore,
    parses: ParseStore,
    indexes: Indexes,
    index_of: Callable[[KnowledgeBase], Index],
) -> int:
    """Delete what the notes name and cross them out; only for the owner of the index.

    Each note is crossed out in the transaction in which its thing is deleted, so an interruption
    leaves the note, and doing it again does no harm. Files that a backup may be copying stay for now.
    Returns how many notes there were.
    """
    with catalog.read() as tx:
        notes = removals.pending(tx)
    for note in notes:
        index = None
        if note.what is What.POINTS:
            # Before the lock is taken: opening it may ask a model's server.
            try:
                index = _index_of_points(catalog, note.key, indexes, index_of)
            except (ServiceError, UsageError):
                # It is of no use as it stands, and other knowledge bases' work goes on: the note stays.
                continue
        with catalog.write() as tx:
            if note.what in (What.FILE, What.PARSE) and holds.held(tx):
                continue
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


def _index_of_points(
    catalog: Catalog, key: str, indexes: Indexes, index_of: Callable[[KnowledgeBase], Index]
) -> Index | None:
    """Return the index that a note of points means; None where it is gone."""
    identifier, generation, _ = key.split("/")
    with catalog.read() as tx:
        found = generations.as_built(tx, identifier, int(generation))
        serves = any(found == each for each in knowledge_bases.with_ids(tx, [identifier]))
    # That of a generation which does not serve may be gone before its row: it is not made anew.
    if found is None or not (serves or (identifier, int(generation)) in indexes.stored()):
        return None
    return index_of(found)


def _remove_points(tx: Transaction, key: str, index: Index) -> None:
    identifier, generation, paper = key.split("/")
    if not generations.has(tx, identifier, int(generation), PaperId(paper)):
        index.remove([PaperId(paper)])
