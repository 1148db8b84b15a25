"""A GGUF file served by llama.cpp in a process of its own, on this machine, for this process only.

llama.cpp spins while it waits and ends the process it runs in when it meets what it did not expect; a
process of its own keeps both away from Carrel (ADR 0016). What comes of it is an address and a key, which
the ordinary clients of embedding and reranking servers then use.
"""

import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from carrel.core.engine_errors import EngineNotInstalled, EngineNotStarted, GgufUnusable
from carrel.engines.gguf_check import Purpose, check_header, check_server
from carrel.engines.gguf_child import Answer, Orders
from carrel.engines.gguf_header import GgufHeader, MalformedGguf, read_gguf_header

_START_SECONDS = 300.0  # a large file on a slow disk
_END_SECONDS = 10.0  # of a process that has given up
_STEP = 256  # llama.cpp rounds a context up to multiples of it
_PACKAGES = Path(__file__).resolve().parents[2]
_CRASHES = {getattr(signal, name, 0) for name in ("SIGABRT", "SIGSEGV", "SIGILL", "SIGFPE", "SIGBUS")} - {0}
_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class LocalServer:
    """A server that runs: where it is, and what its clients must know."""

    url: str  # http://127.0.0.1:PORT/v1
    api_key: str = field(repr=False)
    model: str
    width: int  # dimensions of its vectors
    max_tokens: int  # of text, what is added to it not counted
    end_token: str  # what a client writes behind every text; "" where the server puts it there itself


