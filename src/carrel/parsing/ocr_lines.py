"""Words seen in an image → printed lines and words in points, in the measures that ``pdf_text`` gives.

Tesseract boxes the ink of a word. Printed text is boxed from ascender to descender, which is what later
steps measure line distances and headings by, so baseline and size are worked out from the letters.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import groupby, pairwise
from statistics import median
from typing import NamedTuple

import numpy as np

from carrel.parsing.printed import NO_WORDS, Line, PrintedPage, Words, joined
from carrel.parsing.tesseract import SeenWord

_LEAST_CONFIDENCE = 45.0  # of a line, in the mean of its characters: below, it is a picture read as text
_GRID = 64  # boxes are rounded to 1/64 point, as in pdf_text

# What parts words: ideographs, kana and their punctuation stand for themselves, as in pdf_text.
_WIDE = "\u3001-\uabff\uf900-\ufffd\U00020000-\U0003ffff"
_PIECE = re.compile(f"[{_WIDE}]|[^{_WIDE}]+")
_PIECE_IS_WIDE = re.compile(f"[{_WIDE}]")
_WIDE_LETTER = re.compile("[\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_WIDE_MARK = re.compile("[\u3001-\u3020\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]")
_CLOSING, _OPENING = frozenset(",.;:!?)]}”’%"), frozenset("([{“‘")
_LIGATURE = re.compile("[\ufb00-\ufb06]")

# Shares of a font's size: the ink of letters above the baseline, and below it.
_DESCENT, _ASCENT, _X_HEIGHT = 0.21, 0.71, 0.48
_WIDE_INK, _WIDE_BELOW = 0.92, 0.08
_BOX_ABOVE, _BOX_BELOW = 0.79, 0.21  # of the box that a word gets
_DESCENDING = re.compile(r"[gjpqyQ(){}\[\];,|/]")
_ASCENDING = re.compile(r"[A-Zbdfhklt0-9ßÀ-Þ(){}\[\]|/!?]")
_SAME_SIZE = 0.12  # of the size of the running text: what differs by less is measured as the same
_UNEVEN = 0.15  # of the size: squares of ideographs that differ more are not set evenly
_SIDEWAYS = 3  # times as tall as wide, and so many characters at least
_LONG_LINE = 6  # words, from which the slope of a line can be told


class _Piece(NamedTuple):
    """A word, or one ideograph of it, in points."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    after_space: bool


class _SeenLine(NamedTuple):
    key: tuple[int, int, int]
    pieces: list[_Piece]
    size: float
    upright: bool


def lines_of(
    seen: Sequence[SeenWord], scale: float, printed: PrintedPage, number: int, first_line: int
) -> PrintedPage:
    """Return a page with the lines that were printed on it and, elsewhere, those seen in its image.

    Args:
        seen: words in the order of reading; boxes in pixels, ``scale`` of them a point.
        printed: the page as read without OCR.
        number: of the page, from 1.
        first_line: the number that the page's first line gets.
    """
    found = [
        line
        for key, words in groupby(seen, lambda word: word.line)
        if (line := _line(key, list(words), scale)) is not None and not _covered(line, printed.lines)
    ]
    sizes = _even_sizes(found)
    lines, tables = list(printed.lines), [printed.words]
    for index, (line, size) in enumerate(zip(found, sizes, strict=True)):
        divided = index + 1 < len(found) and found[index + 1].key[:2] == line.key[:2]
        made, words = _printed(line, size, first_line + len(lines), number, divided, printed)
        lines.append(made)
        tables.append(words)
    return PrintedPage(printed.size, lines, joined(tables) if lines else NO_WORDS)


