"""Printed lines and words: what a page holds before anyone asks what it means."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from carrel.core.paper import PageSize


class Line(NamedTuple):
    """A printed line. Coordinates are points on the page as displayed, origin top left."""

    number: int  # counts the lines of the whole paper in the order of the file
    page: int  # from 1
    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    bottom: float  # of the word in the middle; y1 may be that of a tall symbol
    size: float  # of the font, in points, as displayed
    bold: bool
    fixed: bool  # a typewriter font
    upright: bool  # reads from left to right as the page is displayed
    hyphen: bool  # the last character divides a word at the line's end


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """Parallel arrays, one row a word, in the order of the file."""

    line: NDArray[np.int32]  # [words], the line's number
    start: NDArray[np.int32]  # [words], character offset into the line's text
    end: NDArray[np.int32]  # [words]
    box: NDArray[np.float32]  # [words, 4]: x0, y0, x1, y1


@dataclass(frozen=True, slots=True, eq=False)
class PrintedPage:
    """One page: its size, lines and words.

    A page whose text runs sideways is turned until it can be read: ``size`` and all coordinates are
    those of the page turned clockwise by ``turned`` quarters.
    """

    size: PageSize
    lines: Sequence[Line]
    words: Words
    characters: int = 0  # printed: spaces do not count
    unreadable: int = 0  # of these: without a meaning
    turned: int = 0

    @property
    def displayed(self) -> PageSize:
        """The size of the page as it is displayed."""
        return PageSize(self.size.height, self.size.width) if self.turned % 2 else self.size


@dataclass(frozen=True, slots=True, eq=False)
class Printed:
    """A whole file: its pages and what its information dictionary says."""

    pages: Sequence[PrintedPage]
    info: dict[str, str]  # keys as in the PDF: Title, Author, Subject, CreationDate …


NO_WORDS = Words(
    np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros((0, 4), np.float32)
)


def joined(words: Sequence[Words]) -> Words:
    """Return the words of several pages as one table."""
    if not words:
        return NO_WORDS
    return Words(
        np.concatenate([each.line for each in words]),
        np.concatenate([each.start for each in words]),
        np.concatenate([each.end for each in words]),
        np.concatenate([each.box for each in words]),
    )
