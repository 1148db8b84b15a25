"""Scanned pages: which ones need OCR, what Tesseract's absence, failure or end does, what it reads."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from carrel.core.errors import NoTextLayer
from carrel.core.page_errors import UnreadableAfterOcr, UnreadableText
from carrel.core.paper import ParsedPaper
from carrel.core.scan_errors import NoText, OcrFailed
from carrel.parsing.frames import Answer, Kind
from carrel.parsing.pdfium_parser import PdfiumParser
from carrel.parsing.tesseract import Tesseract, installed_languages, read_image
from tests.unit.parsing import samples, scanned

_SOURCE = Path(__file__).resolve().parents[3] / "src"
_LINES = (
    "Corals lose the algae that feed them and turn white",
    "when the sea stays warm for several weeks in summer.",
)
needs_both = pytest.mark.skipif(bool(scanned.missing()), reason=scanned.missing())
needs_english = pytest.mark.skipif(
    bool(scanned.missing(scanned.English)), reason=scanned.missing(scanned.English)
)
on_unix = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for Tesseract is a shell script")


@pytest.fixture(scope="module")
def parsers() -> Iterator[dict[object, PdfiumParser]]:
    """The parsers that were made, by their settings and the path on which they looked for Tesseract."""
    made: dict[object, PdfiumParser] = {}
    yield made
    for parser in made.values():
        parser.close()


@pytest.fixture
def read(tmp_path: Path, parsers: dict[object, PdfiumParser]) -> Callable[..., ParsedPaper]:
    def parse(content: bytes, **settings: object) -> ParsedPaper:
        given = {"ocr": True, "seconds": 60, "memory_mb": 2048, "max_pages": 20, **settings}
        key = (*sorted(given.items()), os.environ["PATH"])
        if key not in parsers:
            parsers[key] = PdfiumParser(workers=1, **given)  # type: ignore[arg-type]
        path = tmp_path / "scan.pdf"
        path.write_bytes(content)
        return parsers[key].parse(path, "scan.pdf")

    return parse


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Put a program named tesseract first on the path: it knows English, and does this with a page."""

    def make(does: str) -> Path:
        folder = tmp_path / "bin"
        folder.mkdir()
        program = folder / "tesseract"
        program.write_text(f'#!/bin/sh\nif [ "$1" = --list-langs ]; then echo eng; exit; fi\n{does}\n')
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
        return folder

    return make


def _paper(pages: int) -> bytes:
    section = (
        "Results",
        tuple(f"Line {n} of a page with readable text: corals and algae." for n in range(30)),
    )
    return samples.paper(pages=[[section]] * pages)


# --- Which pages need it ---------------------------------------------------------------------------


def test_without_tesseract_a_scan_names_the_package_to_install(
    read: Callable[..., ParsedPaper], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NoTextLayer, match=r"2 pages of images.*needs OCR") as raised:
        read(scanned.scan(_paper(2)))
    assert "tesseract-ocr" in raised.value.hint
    assert "tesseract-ocr-chi-sim" in raised.value.hint


def test_without_tesseract_a_document_with_some_scanned_pages_is_read_and_lists_them(
    read: Callable[..., ParsedPaper],
) -> None:
    paper = read(scanned.mixed(_paper(4), scanned=(1,)), ocr=False)
    assert paper.quality.without_text == (2,)
    assert paper.quality.recognised == ()
    assert "readable text" in paper.text
    with pytest.raises(NoTextLayer, match="3 pages"):
        read(scanned.mixed(_paper(4), scanned=(0, 1, 2)), ocr=False)


def test_text_whose_characters_mean_nothing_needs_ocr(read: Callable[..., ParsedPaper]) -> None:
    with pytest.raises(UnreadableText, match="needs OCR"):
        read(scanned.without_meaning(_LINES), ocr=False)


def test_blank_pages_need_no_ocr(read: Callable[..., ParsedPaper]) -> None:
    with pytest.raises(NoText, match="blank"):
        read(scanned.blank(), ocr=False)


