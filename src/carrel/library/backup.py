"""Writing a backup while everything goes on: catalog, files, parses, vectors and settings, as of one moment.

The catalog is read in one transaction; files that its papers have are copied afterwards and held meanwhile
(``storage/holds.py``). The index is left out: it is rebuilt from the rest without asking a model.
"""

import gzip
import hashlib
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from carrel import __version__
from carrel.config import SETTINGS_FILE
from carrel.core.ids import PaperId
from carrel.core.ports import BlobStore, VectorCache
from carrel.library.archive import MANIFEST, ArchiveWriter
from carrel.library.vector_parts import vector_parts
from carrel.storage import dump, holds
from carrel.storage.clock import now
from carrel.storage.database import HEAD, Catalog, Transaction
from carrel.storage.parses import ParseStore
from carrel.storage.sealing import FILE_NAME as SECRET_FILE

FORMAT = 1
"""Of the file; a reader takes this one and those before."""

SETTINGS = (SETTINGS_FILE, SECRET_FILE)
"""What is copied of the data folder beside the stores, where it is there."""

_COPY_BYTES = 1 << 20
_RENEW_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Stores:
    """All that a backup is made of and restored to."""

    home: Path
    catalog: Catalog
    blobs: BlobStore
    parses: ParseStore
    vectors: VectorCache


@dataclass(frozen=True, slots=True)
class Counts:
    """How much a backup has in it."""

    knowledge_bases: int
    papers: int
    passages: int


@dataclass(frozen=True, slots=True)
class BackedUp:
    """What was written, and the SHA-256 of files that papers have and the store lacks or has damaged."""

    counts: Counts
    vectors: int
    bytes: int
    missing: tuple[str, ...]


def room_needed(stores: Stores) -> int:
    """Return how many bytes a backup takes at most, roughly."""
    with stores.catalog.read() as tx:
        row = tx.row("SELECT coalesce(sum(bytes), 0) AS bytes, count(*) AS papers FROM papers")
        assert row is not None
        passages = dump.count(tx, "passages")
    cache = sum(path.stat().st_size for path in stores.home.glob("vectors.db*"))
    # Compressed rows and parses: some kilobytes a passage, all of them together.
    return int(row["bytes"]) + cache + 4000 * passages + 20_000 * int(row["papers"])


def counted(tx: Transaction) -> Counts:
    """Return how much there is to be found: passages of indexes that do not serve are none of it."""
    row = tx.row(
        """
        SELECT count(*) AS passages FROM passages JOIN knowledge_bases
            ON knowledge_bases.id = knowledge_base_id AND knowledge_bases.generation = passages.generation
        """
    )
    assert row is not None
    return Counts(dump.count(tx, "knowledge_bases"), dump.count(tx, "papers"), int(row["passages"]))


def back_up(
    stores: Stores, stream: BinaryIO, with_vectors: bool, say: Callable[[str, int], None]
) -> BackedUp:
    """Write a backup to a stream. ``say`` is told the kind of what is copied, and how many so far.

    Raises:
        CarrelError: as the stores.
        OSError: the stream takes no more.
    """
    writer = ArchiveWriter(stream)
    with _held(stores.catalog) as renew:
        with stores.catalog.read() as tx:
            counts = counted(tx)
            writer.add(MANIFEST, _manifest(counts, with_vectors))
            for name, part in _catalog_parts(tx):
                writer.add(name, part)
                say("catalog", 0)
                renew()
            papers = _papers(tx)
        missing = []
        for number, (paper, sha256) in enumerate(papers, 1):
            if not _copy_blob(stores.blobs, sha256, writer):
                missing.append(sha256)
            for path in stores.parses.files(paper):
                writer.add(f"parses/{path.name}", path.read_bytes())
            say("papers", number)
            renew()
    vectors = 0
    for number, (part, count) in enumerate(vector_parts(stores.vectors) if with_vectors else (), 1):
        writer.add(f"vectors/{number:06}.bin", part)
        vectors += count
        say("vectors", vectors)
    for name in SETTINGS:
        if (path := stores.home / name).is_file():
            writer.add(f"settings/{name}", path.read_bytes())
    writer.finish(missing=missing)
    return BackedUp(counts, vectors, writer.bytes, tuple(missing))


@contextmanager
def _held(catalog: Catalog) -> Iterator[Callable[[], None]]:
    """Hold deletions off; the block calls what it is given now and then."""
    with catalog.write() as tx:
        hold = holds.take(tx)
    renewed = time.monotonic()

    def renew() -> None:
        nonlocal renewed
        if time.monotonic() - renewed > _RENEW_SECONDS:
            with catalog.write() as tx:
                holds.renew(tx, hold)
            renewed = time.monotonic()

    try:
        yield renew
    finally:
        with catalog.write() as tx:
            holds.end(tx, hold)


def _manifest(counts: Counts, with_vectors: bool) -> bytes:
    return json.dumps(
        {
            "format": FORMAT,
            "carrel": __version__,
            "schema": HEAD,
            "written_at": now(),
            "knowledge_bases": counts.knowledge_bases,
            "papers": counts.papers,
            "passages": counts.passages,
            "vectors": with_vectors,
        },
        indent=2,
    ).encode()


def _catalog_parts(tx: Transaction) -> Iterator[tuple[str, bytes]]:
    for table in dump.TABLES:
        for number, part in enumerate(dump.parts(tx, table), 1):
            # Level 1 and no time: fast, and the same rows are the same bytes.
            packed = gzip.compress(part, compresslevel=1, mtime=0)
            yield f"catalog/{table.name}/{number:06}.jsonl.gz", packed


def _papers(tx: Transaction) -> list[tuple[PaperId, str]]:
    rows = tx.rows("SELECT id, sha256 FROM papers ORDER BY id")
    return [(PaperId(row["id"]), row["sha256"]) for row in rows]


def _copy_blob(blobs: BlobStore, sha256: str, writer: ArchiveWriter) -> bool:
    """Copy a file; False where it is not there, or not as it was stored."""
    try:
        path = blobs.path(sha256)
        with path.open("rb") as stream:
            digest, size = hashlib.sha256(), 0
            while piece := stream.read(_COPY_BYTES):
                digest.update(piece)
                size += len(piece)
            if digest.hexdigest() != sha256:
                return False
            stream.seek(0)
            writer.add_stream(f"blobs/{sha256}", stream, size)
    except (KeyError, FileNotFoundError):
        return False
    return True
