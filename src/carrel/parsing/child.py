"""The parsing process: ``python -m carrel.parsing.child``, started by the pool, speaking frames.

It reads files that may be hostile, so it gives up what it does not need: memory beyond a limit, core
dumps, writing files. It ends when its standard input does, even in the middle of a file: a thread
waits there, so whoever kills the parser leaves no process behind, not even a Tesseract at work.
"""

import gc
import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from carrel.core.errors import PaperError
from carrel.core.formats import FileFormat
from carrel.core.paper import ParsedPaper
from carrel.core.parsed_format import encode
from carrel.parsing.frames import Answer, Kind, Request, error_payload, read_request, write_answer
from carrel.parsing.pdf_document import read_frame, read_pdf, start_pdfium
from carrel.parsing.pdf_unlocking import unlocked_copy

_FILES = 200  # a fresh process after so many, against leaks
_MEGABYTE = 1 << 20


def main() -> None:
    """Answer requests until the parser closes our standard input. First argument: memory in MB."""
    memory_mb = int(sys.argv[1])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then closes our input
    answers = _private_stdout()
    start_pdfium()
    # Parsing makes no reference cycles worth a collection in the middle of a file. What was imported is
    # for ever: looking through it after each file would cost as much as reading eight pages.
    gc.disable()
    gc.freeze()
    limited = _limit_resources(memory_mb)
    requests: queue.SimpleQueue[Request] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, requests), daemon=True).start()
    write_answer(answers, Answer(Kind.READY, False, b'{"limited": true}' if limited else b"{}"))
    room = _resident_mb() + memory_mb // 4
    for served in range(1, _FILES + 1):
        kind, payload = _parse(requests.get(), answers)
        gc.collect()
        last = served == _FILES or kind is Kind.MEMORY or _resident_mb() > room
        write_answer(answers, Answer(kind, last, payload))
        if last:
            break
    # The listening thread may hold the lock of standard input, which a normal exit would wait for.
    os._exit(0)


def _private_stdout() -> BinaryIO:
    """Return standard output for frames only; what libraries print goes nowhere."""
    private = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return os.fdopen(private, "wb")


def _listen(stream: BinaryIO, requests: "queue.SimpleQueue[Request]") -> None:
    try:
        while (request := read_request(stream)) is not None:
            requests.put(request)
    finally:  # also after what is no request: nobody would answer it
        _end_group()
        os._exit(0)


def _end_group() -> None:
    """End this process and those it started, where it leads a group of its own (as the pool starts it)."""
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(os.getpgrp(), signal.SIGKILL)


def _parse(request: Request, answers: BinaryIO) -> tuple[Kind, bytes]:
    def say_alive(page: int) -> None:
        write_answer(answers, Answer(Kind.ALIVE, False, b'{"page": %d}' % page))

    try:
        if request.draw_page is not None:
            from carrel.parsing.page_drawing import draw_page

            image = draw_page(Path(request.path), "", request.draw_page, request.dpi, request.columns)
            return Kind.IMAGE, image.packed()
        if request.password is not None:
            return Kind.COPY, unlocked_copy(Path(request.path), request.password)
        return Kind.PAPER, encode(_read(request, say_alive))
    except PaperError as error:
        parameters = {key: value for key, value in error.parameters.items() if key != "name"}
        return Kind.ERROR, error_payload(type(error).__name__, parameters)
    except MemoryError:
        return Kind.MEMORY, b""
    except Exception as error:  # the boundary of the process: whatever it is, the parser must hear of it
        detail = {"detail": type(error).__name__, "traceback": traceback.format_exc()}
        return Kind.FAULT, error_payload("ParserCrashed", detail)


def _read(request: Request, ocr_begins: Callable[[int], None]) -> ParsedPaper:
    path = Path(request.path)
    # What only some files need is loaded with the first of them.
    if request.format != FileFormat.PDF:
        from carrel.parsing.documents import read_document

        return read_document(path, FileFormat(request.format), request.name)
    if request.reader == "pymupdf":
        # An optional package; loaded by the children of the knowledge bases that want it.
        from carrel.parsing.pymupdf_document import read_with_pymupdf

        return read_with_pymupdf(path, "", request.max_pages)
    if request.reader == "frame":
        return read_frame(path, "", request.max_pages)
    return read_pdf(path, "", request.max_pages, request.ocr, ocr_begins)


def _limit_resources(memory_mb: int) -> bool:
    """Give up core dumps, writing and memory beyond ``memory_mb`` more; return if memory is limited."""
    try:
        import resource
    except ImportError:
        return False
    for limit in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE):
        with suppress(ValueError, OSError):  # a lower limit is in force already
            resource.setrlimit(limit, (0, 0))
    try:
        most = _address_space() + memory_mb * _MEGABYTE
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    except (ValueError, OSError):  # macOS knows the limit and refuses to set it
        return False
    return True


def _address_space() -> int:
    """Return the bytes of address space in use: interpreter and libraries are no part of the allowance."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except OSError:
        return 512 * _MEGABYTE
    return pages * os.sysconf("SC_PAGE_SIZE")


def _resident_mb() -> int:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") // _MEGABYTE


if __name__ == "__main__":
    main()
