"""Opens a PDF with pdfium and reads all of it. Runs in the child process: the file may be hostile."""

import ctypes
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import pypdfium2_raw as pdfium

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
from carrel.core.page_errors import UnreadableAfterOcr, UnreadableText
from carrel.core.paper import NO_WORD_BOXES, PageSize, ParsedPaper
from carrel.core.scan_errors import NoText, OcrFailed, ParseOutputExceeded
from carrel.parsing.pdf_text import read_page
from carrel.parsing.printed import NO_WORDS, Printed, PrintedPage
from carrel.parsing.quality import check_characters, check_words, is_garbled
from carrel.parsing.scans import Need, letters, need_of_ocr
from carrel.parsing.structure import read_structure
from carrel.parsing.tesseract import Tesseract, TesseractFailed

if TYPE_CHECKING:
    from carrel.parsing.ocr import PageReader

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
_FEWEST_LETTERS = 3  # on a page, one at least
# Whoever opens a file holds its text in memory: at most 600 MB of it. 5,000 pages of a book have fewer words.
_MOST_WORDS = 3_000_000
_MOST_CHARACTERS = 20_000_000
_MOST_LINES = 1_000_000
_LARGEST_PAGE = 200_000.0  # points; PDF itself ends at 14,400, larger units aside
_LINEARIZED = re.compile(rb"/Linearized\b.{0,200}?/L\s+(\d+)", re.DOTALL)


def start_pdfium() -> None:
    """Prepare pdfium; once in a process, before anything else."""
    pdfium.FPDF_InitLibrary()


@dataclass(slots=True)
class _Scans:
    """The pages of a file that need OCR, and what became of them."""

    tesseract: Tesseract | None
    begun: Callable[[int], None]  # told a page's number before its OCR
    every: bool = False  # whether all pages need it
    recognised: list[int] = field(default_factory=list)
    not_read: list[int] = field(default_factory=list)
    nothing_found: int = 0  # pages on which OCR recognised nothing
    failure: str = ""  # why OCR failed on the last page on which it did
    reader: "PageReader | None" = None  # made for the first page that needs it

    @property
    def refusal(self) -> type[UnreadableText]:
        """What is said of a file that stays unreadable: it is no use to install what has run."""
        return UnreadableText if self.tesseract is None else UnreadableAfterOcr

    def read(self, page: object, printed: PrintedPage, number: int, first_line: int) -> PrintedPage:
        """Return a page that needs OCR with what it recognises, or as it is."""
        need = Need.UNREADABLE if self.every else need_of_ocr(page, printed)
        if need is None:
            return printed
        if self.tesseract is None:
            self.not_read.append(number)
            return printed
        self.begun(number)
        if self.reader is None:
            from carrel.parsing.ocr import PageReader  # most files need none of it

            self.reader = PageReader(self.tesseract)
        try:
            read = self.reader.read(page, printed, need, number, first_line)
        except TesseractFailed as error:
            self.failure = str(error)
            self.not_read.append(number)
            return printed
        if read is printed:
            self.nothing_found += 1
            return printed
        self.recognised.append(number)
        return replace(read, unreadable=0)


def read_pdf(
    path: Path,
    name: str,
    max_pages: int,
    ocr: Tesseract | None = None,
    ocr_begins: Callable[[int], None] = lambda _: None,
) -> ParsedPaper:
    """Read the PDF at ``path``; ``name`` is what errors call it.

    Pages that need OCR are read with ``ocr``, if there is one, after ``ocr_begins`` was told their number.

    Raises:
        PaperError: of any kind but those that only the parent can see (time, memory, a crash).
    """
    with open_pdf(path, name) as document:
        count = _page_count(document, name, max_pages)
        scans = _Scans(ocr, ocr_begins)
        paper = _read(document, count, name, scans)
        if is_garbled(paper.quality) and ocr is not None and len(scans.recognised) < count:
            # The fonts lie about their letters: what is printed can still be seen.
            scans = _Scans(ocr, ocr_begins, every=True)
            paper = _read(document, count, name, scans)
    check_words(paper.quality, name, scans.refusal)
    found = replace(paper.quality, without_text=tuple(scans.not_read), recognised=tuple(scans.recognised))
    return replace(paper, quality=found)


