"""A page as an image → its printed lines and words, like those that ``pdf_text`` reads.

pdfium draws the page, Tesseract reads the drawing. Runs in the child process.
"""

import math
import re
import time
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pypdfium2_raw as pdfium

from carrel.core.paper import PageSize
from carrel.parsing.ocr_lines import lines_of
from carrel.parsing.printed import NO_WORDS, PrintedPage
from carrel.parsing.scans import Need, letters
from carrel.parsing.tesseract import SeenWord, Tesseract, TesseractFailed, read_image

_POINTS_AN_INCH = 72
_DOTS_AN_INCH = 300  # what Tesseract's models were made for
_MOST_PIXELS = 16_000_000  # a little less than A3; bigger pages are drawn more coarsely
_LONGEST_SIDE = 30_000  # pixels; Tesseract takes 32,767
_COARSEST = 70  # dots an inch that Tesseract is told, whatever is true: below, it guesses
_GREY = 1

_IDEOGRAPH = re.compile(r"[\u3041-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_LETTER = re.compile(r"[^\W\d_]")
_SCRIPT_SHOWS = 200  # letters on a page, from which its languages can be told
_EAST_ASIAN = ("chi_", "jpn", "kor")
_MOSTLY, _HARDLY = 0.3, 0.01  # of the letters; an ideograph says as much as two or three of them
_ENOUGH = 1 / 3  # of the letters printed: OCR that finds fewer has not seen the page
_FEWEST_LETTERS = 3  # on a page that OCR has read
_UPRIGHT = 60.0  # mean confidence of a page that is not turned; even coarse scans have 80
_FEWEST_WORDS = 50  # seen on a page that is worth turning
_LONG_WORD = 4  # characters
_DOUBTFUL = 70.0  # mean confidence below which a page may be in another language than the one before


class _Image(NamedTuple):
    """A drawn page."""

    data: bytes  # PNM
    scale: float  # pixels a point

    @property
    def dots_an_inch(self) -> int:
        return max(_COARSEST, round(self.scale * _POINTS_AN_INCH))


class _View(NamedTuple):
    """What was read on a page that was turned clockwise by so many quarters."""

    seen: list[SeenWord]
    scale: float
    turned: int
    languages: Tesseract


class PageReader:
    """Reads the pages of one file.

    All languages at once are slower than the right one, and read Chinese worse. So the first page that
    shows which script the file is in settles its languages, until a page shows another or reads badly.
    """

    def __init__(self, tesseract: Tesseract) -> None:
        self._all = tesseract
        self._now = tesseract
        self._turned = 0  # quarters clockwise

    def read(
        self, page: object, printed: PrintedPage, need: Need, number: int, first_line: int
    ) -> PrintedPage:
        """Return the page with what OCR reads on it; its lines count from ``first_line``.

        Lines that were readable stay as they were printed. Where nothing is recognised, or no more than
        is printed in readable letters, the page is returned as it was.

        Raises:
            TesseractFailed: Tesseract gave no answer.
        """
        view = self._upright(page, printed)
        same = need is Need.PICTURE and view.turned == printed.turned
        kept = printed if same else PrintedPage(_turned(printed.displayed, view.turned), (), NO_WORDS)
        found = lines_of(view.seen, view.scale, kept, number, first_line)
        found = replace(found, turned=view.turned)
        if need is Need.PICTURE:
            return found if letters(found) > letters(printed) else printed
        # What is printed means nothing, however many letters it has.
        return found if letters(found) >= max(_FEWEST_LETTERS, _ENOUGH * letters(printed)) else printed

    def _upright(self, page: object, printed: PrintedPage) -> _View:
        """Read a page as it stands or, where that gives nonsense, turned: scanners take sheets either way.

        The turn that the page before needed is tried first. Text that stands on its head is read with
        half the confidence, and text on its side may be, or in words that are taller than wide.
        """
        seconds = self._all.page_seconds
        deadline = time.monotonic() + seconds
        first = printed.turned or self._turned
        best: _View | None = None
        languages = self._now
        for turned in (first, *(turn for turn in (0, 2, 1, 3) if turn != first)):
            self._now = languages
            try:
                image = _drawn(page, _turned(printed.displayed, turned), turned)
                seen = self._seen(image, seconds)
            except TesseractFailed:
                if best is None:
                    raise
                break
            view = _View(seen, image.scale, turned, self._now)
            if best is None or _legible(seen) > _legible(best.seen):
                best = view
            seconds = round(deadline - time.monotonic(), 1)
            if seconds <= 0 or len(best.seen) < _FEWEST_WORDS or _legible(best.seen) >= _UPRIGHT:
                break
        assert best is not None  # the first turn gives a view or raises
        self._now, self._turned = best.languages, best.turned
        return best

    def _seen(self, image: _Image, seconds: float) -> list[SeenWord]:
        """Read an image in the file's languages and, where these do not fit it, in others."""
        deadline = time.monotonic() + seconds
        seen = read_image(self._now._replace(page_seconds=seconds), image.data, image.dots_an_inch)
        if self._now != self._all and _confidence(seen) < _DOUBTFUL:
            again = _read_again(self._all, image, deadline)
            if _confidence(again) > _confidence(seen):
                seen, self._now = again, self._all
        fitting = _fitting(self._all, "".join(word.text for word in seen))
        if fitting is None or fitting == self._now:
            return seen
        # Latin letters alone read no better than among all languages; there is only time to be won.
        better = self._now != self._all or fitting.languages[0].startswith(_EAST_ASIAN)
        self._now = fitting
        return (_read_again(fitting, image, deadline) or seen) if better else seen


def _read_again(tesseract: Tesseract, image: _Image, deadline: float) -> list[SeenWord]:
    """Read an image once more; nothing where the time of the page is up."""
    left = deadline - time.monotonic()
    if left <= 0:
        return []
    try:
        return read_image(tesseract._replace(page_seconds=left), image.data, image.dots_an_inch)
    except TesseractFailed:
        return []


def _fitting(tesseract: Tesseract, text: str) -> Tesseract | None:
    """Return Tesseract with the languages of the text's script; None where too little is said to tell."""
    ideographs, count = len(_IDEOGRAPH.findall(text)), len(_LETTER.findall(text))
    if count < _SCRIPT_SHOWS:
        return None
    if _HARDLY <= ideographs / count <= _MOSTLY:
        return tesseract
    east_asian = ideographs > _MOSTLY * count
    kept = tuple(name for name in tesseract.languages if name.startswith(_EAST_ASIAN) == east_asian)
    return tesseract._replace(languages=kept) if kept else tesseract


def _confidence(seen: list[SeenWord]) -> float:
    """Return the mean confidence of the characters seen; 0 for none."""
    weight = sum(len(word.text) for word in seen)
    return sum(word.confidence * len(word.text) for word in seen) / weight if weight else 0.0


def _turned(size: PageSize, turned: int) -> PageSize:
    """Return the size of a page after so many quarter turns."""
    return PageSize(size.height, size.width) if turned % 2 else size


def _legible(seen: list[SeenWord]) -> float:
    """Return the confidence of a page's words, less that of those that do not run from left to right."""
    long = [word for word in seen if len(word.text) >= _LONG_WORD]
    wide = sum(word.x1 - word.x0 > word.y1 - word.y0 for word in long)
    return _confidence(seen) * (wide / len(long) if long else 1.0)


def _drawn(page: object, size: PageSize, turned: int = 0) -> _Image:
    """Draw the page in grey, turned clockwise by quarters from how it is displayed, to ``size``."""
    width, height = max(size.width, 1.0), max(size.height, 1.0)
    scale = min(
        _DOTS_AN_INCH / _POINTS_AN_INCH,
        math.sqrt(_MOST_PIXELS / (width * height)),
        _LONGEST_SIDE / max(width, height),
    )
    columns, rows = max(1, round(width * scale)), max(1, round(height * scale))
    pixels = np.full((rows, columns), 255, np.uint8)
    bitmap = pdfium.FPDFBitmap_CreateEx(columns, rows, _GREY, pixels.ctypes.data, columns)
    if not bitmap:
        raise MemoryError
    try:
        pdfium.FPDF_RenderPageBitmap(bitmap, page, 0, 0, columns, rows, turned, pdfium.FPDF_ANNOT)
    finally:
        pdfium.FPDFBitmap_Destroy(bitmap)
    return _Image(b"P5 %d %d 255\n" % (columns, rows) + pixels.tobytes(), scale)
