"""Scans made for a test: pages of a PDF drawn as images, and text whose characters mean nothing."""

import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import pypdfium2
from PIL.Image import Image
from PIL.Image import new as new_image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from carrel.parsing.tesseract import find_tesseract
from tests.unit.parsing.samples import one_page, raw_pdf, stream

DOTS_AN_INCH = 200  # as an office scanner does it

English = ("eng",)
Both = ("eng", "chi_sim")


def missing(languages: Iterable[str] = Both) -> str:
    """Return why scans in these languages cannot be read on this machine, or nothing."""
    tesseract = find_tesseract("+".join(languages))
    found = set(tesseract.languages) if tesseract else set()
    lacking = [language for language in languages if language not in found]
    return f"Tesseract is not on this machine, or not its data for {', '.join(lacking)}" if lacking else ""


def scan(source: bytes | Path, pages: Sequence[int] | None = None) -> bytes:
    """Return a PDF of the same pages, each one image and nothing else. ``pages`` count from 0."""
    return mixed(source, pages, scanned=None)


def mixed(
    source: bytes | Path, pages: Sequence[int] | None = None, scanned: Iterable[int] | None = ()
) -> bytes:
    """Return a PDF of these pages, those of ``scanned`` (None: all) as images. Numbers count from 0."""
    document = pypdfium2.PdfDocument(source)
    result = pypdfium2.PdfDocument.new()
    for number in range(len(document)) if pages is None else pages:
        if scanned is None or number in scanned:
            image = _page_of(document[number].render(scale=DOTS_AN_INCH / 72, grayscale=True).to_pil())
            result.import_pages(pypdfium2.PdfDocument(image))
        else:
            result.import_pages(document, [number])
    buffer = io.BytesIO()
    result.save(buffer)
    return buffer.getvalue()


def without_meaning(lines: Sequence[str]) -> bytes:
    """Return a PDF whose font says that every character is one of private use: it only looks like text."""
    content = (
        b"BT /F1 14 Tf 72 720 Td 20 TL " + b"".join(b"(%s) ' " % line.encode() for line in lines) + b"ET"
    )
    unicode_map = (
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def "
        b"1 begincodespacerange <00> <FF> endcodespacerange "
        b"1 beginbfrange <21> <7E> <E021> endbfrange endcmap end end"
    )
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding/ToUnicode 6 0 R>>"
    return raw_pdf(
        (
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/Contents 4 0 R/MediaBox[0 0 612 792]"
            b"/Resources<</Font<</F1 5 0 R>>>>>>",
            stream(b"", content),
            font,
            stream(b"", unicode_map),
        )
    )


def blank() -> bytes:
    """Return a PDF of one blank page."""
    return one_page(b"")


def joined(*files: bytes) -> bytes:
    """Return a PDF of the pages of these, one file after the other."""
    result = pypdfium2.PdfDocument.new()
    for content in files:
        result.import_pages(pypdfium2.PdfDocument(content))
    buffer = io.BytesIO()
    result.save(buffer)
    return buffer.getvalue()


def grey(shade: int = 200) -> bytes:
    """Return a PDF of one page that is a picture of nothing."""
    return _page_of(new_image("L", (1700, 2200), shade))


def turned(content: bytes, rotation: int, back: bool = True) -> bytes:
    """Return a one-page scan laid on its side in the file and turned ``back`` by the page."""
    image = pypdfium2.PdfDocument(content)[0].render(scale=DOTS_AN_INCH / 72).to_pil()
    document = pypdfium2.PdfDocument(_page_of(image.rotate(rotation, expand=True)))
    document[0].set_rotation(rotation if back else 0)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def _page_of(image: Image) -> bytes:
    size = (image.width * 72 / DOTS_AN_INCH, image.height * 72 / DOTS_AN_INCH)
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=size)
    canvas.drawImage(ImageReader(image), 0, 0, *size)
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()
