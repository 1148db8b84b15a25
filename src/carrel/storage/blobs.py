"""Papers' bytes in a folder, each file named by its SHA-256."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from carrel.storage.files import Destination, sweep_temporary, written_whole

_COPY_BYTES = 1 << 20
_SHA256 = re.compile(r"[0-9a-f]{64}")
_SUFFIX = ".pdf"


class FolderBlobStore:
    """The BlobStore port over ``<folder>/ab/ab12….pdf``; temporary files lie in ``<folder>/tmp``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._temporary_folder = folder / "tmp"

    @contextmanager
    def staged(self, stream: BinaryIO) -> Iterator["StagedFile"]:
        """Copy a stream; nothing is stored unless the block calls ``keep``."""
        digest = hashlib.sha256()
        with written_whole(self._temporary_folder) as (copy, destination):
            while piece := stream.read(_COPY_BYTES):
                digest.update(piece)
                copy.write(piece)
            destination.flush()
            sha256 = digest.hexdigest()
            yield StagedFile(sha256, destination, self._location(sha256))

    def path(self, sha256: str) -> Path:
        """Return the file's path. Raises KeyError where there is none."""
        location = self._location(sha256)
        if not location.exists():
            raise KeyError(sha256)
        return location

    def delete(self, sha256: str) -> None:
        """Delete the file, if it is there. Raises KeyError for what is no SHA-256."""
        self._location(sha256).unlink(missing_ok=True)

    def list(self) -> Iterator[str]:
        """Yield every SHA-256 stored."""
        for path in self._folder.glob(f"??/*{_SUFFIX}"):
            yield path.stem

    def sweep(self) -> None:
        """Delete what killed processes left half written."""
        sweep_temporary(self._temporary_folder)

    def _location(self, sha256: str) -> Path:
        # The name is ours, never the user's: no path can be smuggled in.
        if not _SHA256.fullmatch(sha256):
            raise KeyError(sha256)
        return self._folder / sha256[:2] / f"{sha256}{_SUFFIX}"


class StagedFile:
    """A complete copy that has no name yet."""

    def __init__(self, sha256: str, destination: Destination, location: Path) -> None:
        self.sha256 = sha256
        self._destination = destination
        self._location = location

    def keep(self) -> None:
        """Store it; no effect where the same bytes are stored."""
        if not self._location.exists():
            self._destination.become(self._location)