def _line(key: tuple[int, int, int], words: list[SeenWord], scale: float) -> _SeenLine | None:
    weight = sum(len(word.text) for word in words)
    confidence = sum(word.confidence * len(word.text) for word in words) / weight
    if confidence < _LEAST_CONFIDENCE or not any(map(str.isalnum, "".join(word.text for word in words))):
        return None
    pieces: list[_Piece] = []
    ends = [*(after.x0 if after.x0 > word.x0 else word.x1 for word, after in pairwise(words)), words[-1].x1]
    for word, end in zip(words, ends, strict=True):
        # Boxes of ideographs often reach into their neighbours.
        pieces += _pieces(word._replace(x1=min(word.x1, end)), scale, pieces[-1].text if pieces else "")
    if not pieces:
        return None
    if _is_sideways(pieces):
        return _SeenLine(key, pieces, median(piece.x1 - piece.x0 for piece in pieces), upright=False)
    sizes = [size for piece in pieces if (size := _size(piece)) is not None]
    size = median(sizes) if sizes else max(piece.y1 - piece.y0 for piece in pieces)
    return _SeenLine(key, _evenly_set(pieces, size), size, upright=True)


def _is_sideways(pieces: Sequence[_Piece]) -> bool:
    """Whether a line runs up or down the page, as the label of an axis or a stamp in the margin does."""
    width = max(piece.x1 for piece in pieces) - min(piece.x0 for piece in pieces)
    height = max(piece.y1 for piece in pieces) - min(piece.y0 for piece in pieces)
    return height > _SIDEWAYS * width and sum(len(piece.text) for piece in pieces) >= _SIDEWAYS


def _evenly_set(pieces: list[_Piece], size: float) -> list[_Piece]:
    """Put the ideographs of each run into squares of one width: Tesseract knows only about where they are."""
    even: list[_Piece] = []
    for wide, run in groupby(pieces, lambda piece: _PIECE_IS_WIDE.match(piece.text) is not None):
        cells = list(run)
        count = len(cells)
        while wide and count and not _WIDE_LETTER.match(cells[count - 1].text):
            count -= 1  # the ink of a mark fills half of its square
        step = (cells[count - 1].x1 - cells[0].x0) / count if wide and count else 0.0
        if abs(step - size) <= _UNEVEN * size:
            start = cells[0].x0
            squares = [
                each._replace(x0=start + n * step, x1=start + (n + 1) * step) for n, each in enumerate(cells)
            ]
            cells = squares[:count] + cells[count:]
        even += cells
    return even


def _pieces(word: SeenWord, scale: float, before: str) -> Iterable[_Piece]:
    """Cut a word into its ideographs and what stands between them, its box by their widths."""
    text = _LIGATURE.sub(lambda match: unicodedata.normalize("NFKC", match.group()), word.text)
    texts = _PIECE.findall("".join(filter(str.isprintable, text)).replace(" ", ""))
    widths = [2 if _WIDE_LETTER.match(each) else len(each) for each in texts]
    step = (word.x1 - word.x0) / max(sum(widths), 1)
    place = word.x0
    for index, (each, width) in enumerate(zip(texts, widths, strict=True)):
        spaced = index == 0 and _is_spaced(before, each)
        y0, y1 = word.y0 / scale, word.y1 / scale
        yield _Piece(each, place / scale, y0, (place + width * step) / scale, y1, spaced)
        place += width * step


def _is_spaced(before: str, text: str) -> bool:
    """Whether a space parts two words that Tesseract parts: it does so between ideographs, too."""
    if not before or _WIDE_MARK.match(before[-1]) or _WIDE_MARK.match(text[0]):
        return False
    wide_before, wide = _WIDE_LETTER.match(before[-1]), _WIDE_LETTER.match(text[0])
    if wide_before and wide:
        return False
    return not ((wide_before and text[0] in _CLOSING) or (wide and before[-1] in _OPENING))


