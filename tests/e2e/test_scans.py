"""Scanned papers: found by the words on their pages, with boxes at the places where these stand."""

from pathlib import Path

import pypdfium2
import pytest

from tests.e2e.command import Carrel, Document
from tests.unit.parsing import samples, scanned

ENGLISH = "coral-bleaching-marine-heatwaves.pdf"
CHINESE = "chinese-long-document-survey.pdf"

needs_both = pytest.mark.skipif(bool(scanned.missing()), reason=scanned.missing())
needs_english = pytest.mark.skipif(
    bool(scanned.missing(scanned.English)), reason=scanned.missing(scanned.English)
)


@pytest.fixture
def reading(carrel: Carrel) -> Carrel:
    """The command with OCR where the machine has it."""
    return carrel.with_settings(CARREL_OCR="true")


def _write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def _printed_at(paper: Path, page: int, words: str) -> tuple[float, float]:
    """Return the middle of words on a page (from 1) of the paper that was scanned, asked of pdfium."""
    document = pypdfium2.PdfDocument(paper)
    place = document[page - 1]
    text = place.get_textpage()
    found = text.search(words).get_next()
    assert found is not None, words
    left, bottom, right, top = text.get_charbox(found[0])
    _, _, right, _ = text.get_charbox(found[0] + found[1] - 1)
    return (left + right) / 2, place.get_height() - (bottom + top) / 2


def _passage_at(results: Document, page: int, x: float, y: float) -> str:
    """Return the text of the passage of the first result that has a box over a place."""
    for passage in results[0]["passages"]:
        for box in passage["boxes"]:
            if box["page"] == page and box["x0"] <= x <= box["x1"] and box["y0"] <= y <= box["y1"]:
                return str(passage["text"])
    return ""


@needs_both
def test_a_scan_in_english_and_one_in_chinese_are_found_with_boxes_on_their_words(
    reading: Carrel, sample_papers: Path, tmp_path: Path
) -> None:
    english = _write(tmp_path / "english.pdf", scanned.scan(sample_papers / ENGLISH, [0]))
    chinese = _write(tmp_path / "chinese.pdf", scanned.scan(sample_papers / CHINESE, [0]))
    added = reading.json("add", english, chinese)
    assert [item["status"] for item in added["items"]] == ["ready", "ready"]
    assert added["items"][0]["title"] == "Coral Bleaching Under Marine Heatwaves"
    for query, file, source, page, words in (
        ("algae Symbiodiniaceae sugars", "english.pdf", ENGLISH, 1, "Symbiodiniaceae"),
        ("degree heating weeks", "english.pdf", ENGLISH, 1, "physiology"),
        ("滑动窗口 稀疏注意力 邻居", "chinese.pdf", CHINESE, 1, "滑动窗口"),
        ("论文问答与检索系统", "chinese.pdf", CHINESE, 1, "复杂度与适用条件"),
    ):
        results = reading.json("search", query, "--mode", "lexical")["results"]
        assert results[0]["paper"]["file"] == file, query
        place = _printed_at(sample_papers / source, page, words)
        assert words in _passage_at(results, page, *place), (query, words, place)


@needs_english
def test_of_a_mixed_document_every_page_is_found(
    reading: Carrel, sample_papers: Path, tmp_path: Path
) -> None:
    path = _write(tmp_path / "mixed.pdf", scanned.mixed(sample_papers / ENGLISH, scanned=(1,)))
    reading.json("add", path)
    for page, words in ((1, "Symbiodiniaceae"), (2, "median")):
        results = reading.json("search", words, "--mode", "lexical")["results"]
        place = _printed_at(sample_papers / ENGLISH, page, words)
        assert words in _passage_at(results, page, *place)


@needs_english
def test_without_tesseract_a_scan_waits_for_it_and_a_mixed_document_does_not(
    reading: Carrel, tmp_path: Path
) -> None:
    said = "Corals lose their algae in warm water, as {} of the buoys of the year {} have shown."
    lines = [
        tuple(said.format(number + 3, 1900 + 20 * page + number) for number in range(9)) for page in range(3)
    ]
    paper = samples.paper(pages=[[("Results", each)] for each in lines])
    scan = _write(tmp_path / "scan.pdf", scanned.scan(paper, [0]))
    # Three pages, of which one is a picture.
    mixed = _write(tmp_path / "mixed.pdf", scanned.mixed(paper, scanned=(2,)))
    without = reading.with_settings(PATH="")
    answer = without.run("add", scan, mixed, "--json")
    assert answer.code == 1
    items = {Path(item["path"]).name: item for item in answer.document["items"]}
    assert items["mixed.pdf"]["status"] == "ready"
    assert items["scan.pdf"]["error"]["kind"] == "no-text-layer"
    assert "tesseract-ocr" in items["scan.pdf"]["error"]["message"]
    (check,) = (each for each in without.json("doctor")["checks"] if each["name"] == "ocr")
    assert check["status"] == "warn"
    assert "tesseract-ocr" in check["message"]

    # Once it is there, the same command reads the scan, and what was read without it can be read again.
    again = reading.json("add", scan, mixed)
    assert (again["added"], again["duplicates"]) == (1, 1)
    identifier = items["mixed.pdf"]["paper_id"]
    assert _pages(reading, identifier) == {1, 2}
    reading.json("remove", identifier)
    reading.json("add", mixed)
    assert _pages(reading, identifier) == {1, 2, 3}
    (check,) = (each for each in reading.json("doctor")["checks"] if each["name"] == "ocr")
    assert (check["status"], "eng" in check["message"]) == ("pass", True)


def _pages(carrel: Carrel, paper: str) -> set[int]:
    """Return the pages of a paper that its passages stand on."""
    return {page for passage in carrel.json("show", paper)["passages"] for page in passage["pages"]}
