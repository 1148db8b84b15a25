"""``carrel backup``: everything in one file, written whole or not at all."""

import errno
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from carrel.bootstrap import Services
from carrel.cli.output import note, print_json, printable
from carrel.cli.session import services
from carrel.core import counts
from carrel.core.accounts import COMMAND_LINE
from carrel.core.audit import Action
from carrel.core.backup_errors import BackupExists
from carrel.core.language import tr
from carrel.core.page_errors import FileNotWritable
from carrel.library.auditing import record
from carrel.library.backup import BackedUp, back_up, room_needed
from carrel.storage.files import TEMPORARY_SUFFIX, storage_full

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_PAPERS_A_LINE = 500


def write_backup(file: str, with_vectors: bool, force: bool, as_json: bool) -> int:
    """Write a backup. Exit code 1 where papers' files were missing: all else is in it, and they are named."""
    with services() as opened:
        if file == "-":
            done = back_up(opened.stores(), sys.stdout.buffer, with_vectors, _say)
        else:
            done = _written(Path(file), opened, with_vectors, force)
        with opened.catalog.write() as tx:
            record(tx, COMMAND_LINE, Action.BACKUP, detail={"file": file, "papers": done.counts.papers})
    for sha256 in done.missing:
        note(
            tr("The stored file {sha256} is missing or damaged; it is not in the backup.").format(
                sha256=sha256
            )
        )
    if as_json:
        print_json(
            {
                "file": file,
                "bytes": done.bytes,
                "knowledge_bases": done.counts.knowledge_bases,
                "papers": done.counts.papers,
                "passages": done.counts.passages,
                "vectors": done.vectors,
                "missing": list(done.missing),
            }
        )
    elif file != "-":
        print(
            tr("{file}: {bases}, {papers}, {vectors} vectors, {size} MB").format(
                file=printable(file),
                bases=counts.knowledge_bases(done.counts.knowledge_bases),
                papers=counts.papers(done.counts.papers),
                vectors=done.vectors,
                size=f"{done.bytes / 1e6:.1f}",
            )
        )
        print(tr("It holds accounts and keys: keep it as you keep the server."))
    return 1 if done.missing else 0


def _written(path: Path, opened: Services, with_vectors: bool, force: bool) -> BackedUp:
    if path.exists() and not force:
        raise BackupExists(path=path)
    with _named_errors(path):
        needed = room_needed(opened.stores())
        if shutil.disk_usage(path.parent).free < needed:
            raise storage_full(path.parent, needed_mb=needed // 1_000_000 + 1)
        with _whole_file(path) as stream:
            return back_up(opened.stores(), stream, with_vectors, _say)


@contextmanager
def _whole_file(path: Path) -> Iterator[BinaryIO]:
    """Open ``path``.part, for its owner alone; it gets its name when the block ends well, or is deleted."""
    draft = path.with_name(path.name + TEMPORARY_SUFFIX)
    draft.unlink(missing_ok=True)  # of a killed backup; another user's must not be written into
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    try:
        with os.fdopen(handle, "wb", buffering=1 << 20) as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def _named_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise storage_full(path.parent) from error
        raise FileNotWritable(path=path, detail=error.strerror or str(error)) from error


def _say(kind: str, count: int) -> None:
    if kind == "papers" and count % _PAPERS_A_LINE == 0:
        note(tr("{count} papers copied").format(count=count))
