"""Puts the lines of a page into the order in which they are read.

The order of the file is nearly always right for what TeX and word processors write. Where geometry
gives the running text another order, sentences decide: of the two, the one in which they go on.
"""

from collections.abc import Sequence
from itertools import pairwise

from carrel.parsing.columns import crosses, length, rows
from carrel.parsing.printed import Line
from carrel.parsing.typography import Typography, ends_sentence, near

_PROSE = 25  # characters of a line of running text
_FEWEST_PROSE = 6  # lines: below, sentences tell nothing
_WHOLE = 0.25  # what a jump counts that leaves a sentence whole
_TOLERATED = 0.12  # share of jumps that figures, formulas and notes cause in a well-ordered page


def in_reading_order(lines: Sequence[Line], parted: Sequence[float], typography: Typography) -> list[Line]:
    """Return the lines of one page in reading order; ``parted`` are the gutters between its columns."""
    upright = sum(line.upright for line in lines)
    if len(lines) < 2 or 2 * upright < len(lines):
        return list(lines)
    prose = [line for line in lines if near(line.size, typography.body) and length(line.text) >= _PROSE]
    if len(prose) < _FEWEST_PROSE:
        jumpy = _jumps(lines) > max(3, _TOLERATED * len(lines))
        return _by_place(lines, parted) if jumpy else list(lines)
    placed = _by_place(prose, parted)
    if all(a is b for a, b in zip(prose, placed, strict=True)) or _breaks(prose) < _breaks(placed):
        return list(lines)
    return _by_place(lines, parted)


def _breaks(prose: Sequence[Line]) -> float:
    """Count the places where the next line is not the one below; less where the sentence goes on there."""
    elsewhere = [(a, b) for a, b in pairwise(prose) if not _follows(a, b)]
    return sum(_WHOLE if _goes_on(a, b) else 1.0 for a, b in elsewhere)


def _follows(above: Line, line: Line) -> bool:
    """Whether a line stands just below another one, in its column."""
    step = line.bottom - above.bottom
    return 0 < step < 4 * line.size and line.x0 < above.x1 and above.x0 < line.x1


def _goes_on(before: Line, after: Line) -> bool:
    """Whether the text of a line may go on with another: within a sentence, or from one to the next."""
    if before.hyphen:
        return after.text[0].islower()
    if ends_sentence(before.text):
        return not after.text[0].islower()
    # A name or a Chinese character may stand anywhere, so only a small letter says that it goes on.
    return not after.text[0].isupper()


def _jumps(lines: Sequence[Line]) -> int:
    """Count steps to a line higher up that is not the head of a column further right."""
    return sum(b.y1 < a.y0 - a.size and b.x0 < a.x0 + 4 * a.size for a, b in pairwise(lines))


def _by_place(lines: Sequence[Line], parted: Sequence[float]) -> list[Line]:
    """Read column by column between the lines that stand across a gutter."""
    ordered: list[Line] = []
    band: list[list[Line]] = [[] for _ in range(len(parted) + 1)]
    for row in rows(lines):
        for line in row:
            if crosses(line, parted):
                ordered += [each for column in band for each in column]
                ordered.append(line)
                band = [[] for _ in band]
            else:
                middle = (line.x0 + line.x1) / 2
                band[sum(middle > place for place in parted)].append(line)
    return ordered + [each for column in band for each in column]
