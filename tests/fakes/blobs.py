"""A blob store over temporary files of its own that forgets everything with its process."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from carrel.core.errors import StorageFull


class InMemoryBlobStore:
    """BlobStore port over a dictionary; ``path`` writes the bytes out when they are asked for.

    With ``room`` it holds so many bytes and then is full.
    """

    def __init__(self, room: int | None = None) -> None:
        self.blobs: dict[str, bytes] = {}
        self._room = room
        self._written_out = TemporaryDirectory(prefix="carrel-fake-blobs-")

    @contextmanager
    def staged(self, stream: BinaryIO) -> Iterator["StagedBytes"]:
        content = bytearray()
        while piece := stream.read(4096):
            content += piece
            if self._room is not None and self._used() + len(content) > self._room:
                raise StorageFull(folder="memory", free_mb=0, needed_mb=1)
        yield StagedBytes(bytes(content), self)

    def path(self, sha256: str) -> Path:
        path = Path(self._written_out.name, f"{sha256}.pdf")
        path.write_bytes(self.blobs[sha256])
        return path

    def delete(self, sha256: str) -> None:
        if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
            raise KeyError(sha256)
        if self.blobs.pop(sha256, None) is not None:
            Path(self._written_out.name, f"{sha256}.pdf").unlink(missing_ok=True)

    def list(self) -> Iterator[str]:
        yield from tuple(self.blobs)

    def sweep(self) -> None:
        """Nothing is ever left half written."""

    def _used(self) -> int:
        return sum(map(len, self.blobs.values()))


class StagedBytes:
    """Bytes that are not stored yet."""

    def __init__(self, content: bytes, store: InMemoryBlobStore) -> None:
        self.sha256 = hashlib.sha256(content).hexdigest()
        self._content = content
        self._store = store

    def keep(self) -> None:
        self._store.blobs.setdefault(self.sha256, self._content)
