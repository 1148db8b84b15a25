"""What every Parser does, the fake as well as the real ones; of a format without pages, what applies."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from carrel.chunking.chunker import chunk
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
from carrel.core.file_errors import DamagedDocument, NoTextInside, NotText, UnsupportedFormat
from carrel.core.ids import paper_id
from carrel.core.knowledge_base import ChunkSettings
from carrel.core.paper import BlockKind, ParsedPaper, sections
from carrel.core.parsed_format import decode, encode
from carrel.core.ports import Parser
from carrel.parsing.document_parser import DocumentParser
from carrel.parsing.pdf_frame import PdfFrame
from carrel.parsing.pdfium_parser import PdfiumParser
from carrel.parsing.pymupdf_parser import PyMuPdfParser
from tests.contract.services import StandIn, grobid_stand_in, standing_in, unstructured_stand_in
from tests.fakes.embedder import FakeTokens
from tests.fakes.parser import FakeParser, fake_pdf
from tests.unit.parsing import documents, samples

if TYPE_CHECKING:
    from carrel.parsing.service_client import Service, ServiceClient

MAX_PAGES = 5
TITLE = documents.TITLE
PAPER = paper_id("a" * 64)


@dataclass(frozen=True)
class Adapter:
    """A parser and the files that it is asked to read."""

    parser: Parser
    good: bytes
    unreadable: dict[type[PaperError], bytes]
    end: Callable[[], None] = lambda: None  # what has to be done after the last test
    name: str = "paper.pdf"


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
        NotAPdf: b"<html>Log in to read this paper</html>",
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
    unreadable[NotAPdf] = b"<html>Log in to read this paper</html>"
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


def _every_format() -> Parser:
    pdfs = PdfiumParser(workers=2, seconds=60, memory_mb=1024, max_pages=MAX_PAGES)
    return DocumentParser(pdfs, pdfs.children)


def _routed_pdf() -> Adapter:
    return replace(_pdfium(), parser=_every_format())


def _pageless(name: str, good: bytes, unreadable: dict[type[PaperError], bytes]) -> Adapter:
    return Adapter(_every_format(), good, unreadable, name=name)


def _markdown() -> Adapter:
    return _pageless("paper.md", documents.MARKDOWN, {NotText: b"\0\x01", NoTextInside: b"---\n"})


def _text() -> Adapter:
    return _pageless("paper.txt", documents.TEXT, {NotText: b"\x89PNG\0", NoTextInside: b"* * *"})


def _html() -> Adapter:
    deep = b"<html>" + b"<div>" * 1000 + b"text"
    return _pageless("paper.html", documents.HTML, {NoTextInside: b"<html>", DamagedDocument: deep})


def _docx() -> Adapter:
    good = documents.word()
    empty, cut_off = documents.word(()), good[: len(good) // 2]
    unreadable: dict[type[PaperError], bytes] = {
        NoTextInside: empty,
        DamagedDocument: cut_off,
        UnsupportedFormat: b"\xd0\xcf\x11\xe0 an old or an encrypted one",
    }
    return _pageless("paper.docx", good, unreadable)


ADAPTERS = {
    "fake": _fake,
    "pdfium": _pdfium,
    "pymupdf": _pymupdf,
    "grobid": _grobid,
    "unstructured": _unstructured,
    "routed pdf": _routed_pdf,
    "markdown": _markdown,
    "text": _text,
    "html": _html,
    "docx": _docx,
}


WITHOUT_PAGES = ("markdown", "text", "html", "docx")
with_pages, without_pages = (
    pytest.mark.parametrize(
        "adapter", [ADAPTERS[name] for name in names], ids=names, indirect=True, scope="module"
    )
    for names in ([name for name in ADAPTERS if name not in WITHOUT_PAGES], list(WITHOUT_PAGES))
)


@pytest.fixture(params=list(ADAPTERS.values()), ids=list(ADAPTERS), scope="module")
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
    path = folder / "stored"  # what a file is called where it is stored says nothing
    path.write_bytes(content)
    return adapter.parser.parse(path, adapter.name)


def test_reads_title_authors_and_text(paper: ParsedPaper) -> None:
    assert paper.metadata.title == TITLE
    assert paper.metadata.authors == ("Ada Lovelace", "Alan M. Turing")
    assert "attention is spread thinly" in paper.text
    assert "The sparse model reads four times as fast" in paper.text


@with_pages
def test_the_pages_are_known(paper: ParsedPaper) -> None:
    assert len(paper.pages) == 2


@without_pages
def test_without_pages_there_are_no_boxes_and_a_passage_knows_its_paragraph(paper: ParsedPaper) -> None:
    assert paper.pages == ()
    assert len(paper.words.start) == len(paper.words.box) == 0
    passages = [
        each.passage for each in chunk(PAPER, paper, FakeTokens(), ChunkSettings(32, 0), max_tokens=32)
    ]
    fast = next(passage for passage in passages if "four times as fast" in passage.text)
    assert (fast.page, fast.pages, fast.boxes) == (None, (), ())
    assert fast.section.endswith("Results")
    assert fast.paragraph == 3  # after the abstract and the introduction


@without_pages
def test_what_the_metadata_say_has_its_evidence(paper: ParsedPaper) -> None:
    metadata = paper.metadata
    assert metadata.abstract == documents.ABSTRACT
    assert metadata.language == "en"
    for name in ("title", "authors", "abstract", "language"):
        assert 0 < metadata.evidence[name].confidence <= 1


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


@with_pages
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


@with_pages
def test_boxes_lie_on_their_page(paper: ParsedPaper) -> None:
    words = paper.words
    for page, box in zip(words.page, words.box, strict=True):
        size = paper.pages[page - 1]
        assert 0 <= box[0] < box[2] <= size.width
        assert 0 <= box[1] < box[3] <= size.height


@with_pages
def test_words_of_one_line_share_a_page_and_a_height(paper: ParsedPaper) -> None:
    words = paper.words
    for line in np.unique(words.line):
        rows = words.line == line
        assert len(set(words.page[rows].tolist())) == 1
        tops, bottoms = words.box[rows, 1], words.box[rows, 3]
        assert tops.max() < bottoms.min()


@with_pages
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
    cases: dict[type[PaperError], bytes] = {**adapter.unreadable, EmptyFile: b""}
    for error, content in cases.items():
        with pytest.raises(error, match=re.escape(adapter.name)) as caught:
            _parse(adapter, tmp_path, content)
        assert isinstance(caught.value, PaperError)
        assert caught.value.hint
    assert _parse(adapter, tmp_path, adapter.good).metadata.title == TITLE


def test_a_missing_file_is_unreadable(adapter: Adapter, tmp_path: Path) -> None:
    with pytest.raises(FileUnreadable):
        adapter.parser.parse(tmp_path / "gone", adapter.name)


def test_the_same_file_reads_the_same(adapter: Adapter, tmp_path: Path) -> None:
    first = encode(_parse(adapter, tmp_path, adapter.good))
    assert encode(_parse(adapter, tmp_path, adapter.good)) == first


def test_several_threads_may_parse(adapter: Adapter, tmp_path: Path) -> None:
    path = tmp_path / "stored"
    path.write_bytes(adapter.good)
    titles: list[str] = []
    threads = [
        threading.Thread(
            target=lambda: titles.append(adapter.parser.parse(path, adapter.name).metadata.title)
        )
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
