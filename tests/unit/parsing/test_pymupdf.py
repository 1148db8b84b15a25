"""MuPDF's reading beside pdfium's: the same words at the same places, however the page is turned."""

from pathlib import Path

import pytest

from carrel.core.errors import DamagedPdf, EncryptedPdf, NoTextLayer, PaperError, TooManyPages
from carrel.core.page_errors import UnreadableHere
from carrel.core.paper import BlockKind, ParsedPaper
from carrel.core.scan_errors import NoText, ParseOutputExceeded
from carrel.parsing.pdf_document import read_pdf, start_pdfium
from tests.unit.parsing import hostile, samples, scanned

pytest.importorskip("pymupdf", reason="the extra carrel[pymupdf] is not installed")

from carrel.parsing.pymupdf_document import read_with_pymupdf


def _both(content: bytes, folder: Path) -> tuple[ParsedPaper, ParsedPaper]:
    path = folder / "paper.pdf"
    path.write_bytes(content)
    start_pdfium()
    return read_pdf(path, "paper.pdf", 10), read_with_pymupdf(path, "paper.pdf", 10)


@pytest.mark.parametrize("crop", [None, (30, 40, 500, 700)], ids=["whole", "cropped"])
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_words_stand_where_pdfium_sees_them(
    rotation: int, crop: tuple[int, int, int, int] | None, tmp_path: Path
) -> None:
    words = ("elephant", "giraffe", "rhinoceros", "tapir")
    shows = (
        b"1 0 0 1 %d %d Tm (%s and more) Tj " % (80 + 60 * i, 640 - 150 * i, word.encode())
        for i, word in enumerate(words)
    )
    entries = b"/MediaBox[0 0 612 792]/Rotate %d" % rotation
    if crop:
        entries += b"/CropBox[%d %d %d %d]" % crop
    theirs, ours = _both(samples.one_page(b"BT /F1 12 Tf " + b"".join(shows) + b"ET", entries), tmp_path)
    assert ours.pages == theirs.pages
    for word in words:
        boxes = []
        for paper in (theirs, ours):
            at = paper.text.index(word)
            (box,) = paper.words.boxes(at, at + len(word))
            boxes.append((box.x0, box.y0, box.x1, box.y1))
        # Along the line to the point; across it, fonts' heights are a matter of opinion.
        assert boxes[0] == pytest.approx(boxes[1], abs=3.0)


def test_fonts_make_the_same_structure(tmp_path: Path) -> None:
    theirs, ours = _both(samples.paper(), tmp_path)
    assert ours.text == theirs.text
    assert ours.blocks == theirs.blocks
    assert ours.metadata == theirs.metadata
    assert [ours.block_text(block) for block in ours.blocks if block.kind is BlockKind.HEADING] == [
        "Abstract",
        "1 Introduction",
        "2 Results",
    ]


def test_text_outside_the_visible_page_is_left_out(tmp_path: Path) -> None:
    content = b"BT /F1 12 Tf 100 500 Td (shown) Tj 0 -600 Td (hidden) Tj ET"
    assert _both(samples.one_page(content), tmp_path)[1].text == "shown"


@pytest.mark.parametrize(
    ("error", "content"),
    [
        (EncryptedPdf, samples.paper(password="secret")),
        (DamagedPdf, b"%PDF-1.4\nnothing else\n%%EOF"),
        (NoTextLayer, samples.scanned()),
        (TooManyPages, samples.scanned(11)),
        (DamagedPdf, hostile.text_flood(pages=9, lines=1)),  # one page, nine times
        (NoText, scanned.blank()),
        (UnreadableHere, samples.with_lying_font(97)),
        (UnreadableHere, samples.with_lying_font(0xE100)),
    ],
)
def test_it_says_why_it_cannot_read(error: type[PaperError], content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "paper.pdf"
    path.write_bytes(content)
    with pytest.raises(error):
        read_with_pymupdf(path, "paper.pdf", 10)


@pytest.mark.parametrize("content", [samples.scanned(), samples.with_lying_font(97)])
def test_it_has_no_ocr_and_names_the_parser_that_has(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "paper.pdf"
    path.write_bytes(content)
    with pytest.raises(PaperError) as raised:
        read_with_pymupdf(path, "paper.pdf", 10)
    assert "--parser pdfium" in raised.value.hint
    assert "Install" not in raised.value.hint


def test_scanned_pages_among_others_are_listed(tmp_path: Path) -> None:
    path = tmp_path / "mixed.pdf"
    lines = tuple(f"Line {n} of a page with readable text: corals and algae." for n in range(30))
    path.write_bytes(scanned.mixed(samples.paper(pages=[[("Results", lines)]] * 3), scanned=(1,)))
    assert read_with_pymupdf(path, "mixed.pdf", 10).quality.without_text == (2,)


def test_more_text_than_a_paper_can_have_is_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "long.pdf"
    path.write_bytes(samples.paper())
    monkeypatch.setattr("carrel.parsing.pdf_document._MOST_WORDS", 10)
    with pytest.raises(ParseOutputExceeded, match="more than 10 words"):
        read_with_pymupdf(path, "long.pdf", 10)
