"""Boxes on turned and cropped pages, read back through pdfium's own conversion and text search."""

import ctypes
import io
from pathlib import Path

import pypdfium2 as pdfium_api
import pypdfium2.raw as pdfium
import pytest
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from carrel.core.paper import Box, PageSize, ParsedPaper
from carrel.parsing.pdf_document import read_pdf, start_pdfium
from tests.unit.parsing import samples

_SCALE = 100  # device units a point


@pytest.fixture(scope="module", autouse=True)
def _started() -> None:
    start_pdfium()


def _read(content: bytes, folder: Path) -> ParsedPaper:
    path = folder / "paper.pdf"
    path.write_bytes(content)
    return read_pdf(path, "paper.pdf", 100)


def _page_space(page: pdfium_api.PdfPage, box: Box, size: PageSize) -> tuple[float, float, float, float]:
    """Return a displayed box as left, bottom, right, top in page space, the way pdfium converts it."""
    x, y = ctypes.c_double(), ctypes.c_double()
    corners = []
    for across, down in ((box.x0, box.y0), (box.x1, box.y1)):
        width, height = round(size.width * _SCALE), round(size.height * _SCALE)
        device = (round(across * _SCALE), round(down * _SCALE))
        assert pdfium.FPDF_DeviceToPage(page.raw, 0, 0, width, height, 0, *device, x, y)
        corners.append((x.value, y.value))
    (x0, y0), (x1, y1) = corners
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)


@pytest.mark.parametrize("crop", [None, (30, 40, 500, 700)], ids=["whole", "cropped"])
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_a_word_is_found_inside_its_box(
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
    content = samples.one_page(b"BT /F1 12 Tf " + b"".join(shows) + b"ET", entries)
    paper = _read(content, tmp_path)

    left, bottom, right, top = crop or (0, 0, 612, 792)
    shown = (right - left, top - bottom) if rotation in (0, 180) else (top - bottom, right - left)
    assert (paper.pages[0].width, paper.pages[0].height) == pytest.approx(shown)
    document = pdfium_api.PdfDocument(content)
    try:
        page = document[0]
        text_page = page.get_textpage()
        for word in words:
            at = paper.text.index(word)
            (box,) = paper.words.boxes(at, at + len(word))
            area = _page_space(page, box, paper.pages[0])
            assert text_page.get_text_bounded(*area).strip() == word
    finally:
        document.close()


def test_text_outside_the_visible_page_is_left_out(tmp_path: Path) -> None:
    content = b"BT /F1 12 Tf 100 500 Td (shown) Tj 0 -600 Td (hidden) Tj ET"
    paper = _read(samples.one_page(content), tmp_path)
    assert paper.text == "shown"


def test_a_hyphenated_word_is_one_word_with_a_box_on_each_line(tmp_path: Path) -> None:
    paper = _read(samples.paper(), tmp_path)
    at = paper.text.index("attention is spread")
    rows = paper.words.within(at, at + len("attention"))
    assert rows.stop - rows.start == 2
    first, second = paper.words.boxes(at, at + len("attention"))
    assert first.y1 < second.y0 + 2
    assert first.x0 > second.x0


def test_chinese_is_joined_without_spaces_and_every_character_has_a_box(tmp_path: Path) -> None:
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    buffer = io.BytesIO()
    canvas = Canvas(buffer, invariant=1)
    canvas.setFont("STSong-Light", 12)
    canvas.drawString(72, 700, "我们提出一种稀疏注意力机制,使长序列建模的代价")
    canvas.drawString(72, 684, "从平方降到线性,并在多个任务上验证了它的效果。")
    canvas.showPage()
    canvas.save()
    paper = _read(buffer.getvalue(), tmp_path)
    assert "建模的代价从平方降到线性" in paper.text
    assert paper.metadata.language == "zh"
    at = paper.text.index("线性")
    (box,) = paper.words.boxes(at, at + 2)
    assert box.x1 - box.x0 == pytest.approx(24, abs=1)


def test_a_page_set_sideways_is_read(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(612, 792), invariant=1)
    canvas.rotate(90)
    canvas.setFont("Helvetica", 11)
    for i in range(5):
        canvas.drawString(100, -100 - 14 * i, f"sideways line {i} of a table that was too wide")
    canvas.showPage()
    canvas.save()
    paper = _read(buffer.getvalue(), tmp_path)
    assert "sideways line 0" in paper.text
    at = paper.text.index("table")
    box = paper.words.boxes(at, at + 5)[0]
    assert box.y1 - box.y0 > box.x1 - box.x0


def test_characters_beyond_16_bits_and_without_meaning_keep_boxes_right(tmp_path: Path) -> None:
    """Supplementary characters take two units of UTF-16 and unmapped codes none: boxes must not slip."""
    cmap = (
        b"/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <00> <FF> endcodespacerange "
        b"2 beginbfchar <41> <D835DC00> <42> <0000> endbfchar endcmap end"
    )
    content = b"BT /F1 12 Tf 72 700 Td (AB AB) Tj 0 -30 Td (target) Tj ET"
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        samples.stream(b"", content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 6 0 R>>",
        samples.stream(b"", cmap),
    )
    paper = _read(samples.raw_pdf(objects), tmp_path)
    assert "\U0001d400" in paper.text
    at = paper.text.index("target")
    (box,) = paper.words.boxes(at, at + 6)
    assert box.y0 > 792 - 670 - 15
    assert box.x0 == pytest.approx(72, abs=1)


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_lines_that_run_sideways_are_read_as_the_upright_ones(rotation: int, tmp_path: Path) -> None:
    lines = [f"Line {i} of a page that was put into the file sideways and reads on" for i in range(9)]
    shows = b"".join(
        b"1 0 0 1 80 %d Tm (%s) Tj " % (700 - 14 * i, line.encode()) for i, line in enumerate(lines)
    )
    upright = _read(samples.one_page(b"BT /F1 12 Tf " + shows + b"ET", b"/MediaBox[0 0 612 792]"), tmp_path)
    entries = b"/MediaBox[0 0 612 792]/Rotate %d" % rotation
    turned = _read(samples.one_page(b"BT /F1 12 Tf " + shows + b"ET", entries), tmp_path)
    assert turned.text == upright.text
    assert turned.blocks == upright.blocks
    assert turned.pages == ((PageSize(792, 612),) if rotation != 180 else upright.pages)
    assert turned.quality.interleaved == 0
