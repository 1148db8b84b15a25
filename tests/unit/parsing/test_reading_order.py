"""Two-column pages that were looked at: they are read in the order in which a scholar reads them."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from benchmarks.parsing_order import PageOrder, ReadPaper, block_faults, expected, order_faults

from carrel.parsing.pdfium_parser import PdfiumParser

_PAGES = expected()


class Shelf:
    """Reads each paper once."""

    def __init__(self, folder: Path, parser: PdfiumParser) -> None:
        self._folder = folder
        self.read = cache(self._read)
        self._parser = parser

    def _read(self, file: str) -> ReadPaper:
        path = self._folder / file
        return ReadPaper(self._parser.parse(path, path.name))


@pytest.fixture(scope="module")
def shelf(real_papers: Path) -> Iterator[Shelf]:
    parser = PdfiumParser(workers=1, seconds=60, memory_mb=1024, max_pages=2000)
    yield Shelf(real_papers.parent, parser)
    parser.close()


def test_enough_pages_of_enough_papers_were_looked_at() -> None:
    assert len(_PAGES) >= 24
    assert len({page.file for page in _PAGES}) >= 10
    assert {"title", "heading", "continued", "caption", "table", "footnote", "aside", "reference"} <= {
        step.kind for page in _PAGES for step in page.steps
    }
    assert all(len(step.begins.split()) <= 8 for page in _PAGES for step in page.steps)


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.name)
def test_the_text_comes_in_the_order_it_is_read(page: PageOrder, shelf: Shelf) -> None:
    faults = order_faults(shelf.read(page.file), page)
    assert not faults, "\n".join(map(str, faults))


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.name)
def test_each_block_is_what_a_reader_sees(page: PageOrder, shelf: Shelf) -> None:
    faults = block_faults(shelf.read(page.file), page)
    assert not faults, "\n".join(map(str, faults))
