"""Reads the safetensors format without executing anything.

Format: 8 bytes with the header's length (little-endian), the header as JSON (name → dtype, shape,
offsets), then the numbers. https://huggingface.co/docs/safetensors, "Format".
"""

import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_LENGTH_BYTES = 8
_LONGEST_HEADER = 100_000_000  # the limit of the reference implementation


class MalformedSafetensors(ValueError):
    """The file does not follow the format; the text says where."""


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """A tensor and where its numbers stand in the file."""

    values: NDArray[np.float32]
    offset: int  # bytes from the file's beginning
    length: int  # bytes


def read_safetensors(path: Path) -> dict[str, Tensor]:
    """Return the file's float32 tensors by name, mapped from the disk rather than read.

    Raises:
        MalformedSafetensors: the file does not follow the format.
        OSError: the file cannot be read.
    """
    size = path.stat().st_size
    if size < _LENGTH_BYTES:
        raise MalformedSafetensors("shorter than the length of its header")
    with path.open("rb") as stream:
        header_length = int.from_bytes(stream.read(_LENGTH_BYTES), "little")
        if header_length > min(_LONGEST_HEADER, size - _LENGTH_BYTES):
            raise MalformedSafetensors(f"a header of {header_length} bytes in a file of {size}")
        header = _header(stream.read(header_length))
    numbers = np.memmap(path, np.uint8, "r")
    begin = _LENGTH_BYTES + header_length
    return {
        name: _tensor(name, entry, numbers, begin)
        for name, entry in header.items()
        if name != "__metadata__" and not (isinstance(entry, dict) and entry.get("dtype") != "F32")
    }


def _header(text: bytes) -> dict[str, object]:
    try:
        header = json.loads(text)
    except ValueError as error:
        raise MalformedSafetensors(f"the header is not JSON: {error}") from error
    if not isinstance(header, dict):
        raise MalformedSafetensors("the header is not a JSON object")
    return header


def _tensor(name: str, entry: object, numbers: NDArray[np.uint8], begin: int) -> Tensor:
    if not isinstance(entry, dict):
        raise MalformedSafetensors(f"{name} is not described by an object")
    shape = _whole_numbers(name, entry.get("shape"))
    offsets = _whole_numbers(name, entry.get("data_offsets"))
    if len(offsets) != 2:
        raise MalformedSafetensors(f"{name} has {len(offsets)} offsets, not 2")
    start, end = begin + offsets[0], begin + offsets[1]
    if not begin <= start <= end <= len(numbers):
        raise MalformedSafetensors(f"{name} lies outside the file")
    if end - start != 4 * math.prod(shape):
        raise MalformedSafetensors(f"{name} has {end - start} bytes for the shape {shape}")
    return Tensor(numbers[start:end].view("<f4").reshape(shape), start, end - start)


def _whole_numbers(name: str, value: object) -> list[int]:
    if not isinstance(value, list) or not all(type(item) is int and item >= 0 for item in value):
        raise MalformedSafetensors(f"{name} has {value!r} where whole numbers belong")
    return value
