"""Writing files so that they are there whole or not at all."""

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from carrel.core.errors import DataFolderNotWritable
from carrel.storage.database import storage_full

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NOT_WRITABLE = {errno.EROFS, errno.EACCES, errno.EPERM}
TEMPORARY_SUFFIX = ".part"


@contextmanager
def written_whole(folder: Path) -> Iterator[tuple[BinaryIO, "Destination"]]:
    """Open a temporary file in ``folder``; it takes its name when the block calls ``become``.

    Without that call, or on an error, nothing is left behind.

    Raises:
        StorageFull: there is no room.
        DataFolderNotWritable: the folder is read-only.
    """
    temporary: Path | None = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(suffix=TEMPORARY_SUFFIX, dir=folder)
        temporary = Path(name)
        with os.fdopen(handle, "wb") as stream:
            yield stream, Destination(stream, temporary)
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise storage_full(folder) from error
        if error.errno in _NOT_WRITABLE:
            raise DataFolderNotWritable(folder=folder) from error
        raise
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


class Destination:
    """Where a temporary file goes once it is complete."""

    def __init__(self, stream: BinaryIO, temporary: Path) -> None:
        self._stream = stream
        self._temporary = temporary

    def become(self, path: Path) -> None:
        """Give the file its name, replacing what was there, after its bytes are on the disk."""
        self._stream.flush()
        os.fsync(self._stream.fileno())
        path.parent.mkdir(parents=True, exist_ok=True)
        self._temporary.replace(path)


def sweep_temporary(folder: Path, older_than_seconds: float, now_seconds: float) -> None:
    """Delete temporary files that a killed process left directly in ``folder``."""
    for path in folder.glob(f"*{TEMPORARY_SUFFIX}"):
        if now_seconds - path.stat().st_mtime > older_than_seconds:
            path.unlink(missing_ok=True)
