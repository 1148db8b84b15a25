"""The odd files of ``../shared/data/pdf/weird``: each is read, or says why not. Each reason was looked at."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from carrel.core.errors import (
    DamagedPdf,
    EncryptedPdf,
    NoTextLayer,
    PaperError,
    ParserCrashed,
    ParseTimeout,
)
from carrel.core.scan_errors import NoText
from carrel.parsing.pdfium_parser import PdfiumParser
from tests.unit.parsing import scanned

_COUNT = 83
# Need a password, as other readers find, too.
_ENCRYPTED = {
    "aes-128",
    "aes-256-m",
    "aes-256-r6",
    "bug1782186",
    "issue15893_reduced",
    "issue21579",
    "issue3371",
    "issue6010_2",
    "libreoffice-writer-password",
    "pr6531_1",
    "pr6531_2",
    "print_protection",
    "rc4-40",
}
# Cut off (the first three), or without a page that any reader can find.
_DAMAGED = {
    "REDHAT-1531897-0",
    "bug1020226",
    "issue9105_other",
    "issue19484_1",
    "issue19484_2",
    "poppler-395-0-fuzzed",
    "poppler-742-0-fuzzed",
    "poppler-937-0-fuzzed",
}
# Nothing on the page, a frame, or icons.
_BLANK = {"issue18986", "issue21436", "issue2761"}
# A face, an arrow, a doll, grey wedges, colour bars, a logo, a photo that is cut off.
_PICTURES = {
    "bitmap-halftone-refine",
    "bitmap-halftone-skip-grid-template3",
    "bitmap-refine",
    "bitmap-stripe-single",
    "bitmap-symbol-symhuffrefineone",
    "bitmap-symbol-textbottomleft",
    "bitmap-symbol-texthuffrefine",
    "bitmap-template1",
    "bitmap-template2-customat-tpgdon",
    "bitmap-template2-tpgdon",
    "bitmap-template3",
    "box",
    "grayscale-image",
    "imagemagick-ASCII85Decode",
    "imagemagick-images",
    "issue-1057-tiff-predictor",
    "issue18042",
    "jpx_smaskindata",
    "two_pages",
}
# A form with a line of text, a cartoon with a speech bubble.
_SCANS = {"issue-3850-1bit-indexed-flate": "pypdf", "pdf-with-jbig2": "Doesn"}


def _outcomes(folder: Path, ocr: bool) -> Iterator[tuple[str, str, PaperError | None]]:
    parser = PdfiumParser(workers=1, seconds=120, memory_mb=2048, max_pages=5000, ocr=ocr)
    try:
        for path in sorted(folder.glob("*.pdf")):
            try:
                yield path.stem, parser.parse(path, path.name).text, None
            except PaperError as error:
                yield path.stem, "", error
    finally:
        parser.close()


@pytest.mark.parametrize("ocr", [False, pytest.param(True, marks=pytest.mark.timeout(600))])
def test_each_odd_file_is_read_or_has_its_true_reason(real_papers: Path, ocr: bool) -> None:
    if ocr and (lacking := scanned.missing(scanned.English)):
        pytest.skip(lacking)
    pictures: type[PaperError] = NoText if ocr else NoTextLayer
    reasons: dict[str, type[PaperError]] = {
        **dict.fromkeys(_ENCRYPTED, EncryptedPdf),
        **dict.fromkeys(_DAMAGED, DamagedPdf),
        **dict.fromkeys(_BLANK, NoText),
        **dict.fromkeys(_PICTURES, pictures),
        **({} if ocr else dict.fromkeys(_SCANS, NoTextLayer)),
    }
    wrong = []
    count = 0
    for name, text, error in _outcomes(real_papers / "weird", ocr):
        count += 1
        assert not isinstance(error, ParserCrashed | ParseTimeout), name
        if (type(error) if error else None) is not reasons.get(name):
            wrong.append(f"{name}: {error or text[:40]}")
        if ocr and name in _SCANS:
            assert _SCANS[name] in text
    assert wrong == []
    assert count == _COUNT
