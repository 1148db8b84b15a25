"""The parser for every format: who reads what, and that hostile files harm nobody."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from carrel.core.errors import DamagedPdf, EmptyFile, FileUnreadable, NotAPdf, PaperError
from carrel.core.file_errors import DamagedDocument, NotText, UnsupportedFormat
from carrel.parsing.children import Children
from carrel.parsing.document_parser import DocumentParser
from tests.fakes.parser import FakeParser, fake_pdf
from tests.unit.parsing import documents


@pytest.fixture(scope="module")
def children() -> Iterator[Children]:
    children = Children(workers=1, seconds=60, memory_mb=1024)
    yield children
    children.close()


def read(children: Children, folder: Path, name: str, content: bytes) -> str:
    """Return the title of a file; its stored copy bears another name than the file had."""
    path = folder / "stored.pdf"
    path.write_bytes(content)
    return DocumentParser(FakeParser(), children).parse(path, name).metadata.title


def test_each_format_has_its_reader(children: Children, tmp_path: Path) -> None:
    title = documents.TITLE
    assert read(children, tmp_path, "a.pdf", fake_pdf("A PDF", "Text.")) == "A PDF"
    assert read(children, tmp_path, "wrong.txt", fake_pdf("A PDF", "Text.")) == "A PDF"
    assert read(children, tmp_path, "a.md", documents.MARKDOWN) == title
    assert read(children, tmp_path, "a.HTM", documents.HTML) == title
    assert read(children, tmp_path, "page", documents.HTML) == title
    assert read(children, tmp_path, "a.txt", documents.TEXT) == title
    assert read(children, tmp_path, "a.docx", documents.word()) == title


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("a.pdf", b"<html>Log in", NotAPdf),
        ("a.csv", b"a,b", UnsupportedFormat),
        ("a.md", b"", EmptyFile),
        ("a.txt", b"\x89PNG\r\n\0", NotText),
        ("a.docx", documents.word()[:900], DamagedDocument),
        ("a.pdf", fake_pdf("", fail="DamagedPdf"), DamagedPdf),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(
    children: Children, tmp_path: Path, name: str, content: bytes, error: type[PaperError]
) -> None:
    with pytest.raises(error, match=name):
        read(children, tmp_path, name, content)


def test_a_missing_file_is_unreadable(children: Children, tmp_path: Path) -> None:
    with pytest.raises(FileUnreadable):
        DocumentParser(FakeParser(), children).parse(tmp_path / "gone", "gone.md")


def test_its_fingerprint_covers_the_pdf_parser(children: Children) -> None:
    one = DocumentParser(FakeParser(fingerprint="one/1"), children)
    two = DocumentParser(FakeParser(fingerprint="two/1"), children)
    assert one.fingerprint != two.fingerprint
    assert one.fingerprint.startswith("one/1+")


def test_a_child_that_reads_pdfs_imports_no_other_format_s_library() -> None:
    code = (
        "import sys, carrel.parsing.child\n"
        "print([name for name in ('lxml', 'docx', 'markdown_it', 'yaml', 'charset_normalizer')"
        " if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_it_closes_the_pdf_parser() -> None:
    pdfs = FakeParser()
    DocumentParser(pdfs, Children(workers=1, seconds=60, memory_mb=256)).close()
    assert pdfs.closed


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("quotes.md", b">" * 200_000),
        ("brackets.md", b"[" * 100_000),
        ("stars.md", b"*a_ " * 50_000),
        ("lists.md", b"\n".join(b" " * (2 * i) + b"- x" for i in range(3_000))),
        ("nested.html", b"<div>" * 20_000_000),  # a hundred megabytes
        ("attributes.html", b"<p " + b"a=b " * 2_000_000 + b">text"),
        ("tables.html", b"<table><tr><td>" * 100_000),
        ("dots.txt", b"." * 5_000_000),
        ("spaces.txt", b"a" + b" " * 5_000_000 + b"b"),
        ("feeds.txt", b"\x0c\n" * 1_000_000 + b"text"),
        ("lines.txt", b"a\n" * 1_000_000),
        ("breaks.txt", b"\n" * 5_000_000 + b"text"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_hostile_file_ends_within_its_limits_and_the_next_is_read(
    tmp_path: Path, name: str, content: bytes
) -> None:
    strict = Children(workers=1, seconds=20, memory_mb=768)
    try:
        reason = f"read as {read(strict, tmp_path, name, content)!r}"
    except PaperError as error:
        reason = error.kind
    assert reason != "parse-timeout"
    assert len(reason) < 400
    assert read(strict, tmp_path, "a.md", documents.MARKDOWN) == documents.TITLE
    strict.close()
