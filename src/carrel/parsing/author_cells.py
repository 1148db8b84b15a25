"""The lines around a title as cells: what stands together on one line, with raised marks recognised."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import median

import numpy as np

from carrel.parsing.names import MARK, is_name
from carrel.parsing.printed import NO_WORDS, Line, Words

_RAISED = 0.84  # of the height of the words beside it: a raised mark's font is smaller
_LIFTED = 0.07  # of a word's height: a raised mark at its end lifts its upper edge
_GAP = 0.8  # of the font's size; words of one text stand closer
_WORD_GAP = 1.7  # the same in widely spaced text
_JOINED_GAP = 3.5  # the same, where a comma or a mark joins them
_ROW = 0.45  # of the font's size: baselines that differ by less are one row
_LIFTED_LETTERS = re.compile(r"(?<=[^\W\d_]{2})[a-z](?:[,;][a-z])*$")
_LIFTED_DIGITS = re.compile(r"(?<=[^\W\d_])\d{1,2}(?:,\d{1,2})*$")
_LIFTED_SYMBOL = re.compile(r"(?:(?<=[^\W\d_]{2})[a-z])?(?:[,;](?:[a-z]|[*∗†‡§¶✩]+|\d+))+(?=,?$)")
_LETTER_MARK = re.compile(rf"[^\W\d_]{MARK}")
_LEADING_LETTER = re.compile(r"[a-z](?=[A-Z][a-z])")
_ENDS_JOINED = tuple(",;\uff0c\uff1b、·&")
_BEGINS_JOINED = re.compile(
    rf"(?P<mark>{MARK}|[\d*∗†‡§¶]+(?=[,;\s]|$)|[,;\uff0c\uff1b、·])|(?:and|und|et|with)\b|&",
    re.IGNORECASE,
)
_STRAY = re.compile(r"(?<=[^\W\d_])\s?[´¨ˆ˜ˇ˘˚˙˝¸`]\s?(?=[a-zı])|\s?[´¨ˆ˜ˇ˘˚˙˝¸`]")
_LONGEST_MARK = 12  # characters
_LONGEST_NOTE = 3  # characters of a note's mark at the end of a title
_OTHER_FONT = 1.25  # over the usual height for the font size of a line: that was the size of a mark
_PLAIN = 0.6  # of the height of a word with its mark: a word without one is higher, a mark alone lower


@dataclass(frozen=True, slots=True)
class Cell:
    """A piece of a line; ``text`` has ``MARK`` where a raised mark was printed.

    ``size`` is that of its font, ``bold`` is None where only the font of a mark is known.
    """

    text: str
    line: Line
    x0: float
    x1: float
    bottom: float
    size: float
    bold: bool | None
    tall: float  # the height of its words


def cells_of(lines: Iterable[Line], words: Words = NO_WORDS) -> list[Cell]:
    """Return the cells of these lines row by row, from left to right."""
    lines = list(lines)
    lettered = any(_LEADING_LETTER.match(line.text) for line in lines)
    cells = [cell for line in lines for cell in _cells(line, words, lettered)]
    if cells:
        usual = median(cell.tall / max(1.0, cell.size) for cell in cells)
        cells = [
            replace(cell, size=cell.tall / usual, bold=None)
            if cell.tall > _OTHER_FONT * usual * cell.size
            else cell
            for cell in cells
        ]
    cells.sort(key=lambda cell: cell.bottom)
    rows: list[list[Cell]] = []
    for cell in cells:
        if rows and cell.bottom - rows[-1][0].bottom < _ROW * max(cell.size, rows[-1][0].size):
            rows[-1].append(cell)
        else:
            rows.append([cell])
    return [cell for row in rows for cell in _joined(sorted(row, key=lambda cell: cell.x0))]


def _joined(row: Sequence[Cell]) -> list[Cell]:
    """Join the cells of a row between which a comma stands: raised marks only made room there."""
    result: list[Cell] = []
    for cell in row:
        last = result[-1] if result else None
        begins = _BEGINS_JOINED.match(cell.text)
        joined = begins is not None or (last is not None and last.text.endswith(_ENDS_JOINED))
        if last is None or cell.x0 - last.x1 > _JOINED_GAP * cell.size or not (joined or _halves(last, cell)):
            result.append(cell)
            continue
        glue = "" if begins and begins["mark"] else " "
        text = f"{last.text}{glue}{cell.text}"
        bold = last.bold if last.bold is not None else cell.bold
        result[-1] = replace(last, text=text, x1=cell.x1, bold=bold)
    return result


def _halves(before: Cell, cell: Cell) -> bool:
    """Whether two cells are words of one text that is set with wide spaces."""
    near_by = cell.x0 - before.x1 < _WORD_GAP * cell.size
    return near_by and not (is_name(before.text) and is_name(cell.text))


def unmarked(line: Line, words: Words) -> str:
    """Return a line's text without a raised mark at its end."""
    rows = np.flatnonzero(words.line == line.number)
    if len(rows) < 2 or int(words.end[rows[-1]]) > len(line.text):
        return line.text
    start = int(words.start[rows[-1]])
    _, y0, _, y1 = words.box[rows[-1]].tolist()
    top = median(words.box[rows[:-1], 1].tolist())
    bottom = median(words.box[rows[:-1], 3].tolist())
    if len(line.text) - start <= _LONGEST_NOTE and y1 - y0 < _RAISED * (bottom - top) and y1 < bottom:
        return line.text[:start].rstrip()
    lifted = top - y0 > _LIFTED * (bottom - top)
    return _LIFTED_DIGITS.sub("", line.text) if lifted else line.text


