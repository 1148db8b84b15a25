"""A pool of parsing processes: started when needed, replaced when they die, hang or grow."""

import logging
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import BinaryIO

from carrel.parsing.frames import Answer, Kind, Request, read_answer, text_fields, write_request
from carrel.parsing.tesseract import public_environment

_log = logging.getLogger(__name__)
_START_SECONDS = 60.0  # a slow disk may need that to load the interpreter
_PACKAGES = Path(__file__).resolve().parents[2]
_ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


class ChildTimeout(Exception):
    """The child did not answer in time; it is dead."""


class ChildDied(Exception):
    """The child ended without an answer. The message says how."""


class ChildNotStarted(Exception):
    """No child could be started; no file is to blame. The message says why."""


class ChildOutOfMemory(ChildDied):
    """The child aborted, which is what pdfium does when it is refused memory."""


class ChildPool:
    """Up to ``workers`` child processes. Safe to call from several threads."""

    def __init__(self, workers: int, seconds: float, memory_mb: int) -> None:
        self._seconds = seconds
        self._memory_mb = memory_mb
        self._slots = threading.BoundedSemaphore(workers)
        self._lock = threading.Lock()
        self._idle: list[_Child] = []
        self._closed = False

    def ask(self, request: Request) -> Answer:
        """Return the answer of a child, waiting until one is free.

        Raises:
            ChildTimeout: the child has not answered within the pool's seconds, or in so many and those
                of a page's OCR since it last began one.
            ChildNotStarted: there was none, and none could be started.
            ChildDied: the child died, or the pool is closed.
            ChildOutOfMemory: it died for want of memory.
        """
        with self._slots:
            child = self._take()
            done = False
            try:
                answer = child.ask(request, self._seconds)
                done = True
            finally:
                # Also when a signal or Ctrl-C interrupts the wait: its answer would be taken for the next.
                if not done:
                    child.kill()
            self._give_back(child, answer.last)
            return answer

    def close(self) -> None:
        """End the idle children now, and each busy one after its file."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for child in idle:
            child.kill()

    def _take(self) -> "_Child":
        while True:
            with self._lock:
                if self._closed:
                    raise ChildDied("the parser is closed")
                child = self._idle.pop() if self._idle else None
            if child is None:
                return _Child(self._memory_mb)
            if child.alive:
                return child
            child.kill()

    def _give_back(self, child: "_Child", last: bool) -> None:
        with self._lock:
            if not last and not self._closed:
                self._idle.append(child)
                return
        child.kill()


class _Child:
    """One process and its pipes."""

    def __init__(self, memory_mb: int) -> None:
        # -P: the current folder is the user's, and what lies there is not ours to import.
        command = [sys.executable, "-P", "-m", "carrel.parsing.child", str(memory_mb)]
        try:
            self._process = subprocess.Popen(  # noqa: S603 - ourselves
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_environment(),
                start_new_session=True,  # Ctrl-C in the terminal is not for it
            )
        except OSError as error:
            raise ChildNotStarted(error.strerror or type(error).__name__) from error
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests: BinaryIO = self._process.stdin  # type: ignore[assignment]
        self._answers: BinaryIO = self._process.stdout  # type: ignore[assignment]
        try:
            limited = "limited" in text_fields(self._wait(_START_SECONDS).payload)
        except (ChildTimeout, ChildDied, ValueError, RecursionError) as error:
            self.kill()
            raise ChildNotStarted(str(error) or "no answer") from error
        except BaseException:  # Ctrl-C while it starts must leave no process behind
            self.kill()
            raise
        if not limited:
            _warn_of_unlimited_memory()

    @property
    def alive(self) -> bool:
        """Whether the process is running."""
        return self._process.poll() is None

    def ask(self, request: Request, seconds: float) -> Answer:
        """Return the answer to one request. Raises like ``ChildPool.ask``."""
        try:
            write_request(self._requests, request)
        except OSError as error:
            raise self._death() from error
        page_seconds = request.ocr.page_seconds if request.ocr else 0.0
        answer = self._wait(seconds)
        # A file whose fonts lie is read twice, the second time with OCR of every page.
        for _ in range(2 * request.max_pages):
            if answer.kind is not Kind.ALIVE:
                return answer
            answer = self._wait(seconds + page_seconds)
        if answer.kind is not Kind.ALIVE:
            return answer
        raise ChildDied("it answered nonsense")

    def kill(self) -> None:
        """End the process, and those it started, and close its pipes."""
        self._kill_processes()
        self._process.wait()
        for pipe in (self._requests, self._answers):
            try:
                pipe.close()
            except BrokenPipeError:  # an unsent request goes with its child
                _log.debug("A request was lost with its parsing process.")

    def _wait(self, seconds: float) -> Answer:
        """Return the next answer. A timer keeps the deadline: reading a pipe cannot be timed everywhere."""
        expired = threading.Event()

        def expire() -> None:
            expired.set()
            self._kill_processes()

        timer = threading.Timer(seconds, expire)
        timer.daemon = True
        timer.start()
        try:
            answer = read_answer(self._answers)
        finally:
            timer.cancel()
        if answer is not None:
            return answer
        if expired.is_set():
            raise ChildTimeout
        raise self._death()

    def _kill_processes(self) -> None:
        if self._process.poll() is None:  # afterwards the number may be another process's
            _kill_group(self._process.pid)
            self._process.kill()

    def _death(self) -> ChildDied:
        """Return the error that says how the process ended."""
        try:
            code = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return ChildDied("it answered nonsense")
        # Its Tesseract, if one is at work, has outlived it.
        _kill_group(self._process.pid)
        if code == -signal.SIGABRT:
            return ChildOutOfMemory("signal 6")
        return ChildDied(f"signal {-code}" if code < 0 else f"exit code {code}")


def _kill_group(leader: int) -> None:
    """Kill what is left of the process group of a child; each leads one. Windows has none."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError, PermissionError):  # macOS refuses where only dead ones are left
            os.killpg(leader, signal.SIGKILL)


@cache
def _warn_of_unlimited_memory() -> None:
    """Warn, once a process."""
    _log.warning("This system does not limit a process's memory: a hostile file may take all of it.")


def _environment() -> dict[str, str]:
    """Return the child's environment: without our settings, our package findable, numeric libraries quiet."""
    paths = [str(_PACKAGES), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        **public_environment(),
        **dict.fromkeys(_ONE_THREAD, "1"),
        "PYTHONPATH": os.pathsep.join(paths),
    }


def log_fault(answer: Answer) -> str:
    """Log an unforeseen error of the child and return its name.

    Raises:
        ValueError, RecursionError: the answer is not one of ours.
    """
    assert answer.kind is Kind.FAULT
    fields = text_fields(answer.payload)
    parameters = fields.get("parameters")
    details = parameters if isinstance(parameters, dict) else {}
    _log.debug("The parser failed on a file:\n%s", details.get("traceback", ""))
    return str(details.get("detail", "unknown"))
