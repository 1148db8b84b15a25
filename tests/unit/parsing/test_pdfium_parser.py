"""The parser's processes: limits, deaths, deadlines, and what they leave behind."""

import io
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from carrel.core import errors
from carrel.core.errors import DamagedPdf, ParseMemoryExceeded, ParserCrashed, ParserUnavailable, ParseTimeout
from carrel.core.json_values import as_share
from carrel.core.parsed_format import decode
from carrel.parsing import pool
from carrel.parsing.frames import (
    LONGEST_ANSWER,
    LONGEST_COPY,
    Answer,
    Kind,
    Request,
    error_payload,
    read_answer,
    read_request,
    write_request,
)
from carrel.parsing.pdf_unlocking import MOST_COPY_MB
from carrel.parsing.pdfium_parser import PdfiumParser
from carrel.parsing.tesseract import Tesseract
from tests.unit.parsing import samples

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and limits are those of Unix")

_SOURCE = Path(__file__).resolve().parents[3] / "src"


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.pdf"
    path.write_bytes(samples.paper())
    return path


@pytest.fixture
def bomb(tmp_path: Path) -> Path:
    path = tmp_path / "bomb.pdf"
    path.write_bytes(samples.bomb())
    return path


@pytest.fixture
def make_parser() -> Iterator[Callable[..., PdfiumParser]]:
    made: list[PdfiumParser] = []

    def make(
        workers: int = 1, seconds: float = 60, memory_mb: int = 1024, max_pages: int = 100
    ) -> PdfiumParser:
        made.append(PdfiumParser(workers=workers, seconds=seconds, memory_mb=memory_mb, max_pages=max_pages))
        return made[-1]

    yield make
    for parser in made:
        parser.close()


def _children() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "carrel.parsing.child" in child.cmdline()]


def test_a_file_that_takes_too_long_is_given_up_and_the_next_one_is_read(
    make_parser: Callable[..., PdfiumParser], good: Path, bomb: Path
) -> None:
    parser = make_parser(seconds=0.5, memory_mb=8192)
    parser.parse(good, "good.pdf")
    begin = time.monotonic()
    with pytest.raises(ParseTimeout, match=r"bomb\.pdf.*0\.5 seconds"):
        parser.parse(bomb, "bomb.pdf")
    assert time.monotonic() - begin < 10
    assert parser.parse(good, "good.pdf").text


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the memory of a process reliably")
def test_a_file_that_takes_too_much_memory_is_given_up_and_the_next_one_is_read(
    make_parser: Callable[..., PdfiumParser], good: Path, bomb: Path
) -> None:
    parser = make_parser(memory_mb=64)
    with pytest.raises(ParseMemoryExceeded, match="64 MB"):
        parser.parse(bomb, "bomb.pdf")
    assert parser.parse(good, "good.pdf").text


def test_a_killed_child_is_an_error_of_that_file_only(
    make_parser: Callable[..., PdfiumParser], good: Path, bomb: Path
) -> None:
    parser = make_parser(memory_mb=8192)
    parser.parse(good, "good.pdf")
    (child,) = _children()
    killer = threading.Timer(0.3, child.kill)
    killer.start()
    with pytest.raises(ParserCrashed, match="signal 9"):
        parser.parse(bomb, "bomb.pdf")
    killer.join()
    assert parser.parse(good, "good.pdf").text


def test_a_child_that_died_while_idle_is_replaced_unnoticed(
    make_parser: Callable[..., PdfiumParser], good: Path
) -> None:
    parser = make_parser()
    parser.parse(good, "good.pdf")
    (child,) = _children()
    child.kill()
    child.wait(5)
    assert parser.parse(good, "good.pdf").text


def test_one_child_serves_many_files_and_close_ends_it(
    make_parser: Callable[..., PdfiumParser], good: Path
) -> None:
    parser = make_parser(workers=2)
    for _ in range(3):
        parser.parse(good, "good.pdf")
    (child,) = _children()
    parser.close()
    assert not child.is_running()
    assert _children() == []
    with pytest.raises(ParserCrashed, match="closed"):
        parser.parse(good, "good.pdf")


