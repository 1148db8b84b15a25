"""Opens a PDF with pdfium and reads all of it. Runs in the child process: the file may be hostile."""

import ctypes
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pypdfium2.raw as pdfium

from carrel.core.errors import (
    DamagedPdf,
    EmptyFile,
    EncryptedPdf,
    FileUnreadable,
    NotAPdf,
    NoTextLayer,
    TooManyPages,
)
from carrel.core.metadata import Metadata
from carrel.core.paper import NO_WORD_BOXES, PageSize, ParsedPaper
from carrel.parsing.pdf_text import read_page
from carrel.parsing.printed import NO_WORDS, Printed, PrintedPage
from carrel.parsing.quality import check_characters, check_words
from carrel.parsing.structure import read_structure

_HEADER_REACH = 1024  # readers accept junk before %PDF up to here
_END_REACH = 64 * 1024  # and servers append junk after %%EOF
_INFO_KEYS = (
    "Title",
    "Author",
    "Subject",
    "Keywords",
    "CreationDate",
    "doi",
    "DOI",
    "WPS-ARTICLEDOI",
    "arXivID",
)
_LONGEST_INFO = 20_000  # bytes
_FEWEST_LETTERS = 3  # in the whole file
_FEW_LETTERS = 100  # a page: a stamp or a watermark on a scanned page has no more
_LINEARIZED = re.compile(rb"/Linearized\b.{0,200}?/L\s+(\d+)", re.DOTALL)


def start_pdfium() -> None:
    """Prepare pdfium; once in a process, before anything else."""
    pdfium.FPDF_InitLibrary()


def read_pdf(path: Path, name: str, max_pages: int) -> ParsedPaper:
    """Read the PDF at ``path``; ``name`` is what errors call it.

    Raises:
        PaperError: of any kind but those that only the parent can see (time, memory, a crash).
    """
    with open_pdf(path, name) as document:
        count = _page_count(document, name, max_pages)
        printed = Printed(_pages(document, count, name), _info(document))
        check_characters(printed, name)
        _check_text(document, printed, name)
    paper = read_structure(printed)
    check_words(paper.quality, name)
    return paper


def read_frame(path: Path, name: str, max_pages: int) -> ParsedPaper:
    """Return a paper without text that has the PDF's pages: can it be opened, and how large are they?

    Raises like ``read_pdf``, but for what only shows when pages are read.
    """
    with open_pdf(path, name) as document:
        count = _page_count(document, name, max_pages)
        sizes = tuple(_page_size(document, index) for index in range(count))
    return ParsedPaper(Metadata(), "", (), NO_WORD_BOXES, sizes)


def _page_count(document: object, name: str, max_pages: int) -> int:
    count = int(pdfium.FPDF_GetPageCount(document))
    if count <= 0:
        raise DamagedPdf(name=name, detail="no pages can be found in it")
    if count > max_pages:
        raise TooManyPages(name=name, pages=count, limit=max_pages)
    return count


def check_frame(path: Path, name: str) -> None:
    """Look at the first and last bytes: what they tell needs no parser. Raises PaperError."""
    try:
        with path.open("rb") as stream:
            size = stream.seek(0, 2)
            stream.seek(0)
            head = stream.read(_HEADER_REACH)
            if not size:
                raise EmptyFile(name=name)
            if b"%PDF" not in head:
                raise NotAPdf(name=name)
            if _is_cut_off(stream, head, size):
                raise DamagedPdf(name=name, detail="its end is missing")
    except OSError as error:
        raise FileUnreadable(name=name, detail=error.strerror or type(error).__name__) from error


def _is_cut_off(stream: BinaryIO, head: bytes, size: int) -> bool:
    """Whether the file is shorter than it says or has no end mark.

    pdfium repairs what it can of such a file, and would present half a paper as a whole one.
    """
    linearized = _LINEARIZED.search(head)
    if linearized and size < int(linearized.group(1)):
        return True
    stream.seek(max(0, size - _END_REACH))
    tail = stream.read(_END_REACH)
    return b"%%EOF" not in tail and b"startxref" not in tail


