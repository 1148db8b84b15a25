"""Accepting a file: its bytes are stored, and a durable job promises that they become a paper.

A paper is its bytes: the same file under two names, or added twice, is one paper.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from carrel.core import ids
from carrel.core.errors import EmptyFile, FileUnreadable, NoPapersInFolder, NotAPdf, PathMissing
from carrel.core.ids import PaperId
from carrel.core.jobs import Job
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ports import BlobStore, StagedBlob
from carrel.storage import papers, queue, removals
from carrel.storage.database import Catalog

_PDF_MARK = b"%PDF"
# Readers accept a few junk bytes before the mark; so do we (ISO 32000-1, annex H, note 13).
_MARK_WITHIN_BYTES = 1024


@dataclass(frozen=True, slots=True)
class Accepted:
    """A file that was taken in. ``job`` is None where the knowledge base already holds the paper."""

    paper_id: PaperId
    job: Job | None


def find_files(path: Path, recursive: bool) -> Iterator[Path]:
    """Yield the PDFs that a path names: itself, or those in a folder, by name.

    Raises:
        PathMissing: there is nothing at the path.
        NoPapersInFolder: a folder without a PDF.
        FileUnreadable: the operating system refuses to look.
    """
    try:
        if not path.is_dir():
            os.lstat(path)
            yield path
            return
        found = sorted(_pdfs_in(path, recursive))
    except FileNotFoundError as error:
        raise PathMissing(path=path) from error
    except OSError as error:
        raise FileUnreadable(name=path, detail=error.strerror or str(error)) from error
    if not found:
        raise NoPapersInFolder(path=path)
    yield from found


def check(path: Path) -> None:
    """Look at a file as ``accept`` does, and store nothing.

    Raises:
        PathMissing, EmptyFile, NotAPdf, FileUnreadable: it cannot be a paper.
    """
    try:
        with _opened(path) as stream:
            _checked_size(stream, path.name)
    except FileNotFoundError as error:
        raise PathMissing(path=path) from error
    except OSError as error:
        raise FileUnreadable(name=path.name, detail=error.strerror or str(error)) from error


def accept(path: Path, knowledge_base: KnowledgeBase, catalog: Catalog, blobs: BlobStore) -> Accepted:
    """Store a file's bytes and queue the job that makes them a paper of the knowledge base.

    When this returns, the promise survives a crash: the job and the bytes are on the disk.

    Raises:
        EmptyFile, NotAPdf, FileUnreadable: it cannot be a paper; nothing was stored.
        StorageFull: there is no room; nothing was stored.
    """
    try:
        with _opened(path) as stream:
            size = _checked_size(stream, path.name)
            paper = ids.paper_id(ids.content_hash(stream))
            with catalog.read() as tx:
                if papers.holds(tx, knowledge_base, paper):
                    return Accepted(paper, None)
            stream.seek(0)
            with blobs.staged(stream) as copy:
                return _stored_and_queued(copy, shown_name(path), size, knowledge_base, catalog)
    except FileNotFoundError as error:
        raise PathMissing(path=path) from error
    except OSError as error:
        raise FileUnreadable(name=path.name, detail=error.strerror or str(error)) from error


def _stored_and_queued(
    copy: StagedBlob, name: str, size: int, knowledge_base: KnowledgeBase, catalog: Catalog
) -> Accepted:
    """Store the bytes and write the job, so that a crash anywhere leaves no bytes that nobody knows of.

    The note that they may have to be removed is on the disk before they are, and they are stored
    under the catalog's write lock, so that nobody works the note off between the two.
    """
    paper = ids.paper_id(copy.sha256)
    while True:
        with catalog.write() as tx:
            if not papers.file_known(tx, copy.sha256):
                removals.note_file(tx, copy.sha256)
        with catalog.write() as tx:
            if not papers.file_known(tx, copy.sha256) and not removals.file_noted(tx, copy.sha256):
                continue  # another process worked it off already: write it again
            copy.keep()
            papers.register(tx, paper, copy.sha256, size)
            removals.cross_out(tx, removals.Removal(removals.What.FILE, copy.sha256))
            return Accepted(paper, queue.enqueue(tx, knowledge_base, paper, name))


def shown_name(path: Path) -> str:
    """Return the file's name as text: on some systems it may be bytes that are no text."""
    return os.fsencode(path.name).decode("utf-8", "replace")


def _opened(path: Path) -> BinaryIO:
    # Looked at before it is opened: opening a pipe would wait for ever.
    if not stat.S_ISREG(path.stat().st_mode):
        raise FileUnreadable(name=path.name, detail="not a regular file")
    return path.open("rb")


def _checked_size(stream: BinaryIO, name: str) -> int:
    head = stream.read(_MARK_WITHIN_BYTES)
    if not head:
        raise EmptyFile(name=name)
    if _PDF_MARK not in head:
        raise NotAPdf(name=name)
    size = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    return size


def _pdfs_in(folder: Path, recursive: bool) -> Iterator[Path]:
    if not recursive:
        yield from (path for path in folder.iterdir() if _named_pdf(path) and not path.is_dir())
        return
    # os.walk does not follow links to folders, so a loop of links ends.
    for parent, _, names in os.walk(folder, onerror=_raise):
        yield from (Path(parent, name) for name in names if _named_pdf(Path(name)))


def _named_pdf(path: Path) -> bool:
    return path.suffix.lower() == ".pdf"


def _raise(error: OSError) -> None:
    raise error