def _read(document: object, count: int, name: str, scans: _Scans) -> ParsedPaper:
    pages = _pages(document, count, name, scans)
    info = _info(document)
    if 1 in scans.recognised:  # the date is that of the scan
        info.pop("CreationDate", None)
    printed = Printed(pages, info)
    if scans.failure:  # it says more than that what OCR should have read is unreadable
        _check_text(printed, scans, name)
    check_characters(printed, name, scans.refusal)
    _check_text(printed, scans, name)
    paper = read_structure(printed)
    if not paper.text.strip():
        raise NoText(name=name, pages=count, detail="nothing but running heads and page numbers")
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
        locked = pdfium.FPDF_GetSecurityHandlerRevision(document) >= 0
        detail = "no pages can be found in it" + (", which is encrypted" if locked else "")
        raise DamagedPdf(name=name, detail=detail)
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


def _pages(document: object, count: int, name: str, scans: _Scans) -> list[PrintedPage]:
    """Read every page; one that cannot be read is empty, as long as most can."""
    pages: list[PrintedPage] = []
    lines = words = characters = 0
    failed = 0
    for index in range(count):
        page = _page(document, index, lines, scans)
        if page is None:
            failed += 1
            page = PrintedPage(_page_size(document, index), (), NO_WORDS)
        pages.append(page)
        lines += len(page.lines)
        words += len(page.words.line)
        characters += sum(len(line.text) for line in page.lines)
        check_output(name, lines, words, characters)
    if 2 * failed > count:
        raise DamagedPdf(name=name, detail=f"{failed} of its {count} pages cannot be read")
    return pages


def _page(document: object, index: int, first_line: int, scans: _Scans) -> PrintedPage | None:
    """Read a page, by OCR where it needs that; None where pdfium cannot load it or it has no extent."""
    page = pdfium.FPDF_LoadPage(document, index)
    if not page:
        return None
    try:
        if not all(0 < side <= _LARGEST_PAGE for side in _sides(page)):
            return None
        return scans.read(page, read_page(page, index + 1, first_line), index + 1, first_line)
    finally:
        pdfium.FPDF_ClosePage(page)


def _sides(page: object) -> tuple[float, float]:
    return float(pdfium.FPDF_GetPageWidthF(page)), float(pdfium.FPDF_GetPageHeightF(page))


def _page_size(document: object, index: int) -> PageSize:
    size = pdfium.FS_SIZEF()
    pdfium.FPDF_GetPageSizeByIndexF(document, index, ctypes.byref(size))
    known = 0 < size.width <= _LARGEST_PAGE and 0 < size.height <= _LARGEST_PAGE
    return PageSize(float(size.width), float(size.height)) if known else PageSize(0.0, 0.0)


def check_output(name: str, lines: int, words: int, characters: int) -> None:
    """Raise ParseOutputExceeded where a file has given more than a paper can have."""
    for count, most, what in (
        (words, _MOST_WORDS, "words"),
        (characters, _MOST_CHARACTERS, "characters"),
        (lines, _MOST_LINES, "printed lines"),
    ):
        if count > most:
            raise ParseOutputExceeded(name=name, detail=f"more than {most:,} {what}")


def _info(document: object) -> dict[str, str]:
    """Return what the information dictionary says."""
    buffer = ctypes.create_string_buffer(_LONGEST_INFO)
    info = {}
    for key in _INFO_KEYS:
        size = pdfium.FPDF_GetMetaText(document, key.encode(), buffer, _LONGEST_INFO)
        if 2 < size <= _LONGEST_INFO:
            info[key] = buffer.raw[: size - 2].decode("utf-16-le", "replace").replace("\0", "").strip()
    return info


def _check_text(printed: Printed, scans: _Scans, name: str) -> None:
    """Refuse a file that mostly needs OCR and did not get it, and one that holds no text."""
    count = len(printed.pages)
    empty = all(letters(page) < _FEWEST_LETTERS for page in printed.pages)
    missing = len(scans.not_read)
    if 2 * missing > count or (missing and empty):
        if scans.failure:
            raise OcrFailed(name=name, pages=missing, detail=scans.failure)
        raise NoTextLayer(name=name, pages=missing)
    if empty:
        detail = "OCR finds none in its images" if scans.nothing_found else "they are blank, or hold drawings"
        raise NoText(name=name, pages=count, detail=detail)
