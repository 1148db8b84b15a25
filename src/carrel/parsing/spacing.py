"""Spaces that a PDF shows and nobody wrote: between Chinese characters, and between spaced letters."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_WIDE_GAP = 0.6  # heights of the text: more is a space that was meant, between names say
_SPACED_WORDS = 8  # words of one character that a line set in spaced letters has at least
_SPACED_SHARE = 0.6  # of its words
_LETTERS = 0.5  # share of these that are letters: numbers beside one another are another thing
_SPACED_GAP = 1.6  # usual gaps of such a line: more is a space that was meant

_Indices = NDArray[np.int64]
_Points = NDArray[np.uint16] | NDArray[np.uint32]


class Words(NamedTuple):
    """A page's words in the order of the file: their ranges of its text, and which open a piece of a line."""

    start: _Indices
    end: _Indices
    opens: NDArray[np.bool_]
    box: NDArray[np.float32]  # [words, 4]


def without_stray_spaces(text: str, points: _Points, words: Words) -> tuple[str, Words]:
    """Return the text without the white space that parts what belongs together, and the words in it.

    Words stay as they are: each character keeps its box.
    """
    single = words.end - words.start == 1
    if not single.any():
        return text, words
    blank = np.zeros(len(single), np.bool_)
    blank[1:] = (words.start[1:] > words.end[:-1]) & ~words.opens[1:] & single[1:] & single[:-1]
    if not blank.any():
        return text, words
    gap = np.zeros(len(single), np.float32)
    gap[1:] = words.box[1:, 0] - words.box[:-1, 2]
    glued = blank & _between_wide(points[words.start], gap, words.box)
    glued |= blank & _between_spaced(points[words.start], single, gap, words.opens)
    if not glued.any():
        return text, words
    return _glued(text, words, glued)


def _between_wide(first: _Points, gap: NDArray[np.float32], box: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return which words are an ideograph or kana close behind another one."""
    wide = (first >= 0x3001) & (first < 0xFFE0) & ~((first >= 0xAC00) & (first < 0xD7B0))
    found = np.zeros(len(first), np.bool_)
    close = gap < _WIDE_GAP * (box[:, 3] - box[:, 1])
    found[1:] = wide[1:] & wide[:-1] & close[1:]
    return found


def _between_spaced(
    first: _Points, single: NDArray[np.bool_], gap: NDArray[np.float32], opens: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Return which words are a letter close behind another one, in lines set in spaced letters."""
    begin = np.flatnonzero(opens)
    count = np.diff(np.append(begin, len(opens)))
    latin = single & (first < 0x3001)
    letter = latin & (((first | 0x20) >= ord("a")) & ((first | 0x20) <= ord("z")) | (first >= 0xC0))
    singles, letters = np.add.reduceat(latin, begin), np.add.reduceat(letter, begin)
    spaced = (singles >= _SPACED_WORDS) & (singles >= _SPACED_SHARE * count) & (letters >= _LETTERS * singles)
    found = np.zeros(len(opens), np.bool_)
    for piece in np.flatnonzero(spaced):
        inside = slice(begin[piece] + 1, begin[piece] + count[piece])
        usual = float(np.median(gap[inside]))
        found[inside] = gap[inside] <= _SPACED_GAP * usual
    return found


def _glued(text: str, words: Words, glued: NDArray[np.bool_]) -> tuple[str, Words]:
    """Take out what stands before the glued words."""
    removed = np.zeros(len(glued), np.int64)
    removed[1:] = words.start[1:] - words.end[:-1]
    removed[~glued] = 0
    pieces: list[str] = []
    done = 0
    for i in np.flatnonzero(glued).tolist():
        pieces.append(text[done : int(words.end[i - 1])])
        done = int(words.start[i])
    pieces.append(text[done:])
    shift = np.cumsum(removed)
    return "".join(pieces), words._replace(start=words.start - shift, end=words.end - shift)