def test_the_fingerprint_says_what_reads_scanned_pages(
    stand_in: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fingerprint(ocr: bool = True, languages: str = "") -> str:
        limits = {"workers": 1, "seconds": 60, "memory_mb": 1024, "max_pages": 5}
        return PdfiumParser(**limits, ocr=ocr, ocr_languages=languages).fingerprint

    monkeypatch.setenv("PATH", "")
    without = fingerprint()
    monkeypatch.undo()
    stand_in("exit 1")
    assert fingerprint() == f"{without} tesseract/eng"
    assert fingerprint(ocr=False) == fingerprint(languages="deu") == without


# --- When Tesseract fails --------------------------------------------------------------------------


@on_unix
@pytest.mark.parametrize(
    ("does", "detail"),
    [
        ("sleep 60", "longer than 0.5 seconds"),
        ("echo no memory left >&2; exit 3", "exit code 3: no memory left"),
        ("kill -SEGV $$", "signal 11"),
    ],
)
def test_a_tesseract_that_fails_is_an_error_of_its_own(
    read: Callable[..., ParsedPaper], stand_in: Callable[[str], Path], does: str, detail: str
) -> None:
    stand_in(does)
    begun = time.monotonic()
    with pytest.raises(OcrFailed, match=detail):
        read(scanned.scan(_paper(1)), ocr_page_seconds=0.5)
    assert time.monotonic() - begun < 30


@on_unix
def test_a_page_whose_ocr_fails_is_listed_and_the_others_are_read(
    read: Callable[..., ParsedPaper], stand_in: Callable[[str], Path]
) -> None:
    stand_in("exit 3")
    assert read(scanned.mixed(_paper(3), scanned=(2,))).quality.without_text == (3,)


@on_unix
def test_each_page_of_a_long_scan_begins_the_deadline_anew(
    read: Callable[..., ParsedPaper], stand_in: Callable[[str], Path]
) -> None:
    row = "5\\t1\\t1\\t1\\t1\\t1\\t100\\t1500\\t400\\t40\\t95\\tCoralsbleach"
    stand_in(f"cat >/dev/null; sleep 1; printf '{row}\\n'")
    paper = read(scanned.scan(_paper(5)), seconds=3, ocr_page_seconds=20)
    assert paper.quality.recognised == (1, 2, 3, 4, 5)


def _at_work(folder: Path) -> list[psutil.Process]:
    """The processes that a stand-in started."""
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if any(str(folder) in part for part in process.info["cmdline"] or ())
    ]


def _gone(folder: Path) -> bool:
    deadline = time.monotonic() + 10
    while _at_work(folder) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not _at_work(folder)


_ENDLESS = 'cat >/dev/null; exec sh -c "while :; do sleep 0.2; done" "$0"'


