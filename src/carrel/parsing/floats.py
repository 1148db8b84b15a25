"""What stands outside the flow of a page's text: captions, tables, the words within figures.

Found by where things stand, before the reading order is asked for: a caption claims the rows beside it
that are not running text; and rows of cells one below another are a table without a caption, too.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from carrel.core.paper import BlockKind
from carrel.parsing.bands import LABEL, TABLE_STEP, Band, worded
from carrel.parsing.captions import CaptionOf, begins_caption, caption_end, caption_of
from carrel.parsing.columns import columns, crosses, length, rows
from carrel.parsing.printed import Line
from carrel.parsing.typography import Typography, near

_FLOW_STEP = 2.2  # leadings below running text within which a formula or an item belongs to it
_EDGE = 3.0  # points that the edges of one table column's cells may differ by
_FEWEST_ROWS = 3  # of a table without a caption
_EQUATION_NUMBER = re.compile(r"\([A-Z]?\.?\d+(?:\.\d+)*[a-z]?\)")
_TABLE_NOTE = re.compile(r"(?:notes?|sources?|注|资料来源)\s*[:.：]", re.IGNORECASE)
_OPERATOR = re.compile(r"[=∑∏∫√∈≤≥→∂∇∞≈≡⊗⊂∪∩⟨⟩‖𝔼ℝ]|[\U0001d400-\U0001d7ff]")
_PROSE, _PROSE_LINES = 0.5, 6  # share of the column, and lines as long as one another: no cell is so full
_ROWS_ABOVE = 12  # are asked whether a line goes on with a cell of theirs
_FORMULAS = 0.25  # share of the cells of a table that hold a formula, at most
_FRONT_SHARE = 0.5  # of page one may hold names and addresses in a grid, which is no table

_Rows = list[list[Line]]


@dataclass(frozen=True, slots=True)
class Float:
    """Lines that stand outside the flow, in rows from top to bottom."""

    kind: BlockKind
    rows: tuple[tuple[Line, ...], ...]

    @property
    def first(self) -> Line:
        """Its first line."""
        return self.rows[0][0]


def find_floats(
    lines: Sequence[Line], parted: Sequence[float], typography: Typography, page_height: float
) -> list[Float]:
    """Return the captions, tables and figures among the lines of one page.

    ``parted`` are the gutters between its columns. A caption comes before what it claims.
    """
    upright = [line for line in lines if line.upright]
    found: list[Float] = []
    taken: set[int] = set()
    if parted:
        beside = columns(upright, parted)
        whole = columns(upright, ())[0]
        _claim(Band(rows(upright), whole, typography, parted, beside), found, taken)
        sides: list[list[Line]] = [[] for _ in range(len(parted) + 1)]
        for line in upright:
            if line.number not in taken and not crosses(line, parted):
                sides[sum((line.x0 + line.x1) / 2 > place for place in parted)].append(line)
        for side, column in zip(sides, beside, strict=True):
            _claim(Band(rows(side), column, typography), found, taken)
    elif upright:
        _claim(Band(rows(upright), columns(upright, ())[0], typography), found, taken)
    if lines and lines[0].page == 1:
        found = [each for each in found if not _is_grid_of_names(each, found, page_height)]
    return found


def _is_grid_of_names(float_: Float, found: Sequence[Float], page_height: float) -> bool:
    """Whether a table at the head of page one lacks a caption: it may be names and addresses."""
    if float_.kind is not BlockKind.TABLE or float_.rows[-1][0].y1 > _FRONT_SHARE * page_height:
        return False
    above = any(other.kind is BlockKind.CAPTION and other.first.y0 < float_.first.y1 for other in found)
    return not above


def _claim(band: Band, found: list[Float], taken: set[int]) -> None:
    """Find the captions of a band and what they claim; then tables without a caption."""
    used: set[int] = set()
    captions = _captions(band, used)
    for begin, end in captions:
        row = band.rows[begin]
        found.append(_float(BlockKind.CAPTION, band.rows[begin:end]))
        about = caption_of(row[0].text)
        if about in (CaptionOf.TABLE, CaptionOf.FIGURE):
            claimed = _claimed(band, begin, end, used, about)
            if claimed:
                kind = BlockKind.TABLE if about is CaptionOf.TABLE else BlockKind.FIGURE
                found.append(_float(kind, [band.rows[i] for i in claimed]))
                used.update(claimed)
    if not band.parted:
        for run in _tables(band, used):
            found.append(_float(BlockKind.TABLE, [band.rows[i] for i in run]))
            used.update(run)
    taken.update(line.number for i in used for line in band.rows[i])


def _captions(band: Band, used: set[int]) -> list[tuple[int, int]]:
    """Return the rows (begin, end) of each caption, and mark them used."""
    captions: list[tuple[int, int]] = []
    i = 0
    while i < len(band.rows):
        row = band.rows[i]
        if (not band.parted or crosses(row[0], band.parted)) and begins_caption(
            band.rows, i, band.typography
        ):
            end = caption_end(band.rows, i)
            captions.append((i, end))
            used.update(range(i, end))
            i = end
        else:
            i += 1
    return captions


def _float(kind: BlockKind, claimed: Sequence[Sequence[Line]]) -> Float:
    return Float(kind, tuple(tuple(row) for row in claimed))


def _claimed(band: Band, begin: int, end: int, used: set[int], about: CaptionOf) -> list[int]:
    """Return the rows that the caption at rows ``begin`` to ``end`` claims, in order from the top.

    A table stands below its caption and a figure above, or the other way round.
    """
    table = about is CaptionOf.TABLE
    below = _grown(band, end, 1, used, table)
    above = _grown(band, begin - 1, -1, used, table)
    first, second = (below, above) if table else (above, below)
    chosen = first if _is_claimable(band, first, table) else second
    return sorted(chosen) if _is_claimable(band, chosen, table) else []


def _grown(band: Band, start: int, step: int, used: set[int], table: bool) -> list[int]:
    """Return the rows from ``start`` on, upwards or downwards, that are not running text."""
    found: list[int] = []
    leading = band.typography.leading
    i = start
    if table and step > 0 and band.is_table_head(i):
        found.append(i)
        i += 1
    while 0 <= i < len(band.rows) and i not in used and not band.is_text(i):
        before = band.rows[i - step][0]
        if table and abs(band.rows[i][0].bottom - before.bottom) > TABLE_STEP * leading + before.size:
            break
        if table and len(band.rows[i]) == 1 and _TABLE_NOTE.match(band.rows[i][0].text):
            break
        found.append(i)
        i += step
    if step < 0:
        return _without_end_of_text(band, found)
    if table and i < len(band.rows) and caption_of(band.rows[i][0].text) is CaptionOf.FIGURE:
        return _above_the_widest_gap(band, [*found, i])
    return found


def _above_the_widest_gap(band: Band, found: list[int]) -> list[int]:
    """Leave a figure below a table to the figure's caption, the last of the rows: both claim the others."""
    gaps = [band.rows[b][0].bottom - band.rows[a][-1].bottom for a, b in pairwise(found)]
    return found[: gaps.index(max(gaps)) + 1] if gaps else []