def _cells(line: Line, words: Words, lettered: bool = False) -> list[Cell]:
    rows = slice(*np.searchsorted(words.line, [line.number, line.number + 1]).tolist())
    starts, ends = words.start[rows].tolist(), words.end[rows].tolist()
    if not starts or ends[-1] > len(line.text):
        return [Cell(line.text, line, line.x0, line.x1, line.bottom, line.size, line.bold, line.size)]
    box = words.box[rows].tolist()
    texts = [line.text[start:end] for start, end in zip(starts, ends, strict=True)]
    # A word and the mark at its end have one box: what is plain is the lowest of what is no mark.
    heights = [
        (y1 - y0, sum(map(str.isalpha, text))) for (_, y0, _, y1), text in zip(box, texts, strict=True)
    ]
    most = max((height for height, letters in heights if letters), default=box[0][3] - box[0][1])
    tall = min(
        (height for height, letters in heights if letters >= 3 and height > _PLAIN * most),
        default=min(
            (height for height, letters in heights if letters and height > _RAISED * most), default=most
        ),
    )
    plain = [(y0, y1) for _, y0, _, y1 in box if tall * 0.95 < y1 - y0 < tall * 1.05] or [(line.y0, line.y1)]
    top, bottom = median(y0 for y0, _ in plain), median(y1 for _, y1 in plain)
    pieces: list[str] = []
    edges: list[list[float]] = []
    behind = -1
    for start, end, word, (x0, y0, x1, y1) in zip(starts, ends, texts, box, strict=True):
        text = _with_marks(word, y0, y1, top, bottom, tall)
        if pieces and (start == behind or x0 - edges[-1][1] <= _GAP * line.size):
            pieces[-1] += text if start == behind else f" {text}"
            edges[-1][1] = x1
        else:
            pieces.append(text)
            edges.append([x0, x1])
        behind = end
    return [
        Cell(_STRAY.sub("", piece).strip(), line, x0, x1, bottom, line.size, line.bold, tall)
        for piece, (x0, x1) in zip(_without_symbols(pieces, lettered), edges, strict=True)
        if piece.strip()
    ]


def _without_symbols(pieces: Sequence[str], lettered: bool) -> list[str]:
    """Return the pieces without "a,∗" at a name's end, where letters are marks of affiliations."""
    if not lettered and not any(_LETTER_MARK.search(piece) for piece in pieces):
        return list(pieces)
    return [" ".join(_LIFTED_SYMBOL.sub(MARK, word) for word in piece.split(" ")) for piece in pieces]


def _with_marks(text: str, y0: float, y1: float, top: float, bottom: float, tall: float) -> str:
    """Return a word with ``MARK`` for what is raised in it."""
    if y1 - y0 < _RAISED * tall and y1 < bottom - 0.08 * tall and len(text) < _LONGEST_MARK:
        return MARK
    if top - y0 > _LIFTED * tall and text[:1].isalpha():
        if _LEADING_LETTER.match(text):
            return MARK + text[1:]
        return _LIFTED_LETTERS.sub(MARK, text)
    return text


def overlaps(a: Cell, b: Cell) -> bool:
    """Whether two cells stand one above the other."""
    return min(a.x1, b.x1) - max(a.x0, b.x0) > 0.3 * min(a.x1 - a.x0, b.x1 - b.x0)


def above(cells: Sequence[Cell], cell: Cell, reach: float) -> int | None:
    """Return which of the cells stands right above one, at most ``reach`` font sizes away."""
    for i in range(len(cells) - 1, -1, -1):
        other = cells[i]
        step = cell.bottom - other.bottom
        if step > reach * max(cell.size, other.size):
            return None
        if step > _ROW * cell.size and overlaps(other, cell):
            return i
    return None
