"""Pages in two columns are read as a scholar reads them. The fixture was written from the printed pages."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from benchmarks.parsing_order import PageRead, first_wrong, pages_read_by_eye

from carrel.core.paper import ParsedPaper
from carrel.parsing.pdfium_parser import PdfiumParser


@pytest.fixture(scope="module")
def parsed(real_papers: Path) -> Iterator[Callable[[str], ParsedPaper]]:
    """Return a file of the collections as it is parsed; each is parsed once."""
    parser = PdfiumParser(workers=1, seconds=60, memory_mb=1024, max_pages=2000)

    @cache
    def parse(file: str) -> ParsedPaper:
        path = real_papers.parent / file
        return parser.parse(path, path.name)

    yield parse
    parser.close()


@pytest.mark.parametrize("page", pages_read_by_eye(), ids=str)
def test_page_is_read_in_order(page: PageRead, parsed: Callable[[str], ParsedPaper]) -> None:
    wrong = first_wrong(parsed(page.file), page)
    assert not wrong, f"{page}: {wrong}"
