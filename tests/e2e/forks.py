"""Commands without the time that importing takes: forked from a process that has the libraries already.

``Forks`` starts that process, ``python -m tests.e2e.forks``, and hands it commands: each is a process of its
own with its own environment and streams, and runs ``carrel`` as ``python -m carrel`` does.
"""

import atexit
import gc
import importlib
import json
import os
import platform
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile

ROOT = Path(__file__).resolve().parents[2]
_PIPE = 65_536  # bytes that a pipe takes before somebody reads

_INTERPRETER = {"LC_ALL": "C.UTF-8", "PYTHONPATH": str(ROOT / "src")}  # read when an interpreter starts
# What most commands import. Nothing of ``carrel.cli``: its help texts are made in a command's language.
_LIBRARIES = (
    "alembic.command",
    "lxml.etree",
    "numpy",
    "onnxruntime",
    "qdrant_edge",
    "rich.progress",
    "rich.table",
    "tokenizers",
    "typer",
    "carrel.bootstrap.services",
    "carrel.engines.embedders",
    "carrel.engines.models",
    "carrel.indexing.engines",
    "carrel.indexing.qdrant",
    "carrel.ingest.worker",
    "carrel.library.mending",
    "carrel.search.pipeline",
    "carrel.storage.migrations.run",
)


class Forks:
    """The process that commands are forked from."""

    def __init__(self) -> None:
        self._requests, theirs = socket.socketpair()
        self._lock = threading.Lock()
        command = [sys.executable, "-m", "tests.e2e.forks"]
        with theirs:
            self._process = subprocess.Popen(
                command, stdin=theirs.fileno(), cwd=ROOT, env={**os.environ, **_INTERPRETER}
            )
        atexit.register(self.close)

    def run(
        self, arguments: Sequence[str | bytes], environment: Mapping[str, str], typed: bytes, timeout: float
    ) -> "subprocess.CompletedProcess[bytes]":
        """Run a command to its end. Raises ``subprocess.TimeoutExpired`` when it was killed for its time."""
        asked = {"arguments": [os.fsdecode(each) for each in arguments], "environment": dict(environment)}
        with TemporaryFile() as request, TemporaryFile() as out, TemporaryFile() as err:
            request.write(json.dumps(asked).encode())
            request.seek(0)
            code = self._ended([request.fileno(), out.fileno(), err.fileno()], typed, timeout)
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(list(arguments), code, out.read(), err.read())

    def close(self) -> None:
        """End the process."""
        self._requests.close()
        self._process.wait(30)

    def _ended(self, files: list[int], typed: bytes, timeout: float) -> int:
        assert len(typed) <= _PIPE
        stdin, writes = os.pipe()
        told, tells = os.pipe()
        try:
            os.write(writes, typed)
            os.close(writes)
            with self._lock:
                socket.send_fds(self._requests, [b"."], [*files, stdin, tells])
        finally:
            os.close(stdin)
            os.close(tells)
        with os.fdopen(told, "rb") as told_of:
            pid = int(told_of.readline())
            if not select.select([told_of], [], [], timeout)[0]:
                os.kill(pid, signal.SIGKILL)
                raise subprocess.TimeoutExpired("carrel", timeout)
            return os.waitstatus_to_exitcode(int(told_of.readline()))


def run_command(
    arguments: Sequence[str | bytes], environment: Mapping[str, str], typed: bytes, timeout: float
) -> "subprocess.CompletedProcess[bytes]":
    """Run ``carrel`` to its end: forked, unless it needs another interpreter or the machine is no Linux.

    Raises ``subprocess.TimeoutExpired``.
    """
    for_interpreter = {
        name: value for name, value in environment.items() if name == "LC_ALL" or name.startswith("PYTHON")
    }
    if platform.system() == "Linux" and for_interpreter == _INTERPRETER:
        return _shared_forks().run(arguments, environment, typed, timeout)
    command = [sys.executable, "-m", "carrel", *arguments]
    return subprocess.run(
        command, env=environment, capture_output=True, timeout=timeout, input=typed, check=False
    )


@cache
def _shared_forks() -> Forks:
    """The one of this test process."""
    return Forks()


def _next_command() -> None:
    """Fork a process for each command that is asked for, and return in it, made up as that command."""
    requests = socket.socket(fileno=os.dup(0))
    while True:
        _, files, _, _ = socket.recv_fds(requests, 1, 5)
        with suppress(ChildProcessError):  # those that have waited, and ended
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if not files:
            os._exit(0)
        # One process waits for the command, so that this one can fork the next.
        if os.fork() == 0:
            requests.close()
            _wait_for_child(files)
            return
        for file in files:
            os.close(file)


def _wait_for_child(files: list[int]) -> None:
    """Fork once more; return in the child, and tell of its end in the parent."""
    request, out, err, stdin, tells = files
    if pid := os.fork():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        os.write(tells, b"%d\n" % pid)
        _, status = os.waitpid(pid, 0)
        os.write(tells, b"%d\n" % status)
        os._exit(0)
    for theirs, ours in ((stdin, 0), (out, 1), (err, 2)):
        os.dup2(theirs, ours)
    with os.fdopen(request, "rb") as asked_in:
        asked = json.loads(asked_in.read())
    for file in (out, err, stdin, tells):
        os.close(file)
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.argv = ["carrel", *asked["arguments"]]


if __name__ == "__main__":
    for library in _LIBRARIES:
        importlib.import_module(library)
    gc.freeze()
    _next_command()
    runpy.run_module("carrel", run_name="__main__", alter_sys=True)
