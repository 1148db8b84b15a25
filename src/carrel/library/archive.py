"""The file of a backup: a tar of regular files under names of ours, with a digest of everything at its end.

``manifest.json`` comes first and ``trailer.json`` last: without the trailer, the file is not whole. Written
as a stream. Read strictly: nothing but regular files under names that a backup has is looked at, and no name
becomes a path.
"""

import hashlib
import json
import re
import tarfile
from collections.abc import Iterator
from typing import BinaryIO

from carrel.core.backup_errors import BackupDamaged, NotABackup

MANIFEST, TRAILER = "manifest.json", "trailer.json"
_BLOCK = tarfile.BLOCKSIZE
_COPY_BYTES = 1 << 20
_MEGABYTE = 1 << 20

# What a backup holds, and how large each may be at most.
_NAMES = {
    re.compile(r"manifest\.json|trailer\.json"): 64 * _MEGABYTE,
    re.compile(r"catalog/[a-z_]{1,40}/[0-9]{6}\.jsonl\.gz"): 256 * _MEGABYTE,
    re.compile(r"blobs/[0-9a-f]{64}"): 8 * 1024 * _MEGABYTE,
    re.compile(r"parses/[0-9a-f]{32}\.[a-z0-9_-]{1,40}\.parse"): 1024 * _MEGABYTE,
    re.compile(r"vectors/[0-9]{6}\.bin"): 256 * _MEGABYTE,
    re.compile(r"settings/(?:carrel\.toml|secret\.key)"): _MEGABYTE,
}


class ArchiveWriter:
    """Writes members one after the other. Nothing is whole before ``finish``."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._members = 0
        self._digest = hashlib.sha256()
        self.bytes = 0

    def add(self, name: str, content: bytes) -> None:
        """Write a member of these bytes."""
        self._begin(name, len(content))
        self._write(content)
        self._end(len(content))

    def add_stream(self, name: str, stream: BinaryIO, size: int) -> None:
        """Write a member of the next ``size`` bytes of a stream. Raises EOFError where it has fewer."""
        self._begin(name, size)
        left = size
        while left:
            piece = stream.read(min(left, _COPY_BYTES))
            if not piece:
                raise EOFError(name)
            self._write(piece)
            left -= len(piece)
        self._end(size)

    def finish(self, **more: list[str]) -> None:
        """Write the trailer, with what else it is to say, and the end of the file."""
        trailer = {"members": self._members, "sha256": self._digest.hexdigest(), **more}
        self.add(TRAILER, json.dumps(trailer).encode())
        self._stream.write(bytes(2 * _BLOCK))
        self.bytes += 2 * _BLOCK
        self._stream.flush()

    def _begin(self, name: str, size: int) -> None:
        header = tarfile.TarInfo(name)
        header.size, header.mode = size, 0o600
        self._write(header.tobuf(tarfile.USTAR_FORMAT, "ascii", "strict"))
        self._members += 1

    def _write(self, content: bytes) -> None:
        self._digest.update(content)
        self._stream.write(content)
        self.bytes += len(content)

    def _end(self, size: int) -> None:
        self._write(bytes(-size % _BLOCK))


class Member:
    """A member at which reading has arrived: its name, its size, and ``read`` for its bytes."""

    def __init__(self, name: str, size: int, reader: "ArchiveReader") -> None:
        self.name = name
        self.size = size
        self.left = size
        self._reader = reader

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, at most ``size``; all of the rest by default."""
        wanted = self.left if size < 0 else min(size, self.left)
        content = self._reader.take(wanted)
        self.left -= wanted
        return content


class ArchiveReader:
    """Reads members one after the other, and makes sure of the whole at its end."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        """Take a stream and what errors call the file."""
        self._stream = stream
        self.name = name
        self._digest = hashlib.sha256()
        self.trailer: dict[str, object] = {}
        """What the trailer says, once it was read."""

    def members(self) -> Iterator[Member]:
        """Yield every member but the trailer; what of one was not read is passed over.

        When it ends, the file is whole and as it was written.

        Raises:
            NotABackup: it does not begin like one.
            BackupDamaged: it is cut off or changed, or has in it what no backup has.
        """
        seen: set[str] = set()
        while True:
            digest = self._digest.hexdigest()
            member = self._next(first=not seen)
            if member.name in seen:
                raise self.damaged(f"{member.name} comes twice")
            seen.add(member.name)
            if member.name == TRAILER:
                self._check(member.read(), len(seen) - 1, digest)
                self.take(-member.size % _BLOCK)
                return
            yield member
            while member.left:
                member.read(_COPY_BYTES)
            self.take(-member.size % _BLOCK)

    def take(self, size: int) -> bytes:
        """Return exactly so many bytes. Raises BackupDamaged where the file ends before."""
        content = self._stream.read(size) if size else b""
        if len(content) < size:
            raise self.damaged("it ends too early")
        self._digest.update(content)
        return content

    def damaged(self, detail: str) -> BackupDamaged:
        """Return the error that says what is wrong with the file."""
        return BackupDamaged(path=self.name, detail=detail)

    def _next(self, first: bool) -> Member:
        header = self._stream.read(_BLOCK)
        try:
            found = tarfile.TarInfo.frombuf(header, "ascii", "strict")
        except (tarfile.HeaderError, ValueError) as error:
            raise NotABackup(path=self.name) if first else self.damaged("it ends too early") from error
        self._digest.update(header)
        if first and found.name != MANIFEST:
            raise NotABackup(path=self.name)
        largest = next((size for names, size in _NAMES.items() if names.fullmatch(found.name)), -1)
        if found.type != tarfile.REGTYPE or not 0 <= found.size <= largest:
            raise self.damaged(f"{found.name[:60]!r} belongs into no backup")
        return Member(found.name, found.size, self)

    def _check(self, content: bytes, members: int, digest: str) -> None:
        try:
            trailer = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise self.damaged("its trailer cannot be read") from error
        if not isinstance(trailer, dict):
            raise self.damaged("its trailer cannot be read")
        if trailer.get("members") != members or trailer.get("sha256") != digest:
            raise self.damaged("its checksum is another one")
        self.trailer = trailer
