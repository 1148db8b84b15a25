"""The handful of pdfium functions that are called once or twice a word, bound for speed.

The bindings of ``pypdfium2_raw`` convert every argument to its C type, 0.65 µs a call; addresses
passed as plain integers cost 0.42 µs, and ``map`` over ranges runs the loop in C. Results land in
numpy arrays. The GIL is kept: the parser runs in a process of its own.
"""

import ctypes
from collections.abc import Callable, Iterable
from itertools import repeat
from typing import Any, TypeAlias

import numpy as np
import pypdfium2_raw as pdfium
from numpy.typing import NDArray

FONT_NAME_BYTES = 96  # longer names do not occur but in hostile files; pdfium then leaves the field empty

_Foreign: TypeAlias = Any  # pypdfium2 has no types
_address: TypeAlias = ctypes.c_void_p
_integer: TypeAlias = ctypes.c_int


def _bind(function: _Foreign, result: type | None, *arguments: type) -> Callable[..., Any]:
    prototype = ctypes.PYFUNCTYPE(result, *arguments)
    entry = ctypes.cast(function, ctypes.c_void_p).value
    assert entry is not None
    bound: Callable[..., Any] = prototype(entry)
    return bound


_loose_box = _bind(pdfium.FPDFText_GetLooseCharBox, _integer, _address, _integer, _address)
_char_box = _bind(
    pdfium.FPDFText_GetCharBox, _integer, _address, _integer, _address, _address, _address, _address
)
_char_origin = _bind(pdfium.FPDFText_GetCharOrigin, _integer, _address, _integer, _address, _address)
_matrix = _bind(pdfium.FPDFText_GetMatrix, _integer, _address, _integer, _address)
_font_size = _bind(pdfium.FPDFText_GetFontSize, ctypes.c_double, _address, _integer)
_unicode = _bind(pdfium.FPDFText_GetUnicode, ctypes.c_uint, _address, _integer)
_font_info = _bind(
    pdfium.FPDFText_GetFontInfo, ctypes.c_ulong, _address, _integer, _address, ctypes.c_ulong, _address
)


def handle_address(handle: _Foreign) -> int:
    """Return the address of a pdfium handle as an integer."""
    return ctypes.cast(handle, ctypes.c_void_p).value or 0


def _rows(array: NDArray[Any]) -> Iterable[int]:
    base = array.ctypes.data
    step = array.strides[0]
    return range(base, base + step * len(array), step)


def loose_boxes(page: int, characters: list[int]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return boxes [n, 4] of characters (left, top, right, bottom in page space) and whether each has one."""
    boxes = np.zeros((len(characters), 4), np.float32)
    found = np.fromiter(map(_loose_box, repeat(page), characters, _rows(boxes)), np.int32, len(characters))
    return boxes, found != 0


def char_boxes(page: int, characters: list[int]) -> NDArray[np.float32]:
    """Return the tight boxes [n, 4] of characters: left, top, right, bottom in page space."""
    found = np.zeros((len(characters), 4), np.float64)
    left, top, right, bottom = (_rows(found[:, column]) for column in range(4))
    for _ in map(_char_box, repeat(page), characters, left, right, bottom, top):
        pass
    return found.astype(np.float32)


def char_origins(page: int, characters: list[int]) -> NDArray[np.float32]:
    """Return where characters stand on their lines [n, 4]: x, y, x, y in page space, as empty boxes."""
    found = np.zeros((len(characters), 2), np.float64)
    x, y = (_rows(found[:, column]) for column in range(2))
    for _ in map(_char_origin, repeat(page), characters, x, y):
        pass
    return np.hstack([found, found]).astype(np.float32)


def matrices(page: int, characters: list[int]) -> NDArray[np.float32]:
    """Return the text matrices [n, 6] of characters: a, b, c, d, e, f; zeros where there is none."""
    found = np.zeros((len(characters), 6), np.float32)
    for _ in map(_matrix, repeat(page), characters, _rows(found)):
        pass
    return found


def font_sizes(page: int, characters: list[int]) -> NDArray[np.float64]:
    """Return the font sizes [n] of characters, before their text matrix is applied."""
    return np.fromiter(map(_font_size, repeat(page), characters), np.float64, len(characters))


def fonts(page: int, characters: list[int]) -> tuple[list[bytes], NDArray[np.int32]]:
    """Return the font name and the font descriptor's flags of each character."""
    names = np.zeros(len(characters), f"S{FONT_NAME_BYTES}")
    flags = np.zeros(len(characters), np.int32)
    calls = map(_font_info, repeat(page), characters, _rows(names), repeat(FONT_NAME_BYTES), _rows(flags))
    for _ in calls:
        pass
    return names.tolist(), flags


def code_points(page: int, count: int) -> NDArray[np.uint32]:
    """Return the Unicode value [count] of every character, one call each: the slow way."""
    return np.fromiter(map(_unicode, repeat(page), range(count)), np.uint32, count)