@contextmanager
def open_pdf(path: Path, name: str) -> Iterator[object]:
    """Yield pdfium's document; ``name`` is what errors call the file. Raises PaperError."""
    check_frame(path, name)
    # An empty password opens what is only protected against printing or changing.
    document = pdfium.FPDF_LoadDocument(str(path).encode("utf-8", "surrogateescape"), None)
    if not document:
        error = pdfium.FPDF_GetLastError()
        if error in (pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY):
            raise EncryptedPdf(name=name)
        if error == pdfium.FPDF_ERR_FILE:
            raise FileUnreadable(name=name, detail="the file could not be opened")
        raise DamagedPdf(name=name, detail="its structure cannot be read")
    try:
        yield document
    finally:
        pdfium.FPDF_CloseDocument(document)


def _pages(document: object, count: int, name: str) -> list[PrintedPage]:
    """Read every page; one that cannot be read is empty, as long as most can."""
    pages: list[PrintedPage] = []
    lines = 0
    failed = 0
    for index in range(count):
        page = pdfium.FPDF_LoadPage(document, index)
        if not page:
            failed += 1
            pages.append(PrintedPage(_page_size(document, index), (), NO_WORDS))
            continue
        try:
            pages.append(read_page(page, index + 1, lines))
        finally:
            pdfium.FPDF_ClosePage(page)
        lines += len(pages[-1].lines)
    if 2 * failed > count:
        raise DamagedPdf(name=name, detail=f"{failed} of its {count} pages cannot be read")
    return pages


def _page_size(document: object, index: int) -> PageSize:
    size = pdfium.FS_SIZEF()
    pdfium.FPDF_GetPageSizeByIndexF(document, index, ctypes.byref(size))
    return PageSize(float(size.width), float(size.height))


def _info(document: object) -> dict[str, str]:
    """Return what the information dictionary says."""
    buffer = ctypes.create_string_buffer(_LONGEST_INFO)
    info = {}
    for key in _INFO_KEYS:
        size = pdfium.FPDF_GetMetaText(document, key.encode(), buffer, _LONGEST_INFO)
        if 2 < size <= _LONGEST_INFO:
            info[key] = buffer.raw[: size - 2].decode("utf-16-le", "replace").replace("\0", "").strip()
    return info


def _check_text(document: object, printed: Printed, name: str) -> None:
    """Refuse pages of images: few characters or none, and a picture on most pages."""
    count = len(printed.pages)
    if sum(len(page.words.line) for page in printed.pages) > _FEW_LETTERS * count:
        return
    letters = sum(sum(map(str.isalnum, line.text)) for page in printed.pages for line in page.lines)
    if letters < _FEWEST_LETTERS:
        raise NoTextLayer(name=name, pages=count)
    if letters < _FEW_LETTERS * count:
        pictured = sum(_is_pictured(document, index) for index in range(min(count, 20)))
        if 2 * pictured > min(count, 20):
            raise NoTextLayer(name=name, pages=count)


def _is_pictured(document: object, index: int) -> bool:
    """Whether an image covers at least half of a page."""
    page = pdfium.FPDF_LoadPage(document, index)
    if not page:
        return False
    try:
        area = pdfium.FPDF_GetPageWidthF(page) * pdfium.FPDF_GetPageHeightF(page)
        left, bottom, right, top = (ctypes.c_float() for _ in range(4))
        for number in range(min(pdfium.FPDFPage_CountObjects(page), 1000)):
            thing = pdfium.FPDFPage_GetObject(page, number)
            if pdfium.FPDFPageObj_GetType(thing) != pdfium.FPDF_PAGEOBJ_IMAGE:
                continue
            if pdfium.FPDFPageObj_GetBounds(thing, left, bottom, right, top):
                covered = (right.value - left.value) * (top.value - bottom.value)
                if covered > area / 2:
                    return True
        return False
    finally:
        pdfium.FPDF_ClosePage(page)
