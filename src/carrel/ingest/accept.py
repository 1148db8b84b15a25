"""Accepting a file: its bytes are stored, and a durable job promises that they become a paper.

A paper is its bytes: the same file under two names, or added twice, is one paper. Of a file that a
password opens, an unlocked copy is stored; the paper's id is still that of the file as it came.
"""

import io
import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from carrel.core import ids
from carrel.core.domains import Domain
from carrel.core.errors import EmptyFile, FileUnreadable, NoPapersInFolder, NotAPdf, PathMissing
from carrel.core.file_errors import CodeElsewhere, NotText, UnsupportedFormat
from carrel.core.formats import HEAD_BYTES, FileFormat, is_binary, named_format, recognise
from carrel.core.ids import PaperId
from carrel.core.jobs import Job
from carrel.core.knowledge_base import DEFAULT_DOMAIN, KnowledgeBase
from carrel.core.ports import BlobStore, StagedBlob, Unlocker
from carrel.storage import knowledge_bases, papers, queue, removals
from carrel.storage.database import Catalog, Transaction

# What stands in a folder to say something of it; named by itself, such a file is taken like any other.
_OF_THE_FOLDER = re.compile(
    r"(?:readme|licen[cs]e|copying|notice|authors|changelog|changes|contributing|requirements)"
    r"(?:[._-](?:[a-z]{2}|zh[._-]\w{2,4}|[a-z]{2}[._-][a-z]{2}))?",
    re.IGNORECASE,
)
# Papers come in these, too: they are named with the reason why they cannot be read.
_UNREADABLE = frozenset([".doc", ".djvu", ".epub", ".odt", ".ps", ".rtf"])
# What tools put beside a program: not what somebody wrote here.
_BROUGHT_ALONG = frozenset(
    ["node_modules", "__pycache__", "vendor", "third_party", "site-packages", "target", "dist"]
)
_CHANGED = "it changed while it was read; add it again"


@dataclass(frozen=True, slots=True)
class Accepted:
    """A file that was taken in. ``job`` is None where the knowledge base already holds the paper."""

    paper_id: PaperId
    job: Job | None
    duplicate: bool = False  # whether the knowledge base had the paper, or was about to have it


@dataclass(frozen=True, slots=True)
class Bringer:
    """Who brings a file; ``check`` raises where they may not bring it any more."""

    user_id: str = ""
    check: Callable[[Transaction], object] = lambda _: None


_NOBODY = Bringer()


def find_files(path: Path, recursive: bool, domain: Domain = DEFAULT_DOMAIN) -> Iterator[Path]:
    """Yield the files that a path names: itself, or those in a folder that may be papers, by name.

    Programs are among them where the domain is code; not those of others that lie with them.

    Raises:
        PathMissing: there is nothing at the path.
        NoPapersInFolder: a folder without a file that can be read.
        FileUnreadable: the operating system refuses to look.
    """
    with _named_errors(path, path):
        if path.is_dir():
            found = sorted(_readable_in(path, recursive, domain is Domain.CODE))
        else:
            os.lstat(path)
            found = [path]
    if not found:
        raise NoPapersInFolder(path=path)
    yield from found


def check(path: Path) -> None:
    """Look at a file as ``accept`` does, and store nothing.

    Raises:
        PathMissing, EmptyFile, NotAPdf, UnsupportedFormat, NotText, FileUnreadable: it cannot be one.
    """
    with _named_errors(path, path.name), _opened(path) as stream:
        _checked_format(stream, path.name, Domain.CODE)


