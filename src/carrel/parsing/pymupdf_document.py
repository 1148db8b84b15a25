"""Opens a PDF with MuPDF and reads all of it. Runs in the child process: the file may be hostile."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pymupdf

from carrel.core.errors import DamagedPdf, EncryptedPdf, TooManyPages
from carrel.core.page_errors import UnreadableHere
from carrel.core.paper import PageSize, ParsedPaper
from carrel.core.scan_errors import NoText, ScanHere
from carrel.parsing.pdf_document import check_frame, check_output
from carrel.parsing.printed import NO_WORDS, Printed, PrintedPage
from carrel.parsing.pymupdf_text import read_mupdf_page
from carrel.parsing.quality import check_characters, check_words
from carrel.parsing.scans import letters
from carrel.parsing.structure import read_structure

_INFO_KEYS = {
    "title": "Title",
    "author": "Author",
    "subject": "Subject",
    "keywords": "Keywords",
    "creationDate": "CreationDate",
}
_OTHER_INFO_KEYS = ("doi", "DOI", "WPS-ARTICLEDOI", "arXivID")
_LONGEST_INFO = 10_000  # characters
_FEWEST_LETTERS = 3  # in the whole file
_FEW_LETTERS = 100  # a page: a stamp or a watermark on a scanned page has no more

_ERRORS = (pymupdf.mupdf.FzErrorBase, RuntimeError, ValueError)

# Its warnings would be lost with standard output, and take time to write.
pymupdf.TOOLS.mupdf_display_errors(False)
pymupdf.TOOLS.mupdf_display_warnings(False)


def read_with_pymupdf(path: Path, name: str, max_pages: int) -> ParsedPaper:
    """Read the PDF at ``path``; ``name`` is what errors call it.

    Raises:
        PaperError: of any kind but those that only the parent can see (time, memory, a crash).
    """
    check_frame(path, name)
    with _document(path, name) as document:
        count = int(document.page_count)
        if count <= 0:
            raise DamagedPdf(name=name, detail="no pages can be found in it")
        if count > max_pages:
            raise TooManyPages(name=name, pages=count, limit=max_pages)
        pages, pictured = _pages(document, count, name)
        printed = Printed(pages, _info(document))
    check_characters(printed, name, UnreadableHere)
    _check_text(printed, pictured, name)
    paper = read_structure(printed)
    check_words(paper.quality, name, UnreadableHere)
    return replace(paper, quality=replace(paper.quality, without_text=pictured))


@contextmanager
def _document(path: Path, name: str) -> Iterator[pymupdf.Document]:
    try:
        document = pymupdf.open(path, filetype="pdf")
    except _ERRORS as error:
        raise DamagedPdf(name=name, detail="its structure cannot be read") from error
    try:
        # An empty password opens what is only protected against printing or changing.
        if document.needs_pass:
            raise EncryptedPdf(name=name)
        yield document
    except (pymupdf.mupdf.FzErrorBase, RuntimeError) as error:
        raise DamagedPdf(name=name, detail="its structure cannot be read") from error
    finally:
        document.close()


def _pages(document: pymupdf.Document, count: int, name: str) -> tuple[list[PrintedPage], tuple[int, ...]]:
    """Read every page; one that cannot be read is empty, as long as most can.

    Return also the numbers of those that are pictures of text.
    """
    pages: list[PrintedPage] = []
    pictured: list[int] = []
    lines = words = characters = 0
    failed = 0
    for index in range(count):
        try:
            page = document.load_page(index)
            pages.append(read_mupdf_page(page, index + 1, lines))
            if letters(pages[-1]) < _FEW_LETTERS and _is_pictured(page):
                pictured.append(index + 1)
        except _ERRORS:
            failed += 1
            pages.append(PrintedPage(PageSize(0.0, 0.0), (), NO_WORDS))
        lines += len(pages[-1].lines)
        words += len(pages[-1].words.line)
        characters += sum(len(line.text) for line in pages[-1].lines)
        check_output(name, lines, words, characters)
    if 2 * failed > count:
        raise DamagedPdf(name=name, detail=f"{failed} of its {count} pages cannot be read")
    return pages, tuple(pictured)


def _info(document: pymupdf.Document) -> dict[str, str]:
    """Return what the information dictionary says, under the PDF's own names."""
    known = document.metadata or {}
    info = {ours: str(known.get(theirs) or "") for theirs, ours in _INFO_KEYS.items()}
    kind, value = document.xref_get_key(-1, "Info")
    if kind == "xref":
        number = int(value.split()[0])
        for key in _OTHER_INFO_KEYS:
            kind, value = document.xref_get_key(number, key)
            info[key] = value if kind == "string" else ""
    return {
        key: text.replace("\0", "").strip() for key, text in info.items() if 0 < len(text) <= _LONGEST_INFO
    }


def _check_text(printed: Printed, pictured: tuple[int, ...], name: str) -> None:
    """Refuse a file that holds hardly any letters, or mostly pictures of text."""
    count = len(printed.pages)
    empty = sum(map(letters, printed.pages)) < _FEWEST_LETTERS
    if 2 * len(pictured) > count or (pictured and empty):
        raise ScanHere(name=name, pages=len(pictured))
    if empty:
        raise NoText(name=name, pages=count, detail="they are blank, or hold drawings")


def _is_pictured(page: pymupdf.Page) -> bool:
    """Whether an image covers at least half of a page."""
    area = page.rect.width * page.rect.height
    try:
        return any(2 * abs(pymupdf.Rect(image["bbox"])) > area for image in page.get_image_info())
    except _ERRORS:  # damaged ones, on a page whose text could be read
        return False
