"""Metadata of first pages as publishers set them, read from PDFs through every stage."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from carrel.core.metadata import Metadata, Source
from carrel.parsing.pdfium_parser import PdfiumParser
from tests.unit.parsing import first_pages
from tests.unit.parsing.first_pages import ABSTRACT, CHINESE_ABSTRACT, LAYOUTS

TITLE = "Sparse Attention for Long Documents"
CHINESE_TITLE = "面向长文档的稀疏注意力机制研究"

EXPECTED = {
    "conference_grid": Metadata(
        title=f"{TITLE}: A Study of Cost and Quality",
        authors=("Ada Lovelace", "Juan Carlos Pérez-Gómez", "J. R. R. Tolkien", "Guus van der Maaten",
                 "Nguyen Van Anh"),
        abstract=ABSTRACT, year=2020, language="en",
        keywords=("sparse attention", "long documents", "efficiency"),
    ),
    "journal_with_letters": Metadata(
        title="Sparse attention for long documents",
        authors=("Ada Lovelace", "María José García López", "Alan Turing"),
        abstract=ABSTRACT, year=2019, venue="Pattern Recognition", doi="10.1016/j.patcog.2019.107234",
        language="en", keywords=("Sparse attention", "Long documents", "Question answering"),
    ),
    "open_journal": Metadata(
        title="Sparse attention for long documents: cost and quality",
        authors=("Ada Lovelace", "Alan M. Turing", "Grace Hopper"),
        abstract=ABSTRACT, year=2017, venue="PLoS ONE", doi="10.1371/journal.pone.0173664", language="en",
    ),
    "preprint": Metadata(
        title=TITLE, authors=("Ada Lovelace", "Séamus Ó Súilleabháin"), abstract=ABSTRACT, year=2022,
        venue="36th Conference on Neural Information Processing Systems (NeurIPS 2022)",
        arxiv_id="2103.00020", language="en",
    ),
    "chinese_journal": Metadata(
        title=CHINESE_TITLE, authors=("张三", "李四光", "欧阳修文"), abstract=CHINESE_ABSTRACT, year=2020,
        venue="计算机学报", doi="10.11897/sp.j.1016.2020.01234", language="zh",
        keywords=("稀疏注意力", "长文档", "阅读理解"),
    ),
    "chinese_thesis": Metadata(
        title=CHINESE_TITLE, authors=("张三",), abstract=CHINESE_ABSTRACT * 2, year=2019, language="zh",
        keywords=("稀疏注意力", "长文档"),
    ),
    "old_preprint": Metadata(
        title="SPARSE ATTENTION IN LONG STRINGS", authors=("A. Lovelace", "A. M. Turing", "G. 't Hooft"),
        abstract=ABSTRACT, year=1999, arxiv_id="hep-th/9901001", language="en",
    ),
    "bold_opening": Metadata(
        title="Sparse attention for long documents", authors=("Ada Lovelace", "Alan Turing", "Grace Hopper"),
        abstract=ABSTRACT, year=2019, venue="NATURE", doi="10.1038/s41586-019-1234-5", language="en",
    ),
}  # fmt: skip
FIELDS = ("title", "authors", "abstract", "year", "venue", "doi", "arxiv_id", "language", "keywords")


@pytest.fixture(scope="module")
def parser() -> Iterator[PdfiumParser]:
    parser = PdfiumParser(workers=1, seconds=60, memory_mb=1024, max_pages=100)
    yield parser
    parser.close()


def _read(parser: PdfiumParser, folder: Path, pdf: bytes) -> Metadata:
    path = folder / "paper.pdf"
    path.write_bytes(pdf)
    return parser.parse(path, path.name).metadata


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_is_printed_is_read(layout: str, parser: PdfiumParser, tmp_path: Path) -> None:
    read = _read(parser, tmp_path, LAYOUTS[layout]())
    for field in FIELDS:
        assert getattr(read, field) == getattr(EXPECTED[layout], field), field


@pytest.mark.parametrize("layout", LAYOUTS)
def test_only_what_is_filled_has_evidence(layout: str, parser: PdfiumParser, tmp_path: Path) -> None:
    read = _read(parser, tmp_path, LAYOUTS[layout]())
    assert set(read.evidence) == {field for field in FIELDS if getattr(read, field)}
    assert all(0 < said.confidence <= 1 for said in read.evidence.values())
    assert read.evidence["title"].source is Source.PAGE


def test_the_doi_of_the_reference_format_is_the_papers(parser: PdfiumParser, tmp_path: Path) -> None:
    read = _read(parser, tmp_path, first_pages.computing_conference("10.1145/3209978.3210012"))
    assert read.doi == "10.1145/3209978.3210012"
    assert read.authors == ("Ada Lovelace", "Mausam", "Li Wei")
    assert read.venue == "Proceedings of the 41st International SIGIR Conference (SIGIR ’18)"


@pytest.mark.parametrize(
    "doi", ["10.1145/nnnnnnn.nnnnnnn", "10.1145/1122445.1122456", "10.1145/XXXXXXX.XXXXXXX"]
)
def test_the_doi_of_a_template_is_nobodys(doi: str, parser: PdfiumParser, tmp_path: Path) -> None:
    assert _read(parser, tmp_path, first_pages.computing_conference(doi)).doi == ""