def test_an_interrupted_wait_leaves_no_answer_for_the_next_file(
    make_parser: Callable[..., PdfiumParser], good: Path, bomb: Path
) -> None:
    parser = make_parser(memory_mb=8192)
    parser.parse(good, "good.pdf")
    timer = threading.Timer(0.1, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        parser.parse(bomb, "bomb.pdf")
    timer.join()
    assert "Sparse Attention" in parser.parse(good, "good.pdf").metadata.title


def test_children_end_with_their_parent_even_in_the_middle_of_a_file(bomb: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from carrel.parsing.pdfium_parser import PdfiumParser\n"
        "parser = PdfiumParser(workers=1, seconds=600, memory_mb=8192, max_pages=100)\n"
        "parser.parse(Path(sys.argv[1]), 'bomb.pdf')"
    )
    environment = {**os.environ, "PYTHONPATH": str(_SOURCE)}
    with subprocess.Popen([sys.executable, "-c", code, str(bomb)], env=environment) as parent:
        children: list[psutil.Process] = []
        busy = 0.0
        deadline = time.monotonic() + 30
        while busy < 0.6 and time.monotonic() < deadline:  # started, and well into the file
            time.sleep(0.1)
            children = psutil.Process(parent.pid).children()
            busy = sum(sum(child.cpu_times()[:2]) for child in children)
        assert children
        parent.kill()
    gone, alive = psutil.wait_procs(children, timeout=10)
    for child in alive:
        child.kill()
    assert len(gone) == 1


def test_the_child_cannot_write_files_and_ignores_the_folder_it_starts_in(
    make_parser: Callable[..., PdfiumParser], good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "numpy.py").write_text("raise SystemExit('imported from the current folder')")
    monkeypatch.chdir(tmp_path)
    make_parser().parse(good, "good.pdf")
    (child,) = _children()
    if sys.platform == "linux":
        assert child.rlimit(psutil.RLIMIT_FSIZE) == (0, 0)
        assert child.rlimit(psutil.RLIMIT_CORE) == (0, 0)
        assert child.rlimit(psutil.RLIMIT_AS)[0] < 4 << 30


def test_a_relative_path_is_read(
    make_parser: Callable[..., PdfiumParser], good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(good.parent)
    assert make_parser().parse(Path("good.pdf"), "good.pdf").text


def test_a_name_outside_ascii_is_read(make_parser: Callable[..., PdfiumParser], tmp_path: Path) -> None:
    path = tmp_path / "论文 – naïve.pdf"
    path.write_bytes(samples.paper())
    assert make_parser().parse(path, path.name).text


def test_the_stored_form_is_what_parse_returns(make_parser: Callable[..., PdfiumParser], good: Path) -> None:
    parser = make_parser()
    assert decode(parser.parse_encoded(good, "good.pdf")).text == parser.parse(good, "good.pdf").text


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.99])
def test_a_truncated_file_is_damaged(
    share: float, make_parser: Callable[..., PdfiumParser], good: Path, tmp_path: Path
) -> None:
    content = good.read_bytes()
    path = tmp_path / "cut.pdf"
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(DamagedPdf):
        make_parser().parse(path, "cut.pdf")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the memory of a process reliably")
def test_a_child_without_memory_to_start_is_no_fault_of_the_file(
    make_parser: Callable[..., PdfiumParser], good: Path
) -> None:
    with pytest.raises(ParserUnavailable) as raised:
        make_parser(memory_mb=1).parse(good, "good.pdf")
    assert raised.value.retryable
    assert raised.value.exit_code == 3
    assert "good.pdf" not in str(raised.value)