@on_unix
@pytest.mark.parametrize("victim", ["parent", "child"])
def test_a_tesseract_at_work_ends_with_whoever_waits_for_it(
    victim: str, stand_in: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = stand_in(_ENDLESS)
    path = tmp_path / "scan.pdf"
    path.write_bytes(scanned.scan(_paper(1)))
    code = (
        "import sys; from pathlib import Path; from carrel.parsing.pdfium_parser import PdfiumParser\n"
        "limits = dict(workers=1, seconds=600, memory_mb=2048, max_pages=9, ocr=True, ocr_page_seconds=600)\n"
        "PdfiumParser(**limits).parse(Path(sys.argv[1]), 'scan.pdf')"
    )
    environment = {**os.environ, "PYTHONPATH": str(_SOURCE)}
    command = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as parent:
        deadline = time.monotonic() + 30
        while not _at_work(folder) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert _at_work(folder)
        children = psutil.Process(parent.pid).children()
        (parent if victim == "parent" else children[0]).send_signal(signal.SIGKILL)
        assert parent.wait(30) != 0
    gone, _ = psutil.wait_procs(children, timeout=10)
    assert len(gone) == len(children)
    assert _gone(folder)


@on_unix
def test_a_tesseract_at_work_ends_with_its_deadline(
    read: Callable[..., ParsedPaper], stand_in: Callable[[str], Path]
) -> None:
    folder = stand_in(_ENDLESS)
    with pytest.raises(OcrFailed):
        read(scanned.scan(_paper(1)), ocr_page_seconds=0.5)
    assert _gone(folder)


@on_unix
def test_tesseract_does_not_inherit_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "tesseract"
    program.write_text("#!/bin/sh\nenv | grep -q sesame && exit 3\necho eng\n")
    program.chmod(0o755)
    monkeypatch.setenv("CARREL_UNSTRUCTURED_API_KEY", "sesame")
    assert installed_languages(str(program)) == ("eng",)
    assert read_image(Tesseract(str(program), ("eng",), 10), b"", 300) == []


def test_a_sign_of_life_is_no_answer() -> None:
    assert Answer(Kind.ALIVE, False, b"").kind not in (Kind.PAPER, Kind.ERROR)


# --- What it reads ---------------------------------------------------------------------------------


@needs_english
def test_only_the_scanned_pages_of_a_mixed_document_are_recognised(read: Callable[..., ParsedPaper]) -> None:
    paper = read(scanned.mixed(_paper(3), scanned=(1,)))
    assert paper.quality.recognised == (2,)
    assert paper.quality.without_text == ()
    second = {
        paper.text[a:b]
        for a, b, page in zip(paper.words.start, paper.words.end, paper.words.page, strict=True)
        if page == 2
    }
    assert {"readable", "corals", "algae."} <= second


@needs_english
def test_text_whose_characters_mean_nothing_is_read_by_ocr(read: Callable[..., ParsedPaper]) -> None:
    paper = read(scanned.without_meaning(_LINES))
    assert paper.quality.recognised == (1,)
    assert "algae that feed them and turn white" in paper.text


@needs_english
def test_a_file_whose_fonts_lie_is_read_by_ocr_though_its_garbled_letters_are_as_many(
    read: Callable[..., ParsedPaper],
) -> None:
    paper = read(samples.with_lying_font(97))
    assert "the quick brown fox jumps over the lazy dog" in paper.text
    assert paper.quality.recognised == (1,)


@needs_english
def test_a_scanned_cover_does_not_let_garbled_pages_pass(read: Callable[..., ParsedPaper]) -> None:
    cover = scanned.scan(samples.one_page(b"BT /F1 14 Tf 72 700 Td (Cover page of an old archive) Tj ET"))
    content = scanned.joined(cover, *[samples.with_lying_font(97)] * 2)
    paper = read(content)
    assert paper.quality.recognised == (1, 2, 3)
    assert "wkh txlfn" not in paper.text
    assert paper.text.count("lazy dog") >= 20


@needs_english
def test_a_file_of_as_many_pages_as_allowed_may_need_two_passes(read: Callable[..., ParsedPaper]) -> None:
    content = scanned.joined(scanned.grey(), samples.with_lying_font(97))
    assert read(content, max_pages=2).quality.recognised == (2,)


@on_unix
def test_where_ocr_sees_no_better_nobody_is_told_to_install_it(
    read: Callable[..., ParsedPaper], stand_in: Callable[[str], Path]
) -> None:
    stand_in("cat >/dev/null")
    for content in (samples.with_lying_font(97), scanned.without_meaning(_LINES)):
        with pytest.raises(UnreadableAfterOcr, match="OCR finds no better") as raised:
            read(content)
        assert "nstall" not in raised.value.hint
        assert "CARREL_OCR_LANGUAGES" in raised.value.hint


@on_unix
def test_where_ocr_fails_on_garbled_text_the_failure_is_told(
    read: Callable[..., ParsedPaper], stand_in: Callable[[str], Path]
) -> None:
    stand_in("exit 3")
    for content in (samples.with_lying_font(97), scanned.without_meaning(_LINES)):
        with pytest.raises(OcrFailed, match="exit code 3"):
            read(content)


@needs_english
def test_a_picture_without_text_is_said_to_hold_none(read: Callable[..., ParsedPaper]) -> None:
    with pytest.raises(NoText, match="OCR finds none"):
        read(samples.scanned())


@needs_english
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_boxes_are_where_the_words_stand_on_the_page_as_displayed(
    read: Callable[..., ParsedPaper], rotation: int
) -> None:
    # The page is drawn turned the other way, so that it is upright as displayed.
    turns = {0: "1 0 0 1 0 0", 90: "0 1 -1 0 612 0", 180: "-1 0 0 -1 612 792", 270: "0 -1 1 0 0 792"}
    width, height = (612, 792) if rotation % 180 == 0 else (792, 612)
    content = f"{turns[rotation]} cm BT /F1 20 Tf 100 400 Td (Corals have turned white) Tj ET".encode()
    original = samples.one_page(content, b"/MediaBox[0 0 612 792]/Rotate %d" % rotation)
    truth = read(original, ocr=False)
    # The picture of it goes back onto a page that is turned as well.
    paper = read(scanned.turned(scanned.scan(original), rotation))
    assert (paper.pages[0].width, paper.pages[0].height) == pytest.approx((width, height), abs=1)
    assert paper.text == truth.text == "Corals have turned white"
    for seen, printed in zip(paper.words.box, truth.words.box, strict=True):
        assert abs(seen - printed).max() < 4


@needs_both
@pytest.mark.parametrize(
    ("file", "least"),
    # Ideographs come without spaces, and Tesseract places them only roughly.
    [("coral-bleaching-marine-heatwaves.pdf", 0.93), ("chinese-long-document-survey.pdf", 0.8)],
)
def test_words_of_a_real_page_are_read_and_boxed_where_they_were_printed(
    read: Callable[..., ParsedPaper], sample_papers: Path, file: str, least: float
) -> None:
    printed = _words(read((sample_papers / file).read_bytes(), ocr=False))
    seen = _words(read(scanned.scan(sample_papers / file, [0])))
    right = 0
    for text, (x0, y0, x1, y1) in printed:
        x, y = (x0 + x1) / 2, (y0 + y1) / 2
        right += any(text == other and box[0] <= x <= box[2] and box[1] <= y <= box[3] for other, box in seen)
    assert len(printed) > 500
    assert right >= least * len(printed)


def _words(paper: ParsedPaper) -> list[tuple[str, list[float]]]:
    """Return the words of page one with their boxes."""
    words = paper.words
    return [
        (paper.text[start:end], box)
        for start, end, page, box in zip(
            words.start.tolist(), words.end.tolist(), words.page.tolist(), words.box.tolist(), strict=True
        )
        if page == 1
    ]


@needs_english
@pytest.mark.parametrize("rotation", [90, pytest.param(180, marks=pytest.mark.long)])
def test_a_sheet_that_was_scanned_on_its_side_or_head_is_turned(
    read: Callable[..., ParsedPaper], rotation: int
) -> None:
    lines = b"".join(b"(Corals have turned white on %d reefs of the northern coast) ' " % i for i in range(9))
    scan = scanned.scan(samples.one_page(b"BT /F1 16 Tf 18 TL 60 700 Td " + lines + b"ET"))
    upright, turned = read(scan), read(scanned.turned(scan, rotation, back=False))
    assert turned.text == upright.text
    width, height = upright.pages[0].width, upright.pages[0].height
    x0, y0, x1, y1 = upright.words.box.T
    expected = {
        90: (y0, width - x1, y1, width - x0),
        180: (width - x1, height - y1, width - x0, height - y0),
        270: (height - y1, x0, height - y0, x1),
    }[rotation]
    assert abs(turned.words.box - np.stack(expected, axis=1)).max() < 4
