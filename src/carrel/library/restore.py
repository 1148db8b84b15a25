"""Restoring a whole backup: in place of what there is, or into what is empty.

Files, parses and vectors are named by what is in them, so they are put beside what is there. Then one
transaction of the catalog takes the old rows out and the new ones in: before it nothing has changed for
anybody, after it everything has. What only the old rows had is noted in it for removal, as in any deletion;
what was put beside for a transaction that never came is noted, too.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from carrel.config import SETTINGS_FILE
from carrel.core.backup_errors import BackupDamaged, FolderNotEmpty
from carrel.library.backup import Counts, Stores
from carrel.library.opened_backup import Contents, OpenedBackup
from carrel.storage import dump, knowledge_bases, leftovers, orphans, papers, removals
from carrel.storage.database import FILE_NAME, Transaction
from carrel.storage.files import written_whole
from carrel.storage.removals import Removal, What

# Where the other installation has its stores: a copy of it must not write there.
_ELSEWHERE = re.compile(rb"(?m)^([ \t]*(?:catalog_url|chroma_url)[ \t]*=)")

Progress = Callable[[str, int], None]
"""Is told the kind of what is copied, and how many so far."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored, when it had been written, and the files that were missing already then."""

    counts: Counts
    vectors: int
    written_at: str
    missing: tuple[str, ...]


def restore(backup: OpenedBackup, stores: Stores, replace: bool, say: Progress) -> Restored:
    """Restore a backup; only for the owner of the index, who works the removals off afterwards.

    Raises:
        FolderNotEmpty: there is something, and it is not to be replaced.
        NotABackup, BackupDamaged, BackupTooNew: nothing was changed.
        CarrelError: as the stores; nothing has changed for anybody.
    """
    with stores.catalog.read() as tx:
        if not replace and not dump.is_empty(tx):
            raise FolderNotEmpty(folder=stores.home)
    contents = backup.check()
    vectors = _put_beside(backup, contents, stores, say)
    say("catalog", 0)
    with stores.catalog.write() as tx:
        if not replace and not dump.is_empty(tx):
            raise FolderNotEmpty(folder=stores.home)
        _empty(tx)
        _load(tx, backup)
        dump.settle(tx)
        orphans.forget_papers(tx, orphans.unwanted_papers(tx))  # of one that was being deleted
        for row in tx.rows("SELECT sha256 FROM papers"):
            removals.cross_out(tx, Removal(What.FILE, row["sha256"]))
        counts = Counts(*(dump.count(tx, table) for table in ("knowledge_bases", "papers", "passages")))
        _write_settings(backup, stores)  # at the last moment: a key fits the rows that it encrypts
    return Restored(counts, vectors, contents.written_at, contents.missing)


def _put_beside(backup: OpenedBackup, contents: Contents, stores: Stores, say: Progress) -> int:
    """Store what a paper's rows refer to; return how many vectors. The notes come first."""
    with stores.catalog.write() as tx:
        for sha256 in sorted(contents.files):
            if not papers.file_known(tx, sha256):
                removals.note_file(tx, sha256)
    vectors = 0
    for part in backup.vectors():
        vectors += len(part) if stores.vectors.copy_in(part) else 0
        say("vectors", vectors)
    for number, member in enumerate(backup.in_room("parses"), 1):
        stores.parses.copy_in(member.name, member.read())
        say("parses", number)
    for number, member in enumerate(backup.in_room("blobs"), 1):
        with stores.blobs.staged(cast(BinaryIO, member)) as copy:
            copy.keep()
        say("papers", number)
    return vectors


def _write_settings(backup: OpenedBackup, stores: Stores) -> None:
    for member in backup.in_room("settings"):
        path = stores.home / member.name
        # Settings that are there are those of this installation: where its database is, say.
        if member.name != SETTINGS_FILE or not path.exists():
            with written_whole(stores.home) as (stream, destination):
                content = member.read()
                stream.write(_ELSEWHERE.sub(rb"# \1", content) if member.name == SETTINGS_FILE else content)
                destination.become(path)


def set_aside_damaged(home: Path) -> Path:
    """Give a catalog that cannot be opened another name; return it."""
    aside = home / f"{FILE_NAME}.damaged"
    (home / FILE_NAME).replace(aside)
    for suffix in ("-wal", "-shm"):  # of no use to another file, and harmful to a new one of its name
        (home / f"{FILE_NAME}{suffix}").unlink(missing_ok=True)
    return aside


def _load(tx: Transaction, backup: OpenedBackup) -> None:
    for part in backup.parts():
        try:
            dump.load(tx, part)
        except ValueError as error:
            raise BackupDamaged(path=backup.name, detail=str(error)) from error


def _empty(tx: Transaction) -> None:
    """Delete what the catalog has, by way of the ordinary deletions and their notes."""
    known = [row["id"] for row in tx.rows("SELECT id FROM papers")]
    for knowledge_base in knowledge_bases.all_of_them(tx):
        knowledge_bases.delete(tx, knowledge_base)
    while leftovers.delete_some(tx):  # at once: the ids may come again, with the backup
        pass
    papers.forget_unreferenced(tx, known)
    dump.clear(tx)
