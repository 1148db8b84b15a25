"""Rows and columns: how the lines of a page stand to one another."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from carrel.parsing.printed import Line

_WIDE = re.compile(r"[\u3001-\u9fff\uf900-\uffef\U00020000-\U0003ffff]")
_SAME_ROW = 0.4  # heights of the text that the feet of one row's lines may differ by
_AT_ONCE = 256  # lines that are compared with all others
_WORDY = 15  # characters of a line that tells of columns; a table's cells are shorter
_COLUMN_TEXT = 22  # characters that the lines beside a gutter have on average
_FEWEST_PAIRS = 4  # lines that stand beside another one, for a gutter to be seen
_LIKE = 12.0  # points that the gutters of two pages set alike may differ by
_BESIDE = 0.65  # share of the lines that stand beside a gutter, not across it
_ACROSS = 2  # lines across a gutter for each pair of lines beside it, at most
_EDGE = 2.0  # points that the left edges of a column's lines may differ by
_FULL = 0.3  # share of a column's lines that reach from its left edge to its right one
_SECOND = 0.5  # share of the first gutter's pairs that a second one needs


class Column(NamedTuple):
    """The left and right edge of a column, in points."""

    left: float
    right: float

    @property
    def width(self) -> float:
        """From edge to edge."""
        return self.right - self.left


def rows(lines: Sequence[Line]) -> list[list[Line]]:
    """Return the lines in rows from top to bottom, each from left to right."""
    found: list[list[Line]] = []
    foot = 0.0
    for line in sorted(lines, key=lambda line: line.bottom):
        if found and line.bottom - foot <= _SAME_ROW * max(line.size, found[-1][-1].size):
            found[-1].append(line)
        else:
            found.append([line])
            foot = line.bottom
    for row in found:
        if len(row) > 1:
            row.sort(key=lambda line: line.x0)
    return found


def gutters_of_pages(pages: Sequence[Sequence[Line]]) -> list[tuple[float, ...]]:
    """Return each page's gutters.

    A page too crowded to tell is set like most of the others; where few others have columns, a page
    with much text across its gutter holds a table.
    """
    found = [gutters(lines) for lines in pages]
    alone = [parted[0] for parted in found if len(parted) == 1]
    usual = median(alone) if alone else 0.0
    alike = [place for place in alone if abs(place - usual) < _LIKE]
    if 3 * len(alike) < len(pages):
        return [
            parted if all(_is_parted_at(lines, place) for place in parted) else ()
            for parted, lines in zip(found, pages, strict=True)
        ]
    return [
        parted or ((usual,) if alike and _is_parted_at(lines, usual) else ())
        for parted, lines in zip(found, pages, strict=True)
    ]


def _is_parted_at(lines: Sequence[Line], place: float) -> bool:
    """Whether text stands on both sides of a place and not much of it across."""
    wordy = [line for line in lines if line.upright and length(line.text) >= _WORDY]
    left = sum(line.x1 <= place for line in wordy)
    right = sum(line.x0 >= place for line in wordy)
    return min(left, right) >= 1 and left + right >= _BESIDE * len(wordy)


def gutters(lines: Sequence[Line]) -> tuple[float, ...]:
    """Return where columns of running text are parted, from left to right: none, one or two places.

    A gutter is the place that most gaps between lines beside one another have in common, so it is
    seen on a page that is set in columns only in part.
    """
    wordy = [line for line in lines if line.upright and length(line.text) >= _WORDY]
    if len(wordy) < 2 * _FEWEST_PAIRS:
        return ()
    gaps = _gaps(wordy)
    found: list[float] = []
    least = _FEWEST_PAIRS
    while len(found) < 2 and len(gaps) >= least:
        place, count = _commonest(gaps)
        if count < least or not _parts_text(wordy, place, count):
            break
        found.append(place)
        least = max(least, int(_SECOND * count))
        gaps = gaps[(gaps[:, 0] > place) | (gaps[:, 1] < place)]
    return tuple(sorted(found))


def columns(lines: Sequence[Line], parted: Sequence[float]) -> tuple[Column, ...]:
    """Return the columns between gutters, as wide as the lines that stand in them."""
    edges = [float("-inf"), *parted, float("inf")]
    found = []
    for low, high in pairwise(edges):
        inside = [line for line in lines if low <= line.x0 and line.x1 <= high and len(line.text) >= _WORDY]
        inside = inside or [line for line in lines if low <= line.x0 and line.x1 <= high]
        if inside:
            found.append(Column(min(line.x0 for line in inside), max(line.x1 for line in inside)))
        else:
            found.append(Column(max(low, 0.0), min(high, 10_000.0)))
    return tuple(found)


def crosses(line: Line, parted: Sequence[float]) -> bool:
    """Whether a line stands across a gutter."""
    for place in parted:  # noqa: SIM110 - a generator costs three times as much, and every line is asked
        if line.x0 < place - line.size and line.x1 > place + line.size:
            return True
    return False


def length(text: str) -> int:
    """Return how many Latin letters wide a text is; a Chinese one takes the room of two."""
    return len(text) if text.isascii() else len(text) + len(_WIDE.findall(text))


def _gaps(lines: Sequence[Line]) -> NDArray[np.float64]:
    """Return [n, 2]: from the right edge of a line to the left edge of the one beside it."""
    table = np.array([(line.x0, line.x1, line.y0, line.y1) for line in lines])
    x0, x1, y0, y1 = table.T
    height = y1 - y0
    found = []
    for begin in range(0, len(lines), _AT_ONCE):  # a page of 20,000 lines must not take 3 GB
        rows = slice(begin, begin + _AT_ONCE)
        overlap = np.minimum(y1[rows, None], y1) - np.maximum(y0[rows, None], y0)
        beside = (overlap > 0.5 * np.minimum(height[rows, None], height)) & (x0 > x1[rows, None])
        nearest = np.where(beside, x0, np.inf).min(axis=1)
        right = np.isfinite(nearest)
        found.append(np.stack([x1[rows], nearest], axis=1)[right])
    return np.concatenate(found)


def _commonest(gaps: NDArray[np.float64]) -> tuple[float, int]:
    """Return the middle of the place that most gaps cover, and how many do."""
    edges = np.concatenate([gaps[:, 0], gaps[:, 1]])
    steps = np.concatenate([np.ones(len(gaps)), -np.ones(len(gaps))])
    order = np.lexsort((-steps, edges))
    covering = np.cumsum(steps[order])
    best = int(covering.argmax())
    return float(edges[order][best] + edges[order][best + 1]) / 2, int(covering[best])


def _parts_text(lines: Sequence[Line], place: float, pairs: int) -> bool:
    """Whether running text stands on both sides, rather than the cells of a table amid wider text."""
    across = sum(line.x0 < place - line.size and line.x1 > place + line.size for line in lines)
    if across > _ACROSS * pairs:
        return False
    left = [line for line in lines if line.x1 <= place]
    right = [line for line in lines if line.x0 >= place]
    return all(map(_is_column, (left, right)))


def _is_column(lines: Sequence[Line]) -> bool:
    """Whether lines fill a column from edge to edge, as running text does and a table's cells do not."""
    if not lines:
        return False
    edges = Counter(round(line.x0 / _EDGE) for line in lines)
    edge = max(edges, key=lambda at: edges[at - 1] + edges[at] + edges[at + 1])
    widest = sorted(line.x1 for line in lines)[-1 - len(lines) // 10]
    full = sum(
        abs(line.x0 / _EDGE - edge) <= 1.5 and widest - line.x1 < 0.12 * (widest - line.x0) for line in lines
    )
    mean = sum(length(line.text) for line in lines) / len(lines)
    return full >= _FULL * len(lines) and mean >= _COLUMN_TEXT