def test_a_process_that_cannot_be_made_is_no_fault_of_the_file(
    make_parser: Callable[..., PdfiumParser], good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object, **_kwargs: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    parser = make_parser()
    monkeypatch.setattr(subprocess, "Popen", refuse)
    with pytest.raises(ParserUnavailable, match="temporarily unavailable"):
        parser.parse(good, "good.pdf")
    monkeypatch.undo()
    assert parser.parse(good, "good.pdf").text


def test_a_traceback_is_for_developers_and_missing_limits_for_everyone_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    fault = error_payload("ParserCrashed", {"detail": "KeyError", "traceback": "Traceback …"})
    assert pool.log_fault(Answer(Kind.FAULT, False, fault)) == "KeyError"
    pool._warn_of_unlimited_memory.cache_clear()
    pool._warn_of_unlimited_memory()
    pool._warn_of_unlimited_memory()
    assert [record.levelname for record in caplog.records] == ["DEBUG", "WARNING"]


def test_a_child_may_only_report_errors_of_papers() -> None:
    from carrel.parsing.children import _told_error

    deep = b"[" * 100_000
    for kind, payload in (
        *((kind, payload) for kind in (Kind.ERROR, Kind.FAULT) for payload in (deep, b"[1]", b"\xff", b"")),
        (Kind.ERROR, error_payload("EmptyFile", {"self": "x"})),
        (Kind.ERROR, b'{"error": "EmptyFile", "parameters": [1]}'),
        (Kind.COPY, b"%PDF-1.7"),
    ):
        error = _told_error(Answer(kind, False, payload), "x.pdf")
        assert isinstance(error, ParserCrashed)
        assert "nonsense" in str(error)
    for payload in (
        error_payload("DataFolderTooNew", {"folder": "/", "revision": "9"}),
        error_payload("TooManyPages", {}),
        error_payload("object", {}),
    ):
        assert isinstance(_told_error(Answer(Kind.ERROR, False, payload), "x.pdf"), ParserCrashed)


def test_a_parent_knows_every_error_of_papers_that_is_defined() -> None:
    # In a process of its own: only what the parent itself imports is known there.
    names = [
        name
        for path in (Path(errors.__file__).parent).glob("*errors.py")
        if path.stem not in ("engine_errors", "job_errors", "rest_errors")  # not of reading
        for name in re.findall(
            r"^class (\w+)\((?:PaperError|UnreadableText|NoTextLayer|UnsupportedFormat)\)",
            path.read_text(),
            re.MULTILINE,
        )
    ]
    code = "from carrel.parsing.children import _PAPER_ERRORS; print(*_PAPER_ERRORS)"
    known = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"GarbledText", "UnreadableText", "UnreadableAfterOcr", "OcrFailed", "EncryptedPdf"} <= set(names)
    assert sorted(known.stdout.split()) == sorted(names)


def test_a_crash_is_told_of_any_format() -> None:
    error = ParserCrashed(name="notes.md", detail="signal 9")
    assert "PDF" not in error.message
    assert "open it in another program" in error.hint


def test_requests_arrive_as_they_were_sent_and_nothing_else_does() -> None:
    tesseract = Tesseract("/usr/bin/tesseract", ("eng", "deu"), 2.5)
    for request in (
        Request("/a.pdf", 7, ocr=tesseract),
        Request("/b.pdf", draw_page=2, dpi=96),
        Request("/b.pdf", draw_page=2, columns=800),
        Request("/b.pdf", draw_page=-1, dpi=float("inf")),
        Request("/c.pdf", password="sesame"),
    ):
        stream = io.BytesIO()
        write_request(stream, request)
        stream.seek(0)
        assert read_request(stream) == request
    for payload in (b"[]", b'{"path": 1}', b"{"):
        with pytest.raises((ValueError, KeyError)):
            read_request(io.BytesIO(len(payload).to_bytes(4, "little") + payload))


@pytest.mark.parametrize("value", [pytest.param(10**400, id="huge"), float("nan"), -0.1, True, "0.5", None])
def test_what_is_no_share_is_damage(value: object) -> None:
    with pytest.raises(ValueError, match=r"share|number"):
        as_share(value)


def test_a_child_that_is_told_nonsense_ends() -> None:
    command = [sys.executable, "-m", "carrel.parsing.child", "512"]
    environment = {**os.environ, "PYTHONPATH": str(_SOURCE)}
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as child:
        assert child.stdin is not None
        child.stdin.write(b"\x02\0\0\0[]")
        child.stdin.flush()
        killer = threading.Timer(30, child.kill)
        killer.start()
        begin = time.monotonic()
        child.wait()
        killer.cancel()
        assert time.monotonic() - begin < 29


def test_any_copy_of_a_pdf_that_a_child_may_make_may_be_sent_and_nothing_larger() -> None:
    assert MOST_COPY_MB << 20 == LONGEST_COPY
    for kind, longest in ((Kind.COPY, LONGEST_COPY), (Kind.PAPER, LONGEST_ANSWER)):
        for length, taken in ((longest, True), (longest + 1, False)):
            stream = _Announced(kind, length)
            read_answer(stream)
            assert stream.asked_for == ([length] if taken else []), (kind, length)


class _Announced(io.BytesIO):
    """An answer of which only the head arrives. ``asked_for``: how much of the rest was to be read."""

    def __init__(self, kind: Kind, length: int) -> None:
        super().__init__(kind.value + b"\0" + length.to_bytes(4, "little"))
        self.asked_for: list[int] = []

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell():
            self.asked_for.append(size or 0)
        return super().read(size)