def _without_end_of_text(band: Band, upwards: list[int]) -> list[int]:
    """Leave the topmost row out where it follows running text closely: a formula, or the last item."""
    top = upwards[-1] if upwards else 0
    if top == 0 or len(band.rows[top]) > 2 or not band.is_text(top - 1):
        return upwards
    line, above = band.rows[top][0], band.rows[top - 1][0]
    close = line.bottom - above.bottom <= _FLOW_STEP * band.typography.leading
    return upwards[:-1] if close and near(line.size, band.typography.body) else upwards


def _is_claimable(band: Band, claimed: Sequence[int], table: bool) -> bool:
    """Whether rows look like a table's cells or a figure's labels."""
    if not claimed:
        return False
    lines = [line for i in claimed for line in band.rows[i]]
    if table:
        return len(claimed) > 1 or len(lines) > 1
    return sum(length(line.text) for line in lines) / len(lines) <= LABEL or all(line.fixed for line in lines)


def _tables(band: Band, used: set[int]) -> list[list[int]]:
    """Return runs of rows whose cells stand below one another."""
    runs: list[list[int]] = []
    run: list[int] = []
    for i, row in enumerate(band.rows):
        if i in used or band.is_text(i) or row[0].fixed or _EQUATION_NUMBER.fullmatch(row[-1].text):
            _close(band, run, runs)
            run = []
            continue
        if run and _belongs(band, run, row):
            run.append(i)
        elif len(row) > 1:
            _close(band, run, runs)
            run = [i]
        else:
            _close(band, run, runs)
            run = []
    _close(band, run, runs)
    return runs


