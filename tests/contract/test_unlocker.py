"""What every Unlocker does, the fake as well as the real one."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from carrel.core.errors import EncryptedPdf
from carrel.core.file_errors import WrongPassword
from carrel.core.ports import Parser, Unlocker
from carrel.parsing.pdfium_parser import PdfiumParser
from carrel.parsing.unlocking import PdfUnlocker
from tests.fakes.parser import FakeParser, fake_pdf
from tests.fakes.unlocker import FakeUnlocker
from tests.unit.parsing import samples

TITLE = "Sparse Attention for Long Documents"


@dataclass(frozen=True)
class Adapter:
    """Makes unlockers by password; a locked file, the same one open, and the parser that reads both."""

    unlocker: Callable[[str], Unlocker]
    locked: Callable[[str], bytes]  # by password
    open: bytes
    parser: Parser


def _fake() -> Iterator[Adapter]:
    def locked(password: str) -> bytes:
        return fake_pdf(TITLE, "Text.", fail="EncryptedPdf", password=password)

    yield Adapter(FakeUnlocker, locked, fake_pdf(TITLE, "Text."), FakeParser())


def _pdfium() -> Iterator[Adapter]:
    parser = PdfiumParser(workers=1, seconds=60, memory_mb=512, max_pages=100)
    yield Adapter(
        lambda password: PdfUnlocker(parser.children, password),
        lambda password: samples.paper(TITLE, password=password),
        samples.paper(TITLE),
        parser,
    )
    parser.close()


@pytest.fixture(params=[_fake, _pdfium], ids=["fake", "pdfium"], scope="module")
def adapter(request: pytest.FixtureRequest) -> Iterator[Adapter]:
    yield from request.param()


@pytest.mark.parametrize("password", ["sesame", "with a space", "Grüße", "p" * 30])
def test_the_password_opens_a_copy_that_needs_none(adapter: Adapter, tmp_path: Path, password: str) -> None:
    path, copy = tmp_path / "locked.pdf", tmp_path / "copy.pdf"
    path.write_bytes(adapter.locked(password))
    with pytest.raises(EncryptedPdf):
        adapter.parser.parse(path, "locked.pdf")
    copy.write_bytes(adapter.unlocker(password).unlocked(path, "locked.pdf"))
    assert adapter.parser.parse(copy, "copy.pdf").metadata.title == TITLE
    assert adapter.unlocker("another").unlocked(copy, "copy.pdf") == b""


def test_another_password_is_said_to_be_wrong_and_is_not_repeated(adapter: Adapter, tmp_path: Path) -> None:
    path = tmp_path / "locked.pdf"
    path.write_bytes(adapter.locked("sesame"))
    for wrong in ("Sesame", "sesam", "猫" * 3, "x" * 200):
        with pytest.raises(WrongPassword, match=r"locked\.pdf") as raised:
            adapter.unlocker(wrong).unlocked(path, "locked.pdf")
        assert wrong not in str(raised.value)


def test_a_file_that_needs_no_password_is_left_alone(adapter: Adapter, tmp_path: Path) -> None:
    path = tmp_path / "open.pdf"
    path.write_bytes(adapter.open)
    assert adapter.unlocker("sesame").unlocked(path, "open.pdf") == b""
