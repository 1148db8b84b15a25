"""Adding from a backup, while everything goes on: the knowledge bases that are missing, with their papers.

Each paper comes as if somebody had added it: its file is stored and a job queued, and the ordinary journey
finds its parse and its vectors where the backup has put them, so no model is asked. What is there already
stays as it is; accounts, keys and the audit log are not merged.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import BinaryIO, cast

from carrel.core.domains import Domain
from carrel.core.errors import KnowledgeBaseExists
from carrel.core.ids import KnowledgeBaseId, PaperId
from carrel.core.knowledge_base import ChunkSettings, KnowledgeBase
from carrel.core.ports import StagedBlob
from carrel.library.backup import Stores
from carrel.library.opened_backup import OpenedBackup
from carrel.library.restore import Progress
from carrel.storage import dump, knowledge_bases, papers, queue, removals
from carrel.storage.database import Transaction, Value
from carrel.storage.holds import IMPORTING
from carrel.storage.removals import Removal, What


@dataclass(frozen=True, slots=True)
class Added:
    """The names of the knowledge bases that came, those that were there, and how many papers wait now."""

    added: tuple[str, ...]
    left: tuple[str, ...]
    papers: int


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A paper of a knowledge base that is added."""

    knowledge_base: KnowledgeBase
    paper: PaperId
    file_name: str
    said: tuple[tuple[str, Mapping[str, Value]], ...] = ()  # rows of ``dump.SAID_OF_HELD_PAPERS``


def add_missing(backup: OpenedBackup, stores: Stores, say: Progress) -> Added:
    """Add what is missing. Interrupted, it goes on where it stopped when it is done again.

    Raises:
        NotABackup, BackupDamaged, BackupTooNew: nothing was added.
        CarrelError: as the stores; what was added stays.
    """
    backup.check()
    added: list[KnowledgeBase] = []
    left: list[str] = []
    for row in backup.rows("knowledge_bases"):
        with stores.catalog.write() as tx:
            created = _created_or_unfinished(tx, row)
        if created is None:
            left.append(str(row["name"]))
        else:
            added.append(created)
    wanted = _papers_of(backup, {each.id: each for each in added})
    for part in backup.vectors() if added else ():
        stores.vectors.copy_in(part)
    queued = _store_and_queue(backup, stores, wanted, say)
    with stores.catalog.write() as tx:
        for each in added:
            tx.run("DELETE FROM server_settings WHERE name = :name", name=IMPORTING + each.id)
    return Added(tuple(sorted(each.name for each in added)), tuple(sorted(left)), queued)


def _created_or_unfinished(tx: Transaction, row: Mapping[str, Value]) -> KnowledgeBase | None:
    """Create the knowledge base of a row, or return one that an interrupted import has; None: it is ours."""
    identifier = str(row["id"])
    mark = IMPORTING + identifier
    for present in knowledge_bases.with_ids(tx, [identifier]):
        unfinished = tx.row("SELECT 1 FROM server_settings WHERE name = :name", name=mark) is not None
        return present if unfinished else None
    knowledge_base = _knowledge_base(row)
    try:
        knowledge_bases.create(tx, knowledge_base)
    except KnowledgeBaseExists:
        # Another one has the name: told apart by the beginning of its id.
        knowledge_base = replace(knowledge_base, name=f"{knowledge_base.name[:180]} ({identifier[:8]})")
        knowledge_bases.create(tx, knowledge_base)
    tx.run("INSERT INTO server_settings VALUES (:name, '', 0)", name=mark)
    return knowledge_base


def _knowledge_base(row: Mapping[str, Value]) -> KnowledgeBase:
    def number(name: str) -> int:
        return int(row[name] or 0)

    return KnowledgeBase(
        id=KnowledgeBaseId(str(row["id"])),
        name=str(row["name"]),
        description=str(row["description"]),
        domain=Domain.of(str(row["domain"])),
        embedder=str(row["embedder"]),
        chunking=ChunkSettings(
            number("chunk_size"), number("chunk_overlap"), references=bool(row["chunk_references"])
        ),
        parser=str(row["parser"]),
        dimensions=number("dimensions"),
        paused=bool(row["paused"]),
    )


def _papers_of(backup: OpenedBackup, bases: Mapping[str, KnowledgeBase]) -> dict[str, list[_Wanted]]:
    """Return what the knowledge bases hold or await, by the SHA-256 of the stored file."""
    names: dict[tuple[str, str], str] = {}
    for table in ("jobs", "holdings"):
        for row in backup.rows(table):
            if row["knowledge_base_id"] in bases:
                names[str(row["paper_id"]), str(row["knowledge_base_id"])] = str(row["file_name"])
    files = {str(row["id"]): str(row["sha256"]) for row in backup.rows("papers")}
    said: dict[tuple[str, str], list[tuple[str, Mapping[str, Value]]]] = {}
    for table in dump.SAID_OF_HELD_PAPERS:
        for row in backup.rows(table):
            said.setdefault((str(row["paper_id"]), str(row["knowledge_base_id"])), []).append((table, row))
    wanted: dict[str, list[_Wanted]] = {}
    for (paper, base), file_name in names.items():
        if paper in files:
            new = _Wanted(bases[base], PaperId(paper), file_name, tuple(said.get((paper, base), ())))
            wanted.setdefault(files[paper], []).append(new)
    return wanted


def _store_and_queue(
    backup: OpenedBackup, stores: Stores, wanted: Mapping[str, list[_Wanted]], say: Progress
) -> int:
    ids = {each.paper for found in wanted.values() for each in found}
    for member in backup.in_room("parses") if ids else ():
        if member.name.partition(".")[0] in ids:
            stores.parses.copy_in(member.name, member.read())
    queued = 0
    for number, member in enumerate(backup.in_room("blobs") if ids else (), 1):
        if found := wanted.get(member.name):
            with stores.blobs.staged(cast(BinaryIO, member)) as copy:
                queued += _stored_and_queued(copy, found, member.size, stores)
        say("papers", number)
    return queued


def _stored_and_queued(copy: StagedBlob, found: list[_Wanted], size: int, stores: Stores) -> int:
    """Store a file and write its jobs, as ``ingest/accept.py`` does: noted first, kept under the lock."""
    while True:
        with stores.catalog.write() as tx:
            if not papers.file_known(tx, copy.sha256):
                removals.note_file(tx, copy.sha256)
        with stores.catalog.write() as tx:
            known = papers.with_file(tx, copy.sha256)
            if known is None and not removals.file_noted(tx, copy.sha256):
                continue  # its note was worked off already: write it again
            copy.keep()
            removals.cross_out(tx, Removal(What.FILE, copy.sha256))
            queued = 0
            for each in found:
                paper = known or each.paper
                if known is None and not papers.known(tx, paper):
                    papers.register(tx, paper, copy.sha256, size)
                present = knowledge_bases.with_ids(tx, [each.knowledge_base.id])
                if present and not papers.holds(tx, present[0], paper):
                    queue.enqueue(tx, present[0], paper, each.file_name)
                    for table, row in each.said:  # its users are not known here, their names stay
                        dump.add(tx, table, {**row, "paper_id": paper, "user_id": ""})
                    queued += 1
            return queued