def _close(band: Band, run: list[int], runs: list[list[int]]) -> None:
    """Keep a run that is a table: enough rows of several cells."""
    if len(run) < _FEWEST_ROWS:
        return
    run = list(run)
    while run and len(band.rows[run[-1]]) == 1 and not _is_rest_of_cell(band, run):
        run.pop()
    cells = [line for i in run for line in band.rows[i]]
    formulas = sum(_OPERATOR.search(line.text) is not None for line in cells)
    celled = sum(len(band.rows[i]) > 1 for i in run) >= _FEWEST_ROWS
    if celled and formulas <= _FORMULAS * len(cells) and not _holds_prose(band, run):
        runs.append(run)


def _holds_prose(band: Band, run: Sequence[int]) -> bool:
    """Whether a paragraph with notes in the margin beside it looks like cells: it has full lines."""
    widest = [max(band.rows[i], key=lambda line: line.x1 - line.x0) for i in run]
    wide = [line for line in widest if line.x1 - line.x0 >= _PROSE * band.column.width and worded([line])]
    alike = [abs(b.x0 - a.x0) < _EDGE and abs(b.x1 - a.x1) < b.size for a, b in pairwise(wide)]
    longest = max((len(list(same)) for full, same in groupby(alike) if full), default=0)
    return longest >= _PROSE_LINES and 2 * len(wide) > len(run)


def _is_rest_of_cell(band: Band, run: Sequence[int]) -> bool:
    """Whether the last row of a table, a single line, goes on with a cell, not the first of its row."""
    line, above = band.rows[run[-1]][0], [line for i in run[-_ROWS_ABOVE:-1] for line in band.rows[i]]
    alike = sum(abs(line.x0 - other.x0) < _EDGE for other in above)
    close = line.bottom - above[-1].bottom < 1.35 * band.typography.leading if above else False
    return close and alike >= 2 and line.x0 > min(other.x0 for other in above) + line.size


def _belongs(band: Band, run: Sequence[int], row: Sequence[Line]) -> bool:
    """Whether a row's cells stand below those of the rows before."""
    last = band.rows[run[-1]]
    if row[0].bottom - last[0].bottom > TABLE_STEP * band.typography.leading:
        return False
    above = [line for i in run[-4:] for line in band.rows[i]]
    left, right = sorted(line.x0 for line in above), sorted(line.x1 for line in above)
    middle = sorted((line.x0 + line.x1) / 2 for line in above)
    shared = sum(
        _stands_at(line.x0, left) or _stands_at(line.x1, right) or _stands_at((line.x0 + line.x1) / 2, middle)
        for line in row
    )
    return shared >= max(1, len(row) // 2)


def _stands_at(place: float, others: Sequence[float]) -> bool:
    """Whether one of these places, in order, is about this one."""
    nearest = bisect_right(others, place - _EDGE)
    return nearest < len(others) and others[nearest] < place + _EDGE