def _size(piece: _Piece) -> float | None:
    """Return the font size that a word's ink tells; None where its characters tell nothing."""
    height = piece.y1 - piece.y0
    if _WIDE_LETTER.match(piece.text):
        return height / _WIDE_INK
    if not any(map(str.isalnum, piece.text)):
        return None
    above = _ASCENT if _ASCENDING.search(piece.text) else _X_HEIGHT
    return height / (above + (_DESCENT if _DESCENDING.search(piece.text) else 0.0))


def _even_sizes(lines: Sequence[_SeenLine]) -> list[float]:
    """Return the lines' sizes without the noise of measuring: running text has one size."""
    every = [line.size for line in lines if line.upright for _ in line.pieces]
    running = median(every) if every else 0.0
    return [running if abs(line.size - running) < _SAME_SIZE * running else line.size for line in lines]


def _covered(line: _SeenLine, printed: Sequence[Line]) -> bool:
    """Whether a line was read without OCR already."""
    x = (min(piece.x0 for piece in line.pieces) + max(piece.x1 for piece in line.pieces)) / 2
    y = median((piece.y0 + piece.y1) / 2 for piece in line.pieces)
    return any(each.x0 <= x <= each.x1 and each.y0 <= y <= each.y1 for each in printed)


def _printed(
    line: _SeenLine, size: float, number: int, page: int, divided: bool, on: PrintedPage
) -> tuple[Line, Words]:
    """Make a printed line. ``divided``: a line of the same paragraph follows."""
    text, starts, ends = "", [], []
    for piece in line.pieces:
        text += " " if piece.after_space else ""
        starts.append(len(text))
        text += piece.text
        ends.append(len(text))
    box = np.array([(piece.x0, piece.y0, piece.x1, piece.y1) for piece in line.pieces], np.float32)
    if line.upright:
        base = np.array(_baselines(line.pieces), np.float32)
        box[:, 1], box[:, 3] = base - _BOX_ABOVE * size, base + _BOX_BELOW * size
    limit = np.array([on.size.width, on.size.height] * 2, np.float32)
    box = np.clip(np.rint(box * _GRID) / _GRID, 0, limit)
    x0, y0 = box[:, :2].min(axis=0).tolist()
    x1, y1 = box[:, 2:].max(axis=0).tolist()
    made = Line(
        number=number,
        page=page,
        text=text,
        x0=x0,
        y0=y0,
        x1=x1,
        y1=y1,
        bottom=float(box[len(box) // 2, 3]),
        size=round(size, 2),
        bold=False,
        fixed=False,
        upright=line.upright,
        hyphen=divided and len(text) > 1 and text[-1] == "-" and text[-2].isalpha(),
    )
    count = len(box)
    return made, Words(
        np.full(count, number, np.int32), np.array(starts, np.int32), np.array(ends, np.int32), box
    )


def _baselines(pieces: Sequence[_Piece]) -> list[float]:
    """Return where the baseline runs below the middle of each piece: a straight line, level or not."""
    told = [((piece.x0 + piece.x1) / 2, base) for piece in pieces if (base := _baseline(piece)) is not None]
    if not told:
        return [piece.y1 for piece in pieces]
    third = len(told) // 3 if len(told) >= _LONG_LINE else 0
    # The median of slopes, after Theil and Sen: a word with a wrong box does not tilt the line.
    slopes = [
        (y1 - y0) / (x1 - x0)
        for (x0, y0), (x1, y1) in zip(told[:third], told[len(told) - third :], strict=True)
        if x1 > x0
    ]
    slope = median(slopes) if slopes else 0.0
    level = median(y - slope * x for x, y in told)
    return [level + slope * (piece.x0 + piece.x1) / 2 for piece in pieces]


def _baseline(piece: _Piece) -> float | None:
    if _WIDE_LETTER.match(piece.text):
        return piece.y1 - _WIDE_BELOW / _WIDE_INK * (piece.y1 - piece.y0)
    size = _size(piece)
    if size is None:
        return None
    return piece.y1 - (_DESCENT * size if _DESCENDING.search(piece.text) else 0.0)
