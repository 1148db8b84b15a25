"""Whole files: a German paper made for the test, the sample library, and odd files where they are."""

from pathlib import Path

import pytest

from carrel.core.errors import PaperError
from carrel.core.paper import BlockKind, ParsedPaper
from carrel.parsing.pdf_document import read_pdf, start_pdfium
from tests.unit.parsing import samples

_PAPERS = sorted((Path(__file__).resolve().parents[3] / "examples" / "papers").glob("*.pdf"))


@pytest.fixture(scope="module", autouse=True)
def _started() -> None:
    start_pdfium()


def _text(paper: ParsedPaper) -> str:
    """Return what can be found: all but the front matter."""
    return "\n".join(paper.block_text(block) for block in paper.blocks if block.kind is not BlockKind.FRONT)


def test_a_german_paper_is_text_from_its_first_page_on(tmp_path: Path) -> None:
    pages = [
        [
            (
                f"{number} Aufmerksamkeit",
                (
                    "Wer lange Dokumente liest, verteilt seine Aufmerksamkeit auf wenige Stellen.",
                    "Das Verfahren ahmt dies nach und rechnet darum nur dort, wo es noetig ist, und",
                    "nirgends sonst. Auf dem Rechner der Verfasser war es viermal so schnell wie",
                    "jedes andere Verfahren, und die Antworten wurden dabei nicht schlechter.",
                ),
            )
        ]
        for number in (1, 2)
    ]
    path = tmp_path / "deutsch.pdf"
    path.write_bytes(samples.paper("Sparsame Aufmerksamkeit fuer lange Dokumente", pages=pages))
    paper = read_pdf(path, path.name, 10)
    text = _text(paper)
    assert text.count("Wer lange Dokumente liest") == 2
    assert "1 Aufmerksamkeit" in text
    assert paper.metadata.authors == ("Ada Lovelace", "Alan M. Turing")
    front = len(paper.text) - len(text)
    assert front < len(paper.metadata.title) + len("Ada Lovelace, Alan M. Turing") + 20


@pytest.mark.parametrize("path", _PAPERS, ids=lambda path: path.stem)
def test_the_running_head_of_the_sample_library_is_no_text(path: Path) -> None:
    assert "Carrel sample library" not in read_pdf(path, path.name, 100).text


def test_the_sample_library_is_there() -> None:
    assert len(_PAPERS) >= 14


def test_no_odd_file_is_all_front_matter(real_papers: Path) -> None:
    for path in sorted((real_papers / "weird").glob("*.pdf")):
        try:
            paper = read_pdf(path, path.name, 100)
        except PaperError:
            continue
        assert any(block.kind is not BlockKind.FRONT for block in paper.blocks), path.name
