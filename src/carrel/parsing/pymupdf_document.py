"""Opens a PDF with MuPDF and reads all of it. Runs in the child process: the file may be hostile."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pymupdf

from carrel.core.errors import DamagedPdf, EncryptedPdf, NoTextLayer, TooManyPages
from carrel.core.paper import PageSize, ParsedPaper
from carrel.parsing.pdf_document import check_frame
from carrel.parsing.printed import NO_WORDS, Printed, PrintedPage
from carrel.parsing.pymupdf_text import read_mupdf_page
from carrel.parsing.quality import check_characters, check_words
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
_MOST_LOOKED_AT = 20  # pages, for pictures

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
        printed = Printed(_pages(document, count, name), _info(document))
        check_characters(printed, name)
        _check_text(document, printed, name)
    paper = read_structure(printed)
    check_words(paper.quality, name)
    return paper


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
    except pymupdf.mupdf.FzErrorBase as error:
        raise DamagedPdf(name=name, detail="its structure cannot be read") from error
    finally:
        document.close()


def _pages(document: pymupdf.Document, count: int, name: str) -> list[PrintedPage]:
    """Read every page; one that cannot be read is empty, as long as most can."""
    pages: list[PrintedPage] = []
    lines = 0
    failed = 0
    for index in range(count):
        try:
            pages.append(read_mupdf_page(document.load_page(index), index + 1, lines))
        except _ERRORS:
            failed += 1
            pages.append(PrintedPage(PageSize(0.0, 0.0), (), NO_WORDS))
        lines += len(pages[-1].lines)
    if 2 * failed > count:
        raise DamagedPdf(name=name, detail=f"{failed} of its {count} pages cannot be read")
    return pages


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


def _check_text(document: pymupdf.Document, printed: Printed, name: str) -> None:
    """Refuse pages of images: few characters or none, and a picture on most pages."""
    count = len(printed.pages)
    letters = sum(sum(map(str.isalnum, line.text)) for page in printed.pages for line in page.lines)
    if letters < _FEWEST_LETTERS:
        raise NoTextLayer(name=name, pages=count)
    if letters < _FEW_LETTERS * count:
        looked_at = min(count, _MOST_LOOKED_AT)
        if 2 * sum(_is_pictured(document.load_page(index)) for index in range(looked_at)) > looked_at:
            raise NoTextLayer(name=name, pages=count)


def _is_pictured(page: pymupdf.Page) -> bool:
    """Whether an image covers at least half of a page."""
    area = page.rect.width * page.rect.height
    return any(2 * abs(pymupdf.Rect(image["bbox"])) > area for image in page.get_image_info())
