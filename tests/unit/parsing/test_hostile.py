"""PDFs that mean harm: each ends as a paper or with a reason, and the next file is read."""

import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from carrel.core.errors import (
    DamagedPdf,
    PaperError,
    ParseMemoryExceeded,
    ParseTimeout,
    TooManyPages,
)
from carrel.core.scan_errors import NoText, ParseOutputExceeded
from carrel.parsing.pdfium_parser import PdfiumParser
from tests.unit.parsing import hostile, samples

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux limits the memory of a process reliably"
)

_MEGABYTE = 1 << 20
_Outcome = type[PaperError] | None  # None: it is read
_EXHAUSTED: tuple[_Outcome, ...] = (ParseMemoryExceeded, ParseTimeout)
_OUTCOMES: dict[str, tuple[_Outcome, ...]] = {
    "flate bomb": _EXHAUSTED,
    "text flood": (ParseOutputExceeded,),
    "endless drawing": (*_EXHAUSTED, NoText),
    "deep arrays": (None,),
    "deep content": (None,),
    "deep states": (None,),
    "deep page tree": (DamagedPdf,),
    "claimed pages": (None,),
    "repeated page": (TooManyPages,),
    "looping page tree": (DamagedPdf,),
    "looping form": (*_EXHAUSTED, NoText),
    "form bomb": _EXHAUSTED,
    "page without extent": (None,),
    "negative page": (None, NoText),
    "page of 20 km": (DamagedPdf,),
    "page of numbers too big": (None,),
    "page of five metres": (None,),
    "pictured page of 70 metres": (NoText,),
    "pictured thread": (NoText,),
    "huge image": (NoText, ParseMemoryExceeded),
}


@pytest.fixture(scope="module")
def parser() -> Iterator[PdfiumParser]:
    parser = PdfiumParser(workers=1, seconds=60, memory_mb=1024, max_pages=1000, ocr=True)
    yield parser
    parser.close()


def test_every_hostile_file_has_an_outcome() -> None:
    assert set(_OUTCOMES) == set(hostile.ALL)


@pytest.mark.parametrize("name", hostile.ALL)
def test_a_hostile_file_has_its_reason_and_the_next_one_is_read(
    name: str, parser: PdfiumParser, tmp_path: Path
) -> None:
    path, good = tmp_path / "hostile.pdf", tmp_path / "good.pdf"
    path.write_bytes(hostile.ALL[name]())
    good.write_bytes(samples.paper())
    before = psutil.Process().memory_info().rss
    outcome: _Outcome = None
    text = "line of text"
    try:
        text = parser.parse(path, "hostile.pdf").text
    except PaperError as error:
        outcome = type(error)
    grown = psutil.Process().memory_info().rss - before
    if outcome is NoText and not _has_tesseract(parser):
        pytest.skip("Tesseract is not on this machine")
    assert outcome in _OUTCOMES[name]
    assert "line of text" in text
    assert grown < 64 * _MEGABYTE
    assert "Sparse Attention" in parser.parse(good, "good.pdf").metadata.title


def _has_tesseract(parser: PdfiumParser) -> bool:
    return "tesseract" in parser.fingerprint
