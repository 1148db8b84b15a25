"""Recognising formats: by content first, then by name."""

import time

import pytest

from carrel.core.formats import FileFormat, is_binary, named_format, recognise

ZIP = b"PK\x03\x04" + b"\0" * 26


@pytest.mark.parametrize(
    ("name", "head", "expected"),
    [
        ("a.pdf", b"%PDF-1.7", FileFormat.PDF),
        ("a.pdf", b"junk" * 100 + b"%PDF-1.7", FileFormat.PDF),
        ("a.pdf", b"junk" * 300 + b"%PDF-1.7", None),
        ("a.txt", b"%PDF-1.7", FileFormat.PDF),
        ("download", b"%PDF-1.7", FileFormat.PDF),
        ("notes.md", b"# How a PDF begins\n\nWith `%PDF-1.7`.", FileFormat.MARKDOWN),
        ("a.pdf", b"<html>Log in", None),
        ("a.pdf", b"A text.", None),
        ("a.docx", ZIP + b"word/document.xml", FileFormat.DOCX),
        ("a.zip", ZIP + b"[Content_Types].xml......word/document.xml", FileFormat.DOCX),
        ("a.docx", ZIP + b"[Content_Types].xml", FileFormat.DOCX),
        ("a.docx", ZIP + b"xl/workbook.xml", None),
        ("a.docx", ZIP + b"mimetypeapplication/epub+zip", None),
        ("a.docx", b"\xd0\xcf\x11\xe0", None),
        ("a.txt", ZIP + b"data.csv", None),
        ("a.html", b"<p>No frame around it.", FileFormat.HTML),
        ("a.txt", b"\xef\xbb\xbf <!-- saved --> <!DOCTYPE html><html>", FileFormat.HTML),
        ("a", b"<?xml version='1.0'?>\n<html xmlns='http://www.w3.org/1999/xhtml'>", FileFormat.HTML),
        ("a.md", b"Text with <html> in it.", FileFormat.MARKDOWN),
        ("a.markdown", b"Text.", FileFormat.MARKDOWN),
        ("A.TXT", b"Text.", FileFormat.TEXT),
        ("a.htm", b"", FileFormat.HTML),
        ("a.csv", b"a,b", None),
        ("README", b"Text.", None),
        ("pdf", b"Text.", None),
    ],
)
def test_a_format_is_recognised(name: str, head: bytes, expected: FileFormat | None) -> None:
    assert recognise(name, head) is expected


def test_a_hostile_beginning_takes_no_time() -> None:
    began = time.monotonic()
    for head in (b"<!---->" * 585, b"<!--" * 1024, b" " * 4096, b"<?xml " + b">" * 4090):
        recognise("a", head)
    assert time.monotonic() - began < 1


def test_a_name_promises_a_format() -> None:
    assert named_format("paper.v2.PDF") is FileFormat.PDF
    assert named_format(".md") is FileFormat.MARKDOWN
    assert named_format("md") is None


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"Text.\n\tMore.\r\n\x0c", False),
        ("文字".encode("gb18030"), False),
        ("文字".encode("utf-16"), False),
        (b"\x1b$BJ8;z\x1b(B", False),
        (b"MZ\x90\0\x03\0\0\0", True),
        (bytes(range(1, 32)), True),
        (b"", False),
    ],
)
def test_what_is_no_text_is_told(head: bytes, expected: bool) -> None:
    assert is_binary(head) is expected
