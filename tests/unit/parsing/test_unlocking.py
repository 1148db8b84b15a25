"""Opening encrypted PDFs with pdfium in the child process."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from carrel.core.errors import FileUnreadable, PaperError
from carrel.core.file_errors import WrongPassword
from carrel.parsing import pool
from carrel.parsing.pdfium_parser import PdfiumParser
from carrel.parsing.unlocking import PdfUnlocker
from tests.unit.parsing import samples

# File of the real collection → its password. The last one is the owner's.
REAL = {
    "aes-128.pdf": "foo",
    "aes-256-m.pdf": "foo",
    "aes-256-r6.pdf": "usersecret",
    "issue15893_reduced.pdf": "test",
    "libreoffice-writer-password.pdf": "openpassword",
    "print_protection.pdf": "password",
    "rc4-40.pdf": "foo",
    "issue6010_2.pdf": "owner",
}


@pytest.fixture(scope="module")
def parser() -> Iterator[PdfiumParser]:
    parser = PdfiumParser(workers=1, seconds=60, memory_mb=512, max_pages=100)
    yield parser
    parser.close()


def locked(strength: int, user: str, owner: str) -> bytes:
    buffer = io.BytesIO()
    encryption = StandardEncryption(user, ownerPassword=owner, strength=strength)
    canvas = Canvas(buffer, encrypt=encryption, invariant=1)
    for page in range(3):
        canvas.drawString(72, 700, f"Page {page + 1} of a paper with a few words on it.")
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


@pytest.mark.parametrize("strength", [40, 128])
@pytest.mark.parametrize("password", ["user's", "owner's"])
def test_either_password_opens_all_pages(
    parser: PdfiumParser, tmp_path: Path, strength: int, password: str
) -> None:
    path, copy = tmp_path / "locked.pdf", tmp_path / "copy.pdf"
    path.write_bytes(locked(strength, "user's", "owner's"))
    copy.write_bytes(PdfUnlocker(parser.children, password).unlocked(path, path.name))
    paper = parser.parse(copy, copy.name)
    assert len(paper.pages) == 3
    assert "Page 3 of a paper" in paper.text
    assert b"/Encrypt" not in copy.read_bytes()


def test_the_empty_user_password_is_no_lock(parser: PdfiumParser, tmp_path: Path) -> None:
    path = tmp_path / "guarded.pdf"
    path.write_bytes(locked(128, "", "owner's"))
    assert PdfUnlocker(parser.children, "owner's").unlocked(path, path.name) == b""
    assert len(parser.parse(path, path.name).pages) == 3


@pytest.mark.parametrize("content", [b"%PDF-1.7 and nothing", b"text", b"", samples.paper()[:700]])
def test_what_cannot_be_opened_is_left_to_the_reader(
    parser: PdfiumParser, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "odd.pdf"
    path.write_bytes(content)
    assert PdfUnlocker(parser.children, "x").unlocked(path, path.name) == b""
    with pytest.raises(PaperError):
        parser.parse(path, path.name)


def test_a_missing_file_is_unreadable(parser: PdfiumParser, tmp_path: Path) -> None:
    with pytest.raises(FileUnreadable, match=r"gone\.pdf"):
        PdfUnlocker(parser.children, "x").unlocked(tmp_path / "gone.pdf", "gone.pdf")


def test_the_reading_processes_do_not_inherit_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CARREL_PDF_PASSWORD", "CARREL_UNSTRUCTURED_API_KEY", "CARREL_GROBID_URL"):
        monkeypatch.setenv(name, "sesame")
    assert "sesame" not in pool._environment().values()
    assert "PYTHONPATH" in pool._environment()


@pytest.mark.parametrize("name", REAL)
def test_real_files_open_with_their_password_only(
    parser: PdfiumParser, real_papers: Path, tmp_path: Path, name: str
) -> None:
    path, copy = real_papers / "weird" / name, tmp_path / "copy.pdf"
    with pytest.raises(WrongPassword):
        PdfUnlocker(parser.children, "not this one").unlocked(path, name)
    copy.write_bytes(PdfUnlocker(parser.children, REAL[name]).unlocked(path, name))
    assert parser.parse(copy, name).text.strip()
