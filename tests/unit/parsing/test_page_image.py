"""Pages as pictures: drawn as displayed, within limits, by a process that may die."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from carrel.core.errors import DamagedPdf, EncryptedPdf, NotAPdf, ParserCrashed, ParseTimeout
from carrel.core.paper import PageSize
from carrel.parsing.children import Children
from carrel.parsing.frames import Kind, Request
from carrel.parsing.page_image import HIGHEST_DPI, LOWEST_DPI, MOST_PIXELS, PageDrawer, PageImage, pixels_of
from carrel.parsing.pdf_document import read_pdf, start_pdfium
from tests.unit.parsing import samples

_BLACK_BOX = b"0 0 0 rg 100 600 50 20 re f"


@pytest.fixture(scope="module")
def drawer() -> Iterator[PageDrawer]:
    drawer = PageDrawer(Children(1, 60, 1024))
    yield drawer
    drawer.close()


def _file(folder: Path, content: bytes) -> Path:
    path = folder / "page.pdf"
    path.write_bytes(content)
    return path


def _dark(image: PageImage) -> tuple[float, float, float, float]:
    """Return x0, y0, x1, y1 in points of what is black on a picture."""
    rows, columns = np.nonzero(image.pixels.max(axis=2) < 60)
    across, down = image.scale
    return columns.min() / across, rows.min() / down, columns.max() / across, rows.max() / down


def test_a_page_is_drawn_at_the_resolution_asked_for(drawer: PageDrawer, tmp_path: Path) -> None:
    image = drawer.draw(_file(tmp_path, samples.one_page(_BLACK_BOX)), "page.pdf", 1, dpi=72)
    assert image.size == PageSize(612, 792)
    assert image.pixels.shape == (792, 612, 3)
    assert _dark(image) == pytest.approx((100, 792 - 620, 149, 792 - 601), abs=1)
    assert (image.pixels[5, 5] == 255).all()
    with Image.open(io.BytesIO(image.png())) as png:
        assert (png.format, png.size, png.mode) == ("PNG", (612, 792), "L")  # a quarter of the bytes
        assert np.array_equal(np.asarray(png.convert("RGB")), image.pixels)


def test_a_page_is_drawn_as_wide_as_asked_for(drawer: PageDrawer, tmp_path: Path) -> None:
    path = _file(tmp_path, samples.one_page(_BLACK_BOX))
    assert drawer.draw(path, "page.pdf", 1, columns=800).pixels.shape == (1035, 800, 3)
    assert drawer.draw(path, "page.pdf", 1, columns=1).pixels.shape == (198, 153, 3)  # 18 dpi


def test_a_page_with_colour_keeps_it(drawer: PageDrawer, tmp_path: Path) -> None:
    image = drawer.draw(
        _file(tmp_path, samples.one_page(_BLACK_BOX.replace(b"0 0 0 rg", b"1 0 0 rg"))), "page.pdf", 1, dpi=72
    )
    with Image.open(io.BytesIO(image.png())) as png:
        assert png.mode == "RGB"
        assert np.array_equal(np.asarray(png), image.pixels)


@pytest.mark.parametrize(
    ("entries", "size", "box"),
    [
        (b"/MediaBox[0 0 612 792]/Rotate 90", (792, 612), (600, 100, 620, 150)),
        (b"/MediaBox[0 0 612 792]/Rotate 180", (612, 792), (462, 600, 512, 620)),
        (b"/MediaBox[0 0 612 792]/CropBox[50 500 250 700]", (200, 200), (50, 80, 100, 100)),
        (b"/MediaBox[0 0 612 792]/CropBox[50 500 250 700]/Rotate 270", (200, 200), (80, 100, 100, 150)),
    ],
)
def test_a_page_is_drawn_as_displayed(
    drawer: PageDrawer,
    tmp_path: Path,
    entries: bytes,
    size: tuple[float, float],
    box: tuple[float, float, float, float],
) -> None:
    image = drawer.draw(_file(tmp_path, samples.one_page(_BLACK_BOX, entries)), "page.pdf", 1)
    assert image.size == PageSize(*size)
    assert image.scale == pytest.approx((2, 2))
    assert _dark(image) == pytest.approx(box, abs=1)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_the_boxes_of_words_lie_on_the_ink(drawer: PageDrawer, tmp_path: Path, rotation: int) -> None:
    content = b"BT /F1 24 Tf 150 600 Td (Attention) Tj ET"
    entries = b"/MediaBox[0 0 612 792]/CropBox[50 300 500 700]/Rotate %d" % rotation
    path = _file(tmp_path, samples.one_page(content, entries))
    start_pdfium()
    (word,) = read_pdf(path, path.name, 10).words.box.tolist()
    x0, y0, x1, y1 = _dark(drawer.draw(path, path.name, 1))
    assert word[0] - 1 <= x0 <= x1 <= word[2] + 1
    assert word[1] - 1 <= y0 <= y1 <= word[3] + 1


def test_the_number_of_pixels_has_limits() -> None:
    letter = PageSize(612, 792)
    assert pixels_of(letter, 1e9) == pixels_of(letter, HIGHEST_DPI) == (2550, 3300)
    assert pixels_of(letter, 0) == pixels_of(letter, LOWEST_DPI) == (153, 198)
    for size in (PageSize(14400, 14400), PageSize(9e5, 9e5), PageSize(1e-3, 9e5), PageSize(9e5, 1e-3)):
        columns, rows = pixels_of(size, HIGHEST_DPI)
        assert 1 <= columns * rows <= MOST_PIXELS


def test_a_huge_page_is_drawn_smaller(drawer: PageDrawer, tmp_path: Path) -> None:
    page = samples.one_page(b"0 0 0 rg 0 0 7200 14400 re f", b"/MediaBox[0 0 14400 14400]")
    image = drawer.draw(_file(tmp_path, page), "page.pdf", 1, dpi=300)
    rows, columns = image.pixels.shape[:2]
    assert rows * columns <= MOST_PIXELS
    assert image.size == PageSize(14400, 14400)
    assert image.pixels[rows // 2, columns // 4].max() == 0


def test_what_cannot_be_drawn_says_why(drawer: PageDrawer, tmp_path: Path) -> None:
    good = samples.paper()
    for number in (0, -1, 3, 10**12):
        with pytest.raises(DamagedPdf, match=f"no page {number}"):
            drawer.draw(_file(tmp_path, good), "page.pdf", number)
    with pytest.raises(NotAPdf, match=r"page\.pdf"):
        drawer.draw(_file(tmp_path, b"no pdf"), "page.pdf", 1)
    with pytest.raises(EncryptedPdf):
        drawer.draw(_file(tmp_path, samples.paper(password="secret")), "page.pdf", 1)
    assert drawer.draw(_file(tmp_path, good), "page.pdf", 2).size.width > 0


def test_a_page_that_draws_for_ever_is_given_up(tmp_path: Path) -> None:
    drawer = PageDrawer(Children(1, 1, 4096))
    try:
        with pytest.raises(ParseTimeout):
            drawer.draw(_file(tmp_path, samples.bomb()), "page.pdf", 1)
        assert drawer.draw(_file(tmp_path, samples.paper()), "page.pdf", 1).pixels.size
    finally:
        drawer.close()


def test_an_image_survives_the_pipe_and_nothing_else_is_taken_for_one() -> None:
    image = PageImage(PageSize(3.5, 2.0), np.arange(18, dtype=np.uint8).reshape(2, 3, 3))
    packed = image.packed()
    again = PageImage.unpacked(packed)
    assert again.size == image.size
    assert np.array_equal(again.pixels, image.pixels)
    huge = bytearray(packed)
    huge[16:24] = b"\xff" * 8
    nothing = PageImage(PageSize(3.5, 2.0), np.zeros((0, 0, 3), np.uint8)).packed()
    nan = PageImage(PageSize(float("nan"), 2.0), image.pixels).packed()
    for data in (b"", packed[:10], packed[:-1], packed + b"x", bytes(huge), nothing, nan):
        with pytest.raises(ValueError, match="page image"):
            PageImage.unpacked(data)


def test_a_paper_is_no_picture(tmp_path: Path) -> None:
    children = Children(1, 60, 1024)
    try:
        with pytest.raises(ParserCrashed, match="nonsense"):
            children.ask(Request(str(_file(tmp_path, samples.paper())), 10), "page.pdf", Kind.IMAGE)
    finally:
        children.close()
