"""PDFs made for a test: papers with ReportLab, odd ones byte by byte."""

import io
from collections.abc import Sequence

from reportlab.lib.pagesizes import A4
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

BODY, LEADING, LEFT, TOP = 10, 12, 72, 770

Section = tuple[str, Sequence[str]]  # heading, printed lines


def paper(
    title: str = "Sparse Attention for Long Documents",
    authors: str = "Ada Lovelace, Alan M. Turing",
    pages: Sequence[Sequence[Section]] = (
        (
            (
                "Abstract",
                ("We show that attention over long documents can be sparse, and that it is as good.",),
            ),
            (
                "1 Introduction",
                (
                    "Reading a long document costs time that grows with its square, so atten-",
                    "tion is spread thinly. We spread it where it is needed and nowhere else.",
                ),
            ),
        ),
        (("2 Results", ("The sparse model reads four times as fast and answers as many questions.",)),),
    ),
    info: dict[str, str] | None = None,
    password: str = "",
) -> bytes:
    """Return a paper as PDF bytes: title and authors on the first page, then sections."""
    buffer = io.BytesIO()
    encryption = StandardEncryption(password, ownerPassword="owner") if password else None
    canvas = Canvas(buffer, pagesize=A4, encrypt=encryption, invariant=1)
    canvas.setTitle((info or {}).get("Title", "untitled"))
    canvas.setAuthor((info or {}).get("Author", "anonymous"))
    for number, sections in enumerate(pages):
        y = float(TOP)
        if number == 0 and title:
            canvas.setFont("Helvetica-Bold", 18)
            canvas.drawString(LEFT, y, title)
            canvas.setFont("Helvetica", 11)
            canvas.drawString(LEFT, y - 26, authors)
            y -= 60
        for heading, lines in sections:
            canvas.setFont("Helvetica-Bold", 13)
            canvas.drawString(LEFT, y, heading)
            y -= 20
            canvas.setFont("Helvetica", BODY)
            for line in lines:
                canvas.drawString(LEFT, y, line)
                y -= LEADING
            y -= 12
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def scanned(pages: int = 2) -> bytes:
    """Return a PDF whose pages are pictures."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4, invariant=1)
    pixel = ImageReader(io.BytesIO(b"P6 1 1 255 \xff\xff\xff"))
    for _ in range(pages):
        canvas.drawImage(pixel, 0, 0, *A4)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def raw_pdf(objects: Sequence[bytes]) -> bytes:
    """Return a PDF of these objects, numbered from 1; the first is the catalogue."""
    out = b"%PDF-1.7\n"
    offsets = []
    for number, content in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n" % number + content + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    trailer = b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(out))
    return out + head + table + trailer


def stream(entries: bytes, content: bytes) -> bytes:
    """Return a stream object."""
    return b"<<" + entries + b"/Length %d>>\nstream\n" % len(content) + content + b"\nendstream"


def one_page(content: bytes, page_entries: bytes = b"/MediaBox[0 0 612 792]") -> bytes:
    """Return a PDF of one page with Helvetica as /F1."""
    return raw_pdf(
        (
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>"
            + page_entries
            + b">>",
            stream(b"", content),
            b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
        )
    )


def with_lying_font(moved_to: int) -> bytes:
    """Return a PDF of one readable page whose font says that its small letters begin at ``moved_to``."""
    text = b"the quick brown fox jumps over the lazy dog and reads every line of this page again"
    content = b"BT /F1 10 Tf 60 700 Td " + b"".join(b"(%s) Tj 0 -12 Td " % text for _ in range(12)) + b"ET"
    lines = b"\n".join(b"<%02x> <%04x>" % (97 + letter, moved_to + (letter + 3) % 26) for letter in range(26))
    cmap = (
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /M def /CMapType 2 def\n"
        b"1 begincodespacerange <00> <ff> endcodespacerange\n26 beginbfchar\n" + lines + b"\nendbfchar\n"
        b"endcmap end end"
    )
    return raw_pdf(
        (
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>"
            b"/MediaBox[0 0 612 792]>>",
            stream(b"", content),
            b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding/ToUnicode 6 0 R>>",
            stream(b"", cmap),
        )
    )


def bomb(levels: int = 9, fan: int = 10) -> bytes:
    """Return a small PDF whose page draws a form that draws ten forms that draw ten forms …"""
    calls = b"/X Do " * fan
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R"
        b"/Resources<</Font<</F1 5 0 R>>/XObject<</X 6 0 R>>>>>>",
        stream(b"", b"BT /F1 12 Tf 72 700 Td (Hello world) Tj ET " + calls),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    for level in range(levels):
        last = level == levels - 1
        inner = b"" if last else b"/XObject<</X %d 0 R>>" % (7 + level)
        content = b"BT /F1 12 Tf 72 600 Td (deep words here) Tj ET" if last else calls
        entries = (
            b"/Type/XObject/Subtype/Form/BBox[0 0 612 792]/Resources<</Font<</F1 5 0 R>>" + inner + b">>"
        )
        objects.append(stream(entries, content))
    return raw_pdf(objects)
