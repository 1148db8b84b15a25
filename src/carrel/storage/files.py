"""Writing files so that they are there whole or not at all."""

import errno
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from carrel.core.errors import CarrelError, DataFolderNotWritable, StorageFull

if sys.platform != "win32":
    import fcntl

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NOT_WRITABLE = {errno.EROFS, errno.EACCES, errno.EPERM}
TEMPORARY_SUFFIX = ".part"


@contextmanager
def written_whole(folder: Path) -> Iterator[tuple[BinaryIO, "Destination"]]:
    """Open a temporary file in ``folder``; it takes its name when the block calls ``become``.

    Without that call, or on an error, nothing is left behind; what a killed process leaves,
    ``sweep_temporary`` recognises.

    Raises:
        StorageFull: there is no room.
        DataFolderNotWritable: the folder is read-only.
    """
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        handle, temporary = _temporary_file(folder)
        try:
            with os.fdopen(handle, "w+b") as stream:
                yield stream, Destination(stream, temporary)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Turn what the disk of a folder refuses into our errors.

    Raises:
        StorageFull: there is no room.
        DataFolderNotWritable: the folder is read-only.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise storage_full(folder) from error
        if error.errno in _NOT_WRITABLE:
            raise DataFolderNotWritable(folder=folder) from error
        raise


class Destination:
    """Where a temporary file goes once it is complete."""

    def __init__(self, stream: BinaryIO, temporary: Path) -> None:
        self._stream = stream
        self._temporary = temporary

    def flush(self) -> None:
        """Bring the bytes to the disk, so that ``become`` has only a name to give."""
        self._stream.flush()
        os.fsync(self._stream.fileno())

    def become(self, path: Path) -> None:
        """Give the file its name, replacing what was there, after its bytes are on the disk."""
        self.flush()
        _make_folder(path.parent)
        self._temporary.replace(path)
        sync_folder(path.parent)

    def become_unless_there(self, path: Path) -> None:
        """Give the file its name, after its bytes are on the disk, unless something has it."""
        self.flush()
        with suppress(FileExistsError):
            path.hardlink_to(self._temporary)
            sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk: a power failure could undo a file's, bytes and all."""
    if sys.platform == "win32":  # which lets nobody open a folder
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _make_folder(folder: Path) -> None:
    """Make a folder and those above it, each on the disk under its name when this returns."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def sweep_temporary(folder: Path) -> None:
    """Delete the temporary files that killed processes left directly in ``folder``.

    Safe beside processes that write there: the system drops a lock together with its process.
    """
    for path in folder.glob(f"*{TEMPORARY_SUFFIX}"):
        with suppress(OSError):  # in use, or gone in the meantime
            if sys.platform == "win32":
                path.unlink()  # refused while anybody has it open
            else:
                with path.open("rb") as stream:
                    fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    path.unlink()


def _temporary_file(folder: Path) -> tuple[int, Path]:
    while True:
        handle, name = tempfile.mkstemp(suffix=TEMPORARY_SUFFIX, dir=folder)
        with suppress(OSError):  # a file system without locks: nobody can sweep there either
            if sys.platform != "win32":
                fcntl.flock(handle, fcntl.LOCK_EX)
        if os.fstat(handle).st_nlink:
            return handle, Path(name)
        os.close(handle)  # swept between its making and its locking


def check_room(folder: Path, keep_free_mb: int, wanted_bytes: int = 0) -> None:
    """Raise StorageFull where so many bytes more would leave less than so many megabytes on the disk."""
    needed_mb = keep_free_mb + wanted_bytes // 1_000_000
    free_mb = shutil.disk_usage(folder).free // 1_000_000
    if free_mb < needed_mb:
        raise StorageFull(folder=folder, free_mb=free_mb, needed_mb=needed_mb)


def storage_full(folder: Path, needed_mb: int = 1) -> CarrelError:
    """Return the error that says how much room ``folder``'s disk has and how much is wanted."""
    free = shutil.disk_usage(folder).free // 1_000_000
    return StorageFull(folder=folder, free_mb=free, needed_mb=needed_mb)
