"""One PDF page → its printed lines and words, as MuPDF reads its characters."""

from typing import NamedTuple, TypedDict

import numpy as np
import pymupdf
from numpy.typing import NDArray

from carrel.core.paper import PageSize
from carrel.parsing.page_reader import FORCE_BOLD, Fonts, PageReader, is_bold
from carrel.parsing.printed import PrintedPage

# Ligatures fall apart in ``text_cleaning``, as pdfium's do; what lies outside the page is left out.
_FLAGS = (
    pymupdf.TEXT_PRESERVE_LIGATURES
    | pymupdf.TEXT_PRESERVE_WHITESPACE
    | pymupdf.TEXT_MEDIABOX_CLIP
    | pymupdf.TEXT_CID_FOR_UNKNOWN_UNICODE
)
_BOLD, _FIXED = pymupdf.TEXT_FONT_BOLD, pymupdf.TEXT_FONT_MONOSPACED
_LINE_BREAK = 0x0A

_Floats = NDArray[np.float32]
_Flags = NDArray[np.bool_]


def read_mupdf_page(page: pymupdf.Page, number: int, first_line: int) -> PrintedPage:
    """Read a page that MuPDF has loaded.

    ``number`` is the page's, from 1; ``first_line`` the number its first line gets. Text outside
    the visible page is left out.

    Raises:
        FzErrorBase, RuntimeError, ValueError: MuPDF cannot read it.
    """
    return _MuPdfReader(page, number, first_line).read()


class _Character(TypedDict):
    """What of MuPDF's own dictionaries is used here: a character, …"""

    c: str
    bbox: tuple[float, float, float, float]


class _Span(TypedDict):
    """… characters in one font, …"""

    font: str
    size: float
    flags: int
    chars: list[_Character]


class _Line(TypedDict):
    """… and a line with its direction."""

    dir: tuple[float, float]
    spans: list[_Span]


class _Font(NamedTuple):
    """How a run of characters is set."""

    size: float
    bold: bool
    fixed: bool
    upright: bool


class _MuPdfReader(PageReader):
    """A page's characters in MuPDF's order, a line break after each of its lines."""

    def __init__(self, page: pymupdf.Page, number: int, first_line: int) -> None:
        super().__init__(PageSize(float(page.rect.width), float(page.rect.height)), number, first_line)
        # MuPDF tells of characters as if the page were not turned.
        self._turned = np.array(list(page.rotation_matrix), np.float32).reshape(3, 2)
        self._points: list[int] = []
        self._raw: list[tuple[float, float, float, float]] = []
        self._font_of: list[int] = []
        self._font_table: list[_Font] = []
        for block in page.get_text("rawdict", flags=_FLAGS)["blocks"]:
            for line in block.get("lines", ()):
                self._take_line(line)

    def _take_line(self, line: _Line) -> None:
        upright = self._is_upright(line["dir"])
        for span in line["spans"]:
            bold = is_bold(span["font"].encode(), FORCE_BOLD if span["flags"] & _BOLD else 0)
            self._font_table.append(_Font(span["size"], bold, bool(span["flags"] & _FIXED), upright))
            characters = span["chars"]
            self._points += [ord(character["c"]) for character in characters]
            self._raw += [character["bbox"] for character in characters]
            self._font_of += [len(self._font_table) - 1] * len(characters)
        if self._points and self._points[-1] != _LINE_BREAK:
            self._points.append(_LINE_BREAK)
            self._raw.append((0.0, 0.0, 0.0, 0.0))
            self._font_of.append(len(self._font_table) - 1)

    def _is_upright(self, direction: tuple[float, float]) -> bool:
        """Whether a text direction, turned with the page, points to the right."""
        x, y = np.array(direction, np.float32) @ self._turned[:2]
        return bool(x >= abs(y))

    def _characters(self) -> NDArray[np.uint32]:
        return np.array(self._points, np.uint32)

    def _boxes(self, indices: list[int]) -> tuple[_Floats, _Flags]:
        raw = np.array([self._raw[index] for index in indices], np.float32).reshape(-1, 4)
        first, second = (corner @ self._turned[:2] + self._turned[2] for corner in (raw[:, :2], raw[:, 2:]))
        boxes = np.hstack([np.minimum(first, second), np.maximum(first, second)]).astype(np.float32)
        return boxes, np.ones(len(indices), np.bool_)

    def _fonts(self, characters: NDArray[np.int64]) -> Fonts:
        fonts = [self._font_table[self._font_of[index]] for index in characters.tolist()]
        return Fonts(
            np.array([font.size for font in fonts], np.float64),
            np.array([font.bold for font in fonts], np.bool_),
            np.array([font.fixed for font in fonts], np.bool_),
            np.array([font.upright for font in fonts], np.bool_),
        )