def accept(
    path: Path,
    knowledge_base: KnowledgeBase,
    catalog: Catalog,
    blobs: BlobStore,
    unlocker: Unlocker | None = None,
) -> Accepted:
    """Store a file's bytes and queue the job that makes them a paper of the knowledge base.

    When this returns, the promise survives a crash: the job and the bytes are on the disk. Where the
    file is a PDF that needs a password and ``unlocker`` has it, its unlocked copy is what is stored.

    Raises:
        EmptyFile, NotAPdf, UnsupportedFormat, NotText, FileUnreadable: it cannot be a paper; nothing
            was stored. CodeElsewhere: it is a program, and the knowledge base is not of code. Nor is a
            file that changes while it is read, which is FileUnreadable, too.
        WrongPassword: the unlocker's password is another one; nothing was stored.
        KnowledgeBaseMissing: it was deleted meanwhile; nothing was stored.
        StorageFull: there is no room; nothing was stored.
    """
    with _named_errors(path, path.name), _opened(path) as stream:
        found = _checked_format(stream, path.name, knowledge_base.domain)
        paper = ids.paper_id(ids.content_hash(stream))
        with catalog.read() as tx:
            if papers.holds(tx, knowledge_base, paper) and _is_stored(tx, paper, blobs):
                return Accepted(paper, None, duplicate=True)
        content: BinaryIO = stream
        if unlocker and found is FileFormat.PDF and (unlocked := unlocker.unlocked(path, path.name)):
            content = io.BytesIO(unlocked)
            _check_unchanged(path, paper)
        size = content.seek(0, os.SEEK_END)
        content.seek(0)
        with blobs.staged(content) as copy:
            if content is stream and ids.paper_id(copy.sha256) != paper:
                raise FileUnreadable(name=path.name, detail=_CHANGED)
            return _stored_and_queued(copy, paper, shown_name(path), size, knowledge_base, catalog, blobs)


def accept_stream(
    stream: BinaryIO,
    name: str,
    knowledge_base: KnowledgeBase,
    catalog: Catalog,
    blobs: BlobStore,
    bringer: Bringer = _NOBODY,
) -> Accepted:
    """Accept what a stream holds, such as an upload's temporary file, as ``accept`` does a file.

    ``name`` is the file's, without a path; nobody else writes to what the stream reads. An upload
    takes its time: the bringer is checked in the transaction that queues the job, and what that raises is
    raised.
    """
    with _named_errors(Path(name), name):
        _checked_format(stream, name, knowledge_base.domain)
        paper = ids.paper_id(ids.content_hash(stream))
        with catalog.read() as tx:
            bringer.check(tx)
            if papers.holds(tx, knowledge_base, paper) and _is_stored(tx, paper, blobs):
                return Accepted(paper, queue.of_paper(tx, knowledge_base, paper), duplicate=True)
        size = stream.seek(0, os.SEEK_END)
        stream.seek(0)
        with blobs.staged(stream) as copy:
            return _stored_and_queued(copy, paper, name, size, knowledge_base, catalog, blobs, bringer)


def _stored_and_queued(
    copy: StagedBlob,
    paper: PaperId,
    name: str,
    size: int,
    knowledge_base: KnowledgeBase,
    catalog: Catalog,
    blobs: BlobStore,
    bringer: Bringer = _NOBODY,
) -> Accepted:
    """Store the bytes and write the job, so that a crash anywhere leaves no bytes that nobody knows of.

    The note that they may have to be removed is on the disk before they are, and they are stored
    under the catalog's write lock, so that nobody works the note off between the two.
    """
    while True:
        with catalog.write() as tx:
            if not papers.file_known(tx, copy.sha256):
                removals.note_file(tx, copy.sha256)
        with catalog.write() as tx:
            knowledge_bases.by_id(tx, knowledge_base.id)  # it may have been deleted meanwhile
            bringer.check(tx)
            if _is_opened(tx, paper, blobs):  # the note stays: it does no harm
                return _queued(tx, knowledge_base, paper, name, bringer.user_id)
            known = papers.with_file(tx, copy.sha256)
            if known is None and not removals.file_noted(tx, copy.sha256):
                continue  # another process worked it off already: write it again
            # An unlocked copy may be the very bytes of another paper: then it is that paper.
            paper = known or paper
            copy.keep()
            papers.register(tx, paper, copy.sha256, size)
            removals.cross_out(tx, removals.Removal(removals.What.FILE, copy.sha256))
            return _queued(tx, knowledge_base, paper, name, bringer.user_id)


def _queued(
    tx: Transaction, knowledge_base: KnowledgeBase, paper: PaperId, name: str, created_by: str
) -> Accepted:
    """Queue the paper's job, unless the knowledge base holds the paper or a job is on its way."""
    if papers.holds(tx, knowledge_base, paper):
        return Accepted(paper, None, duplicate=True)
    known = queue.of_paper(tx, knowledge_base, paper)
    on_its_way = known is not None and not known.state.final
    return Accepted(paper, queue.enqueue(tx, knowledge_base, paper, name, created_by=created_by), on_its_way)


