"""One PDF page → its printed lines and words, each with a box.

Costs are kept near those of bare text extraction: text is read once a page, font and matrix once a
line, a box only for the first and last character of each word.
"""

import ctypes
import re
from abc import ABC, abstractmethod
from functools import lru_cache
from itertools import repeat

import numpy as np
import pypdfium2.raw as pdfium
from numpy.typing import NDArray

from carrel.core.paper import PageSize
from carrel.parsing.pdfium_calls import (
    code_points,
    font_sizes,
    fonts,
    handle_address,
    loose_boxes,
    matrices,
)
from carrel.parsing.printed import NO_WORDS, Line, PrintedPage, Words
from carrel.parsing.text_cleaning import LINE_HYPHEN, clean

_FIXED_PITCH = 1
FORCE_BOLD = 1 << 18
_BOLD_NAME = re.compile(
    rb"bold|black|heavy|demi|medi(?!um|eval)|cmbx|cmb1|sfbx|ecbx|cmssbx|simhei|[-,]b$|-bd|lin\w+t[bz]o?$",
    re.IGNORECASE,
)
# Words further apart than this, in heights of the text, belong to two columns or two cells. A short
# label (a section's number, a bullet) may stand that far from its text.
_COLUMN_GAP = 1.5
_LABEL_CHARACTERS = 6
_LAST_POINT = 0x10FFFF
_LINE_HYPHEN_ASKED_FOR = 2  # a line's hyphen, where its character is asked for by itself
_GRID = 64  # boxes are rounded to 1/64 point: invisible, and they compress well

_Floats = NDArray[np.float32]
_Doubles = NDArray[np.float64]
_Indices = NDArray[np.int64]
_Flags = NDArray[np.bool_]


def read_page(page: object, number: int, first_line: int) -> PrintedPage:
    """Read a page that pdfium has loaded.

    ``number`` is the page's, from 1; ``first_line`` the number its first line gets. Text outside
    the visible page is left out.
    """
    size = PageSize(float(pdfium.FPDF_GetPageWidthF(page)), float(pdfium.FPDF_GetPageHeightF(page)))
    text_page = pdfium.FPDFText_LoadPage(page)
    if not text_page:
        return PrintedPage(size, (), NO_WORDS)
    try:
        return _PdfiumReader(page, text_page, size, number, first_line).read()
    finally:
        pdfium.FPDFText_ClosePage(text_page)


