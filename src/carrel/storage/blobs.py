"""Papers' bytes in a folder, each file named by its SHA-256."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from carrel.storage.files import written_whole

_COPY_BYTES = 1 << 20
_SUFFIX = ".pdf"


class FolderBlobStore:
    """The BlobStore port over ``<folder>/ab/ab12….pdf``; temporary files lie in ``<folder>/tmp``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.temporary_folder = folder / "tmp"

    def put(self, stream: BinaryIO) -> str:
        """Store a stream whole or not at all; return its SHA-256."""
        digest = hashlib.sha256()
        with written_whole(self.temporary_folder) as (copy, destination):
            while piece := stream.read(_COPY_BYTES):
                digest.update(piece)
                copy.write(piece)
            sha256 = digest.hexdigest()
            if not self._location(sha256).exists():
                destination.become(self._location(sha256))
        return sha256

    def path(self, sha256: str) -> Path:
        """Return the file's path. Raises KeyError where there is none."""
        location = self._location(sha256)
        if not location.exists():
            raise KeyError(sha256)
        return location

    def delete(self, sha256: str) -> None:
        """Delete the file, if it is there."""
        self._location(sha256).unlink(missing_ok=True)

    def list(self) -> Iterator[str]:
        """Yield every SHA-256 stored."""
        for path in self._folder.glob(f"??/*{_SUFFIX}"):
            yield path.stem

    def _location(self, sha256: str) -> Path:
        # The name is ours, never the user's: no path can be smuggled in.
        if len(sha256) != 64 or not sha256.isalnum():
            raise KeyError(sha256)
        return self._folder / sha256[:2] / f"{sha256}{_SUFFIX}"
