"""Texts that commands read from files and write to them: with our errors, within limits, whole."""

import errno
import os
from pathlib import Path

from carrel.core.errors import PathMissing
from carrel.core.language import tr
from carrel.core.page_errors import FileNotReadable, FileNotWritable
from carrel.storage.files import TEMPORARY_SUFFIX, storage_full

MOST_BYTES = 64 << 20
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def read_text(path: Path, most_bytes: int = MOST_BYTES) -> str:
    """Return the text of a file in UTF-8, which may begin with a mark.

    Raises:
        PathMissing: there is nothing.
        FileNotReadable: the system refuses it, it is something else than text, or it is too long.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(most_bytes + 1)
        if len(content) > most_bytes:
            raise FileNotReadable(path=path, detail=tr("more than {limit} MB").format(limit=most_bytes >> 20))
        return content.decode("utf-8-sig")
    except FileNotFoundError as error:
        raise PathMissing(path=path) from error
    except OSError as error:
        raise FileNotReadable(path=path, detail=error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise FileNotReadable(path=path, detail="UTF-8") from error


def check_writable(path: Path) -> None:
    """See, as far as it shows, that a file can be written, its folder being there. Raises FileNotWritable."""
    missing = None
    if path.is_dir():
        missing = errno.EISDIR
    elif not path.parent.is_dir():
        missing = errno.ENOENT if not path.parent.exists() else errno.ENOTDIR
    elif not os.access(path if path.exists() else path.parent, os.W_OK):
        missing = errno.EACCES
    if missing is not None:
        raise FileNotWritable(path=path, detail=os.strerror(missing))


def write_text(path: Path, text: str) -> None:
    """Write a text to a file, in place of what was there, once it is whole; make its folder.

    Raises:
        StorageFull, FileNotWritable: nothing was written.
    """
    draft = path.with_name(path.name + TEMPORARY_SUFFIX)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            draft.write_text(text, encoding="utf-8", errors="replace", newline="\n")
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise storage_full(path.parent) from error
        raise FileNotWritable(path=path, detail=error.strerror or str(error)) from error
