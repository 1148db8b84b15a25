"""What every Parser does, the fake as well as the real one."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from carrel.core.errors import (
    DamagedPdf,
    EmptyFile,
    EncryptedPdf,
    FileUnreadable,
    NotAPdf,
    NoTextLayer,
    PaperError,
    TooManyPages,
)
from carrel.core.paper import BlockKind, ParsedPaper, sections
from carrel.core.parsed_format import decode, encode
from carrel.core.ports import Parser
from carrel.parsing.pdf_frame import PdfFrame
from carrel.parsing.pdfium_parser import PdfiumParser
from carrel.parsing.pymupdf_parser import PyMuPdfParser
from tests.contract.services import StandIn, grobid_stand_in, standing_in, unstructured_stand_in
from tests.fakes.parser import FakeParser, fake_pdf
from tests.unit.parsing import samples

if TYPE_CHECKING:
    from carrel.parsing.service_client import Service, ServiceClient

MAX_PAGES = 5
TITLE = "Sparse Attention for Long Documents"


@dataclass(frozen=True)
class Adapter:
    """A parser and the files that it is asked to read."""

    parser: Parser
    good: bytes
    unreadable: dict[type[PaperError], bytes]
    end: Callable[[], None] = lambda: None  # what has to be done after the last test


def _fake() -> Adapter:
    good = fake_pdf(
        TITLE,
        "# Introduction\n\nReading a long document costs time,\nso attention is spread thinly.",
        "# Results\n\nThe sparse model reads four times as fast.",
        authors="Ada Lovelace; Alan M. Turing",
    )
    unreadable: dict[type[PaperError], bytes] = {
        EncryptedPdf: fake_pdf("", fail="EncryptedPdf"),
        DamagedPdf: fake_pdf("", fail="DamagedPdf"),
        NoTextLayer: fake_pdf("Scan", "", ""),
        TooManyPages: fake_pdf("Long", *["A page."] * (MAX_PAGES + 1)),
    }
    return Adapter(FakeParser(max_pages=MAX_PAGES), good, unreadable)


def _of_pdfs(parser: Parser, end: "Callable[[], None]" = lambda: None) -> Adapter:
    good = samples.paper(TITLE)
    page = (("Heading", ("A page with a line of text that is long enough.",)),)
    unreadable: dict[type[PaperError], bytes] = {
        EncryptedPdf: samples.paper(password="secret"),
        DamagedPdf: good[: len(good) // 2],
        NoTextLayer: samples.scanned(),
        TooManyPages: samples.paper(pages=[page] * (MAX_PAGES + 1)),
    }
    return Adapter(parser, good, unreadable, end)


def _pdfium() -> Adapter:
    return _of_pdfs(PdfiumParser(workers=2, seconds=60, memory_mb=1024, max_pages=MAX_PAGES))


def _pymupdf() -> Adapter:
    pytest.importorskip("pymupdf", reason="the extra carrel[pymupdf] is not installed")
    return _of_pdfs(PyMuPdfParser(workers=2, seconds=60, memory_mb=1024, max_pages=MAX_PAGES))


def _grobid() -> Adapter:
    pytest.importorskip("lxml", reason="the extra carrel[grobid] is not installed")
    from carrel.parsing.grobid_parser import GrobidParser, grobid_service

    stand_in = grobid_stand_in(samples.paper(TITLE), samples.scanned())
    return _served(stand_in, lambda client: GrobidParser(_frame(), client), grobid_service)


def _unstructured() -> Adapter:
    pytest.importorskip("httpx2", reason="the extra carrel[unstructured] is not installed")
    from carrel.parsing.unstructured_parser import UnstructuredParser, unstructured_service

    stand_in = unstructured_stand_in(samples.paper(TITLE), samples.scanned())
    return _served(stand_in, lambda client: UnstructuredParser(_frame(), client), unstructured_service)


def _frame() -> PdfFrame:
    return PdfFrame(workers=2, seconds=60, memory_mb=1024, max_pages=MAX_PAGES)


def _served(
    stand_in: StandIn, make: "Callable[[ServiceClient], Parser]", service: "Callable[[str], Service]"
) -> Adapter:
    from carrel.parsing.service_client import ServiceClient

    ends = ExitStack()
    running = ends.enter_context(standing_in(stand_in))
    return _of_pdfs(make(ServiceClient(service(running.url), seconds=30, waits=())), ends.close)


@pytest.fixture(
    params=[_fake, _pdfium, _pymupdf, _grobid, _unstructured],
    ids=["fake", "pdfium", "pymupdf", "grobid", "unstructured"],
    scope="module",
)
def adapter(request: pytest.FixtureRequest) -> Iterator[Adapter]:
    make: Callable[[], Adapter] = request.param
    adapter = make()
    yield adapter
    adapter.parser.close()
    adapter.end()


@pytest.fixture
def paper(adapter: Adapter, tmp_path: Path) -> ParsedPaper:
    return _parse(adapter, tmp_path, adapter.good)


def _parse(adapter: Adapter, folder: Path, content: bytes) -> ParsedPaper:
    path = folder / "paper.pdf"
    path.write_bytes(content)
    return adapter.parser.parse(path, "paper.pdf")


def test_reads_title_authors_and_text(paper: ParsedPaper) -> None:
    assert paper.metadata.title == TITLE
    assert paper.metadata.authors == ("Ada Lovelace", "Alan M. Turing")
    assert "attention is spread thinly" in paper.text
    assert "The sparse model reads four times as fast" in paper.text
    assert len(paper.pages) == 2


def test_blocks_lie_in_the_text_in_order_and_blank_lines_part_them(paper: ParsedPaper) -> None:
    ends = 0
    for block in paper.blocks:
        assert ends <= block.start < block.end <= len(paper.text)
        assert paper.text[ends : block.start].strip() == ""
        assert paper.block_text(block) == paper.block_text(block).strip()
        ends = block.end
    assert ends == len(paper.text)


def test_headings_make_sections(paper: ParsedPaper) -> None:
    names = [section.name for section in sections(paper)]
    assert any(name.endswith("Introduction") for name in names)
    assert any(name.endswith("Results") for name in names)
    assert all((block.level > 0) == (block.kind is BlockKind.HEADING) for block in paper.blocks)


def test_every_word_has_a_row_in_order(paper: ParsedPaper) -> None:
    words = paper.words
    assert np.all(np.diff(words.start) >= 0)
    assert np.all(np.diff(words.end) >= 0)
    assert np.all(words.start < words.end)
    covered = np.zeros(len(paper.text), np.bool_)
    for start, end in zip(words.start, words.end, strict=True):
        covered[start:end] = True
        assert not any(map(str.isspace, paper.text[start:end]))
    assert all(covered[i] for i, character in enumerate(paper.text) if not character.isspace())


def test_boxes_lie_on_their_page(paper: ParsedPaper) -> None:
    words = paper.words
    for page, box in zip(words.page, words.box, strict=True):
        size = paper.pages[page - 1]
        assert 0 <= box[0] < box[2] <= size.width
        assert 0 <= box[1] < box[3] <= size.height


def test_words_of_one_line_share_a_page_and_a_height(paper: ParsedPaper) -> None:
    words = paper.words
    for line in np.unique(words.line):
        rows = words.line == line
        assert len(set(words.page[rows].tolist())) == 1
        tops, bottoms = words.box[rows, 1], words.box[rows, 3]
        assert tops.max() < bottoms.min()


def test_second_page_is_page_two(paper: ParsedPaper) -> None:
    at = paper.text.index("four times as fast")
    assert paper.words.pages(at, at + 10) == (2,)
    at = paper.text.index("Introduction")
    assert paper.words.pages(at, at + 10) == (1,)


def test_survives_storage(paper: ParsedPaper) -> None:
    again = decode(encode(paper))
    assert (again.text, again.blocks, again.metadata, again.pages) == (
        paper.text,
        paper.blocks,
        paper.metadata,
        paper.pages,
    )
    assert np.array_equal(again.words.box, paper.words.box)


def test_says_why_a_file_cannot_be_read_and_goes_on(adapter: Adapter, tmp_path: Path) -> None:
    cases = {**adapter.unreadable, EmptyFile: b"", NotAPdf: b"<html>Log in to read this paper</html>"}
    for error, content in cases.items():
        with pytest.raises(error, match=r"paper\.pdf") as caught:
            _parse(adapter, tmp_path, content)
        assert isinstance(caught.value, PaperError)
        assert caught.value.hint
    assert _parse(adapter, tmp_path, adapter.good).metadata.title == TITLE


def test_a_missing_file_is_unreadable(adapter: Adapter, tmp_path: Path) -> None:
    with pytest.raises(FileUnreadable):
        adapter.parser.parse(tmp_path / "gone.pdf", "gone.pdf")


def test_the_same_file_reads_the_same(adapter: Adapter, tmp_path: Path) -> None:
    first = encode(_parse(adapter, tmp_path, adapter.good))
    assert encode(_parse(adapter, tmp_path, adapter.good)) == first


def test_several_threads_may_parse(adapter: Adapter, tmp_path: Path) -> None:
    path = tmp_path / "paper.pdf"
    path.write_bytes(adapter.good)
    titles: list[str] = []
    threads = [
        threading.Thread(target=lambda: titles.append(adapter.parser.parse(path, "paper.pdf").metadata.title))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert titles == [TITLE] * 6


def test_a_fingerprint_names_the_parser(adapter: Adapter) -> None:
    assert adapter.parser.fingerprint
    assert adapter.parser.fingerprint == adapter.parser.fingerprint.strip()