class PageReader(ABC):
    """The steps of reading one page, and what they share.

    What a library tells of a page's characters is behind three methods. A character is named by its
    number in the order of the page.
    """

    def __init__(self, size: PageSize, number: int, first_line: int) -> None:
        self.size = size
        self.number = number
        self.first_line = first_line

    @abstractmethod
    def _characters(self) -> NDArray[np.uint16] | NDArray[np.uint32]:
        """Return the page's text: UTF-16 units or code points [characters], lines parted by breaks."""

    @abstractmethod
    def _boxes(self, indices: list[int]) -> tuple[_Floats, NDArray[np.bool_]]:
        """Return these characters' boxes as displayed [n, 4], and whether each has one."""

    @abstractmethod
    def _fonts(self, characters: _Indices) -> tuple[_Doubles, _Flags, _Flags, _Flags]:
        """Return for each character its font's size as displayed, and whether it is bold, fixed, upright."""

    def read(self) -> PrintedPage:
        """Return the page's lines and words; those that cannot be seen on it are left out."""
        page = clean(self._characters())
        starts, ends, opens = _word_spans(page.points)
        if not len(starts):
            return PrintedPage(self.size, (), NO_WORDS)
        first, last = starts, ends - 1
        if page.origin is not None:
            first, last = page.origin[first], page.origin[last]
        box, seen = self._word_boxes(first, last)
        if not seen.all():
            starts, ends, first, box = starts[seen], ends[seen], first[seen], box[seen]
            opens = _opens_kept(opens, seen)
        if not len(starts):  # all of it stands outside the visible page
            return PrintedPage(self.size, (), NO_WORDS)
        opens |= _wide_gaps(box, opens, ends - starts)
        return self._printed(page.text, starts, ends, first, box, np.flatnonzero(opens))

    def _word_boxes(self, first: _Indices, last: _Indices) -> tuple[_Floats, NDArray[np.bool_]]:
        """Return each word's box as displayed, and whether any of it can be seen on the page."""
        longer = np.flatnonzero(last != first)
        indices = np.concatenate([first, last[longer]]).tolist()
        ends, found = self._boxes(indices)
        box, tail = ends[: len(first)], ends[len(first) :]
        box[longer, :2] = np.minimum(box[longer, :2], tail[:, :2])
        box[longer, 2:] = np.maximum(box[longer, 2:], tail[:, 2:])
        width, height = self.size.width, self.size.height
        centre_x, centre_y = box[:, 0] + box[:, 2], box[:, 1] + box[:, 3]
        seen = (centre_x >= 0) & (centre_x <= 2 * width) & (centre_y >= 0) & (centre_y <= 2 * height)
        seen &= found[: len(first)]
        limit = np.array([width, height, width, height], np.float32)
        np.maximum(np.rint(box * _GRID) / _GRID, 0, out=box)
        return np.minimum(box, limit, out=box), seen

    def _printed(
        self, text: str, starts: _Indices, ends: _Indices, first: _Indices, box: _Floats, pieces: _Indices
    ) -> PrintedPage:
        """Make lines of pieces: runs of words that pdfium wrote without a break between them."""
        last = np.append(pieces[1:], len(starts)) - 1
        piece_box = np.empty((len(pieces), 4), np.float32)
        piece_box[:, :2] = np.minimum.reduceat(box[:, :2], pieces)
        piece_box[:, 2:] = np.maximum.reduceat(box[:, 2:], pieces)
        froms, tos = starts[pieces].tolist(), ends[last].tolist()
        texts = [text[a:b] for a, b in zip(froms, tos, strict=True)]
        joints = _joints(piece_box)
        lines, shifts = _join_pieces(texts, joints)
        opening = np.flatnonzero(np.array(joints) == _NEW_LINE)
        line_of_piece = np.cumsum(np.array(joints) == _NEW_LINE, dtype=np.int32) - 1
        piece_of_word = np.repeat(np.arange(len(pieces)), last - pieces + 1)
        shift = np.asarray(shifts) - starts[pieces]
        words = Words(
            line=line_of_piece[piece_of_word] + np.int32(self.first_line),
            start=(starts + shift[piece_of_word]).astype(np.int32),
            end=(ends + shift[piece_of_word]).astype(np.int32),
            box=box,
        )
        low = np.minimum.reduceat(piece_box[:, :2], opening)
        high = np.maximum.reduceat(piece_box[:, 2:], opening)
        begin = pieces[opening]
        finish = np.append(begin[1:], len(starts))
        middle = (begin + finish) // 2
        samples = np.stack([middle, begin, finish - 1])
        edges = np.hstack([low, high, box[middle, 3:]])
        return PrintedPage(self.size, self._lines(lines, edges, first[samples]), words)

    def _lines(self, texts: list[str], edges: _Floats, samples: _Indices) -> list[Line]:
        """Make lines.

        ``edges`` [lines, 5] holds x0, y0, x1, y1, bottom; ``samples`` [3, lines] the first characters of
        a line's middle, first and last word.
        """
        size, bold, fixed, upright = self._fonts(samples[0])
        # A line's font is that of the word in its middle: the first may be a mark or a number. A line
        # that stands out by it is asked for two more: one term in bold does not make a heading.
        outstanding = np.flatnonzero(bold | (size > 1.05 * np.sort(size)[len(size) // 2]))
        if len(outstanding):
            sizes, bolds, _, _ = self._fonts(samples[1:, outstanding].ravel())
            three = np.vstack([size[outstanding], sizes.reshape(2, -1)])
            size[outstanding] = np.sort(three, axis=0)[1]
            bold[outstanding] = np.vstack([bold[outstanding], bolds.reshape(2, -1)]).sum(axis=0) >= 2
        columns = (
            range(self.first_line, self.first_line + len(texts)),
            repeat(self.number),
            [text.replace(LINE_HYPHEN, "-") for text in texts],
            *edges.T.tolist(),
            size.round(2).tolist(),
            bold.tolist(),
            fixed.tolist(),
            upright.tolist(),
            [text[-1] == LINE_HYPHEN for text in texts],
        )
        return list(map(Line._make, zip(*columns, strict=False)))


class _PdfiumReader(PageReader):
    """A page that pdfium has loaded."""

    def __init__(self, page: object, text_page: object, size: PageSize, number: int, first_line: int) -> None:
        super().__init__(size, number, first_line)
        self.handle = handle_address(text_page)
        self.text_page = text_page
        self.rotation = int(pdfium.FPDFPage_GetRotation(page)) % 4
        self.bounds = _bounds(page)

    def _characters(self) -> NDArray[np.uint16] | NDArray[np.uint32]:
        return _characters(self.text_page, self.handle)

    def _boxes(self, indices: list[int]) -> tuple[_Floats, NDArray[np.bool_]]:
        raw, found = loose_boxes(self.handle, indices)
        return self._displayed(raw), found

    def _displayed(self, raw: _Floats) -> _Floats:
        """Turn pdfium's left, top, right, bottom (y upwards) to x0, y0, x1, y1 on the page as displayed."""
        left, bottom, right, top = self.bounds
        columns, signs, offsets = {
            0: ((0, 1, 2, 3), (1, -1, 1, -1), (-left, top, -left, top)),
            1: ((3, 0, 1, 2), (1, 1, 1, 1), (-bottom, -left, -bottom, -left)),
            2: ((2, 3, 0, 1), (-1, 1, -1, 1), (right, -bottom, right, -bottom)),
            3: ((1, 2, 3, 0), (-1, -1, -1, -1), (top, right, top, right)),
        }[self.rotation]
        displayed: _Floats = raw.take(columns, axis=1)
        displayed *= np.array(signs, np.float32)
        displayed += np.array(offsets, np.float32)
        return displayed

    def _fonts(self, characters: _Indices) -> tuple[_Doubles, _Flags, _Flags, _Flags]:
        """Return for each character its font's size as displayed, and whether it is bold, fixed, upright."""
        indices = characters.tolist()
        matrix = matrices(self.handle, indices)
        # The vertical scale of the text matrix; fonts of size 1 under a scaling matrix are common.
        size = font_sizes(self.handle, indices) * np.hypot(matrix[:, 2], matrix[:, 3])
        names, flags = fonts(self.handle, indices)
        bold = np.fromiter(map(is_bold, names, flags.tolist()), np.bool_, len(indices))
        return size, bold, (flags & _FIXED_PITCH) != 0, _upright(matrix[:, 0], matrix[:, 1], self.rotation)


@lru_cache(maxsize=1024)
def is_bold(name: bytes, flags: int) -> bool:
    """Whether a font is bold by its flags or, as most are, by its name."""
    return bool(flags & FORCE_BOLD) or _BOLD_NAME.search(name) is not None


def _bounds(page: object) -> tuple[float, float, float, float]:
    """Return left, bottom, right, top of the visible page in page space."""
    rectangle = pdfium.FS_RECTF()
    pdfium.FPDF_GetPageBoundingBox(page, ctypes.byref(rectangle))
    return rectangle.left, rectangle.bottom, rectangle.right, rectangle.top


def _characters(text_page: object, handle: int) -> NDArray[np.uint16] | NDArray[np.uint32]:
    """Return the page's text, an element for each of pdfium's characters: UTF-16 units or code points."""
    count = max(0, int(pdfium.FPDFText_CountChars(text_page)))
    buffer = np.zeros(2 * count + 2, np.uint16)
    pointer = buffer.ctypes.data_as(ctypes.POINTER(ctypes.c_ushort))
    units = buffer[: max(0, int(pdfium.FPDFText_GetText(text_page, 0, count, pointer)) - 1)]
    if len(units) == count:
        return units
    # Some characters have no Unicode value and are missing from the text: ask for each.
    points = code_points(handle, count)
    points[points > _LAST_POINT] = 0
    points[points == _LINE_HYPHEN_ASKED_FOR] = ord(LINE_HYPHEN)
    return points


def _word_spans(
    points: NDArray[np.uint16] | NDArray[np.uint32],
) -> tuple[_Indices, _Indices, NDArray[np.bool_]]:
    """Return start and end of each word and whether it opens a piece of a line.

    Words are parted by white space; an ideograph or kana is a word of its own, so that a passage
    of Chinese can be boxed exactly.
    """
    if not len(points):
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.bool_)
    blank = points <= 0x20
    starts_word = ~blank
    word_ends = ~blank
    hyphen = points == ord(LINE_HYPHEN)
    after = blank[:-1] | hyphen[:-1]
    high = points >= 0x3001
    if np.count_nonzero(high) > np.count_nonzero(hyphen):
        wide = high & (points < 0xFFFE) & ~((points >= 0xAC00) & (points < 0xE000))
        wide |= points >= 0x20000
        after = after | wide[:-1] | wide[1:]
    starts_word[1:] &= after
    starts = np.flatnonzero(starts_word)
    word_ends[:-1] &= blank[1:] | starts_word[1:]
    ends = np.flatnonzero(word_ends) + 1
    breaks = np.cumsum((blank & (points != 0x20)) | hyphen)
    level = breaks[starts - 1]
    opens = np.ones(len(starts), np.bool_)
    opens[1:] = level[1:] != level[:-1]
    return starts, ends, opens


def _opens_kept(opens: NDArray[np.bool_], kept: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return, for the words kept, whether one opens a piece: a piece's first word may be gone."""
    piece = np.cumsum(opens)[kept]
    opens = np.ones(len(piece), np.bool_)
    opens[1:] = piece[1:] != piece[:-1]
    return opens


def _wide_gaps(box: _Floats, opens: NDArray[np.bool_], lengths: _Indices) -> NDArray[np.bool_]:
    """Return which words stand a column's gap away from the one before."""
    height = box[:, 3] - box[:, 1]
    wide = np.zeros(len(box), np.bool_)
    wide[1:] = box[1:, 0] - box[:-1, 2] > _COLUMN_GAP * np.maximum(height[:-1], height[1:])
    label = opens & (lengths <= _LABEL_CHARACTERS)
    wide[1:] &= ~label[:-1]
    return wide


_NEW_LINE, _SPACED, _ATTACHED = 0, 1, 2


def _joints(box: _Floats) -> list[int]:
    """Return how each piece joins the one before: pdfium breaks a line at raised and lowered marks."""
    joints = np.zeros(len(box), np.int8)
    height = box[:, 3] - box[:, 1]
    overlap = np.minimum(box[1:, 3], box[:-1, 3]) - np.maximum(box[1:, 1], box[:-1, 1])
    gap = box[1:, 0] - box[:-1, 2]
    taller = np.maximum(height[1:], height[:-1])
    same = (overlap > 0.5 * np.minimum(height[1:], height[:-1])) & (gap > -0.3 * taller)
    same &= gap < _COLUMN_GAP * taller
    joints[1:] = np.where(same, np.where(gap > 0.12 * taller, _SPACED, _ATTACHED), _NEW_LINE)
    result: list[int] = joints.tolist()
    return result


def _join_pieces(texts: list[str], joints: list[int]) -> tuple[list[str], list[int]]:
    """Return the lines' texts and each piece's offset in its line."""
    lines: list[str] = []
    shifts: list[int] = []
    for text, joint in zip(texts, joints, strict=True):
        if joint == _NEW_LINE:
            shifts.append(0)
            lines.append(text)
            continue
        before = lines[-1] + (" " if joint == _SPACED else "")
        shifts.append(len(before))
        lines[-1] = before + text
    return lines, shifts


def _upright(a: _Floats, b: _Floats, rotation: int) -> NDArray[np.bool_]:
    """Return which text directions (a, b), turned clockwise with the page, point to the right."""
    x, y = ((a, b), (b, -a), (-a, -b), (-b, a))[rotation]
    upright: NDArray[np.bool_] = (x >= np.abs(y)) | ((a == 0) & (b == 0))
    return upright
