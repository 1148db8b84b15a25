"""One PDF page that pdfium has loaded → its printed lines and words, each with a box."""

import ctypes
from dataclasses import replace

import numpy as np
import pypdfium2_raw as pdfium

from carrel.core.paper import PageSize
from carrel.parsing.bitmap_fonts import bitmap_words, measured
from carrel.parsing.page_reader import Characters, Doubles, Flags, Floats, Fonts, Indices, PageReader, is_bold
from carrel.parsing.pdfium_calls import (
    code_points,
    font_sizes,
    fonts,
    handle_address,
    loose_boxes,
    matrices,
)
from carrel.parsing.printed import NO_WORDS, PrintedPage
from carrel.parsing.text_cleaning import LINE_HYPHEN

_FIXED_PITCH = 1
_MOSTLY_UPRIGHT = 0.4  # of the letters: a page with fewer is set sideways
_FEWEST_LETTERS = 60  # a stamp alone on a page is left as it stands
_LAST_POINT = 0x10FFFF
_LINE_HYPHEN_ASKED_FOR = 2  # a line's hyphen, where its character is asked for by itself


def read_page(page: object, number: int, first_line: int) -> PrintedPage:
    """Read a page that pdfium has loaded.

    ``number`` is the page's, from 1; ``first_line`` the number its first line gets. Text outside
    the visible page is left out. A page whose text runs sideways is turned.
    """
    size = PageSize(float(pdfium.FPDF_GetPageWidthF(page)), float(pdfium.FPDF_GetPageHeightF(page)))
    text_page = pdfium.FPDFText_LoadPage(page)
    if not text_page:
        return PrintedPage(size, (), NO_WORDS)
    try:
        printed = _PdfiumReader(page, text_page, size, number, first_line).read()
        letters = sum(len(line.text) for line in printed.lines)
        if letters < _FEWEST_LETTERS or _upright_letters(printed) >= _MOSTLY_UPRIGHT * letters:
            return printed
        sideways = PageSize(size.height, size.width)
        turned = [
            replace(
                _PdfiumReader(
                    page, text_page, sideways if turn % 2 else size, number, first_line, turn
                ).read(),
                turned=turn,
            )
            for turn in (1, 2, 3)
        ]
        return max((printed, *turned), key=_upright_letters)
    finally:
        pdfium.FPDFText_ClosePage(text_page)


def _upright_letters(printed: PrintedPage) -> int:
    return sum(len(line.text) for line in printed.lines if line.upright)


class _PdfiumReader(PageReader):
    """A page that pdfium has loaded, turned clockwise by so many quarters from how it is displayed."""

    def __init__(
        self,
        page: object,
        text_page: object,
        size: PageSize,
        number: int,
        first_line: int,
        turned: int = 0,
    ) -> None:
        super().__init__(size, number, first_line)
        self.handle = handle_address(text_page)
        self.text_page = text_page
        self.rotation = (int(pdfium.FPDFPage_GetRotation(page)) + turned) % 4
        self.bounds = _bounds(page)

    def _characters(self) -> Characters:
        return _characters(self.text_page, self.handle)

    def _boxes(self, indices: list[int]) -> tuple[Floats, Flags]:
        raw, found = loose_boxes(self.handle, indices)
        return self._displayed(raw), found

    def _measured(self, first: Indices, last: Indices, box: Floats) -> Doubles:
        bitmap = bitmap_words(self.handle, first)
        if not bitmap.any():
            return super()._measured(first, last, box)
        sizes = np.zeros(len(first))
        box[bitmap], sizes[bitmap] = measured(self.handle, first[bitmap], last[bitmap], self._displayed)
        return sizes

    def _displayed(self, raw: Floats) -> Floats:
        """Turn pdfium's left, top, right, bottom (y upwards) to x0, y0, x1, y1 on the page as displayed."""
        left, bottom, right, top = self.bounds
        columns, signs, offsets = {
            0: ((0, 1, 2, 3), (1, -1, 1, -1), (-left, top, -left, top)),
            1: ((3, 0, 1, 2), (1, 1, 1, 1), (-bottom, -left, -bottom, -left)),
            2: ((2, 3, 0, 1), (-1, 1, -1, 1), (right, -bottom, right, -bottom)),
            3: ((1, 2, 3, 0), (-1, -1, -1, -1), (top, right, top, right)),
        }[self.rotation]
        displayed: Floats = raw.take(columns, axis=1)
        displayed *= np.array(signs, np.float32)
        displayed += np.array(offsets, np.float32)
        return displayed

    def _fonts(self, characters: Indices) -> Fonts:
        indices = characters.tolist()
        matrix = matrices(self.handle, indices)
        # The vertical scale of the text matrix; fonts of size 1 under a scaling matrix are common.
        size = font_sizes(self.handle, indices) * np.hypot(matrix[:, 2], matrix[:, 3])
        names, flags = fonts(self.handle, indices)
        bold = np.fromiter(map(is_bold, names, flags.tolist()), np.bool_, len(indices))
        upright = _upright(matrix[:, 0], matrix[:, 1], self.rotation)
        return Fonts(size, bold, (flags & _FIXED_PITCH) != 0, upright)


def _bounds(page: object) -> tuple[float, float, float, float]:
    """Return left, bottom, right, top of the visible page in page space."""
    rectangle = pdfium.FS_RECTF()
    pdfium.FPDF_GetPageBoundingBox(page, ctypes.byref(rectangle))
    return rectangle.left, rectangle.bottom, rectangle.right, rectangle.top


def _characters(text_page: object, handle: int) -> Characters:
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


def _upright(a: Floats, b: Floats, rotation: int) -> Flags:
    """Return which text directions (a, b), turned clockwise with the page, point to the right."""
    x, y = ((a, b), (b, -a), (-a, -b), (-b, a))[rotation]
    upright: Flags = (x >= np.abs(y)) | ((a == 0) & (b == 0))
    return upright
