"""Reading Word documents."""

import datetime
import zipfile
from io import BytesIO
from pathlib import Path

import docx
import pytest

from carrel.core.file_errors import DamagedDocument, FileTooLarge, NoTextInside
from carrel.core.formats import FileFormat
from carrel.core.metadata import Source
from carrel.core.paper import ParsedPaper, sections
from carrel.parsing import docx_reader
from tests.unit.parsing.documents import ABSTRACT, TITLE, outline, part_of, read, saved, with_part, word

STRICT = b"http://purl.oclc.org/ooxml/"
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def read_word(folder: Path, content: bytes) -> ParsedPaper:
    return read(folder, content, FileFormat.DOCX)


def body(inner: str) -> bytes:
    """Return a document whose body is this XML."""
    return with_part(
        word(), "word/document.xml", f"<w:document {W}><w:body>{inner}</w:body></w:document>".encode()
    )


def paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def test_a_paper_with_styles(tmp_path: Path) -> None:
    document = docx.Document()
    document.core_properties.author = "Somebody Else"
    document.core_properties.keywords = "attention; sparsity"
    document.core_properties.created = datetime.datetime(2021, 4, 5)
    for style, text in (
        ("Title", TITLE),
        ("Normal", "Ada Lovelace, Alan M. Turing"),
        ("Heading 1", "Abstract"),
        ("Normal", ABSTRACT),
        ("Heading 1", "1 Introduction"),
        ("Normal", "Reading a long document costs time."),
        ("List Bullet", "an item"),
        ("Caption", "Table 1: Speed of models."),
    ):
        document.add_paragraph(text, style=style)
    table = document.add_table(rows=2, cols=2)
    for row, cells in enumerate((("model", "speed"), ("sparse", "4 x"))):
        for column, text in enumerate(cells):
            table.cell(row, column).text = text
    document.add_heading("1.1 Details", 2)
    document.add_paragraph("More is said here.")
    document.add_heading("References", 1)
    document.add_paragraph("[1] A. Vaswani. Attention. 2017.")
    paper = read_word(tmp_path, saved(document))
    assert outline(paper) == [
        ("front", TITLE),
        ("front", "Ada Lovelace, Alan M. Turing"),
        ("h1", "Abstract"),
        ("paragraph", ABSTRACT),
        ("h1", "1 Introduction"),
        ("paragraph", "Reading a long document costs time."),
        ("paragraph", "an item"),
        ("caption", "Table 1: Speed of models."),
        ("table", "model | speed\nsparse | 4 x"),
        ("h2", "1.1 Details"),
        ("paragraph", "More is said here."),
        ("h1", "References"),
        ("reference", "[1] A. Vaswani. Attention. 2017."),
    ]
    metadata = paper.metadata
    assert metadata.title == TITLE
    assert metadata.authors == ("Ada Lovelace", "Alan M. Turing")  # as printed, not who typed it
    assert metadata.abstract == ABSTRACT
    assert metadata.keywords == ("attention", "sparsity")
    assert metadata.year == 2021
    assert metadata.evidence["title"].source is Source.PAGE
    assert metadata.evidence["year"].source is Source.FILE
    assert metadata.evidence["year"].confidence < 0.5
    assert "1 Introduction › 1.1 Details" in [section.name for section in sections(paper)]


def test_what_word_writes_by_itself_is_not_believed(tmp_path: Path) -> None:
    metadata = read_word(tmp_path, word((("Normal", "Some text, and nothing else."),))).metadata
    assert (metadata.title, metadata.authors, metadata.year) == ("", (), None)


def test_properties_are_believed_a_little_where_nothing_is_printed(tmp_path: Path) -> None:
    properties = {"title": "A Title in the Properties", "author": "Ada Lovelace; Alan Turing"}
    metadata = read_word(tmp_path, word((("Normal", "Some text, and nothing else."),), properties)).metadata
    assert metadata.title == "A Title in the Properties"
    assert metadata.authors == ("Ada Lovelace", "Alan Turing")
    assert metadata.evidence["title"].confidence <= 0.5


def test_without_heading_styles_numbers_and_names_make_headings(tmp_path: Path) -> None:
    texts = (
        *("论暗物质的分布", "张三，李四", "摘要", "本文研究星系。", "一、引言"),
        *("星系在旋转。", "1.1 方法", "我们观察。", "参考文献", "[1] 王五. 2010."),
    )
    paper = read_word(tmp_path, word([("Normal", text) for text in texts]))
    assert [kind for kind, _ in outline(paper)] == [
        *("front", "front", "h1", "paragraph", "h1", "paragraph", "h2", "paragraph", "h1", "reference")
    ]
    assert paper.metadata.abstract == "本文研究星系。"
    assert paper.metadata.title == "论暗物质的分布"
    assert paper.metadata.authors == ("张三", "李四")


def test_tracked_changes_fields_and_content_controls(tmp_path: Path) -> None:
    paper = read_word(
        tmp_path,
        body(
            "<w:p><w:r><w:t>Kept </w:t></w:r><w:ins><w:r><w:t>inserted</w:t></w:r></w:ins>"
            "<w:del><w:r><w:delText>deleted</w:delText></w:r></w:del>"
            "<w:r><w:instrText>PAGEREF x</w:instrText></w:r><w:r><w:tab/><w:t>end</w:t></w:r></w:p>"
            f"<w:sdt><w:sdtPr/><w:sdtContent>{paragraph('in a control')}</w:sdtContent></w:sdt>"
            '<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val="Table of Contents"/></w:docPartObj>'
            "</w:sdtPr>"
            f"<w:sdtContent>{paragraph('contents 1')}</w:sdtContent></w:sdt>"
            f"<w:p><w:r><w:pict><w:txbxContent>{paragraph('in a box')}</w:txbxContent></w:pict></w:r></w:p>"
        ),
    )
    assert [text for _, text in outline(paper)] == ["Kept inserted end", "in a control", "in a box"]


