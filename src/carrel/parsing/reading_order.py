"""Puts the lines of a page into the order in which they are read.

The order of the file is nearly always right for what TeX and word processors write, and better
than anything geometry can tell; it is kept unless it jumps about the page.
"""

from collections.abc import Sequence
from itertools import pairwise

from carrel.core.paper import PageSize
from carrel.parsing.printed import Line

_TOLERATED = 0.12  # share of jumps that figures, formulas and notes cause in a well-ordered page
_ZIGZAG = 0.3  # share of steps back to the left, where two columns are written row by row
_CELL = 20  # characters; a table's cells hold fewer on average
_COLUMN_SHARE = 0.6  # of the lines stand wholly left or right of the middle in a page of two columns


def in_reading_order(lines: Sequence[Line], size: PageSize) -> list[Line]:
    """Return the lines of one page in reading order."""
    upright = sum(line.upright for line in lines)
    if 2 * upright < len(lines):
        return list(lines)
    middle: float | None = None
    if _jumps(lines) <= max(3, _TOLERATED * len(lines)):
        middle = _gutter(lines, size) if _zigzags(lines) > _ZIGZAG * len(lines) else None
        if middle is None or not _is_prose(lines, middle):
            return list(lines)
    middle = middle or _gutter(lines, size)
    if middle is None:
        return sorted(lines, key=_by_height)
    return _by_columns(lines, middle)


def _jumps(lines: Sequence[Line]) -> int:
    """Count steps to a line higher up that is not the head of a column further right."""
    return sum(b.y1 < a.y0 - a.size and b.x0 < a.x0 + 4 * a.size for a, b in pairwise(lines))


def _zigzags(lines: Sequence[Line]) -> int:
    """Count steps back to the left from a line that stood beside another: columns written row by row."""
    return sum(b.x1 < a.x0 and abs(b.bottom - a.bottom) < 2 * a.size for a, b in pairwise(lines))


def _is_prose(lines: Sequence[Line], middle: float) -> bool:
    """Whether both sides hold running text rather than the cells of a table."""
    left = [len(line.text) for line in lines if line.x1 < middle + line.size]
    right = [len(line.text) for line in lines if line.x0 > middle - line.size]
    return min(sum(left) / max(1, len(left)), sum(right) / max(1, len(right))) > _CELL


def _by_height(line: Line) -> tuple[int, float]:
    return round(line.bottom / 3), line.x0


def _gutter(lines: Sequence[Line], size: PageSize) -> float | None:
    """Return where two columns are parted, or None for one column."""
    left = min(line.x0 for line in lines)
    right = max(line.x1 for line in lines)
    middle = (left + right) / 2
    if right - left < size.width / 3:
        return None
    one_side = [line for line in lines if line.x1 < middle + line.size or line.x0 > middle - line.size]
    on_right = sum(line.x0 > middle - line.size for line in one_side)
    if len(one_side) < _COLUMN_SHARE * len(lines) or not 0.25 <= on_right / len(one_side) <= 0.75:
        return None
    return middle


def _by_columns(lines: Sequence[Line], middle: float) -> list[Line]:
    """Read left then right between lines that cross the middle."""
    ordered: list[Line] = []
    left: list[Line] = []
    right: list[Line] = []
    for line in sorted(lines, key=_by_height):
        if line.x0 < middle - line.size and line.x1 > middle + line.size:
            ordered += [*left, *right, line]
            left, right = [], []
        elif line.x0 > middle - line.size:
            right.append(line)
        else:
            left.append(line)
    return [*ordered, *left, *right]
