"""A backup that is about to be restored: checked as a whole first, then read again, a part at a time.

What is in the file is checked before any of it is used: names, sizes, what the catalog's parts unpack to, the
SHA-256 of every file, and the digest of the whole.
"""

import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from carrel.core.backup_errors import BackupTooNew
from carrel.library.archive import MANIFEST, ArchiveReader, Member
from carrel.library.backup import FORMAT
from carrel.library.vector_parts import read_part
from carrel.storage import dump
from carrel.storage.database import HEAD, Value

_PART_BYTES = 256 << 20  # of a part of the catalog, unpacked
_COPY_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Contents:
    """What a whole backup says of itself: when it was written, and its files by SHA-256."""

    written_at: str
    files: frozenset[str]
    missing: tuple[str, ...]  # of papers that had lost theirs when it was written


class OpenedBackup:
    """A backup in a file that can be read several times."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        """Take the file, open, and what errors call it."""
        self._stream = stream
        self.name = name

    def check(self) -> Contents:
        """Read all of it and make sure that it can be restored.

        Raises:
            NotABackup, BackupDamaged, BackupTooNew: it cannot.
        """
        archive = self._from_the_start()
        manifest: Mapping[str, object] = {}
        files: set[str] = set()
        for member in archive.members():
            room, _, name = member.name.partition("/")
            if member.name == MANIFEST:
                manifest = _checked_manifest(member, archive)
            elif room == "catalog":
                _check_rows(member, archive)
            elif room == "blobs":
                _check_file(member, name, archive)
                files.add(name)
            elif room == "vectors":
                _vectors(member, archive)
        missing = archive.trailer.get("missing", [])
        return Contents(
            str(manifest.get("written_at", "")),
            frozenset(files),
            tuple(map(str, missing)) if isinstance(missing, list) else (),
        )

    def parts(self) -> Iterator[bytes]:
        """Yield the parts of the catalog."""
        archive = self._from_the_start()
        for member in archive.members():
            if member.name.startswith("catalog/"):
                yield _unpacked(member, archive)
            elif member.name != MANIFEST:
                return  # the catalog comes first

    def rows(self, table: str) -> Iterator[Mapping[str, Value]]:
        """Yield the rows of one table."""
        archive = self._from_the_start()
        for member in archive.members():
            if member.name.startswith(f"catalog/{table}/"):
                yield from dump.rows_of(_unpacked(member, archive))

    def in_room(self, *rooms: str) -> Iterator[Member]:
        """Yield the members of ``blobs``, ``parses`` or ``settings`` under their own names."""
        for member in self._from_the_start().members():
            room, _, name = member.name.partition("/")
            if room in rooms:
                member.name = name
                yield member

    def vectors(self) -> Iterator[dict[tuple[str, str], bytes]]:
        """Yield the cached vectors in parts."""
        archive = self._from_the_start()
        for member in archive.members():
            if member.name.startswith("vectors/"):
                yield _vectors(member, archive)

    def _from_the_start(self) -> ArchiveReader:
        self._stream.seek(0)
        return ArchiveReader(self._stream, self.name)


def _checked_manifest(member: Member, archive: ArchiveReader) -> Mapping[str, object]:
    try:
        manifest = dict(json.loads(member.read()))
        form, schema, version = int(manifest["format"]), str(manifest["schema"]), str(manifest["carrel"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise archive.damaged(f"{MANIFEST} cannot be read") from error
    if form > FORMAT or schema > HEAD:
        raise BackupTooNew(path=archive.name, version=version)
    return manifest


def _unpacked(member: Member, archive: ArchiveReader) -> bytes:
    unpacking = zlib.decompressobj(wbits=31)  # gzip's format
    try:
        part = unpacking.decompress(member.read(), _PART_BYTES)
        whole = unpacking.eof and not unpacking.unused_data
        dump.check(part)
    except (zlib.error, ValueError, RecursionError) as error:
        raise archive.damaged(f"{member.name}: {error}") from error
    if not whole:
        raise archive.damaged(f"{member.name} unpacks to more than it may")
    return part


def _check_rows(member: Member, archive: ArchiveReader) -> None:
    part = _unpacked(member, archive)
    try:
        for _ in dump.rows_of(part):
            pass
    except (ValueError, RecursionError) as error:
        raise archive.damaged(f"{member.name}: {error}") from error


def _check_file(member: Member, sha256: str, archive: ArchiveReader) -> None:
    digest = hashlib.sha256()
    while piece := member.read(_COPY_BYTES):
        digest.update(piece)
    if digest.hexdigest() != sha256:
        raise archive.damaged(f"{member.name} has other bytes")


def _vectors(member: Member, archive: ArchiveReader) -> dict[tuple[str, str], bytes]:
    try:
        return read_part(member.read())
    except ValueError as error:
        raise archive.damaged(f"{member.name}: {error}") from error