def test_footnotes_follow_what_refers_to_them(tmp_path: Path) -> None:
    content = body(
        '<w:p><w:r><w:t>Said here.</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r></w:p>'
        + paragraph("And so on.")
    )
    notes = (
        f'<w:footnotes {W}><w:footnote w:type="separator" w:id="0">{paragraph("line")}</w:footnote>'
        f'<w:footnote w:id="2">{paragraph("As noted.")}</w:footnote></w:footnotes>'
    )
    relations = part_of(content, "word/_rels/document.xml.rels").decode()
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"
    relation = f'<Relationship Id="rId99" Type="{kind}" Target="footnotes.xml"/></Relationships>'
    types = part_of(content, "[Content_Types].xml").decode()
    media = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
    override = f'<Override PartName="/word/footnotes.xml" ContentType="{media}"/></Types>'
    for name, part in (
        ("word/footnotes.xml", notes),
        ("word/_rels/document.xml.rels", relations.replace("</Relationships>", relation)),
        ("[Content_Types].xml", types.replace("</Types>", override)),
    ):
        content = with_part(content, name, part.encode())
    assert outline(read_word(tmp_path, content)) == [
        ("paragraph", "Said here."),
        ("footnote", "As noted."),
        ("paragraph", "And so on."),
    ]


def test_an_empty_document_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoTextInside):
        read_word(tmp_path, word(()))


@pytest.mark.parametrize("keep", [100, 2000, -30])
def test_a_truncated_document_is_damaged(tmp_path: Path, keep: int) -> None:
    with pytest.raises(DamagedDocument):
        read_word(tmp_path, word()[:keep])


def test_another_archive_is_no_word_document(tmp_path: Path) -> None:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("word/hello.xml", "<hello/>")
    with pytest.raises(DamagedDocument):
        read_word(tmp_path, buffer.getvalue())


def test_the_strict_variant_is_named(tmp_path: Path) -> None:
    content = word()
    for name in ("_rels/.rels", "word/document.xml"):
        part = part_of(content, name)
        part = part.replace(
            b"http://schemas.openxmlformats.org/officeDocument/2006/", STRICT + b"officeDocument/"
        )
        part = part.replace(
            b"http://schemas.openxmlformats.org/wordprocessingml/2006/", STRICT + b"wordprocessingml/"
        )
        content = with_part(content, name, part)
    with pytest.raises(DamagedDocument, match="Strict"):
        read_word(tmp_path, content)


@pytest.mark.parametrize("part", [b"", b"<w:document", b"not xml", b"<other/>"])
def test_a_damaged_part_is_a_damaged_document(tmp_path: Path, part: bytes) -> None:
    with pytest.raises((DamagedDocument, NoTextInside)):
        read_word(tmp_path, with_part(word(), "word/document.xml", part))


def hostile(entities: str, text: str) -> bytes:
    document = f"<!DOCTYPE d [{entities}]><w:document {W}><w:body>{paragraph(text)}</w:body></w:document>"
    return with_part(word(), "word/document.xml", f'<?xml version="1.0"?>{document}'.encode())


def test_outer_files_are_not_fetched(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the secret")
    paper = read_word(tmp_path, hostile(f'<!ENTITY x SYSTEM "{secret.as_uri()}">', "Seen &x; here"))
    assert "the secret" not in paper.text
    assert paper.text.startswith("Seen")


def test_entities_are_not_multiplied(tmp_path: Path) -> None:
    laughs = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
    with pytest.raises(DamagedDocument):
        read_word(tmp_path, hostile(f'<!ENTITY l0 "lol">{laughs}', "Seen &l9;"))


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    xml = b" " * ((docx_reader._MOST_XML_MB + 1) << 20)
    bomb = with_part(word(), "word/document.xml", xml)
    assert len(bomb) < 1 << 20
    with pytest.raises(FileTooLarge):
        read_word(tmp_path, bomb)
    picture = b"\0" * ((docx_reader.MOST_UNPACKED_MB + 1) << 20)
    with pytest.raises(FileTooLarge):
        read_word(tmp_path, with_part(word(), "word/media/image1.png", picture))


def test_elements_nested_without_end_are_refused(tmp_path: Path) -> None:
    deep = "<w:ins>" * 100_000 + "</w:ins>" * 100_000
    with pytest.raises(DamagedDocument):
        read_word(tmp_path, body(f"<w:p>{deep}</w:p>"))


def test_a_table_in_a_cell_is_said_once(tmp_path: Path) -> None:
    def table(*rows: str) -> str:
        return f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in rows)}</w:tbl>"

    def cell(inner: str) -> str:
        return f"<w:tc>{inner}</w:tc>"

    deep = table(cell(paragraph("deepest")))
    inner = table(*(cell(paragraph(f"{row}1")) + cell(paragraph(f"{row}2") + deep) for row in "ab"))
    row = cell(paragraph("left")) + cell(paragraph("around") + inner + paragraph("after"))
    controlled = f"<w:sdt><w:sdtContent>{cell(paragraph('controlled'))}</w:sdtContent></w:sdt>"
    added = f"<w:sdt><w:sdtContent><w:tr>{cell(paragraph('added'))}{controlled}</w:tr></w:sdtContent></w:sdt>"
    rows = f"<w:tr>{row}</w:tr>{added}"
    paper = read_word(tmp_path, body(paragraph("Before it.") + f"<w:tbl>{rows}</w:tbl>"))
    assert outline(paper)[-1] == (
        "table",
        "left | around a1 a2 deepest b1 b2 deepest after\nadded | controlled",
    )
