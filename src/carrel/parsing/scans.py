"""Which pages need OCR: pictures of text, and text whose characters mean nothing.

Looked at are only pages with fewer letters than a full one has, so that ordinary papers cost nothing.
"""

import ctypes
from enum import Enum

import pypdfium2_raw as pdfium

from carrel.parsing.printed import PrintedPage
from carrel.parsing.spelling import odd_words

_FULL_PAGE = 1000  # letters: with as many readable ones, a page is read
_FULL_TEXT = 3000  # characters: among as many are the letters of a full page, which need not be counted
_FEW_LETTERS = 100  # a stamp, a watermark or a running head on a scanned page has no more
_HARDLY_ANY = 20  # a page number and a name
_SHARE_OF_SCAN = 0.5  # of the page, that images cover at least
_SHARE_OF_CUTTING = 0.05  # the same on a page that holds hardly any letters
_MANY_PATHS = 300  # drawn shapes: fewer are rules and boxes, a page of outlined letters has more
_FEWEST_CHARACTERS = 20
_MOSTLY_UNREADABLE = 0.6  # of the characters
_PARTLY_UNREADABLE = 0.25  # the same where the others make hardly any words; pages of formulas have less
_IN_WORDS = 0.35  # of the readable characters, at five to a word; a page of plots has its text beside them
_OBJECTS = 5000  # looked at on a page
_DEEPEST = 2  # forms within forms


class Need(Enum):
    """Why a page needs OCR."""

    PICTURE = "its text is a picture"
    UNREADABLE = "its characters mean nothing"


def letters(page: PrintedPage) -> int:
    """Return how many letters and digits a page holds."""
    return sum(sum(map(str.isalnum, line.text)) for line in page.lines)


def need_of_ocr(page: object, printed: PrintedPage) -> Need | None:
    """Return why a page that pdfium has loaded needs OCR, or None: its text is there, or it is blank."""
    if _is_unreadable(printed):
        return Need.UNREADABLE
    if sum(len(line.text) for line in printed.lines) >= _FULL_TEXT:
        return None
    count = letters(printed)
    if count >= _FULL_PAGE:
        return None
    if count < _HARDLY_ANY and _is_pictured(page, _SHARE_OF_CUTTING, _MANY_PATHS):
        return Need.PICTURE
    if count < _FEW_LETTERS and _is_pictured(page, _SHARE_OF_SCAN, _OBJECTS + 1):
        return Need.PICTURE
    return None


def _is_unreadable(printed: PrintedPage) -> bool:
    """Whether a page's characters mostly mean nothing, or many of them and the others make no words."""
    share = printed.unreadable / max(1, printed.characters)
    if printed.characters < _FEWEST_CHARACTERS or share <= _PARTLY_UNREADABLE:
        return False
    odd, looked_at = odd_words("\n".join(line.text for line in printed.lines))
    readable = printed.characters - printed.unreadable
    return share > _MOSTLY_UNREADABLE or 5 * (looked_at - odd) < _IN_WORDS * readable


def _is_pictured(page: object, share: float, shapes: int) -> bool:
    """Whether images cover this share of a page, or so many shapes are drawn on it."""
    width, height = float(pdfium.FPDF_GetPageWidthF(page)), float(pdfium.FPDF_GetPageHeightF(page))
    box = pdfium.FS_RECTF()
    pdfium.FPDF_GetPageBoundingBox(page, ctypes.byref(box))
    edges = (box.left, box.bottom, box.right, box.top)
    covered, paths = 0.0, 0
    for number in range(min(pdfium.FPDFPage_CountObjects(page), _OBJECTS)):
        thing = pdfium.FPDFPage_GetObject(page, number)
        kind = pdfium.FPDFPageObj_GetType(thing)
        paths += kind == pdfium.FPDF_PAGEOBJ_PATH
        if kind == pdfium.FPDF_PAGEOBJ_IMAGE or (kind == pdfium.FPDF_PAGEOBJ_FORM and _holds_image(thing)):
            covered += _area_within(thing, edges)
            if covered >= share * width * height:
                return True
    return paths >= shapes


def _area_within(thing: object, edges: tuple[float, float, float, float]) -> float:
    """Return the area in square points of the part of an object that lies on the page."""
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    if not pdfium.FPDFPageObj_GetBounds(thing, left, bottom, right, top):
        return 0.0
    width = min(right.value, edges[2]) - max(left.value, edges[0])
    height = min(top.value, edges[3]) - max(bottom.value, edges[1])
    return max(0.0, width) * max(0.0, height)


def _holds_image(form: object, depth: int = 1) -> bool:
    for number in range(min(pdfium.FPDFFormObj_CountObjects(form), 100)):
        thing = pdfium.FPDFFormObj_GetObject(form, number)
        kind = pdfium.FPDFPageObj_GetType(thing)
        if kind == pdfium.FPDF_PAGEOBJ_IMAGE:
            return True
        if kind == pdfium.FPDF_PAGEOBJ_FORM and depth < _DEEPEST and _holds_image(thing, depth + 1):
            return True
    return False