def _check_unchanged(path: Path, paper: PaperId) -> None:
    """Raise FileUnreadable where the file at the path, opened anew, is no longer the paper's."""
    with _opened(path) as stream:
        if ids.paper_id(ids.content_hash(stream)) != paper:
            raise FileUnreadable(name=path.name, detail=_CHANGED)


def _is_opened(tx: Transaction, paper: PaperId, blobs: BlobStore) -> bool:
    """Whether an unlocked copy of the file is stored already: it is kept, whatever is brought now."""
    if not papers.known(tx, paper):
        return False
    return ids.paper_id(papers.sha256_of(tx, paper)) != paper and _is_stored(tx, paper, blobs)


def _is_stored(tx: Transaction, paper: PaperId, blobs: BlobStore) -> bool:
    """Whether the bytes of a known paper are there; where they were lost, a new copy takes their place."""
    try:
        return blobs.path(papers.sha256_of(tx, paper)).exists()
    except KeyError:
        return False


def shown_name(path: Path) -> str:
    """Return the file's name as text: on some systems it may be bytes that are no text."""
    return os.fsencode(path.name).decode("utf-8", "replace")


@contextmanager
def _named_errors(path: Path, name: str | Path) -> Iterator[None]:
    """Turn what the operating system refuses into our errors; ``name`` is what they call the file."""
    try:
        yield
    except FileNotFoundError as error:
        raise PathMissing(path=path) from error
    except OSError as error:
        raise FileUnreadable(name=name, detail=error.strerror or str(error)) from error


def _opened(path: Path) -> BinaryIO:
    # Looked at before it is opened: opening a pipe would wait for ever.
    if not stat.S_ISREG(path.stat().st_mode):
        raise FileUnreadable(name=path.name, detail="not a regular file")
    return path.open("rb")


def _checked_format(stream: BinaryIO, name: str, domain: Domain = DEFAULT_DOMAIN) -> FileFormat:
    """Return the file's format, told by its beginning and its name; the stream is back at its start."""
    head = stream.read(HEAD_BYTES)
    stream.seek(0)
    if not head:
        raise EmptyFile(name=name)
    found = recognise(name, head)
    if found is None:
        raise NotAPdf(name=name) if named_format(name) is FileFormat.PDF else UnsupportedFormat(name=name)
    if found is FileFormat.CODE and domain is not Domain.CODE:
        raise CodeElsewhere(name=name)
    if found.is_text and is_binary(head):
        raise NotText(name=name, detail="it holds bytes that no text has")
    return found


def _readable_in(folder: Path, recursive: bool, code: bool) -> Iterator[Path]:
    if not recursive:
        yield from (path for path in folder.iterdir() if _is_paper(path, code) and not path.is_dir())
        return
    # os.walk does not follow links to folders, so a loop of links ends.
    for parent, below, names in os.walk(folder, onerror=_raise):
        if code:
            below[:] = [name for name in below if not name.startswith(".") and name not in _BROUGHT_ALONG]
        yield from (path for name in names if _is_paper(path := Path(parent, name), code))


def _is_paper(path: Path, code: bool) -> bool:
    """Whether a file of a folder may be a paper, and is not about the folder itself.

    A known ending tells; of a file without one, or "paper.pdf.download", a PDF's first bytes.
    """
    found = named_format(path.name)
    if found is FileFormat.CODE:
        return code
    if found is None:
        return path.suffix.lower() in _UNREADABLE or (
            (not path.suffix or ".pdf" in path.name.lower()) and _begins_as_pdf(path)
        )
    return found is FileFormat.PDF or _OF_THE_FOLDER.fullmatch(path.stem) is None


def _begins_as_pdf(path: Path) -> bool:
    try:
        with _opened(path) as stream:
            return recognise(path.name, stream.read(HEAD_BYTES)) is FileFormat.PDF
    except (OSError, FileUnreadable):
        return False


def _raise(error: OSError) -> None:
    raise error
