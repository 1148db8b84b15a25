"""Cached vectors as the parts of a backup: encoder, text key, length and 16-bit floats of each."""

import struct
from collections.abc import Iterator

from carrel.core.ports import VectorCache

_VECTORS_A_PART = 1000
_HEAD = struct.Struct("<16s16sI")  # encoder, key, bytes of the vector


def vector_parts(vectors: VectorCache) -> Iterator[tuple[bytes, int]]:
    """Yield what the cache holds in parts, and how many vectors each has."""
    after = ("", "")
    while names := vectors.names(after, _VECTORS_A_PART):
        after = names[-1]
        found = vectors.copy_out(names)
        yield b"".join(_record(name, vector) for name, vector in found.items()), len(found)


def read_part(part: bytes) -> dict[tuple[str, str], bytes]:
    """Return the vectors of a part. Raises ValueError where it is none."""
    found: dict[tuple[str, str], bytes] = {}
    place = 0
    while place < len(part):
        if len(part) - place < _HEAD.size:
            raise ValueError("half a record")
        encoder, key, size = _HEAD.unpack_from(part, place)
        place += _HEAD.size
        if size % 2 or size > len(part) - place:
            raise ValueError("half a vector")
        found[encoder.hex(), key.hex()] = part[place : place + size]
        place += size
    return found


def _record(name: tuple[str, str], vector: bytes) -> bytes:
    encoder, key = map(bytes.fromhex, name)
    return _HEAD.pack(encoder, key, len(vector)) + vector