class GgufServer:
    """A GGUF file, served when needed and again after it died. Safe to call from several threads."""

    def __init__(self, path: Path, purpose: Purpose, threads: int, context: int) -> None:
        """Take note of what is wanted; nothing is read or started yet.

        Args:
            path: the file.
            purpose: what its model must do.
            threads: of the processor, at least 1.
            context: tokens that a text may have; less is read where the model was made for less.
        """
        self._path = path
        self._purpose = purpose
        self._threads = threads
        self._context = context
        self._api_key = secrets.token_urlsafe(_KEY_BYTES)
        self._lock = threading.Lock()
        self._child: _Child | None = None
        self._server: LocalServer | None = None
        self._closed = False

    @classmethod
    def start(cls, path: Path, purpose: Purpose, threads: int, context: int) -> "GgufServer":
        """Return one that runs. Raises like ``ready``."""
        server = cls(path, purpose, threads, context)
        server.ready()
        return server

    def header(self) -> GgufHeader:
        """Return what the file says of itself. Raises GgufUnusable."""
        try:
            header = read_gguf_header(self._path)
        except MalformedGguf as error:
            raise GgufUnusable(path=self._path, detail=error) from error
        except OSError as error:
            raise GgufUnusable(path=self._path, detail=error.strerror or error) from error
        check_header(self._path, header, self._purpose)
        return header

    def ready(self) -> LocalServer:
        """Return the running server, started now if it does not run. Its address stays, where it can.

        Raises:
            EngineNotInstalled: xllamacpp is missing.
            GgufUnusable: the file is damaged, or its model is not what it is wanted for.
            EngineNotStarted: the process could not be started, or this was closed.
        """
        with self._lock:
            if self._server is None or not self.alive:
                self._server = self._started(self._server)
            return self._server

    @property
    def api_key(self) -> str:
        """What its clients must send."""
        return self._api_key

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        child = self._child
        return child is not None and child.alive

    def close(self) -> None:
        """End the process; it is not started again. A call that waits for its start fails."""
        self._closed = True
        if (child := self._child) is not None:
            child.kill()

    def _started(self, before: LocalServer | None) -> LocalServer:
        header = self.header()
        size = -(-(self._context + 2) // _STEP) * _STEP
        size = min(size, header.context_length or size)
        orders = Orders(
            path=str(self._path),
            alias=self._path.stem,
            rerank=self._purpose is Purpose.RERANK,
            threads=self._threads,
            context=size,
            api_key=self._api_key,
            port=int(before.url.rsplit(":", 1)[1].removesuffix("/v1")) if before else 0,
        )
        address = self._run(orders)
        # After an earlier start the same file was found good; a restart should not take longer than it must.
        try:
            end_token = (
                before.end_token
                if before
                else check_server(self._path, header, self._purpose, address, self._api_key)
            )
        except BaseException:
            self._end_child()
            raise
        return LocalServer(
            url=f"{address}/v1",
            api_key=self._api_key,
            model=orders["alias"],
            width=header.embedding_length,
            max_tokens=min(self._context, size - 2),
            end_token=end_token,
        )

    def _run(self, orders: Orders) -> str:
        """Start the process and return its address; on another port where the old one is taken."""
        self._end_child()
        with tempfile.TemporaryFile() as said:
            child = self._child = _Child(self._path, said)
            if self._closed:  # close may have looked for the child before it was there
                child.kill()
                raise EngineNotStarted(path=self._path, detail="it was closed")
            try:
                answer = child.obey(orders)
            except BaseException:  # Ctrl-C while it starts must leave no process behind
                child.kill()
                raise
            if "address" in answer:
                return answer["address"]
            child.end()
            if "missing" in answer:
                raise EngineNotInstalled(engine="xllamacpp", extra="gguf")
            if orders["port"]:
                return self._run({**orders, "port": 0})
            raise GgufUnusable(path=self._path, detail=_last_error(said) or answer.get("failed", "unknown"))

    def _end_child(self) -> None:
        if self._child is not None:
            self._child.kill()


class _Child:
    """The process and its pipes."""

    def __init__(self, path: Path, said: IO[bytes]) -> None:
        self._path = path
        self._said = said
        try:
            self._process = subprocess.Popen(
                # -P: the current folder is the user's, and what lies there is not ours to import.
                [sys.executable, "-P", "-m", "carrel.engines.gguf_child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                env=_environment(),
                start_new_session=True,  # Ctrl-C in the terminal is not for it
            )
        except OSError as error:
            raise EngineNotStarted(path=path, detail=error.strerror or type(error).__name__) from error

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None

    def obey(self, orders: Orders) -> Answer:
        """Hand over the orders and return the answer. Raises like ``GgufServer.ready``."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        late = threading.Event()

        def end() -> None:
            late.set()
            self._process.kill()

        timer = threading.Timer(_START_SECONDS, end)
        timer.daemon = True
        timer.start()
        try:
            # The key goes through the pipe: a command line can be read by every user of the machine.
            self._process.stdin.write(json.dumps(orders).encode() + b"\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except OSError:
            line = b""
        finally:
            timer.cancel()
        if line:
            answer: Answer = json.loads(line)
            return answer
        raise self._death(late.is_set())

    def end(self) -> None:
        """Let it end by itself, so that all it has to say is written, or end it."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_END_SECONDS)
        self.kill()

    def kill(self) -> None:
        """End it and wait for its end."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):  # what was not sent goes with its reader
                    pipe.close()

    def _death(self, late: bool) -> EngineNotStarted | GgufUnusable:
        code = self._process.wait()
        if late:
            return EngineNotStarted(path=self._path, detail=f"no answer within {_START_SECONDS:.0f} seconds")
        detail = f"signal {-code}" if code < 0 else f"exit code {code}"
        if reason := _last_error(self._said):
            detail = f"{detail}: {reason}"
        if -code in _CRASHES:  # by what it read: nobody else ends it in these ways
            return GgufUnusable(path=self._path, detail=f"llama.cpp crashed on it, {detail}")
        return EngineNotStarted(path=self._path, detail=detail)


def _last_error(said: IO[bytes]) -> str:
    """Return the most telling line of what llama.cpp said: the first that names an error's cause."""
    said.seek(0)
    lines = said.read(1 << 16).decode("utf-8", "replace").splitlines()
    causes = [line.partition("error loading model: ")[2] for line in lines]
    causes = [cause for cause in causes if cause] or [line.strip() for line in lines if line.strip()][-1:]
    return causes[0][:300] if causes else ""


def _environment() -> dict[str, str]:
    """Return the child's environment: without our settings and keys, our package findable, GPUs unseen."""
    paths = [str(_PACKAGES), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("CARREL_")},
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONIOENCODING": "utf-8",
        "OMP_WAIT_POLICY": "passive",  # waiting threads sleep
        "CUDA_VISIBLE_DEVICES": "-1",
        "HIP_VISIBLE_DEVICES": "-1",
    }
