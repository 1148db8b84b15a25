"""Words set in bitmap fonts (PDF's Type 3), as TeX made them until about 2000: their size and their boxes.

Such a font says neither its name nor its size, and its loose boxes may be as tall as the page. What is
printed tells: where a word stands on its line, and how high its letters rise.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from carrel.parsing.pdfium_calls import char_boxes, char_origins, font_sizes, fonts, matrices

_SMALLEST = 3.0  # points: no paper is printed smaller
_SAMPLES = 24  # words of a page that are looked at to know whether it has such fonts
_SAME_LINE = 1.0  # points that the feet of a line's words may differ by
_ASCENT = 0.7  # of capitals and tall letters over the font's size
_LOW_ASCENT = 0.45  # the same of small letters
_SAME_SIZE = 0.13  # of the size: a bracket or an index rises above the letters
_ABOVE, _BELOW = 0.75, 0.22  # what a box takes above and below the line, in sizes

_Floats = NDArray[np.float32]
_Indices = NDArray[np.int64]
Displayed = Callable[[_Floats], _Floats]
"""Turns boxes (left, top, right, bottom in page space) to x0, y0, x1, y1 on the page as displayed."""


def bitmap_words(handle: int, first: _Indices) -> NDArray[np.bool_]:
    """Return which words are set in bitmap fonts; ``first`` are their first characters."""
    sample = first[:: max(1, len(first) // _SAMPLES)]
    if not _is_bitmap(handle, sample).any():
        return np.zeros(len(first), np.bool_)
    return _is_bitmap(handle, first)


def _is_bitmap(handle: int, characters: _Indices) -> NDArray[np.bool_]:
    indices = characters.tolist()
    matrix = matrices(handle, indices)
    small = font_sizes(handle, indices) * np.hypot(matrix[:, 2], matrix[:, 3]) < _SMALLEST
    if not small.any():
        return np.zeros(len(indices), np.bool_)
    names, _ = fonts(handle, indices)
    found: NDArray[np.bool_] = small & np.fromiter((not name for name in names), np.bool_, len(names))
    return found


def measured(
    handle: int, first: _Indices, last: _Indices, displayed: Displayed
) -> tuple[_Floats, NDArray[np.float64]]:
    """Return boxes [words, 4] on the page as displayed and font sizes [words], in points.

    ``first`` and ``last`` are the words' first and last characters.
    """
    counts = last - first + 1
    begins = np.cumsum(counts) - counts
    characters = np.arange(int(counts.sum())) - np.repeat(begins - first, counts)
    boxes = displayed(char_boxes(handle, characters.tolist()))
    low = np.minimum.reduceat(boxes[:, :2], begins)
    high = np.maximum.reduceat(boxes[:, 2:], begins)
    foot = displayed(char_origins(handle, first.tolist()))[:, 1]
    runs = np.concatenate([[0], np.flatnonzero(np.abs(np.diff(foot)) > _SAME_LINE) + 1])
    lengths = np.diff(np.append(runs, len(first)))
    # Not the highest word: an index or a bracket may rise above the letters.
    ascent = np.array(
        [np.quantile(foot[a : a + n] - low[a : a + n, 1], 0.75) for a, n in zip(runs, lengths, strict=True)]
    )
    size = np.maximum(ascent, 1.0) / _ASCENT
    usual = float(np.median(np.repeat(size, lengths)))
    # A run of few words may hold no tall letter.
    flat = (size < 0.75 * usual) & (lengths <= 2)
    size[flat] = np.minimum(usual, np.maximum(ascent[flat], 1.0) / _LOW_ASCENT)  # all of a brace is low
    size[np.abs(size - usual) < _SAME_SIZE * usual] = usual
    sizes = np.repeat(size, lengths)
    box = np.stack([low[:, 0], foot - _ABOVE * sizes, high[:, 0], foot + _BELOW * sizes], axis=1)
    return box.astype(np.float32), sizes.astype(np.float64)
