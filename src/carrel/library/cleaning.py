"""Working off the catalog's notes of what is to be deleted, outside it and of its own rows."""

import logging
from collections.abc import Callable

from carrel.core.errors import ServiceError, UsageError
from carrel.core.ids import PaperId, paper_id
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ports import BlobStore, Index, Indexes
from carrel.library.turns import in_turns
from carrel.storage import generations, holds, knowledge_bases, leftovers, papers, removals
from carrel.storage.clock import later
from carrel.storage.database import Catalog, Transaction
from carrel.storage.parses import ParseStore
from carrel.storage.removals import Removal, What

_log = logging.getLogger(__name__)


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
    queries_end_within: float = 0.0,
) -> int:
    """Delete what the notes name and cross them out; only for the owner of the index.

    Each note is crossed out with its thing or once that is deleted, so an interruption leaves the note,
    and doing it again does no harm. Files that a backup may be copying stay for now, and so does what a
    server would have to delete that is away. The index of a knowledge base that was deleted goes when no
    query can be asking it any more, after so many seconds. Returns how many notes there were.
    """
    with catalog.read() as tx:
        notes = removals.pending(tx)
    over = later(-queries_end_within)
    away = set[str]()  # where nothing can be deleted now: it is not asked again for every note
    for note in notes:
        if note.what in (What.FILE, What.PARSE):
            _work_off_file(catalog, note, blobs, parses)
            continue
        place = note.key.partition("/")[0] if note.what is What.POINTS else note.what
        if place in away:
            continue
        try:  # without the catalog's lock: a server may be asked, and only the owner changes indexes
            if note.what is What.INDEX:
                knowledge_base, generation, *since = note.key.split("/")
                if since and since[0] > over:
                    continue
                indexes.drop(knowledge_base, int(generation))
            else:
                _remove_points(catalog, note.key, indexes, index_of)
        except (ServiceError, UsageError) as error:
            _log.debug("%s %s: %s", note.what, note.key, error)
            away.add(place)
            continue
        with catalog.write() as tx:
            removals.cross_out(tx, note)
    return len(notes)


def _work_off_file(catalog: Catalog, note: Removal, blobs: BlobStore, parses: ParseStore) -> None:
    with catalog.write() as tx:
        if holds.held(tx):
            return
        if note.what is What.FILE:
            _remove_file(tx, note.key, blobs, parses)
        else:
            _remove_parse(tx, PaperId(note.key), parses)
        removals.cross_out(tx, note)


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


def _remove_points(
    catalog: Catalog, key: str, indexes: Indexes, index_of: Callable[[KnowledgeBase], Index]
) -> None:
    index = _index_of_points(catalog, key, indexes, index_of)
    identifier, generation, paper = key.split("/")
    with catalog.read() as tx:
        held = generations.has(tx, identifier, int(generation), PaperId(paper))
    if index is not None and not held:
        index.remove([PaperId(paper)])
