"""Small PDFs that mean harm: each takes far more to read than it weighs."""

import zlib
from collections.abc import Callable

from tests.unit.parsing.samples import bomb, one_page, raw_pdf, stream

_CATALOGUE = b"<</Type/Catalog/Pages 2 0 R>>"
_PAGES = b"<</Type/Pages/Kids[3 0 R]/Count 1>>"
_FONT = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"
_RESOURCES = b"/Resources<</Font<</F1 5 0 R>>>>"
_TEXT = b"BT /F1 12 Tf 72 700 Td (A page with a line of text that is long enough.) Tj ET "


def _page(content: bytes, entries: bytes = b"", *more: bytes) -> bytes:
    """Return a PDF of one page whose content is this object; ``more`` objects count from 6."""
    page = b"<</Type/Page/Parent 2 0 R/Contents 4 0 R/MediaBox[0 0 612 792]" + entries + _RESOURCES + b">>"
    return raw_pdf((_CATALOGUE, _PAGES, page, content, _FONT, *more))


def _squeezed(content: bytes, times: int = 1) -> bytes:
    for _ in range(times):
        content = zlib.compress(content, 9)
    return stream(b"/Filter[" + b"/FlateDecode" * times + b"]", content)


def flate_bomb(megabytes: int = 1000) -> bytes:
    """Return a PDF whose content unpacks twice, to a gigabyte of spaces."""
    engine = zlib.compressobj(1)
    once = b"".join(engine.compress(b" " * (1 << 20)) for _ in range(megabytes)) + engine.flush()
    return _page(stream(b"/Filter[/FlateDecode/FlateDecode]", zlib.compress(once, 9)))


def text_flood(pages: int = 9, lines: int = 14_000) -> bytes:
    """Return a PDF of few pages with millions of words."""
    line = b"0 -1 Td (" + b"word " * 35 + b") Tj "
    page = b"<</Type/Page/Parent 2 0 R/Contents 4 0 R/MediaBox[0 0 14400 14400]" + _RESOURCES + b">>"
    kids = b"<</Type/Pages/Count %d/Kids[" % pages + b"3 0 R " * pages + b"]>>"
    return raw_pdf(
        (_CATALOGUE, kids, page, _squeezed(b"BT /F1 1 Tf 1 14399 Td " + line * lines + b"ET"), _FONT)
    )


def endless_drawing(times: int = 5_000_000) -> bytes:
    """Return a PDF of a page with millions of strokes."""
    return _page(_squeezed(b"0 0 m 612 792 l S " * times, 2))


def deep_arrays(depth: int = 500_000) -> bytes:
    """Return a PDF with an array in an array in an array …"""
    return one_page(_TEXT, b"/MediaBox[0 0 612 792]/Deep " + b"[" * depth + b"]" * depth)


def deep_content(depth: int = 500_000) -> bytes:
    """Return a PDF with such an array in a page's content."""
    return _page(_squeezed(_TEXT + b"[" * depth + b"]" * depth + b" TJ"))


def deep_states(depth: int = 2_000_000) -> bytes:
    """Return a PDF whose content saves its state millions of times."""
    return _page(_squeezed(b"q " * depth + _TEXT))


def deep_page_tree(depth: int = 20_000) -> bytes:
    """Return a PDF whose page lies at the end of a long chain of nodes."""
    chain = [b"<</Type/Pages/Kids[%d 0 R]/Count 1>>" % (number + 3) for number in range(depth)]
    page = b"<</Type/Page/MediaBox[0 0 612 792]>>"
    return raw_pdf((_CATALOGUE, *chain, page))


def claimed_pages(count: int = 2_000_000_000) -> bytes:
    """Return a PDF of one page that claims to have billions."""
    return one_page(_TEXT).replace(b"/Count 1", b"/Count %d" % count)


