"""Draws a page of a PDF with pdfium. Runs in the child process: the file may be hostile."""

import ctypes
from pathlib import Path

import numpy as np
import pypdfium2_raw as pdfium

from carrel.core.errors import DamagedPdf
from carrel.core.paper import PageSize
from carrel.parsing.page_image import POINTS_AN_INCH, PageImage, pixels_of
from carrel.parsing.pdf_document import open_pdf

_WHITE = 0xFFFFFFFF
# Red first, as pictures have it: turning the bytes of a wide page around takes longer than drawing it.
_AS_DISPLAYED = pdfium.FPDF_ANNOT | pdfium.FPDF_REVERSE_BYTE_ORDER


def draw_page(path: Path, name: str, page: int, dpi: float, wanted: int = 0) -> PageImage:
    """Draw a page, from 1, of the PDF at ``path``; ``name`` is what errors call it.

    At ``dpi``, or so many pixels across where some are ``wanted``.

    Raises:
        PaperError: the file cannot be opened, or the page is damaged or missing.
    """
    with open_pdf(path, name) as document:
        count = max(0, int(pdfium.FPDF_GetPageCount(document)))
        if not 1 <= page <= count:
            raise DamagedPdf(name=name, detail=f"it has no page {page}")
        loaded = pdfium.FPDF_LoadPage(document, page - 1)
        if not loaded:
            raise DamagedPdf(name=name, detail=f"its page {page} cannot be read")
        try:
            return _drawn(loaded, name, page, dpi, wanted)
        finally:
            pdfium.FPDF_ClosePage(loaded)


def _drawn(loaded: object, name: str, page: int, dpi: float, wanted: int) -> PageImage:
    size = PageSize(float(pdfium.FPDF_GetPageWidthF(loaded)), float(pdfium.FPDF_GetPageHeightF(loaded)))
    if not (0 < size.width < 1e6 and 0 < size.height < 1e6):
        raise DamagedPdf(name=name, detail=f"its page {page} has no size")
    columns, rows = pixels_of(size, wanted * POINTS_AN_INCH / size.width if wanted else dpi)
    pixels = np.empty((rows, columns, 3), np.uint8)
    bitmap = pdfium.FPDFBitmap_CreateEx(
        columns, rows, pdfium.FPDFBitmap_BGR, pixels.ctypes.data_as(ctypes.c_void_p), 3 * columns
    )
    if not bitmap:
        raise MemoryError
    try:
        pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, columns, rows, _WHITE)
        pdfium.FPDF_RenderPageBitmap(bitmap, loaded, 0, 0, columns, rows, 0, _AS_DISPLAYED)
    finally:
        pdfium.FPDFBitmap_Destroy(bitmap)
    return PageImage(size, pixels)