def repeated_page(count: int = 200_000) -> bytes:
    """Return a PDF whose page tree names one page again and again."""
    page = b"<</Type/Page/Parent 2 0 R/Contents 4 0 R/MediaBox[0 0 612 792]" + _RESOURCES + b">>"
    kids = b"<</Type/Pages/Count %d/Kids[" % count + b"3 0 R " * count + b"]>>"
    return raw_pdf((_CATALOGUE, kids, page, stream(b"", _TEXT), _FONT))


def looping_page_tree() -> bytes:
    """Return a PDF whose page tree contains itself."""
    return raw_pdf((_CATALOGUE, b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 9>>"))


def looping_form() -> bytes:
    """Return a PDF whose page draws a form that draws itself."""
    form = b"/Type/XObject/Subtype/Form/BBox[0 0 612 792]/Resources<</XObject<</X 6 0 R>>>>"
    page = (
        b"<</Type/Page/Parent 2 0 R/Contents 4 0 R/MediaBox[0 0 612 792]/Resources<</XObject<</X 6 0 R>>>>>>"
    )
    return raw_pdf((_CATALOGUE, _PAGES, page, stream(b"", b"/X Do"), _FONT, stream(form, b"/X Do /X Do")))


def page_of(width: str, height: str) -> bytes:
    """Return a PDF of a page of this size in points, whose text is at its lower left."""
    return one_page(_TEXT.replace(b"72 700", b"9 9"), f"/MediaBox[0 0 {width} {height}]".encode())


def pictured_page_of(width: int, height: int) -> bytes:
    """Return a PDF of a page of this size that is one picture."""
    image = stream(
        b"/Type/XObject/Subtype/Image/Width 1/Height 1/ColorSpace/DeviceGray/BitsPerComponent 8", b"\x80"
    )
    page = b"<</Type/Page/Parent 2 0 R/Contents 4 0 R/MediaBox[0 0 %d %d]/Resources<</XObject<</X 6 0 R>>>>>>"
    draw = stream(b"", b"%d 0 0 %d 0 0 cm /X Do" % (width, height))
    return raw_pdf((_CATALOGUE, _PAGES, page % (width, height), draw, _FONT, image))


def huge_image(side: int = 20_000) -> bytes:
    """Return a PDF of a page with one picture of 400 million pixels."""
    row = bytes(side)
    engine = zlib.compressobj(1)
    packed = b"".join(engine.compress(row) for _ in range(side)) + engine.flush()
    image = stream(
        b"/Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceGray/BitsPerComponent 8"
        b"/Filter[/FlateDecode/FlateDecode]" % (side, side),
        zlib.compress(packed, 9),
    )
    page = (
        b"<</Type/Page/Parent 2 0 R/Contents 4 0 R/MediaBox[0 0 612 792]/Resources<</XObject<</X 6 0 R>>>>>>"
    )
    draw = stream(b"", b"612 0 0 792 0 0 cm /X Do")
    return raw_pdf((_CATALOGUE, _PAGES, page, draw, _FONT, image))


ALL: dict[str, Callable[[], bytes]] = {
    "flate bomb": flate_bomb,
    "text flood": text_flood,
    "endless drawing": endless_drawing,
    "deep arrays": deep_arrays,
    "deep content": deep_content,
    "deep states": deep_states,
    "deep page tree": deep_page_tree,
    "claimed pages": claimed_pages,
    "repeated page": repeated_page,
    "looping page tree": looping_page_tree,
    "looping form": looping_form,
    "form bomb": bomb,
    "page without extent": lambda: page_of("0", "0"),
    "negative page": lambda: page_of("-612", "-792"),
    "page of 20 km": lambda: page_of("99999999", "99999999"),
    "page of numbers too big": lambda: page_of("9" * 60, "9" * 60),
    "page of five metres": lambda: page_of("14400", "14400"),
    "pictured page of 70 metres": lambda: pictured_page_of(199_000, 199_000),
    "pictured thread": lambda: pictured_page_of(199_000, 1),
    "huge image": huge_image,
}
