"""The process that runs a GGUF file: started when needed, started again, and never left behind."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from carrel.core.engine_errors import EngineNotInstalled, EngineNotStarted, GgufUnusable
from carrel.engines.gguf_check import Purpose
from carrel.engines.gguf_process import GgufServer
from tests.models.served import ask, needs_llama
from tests.models.tiny_gguf import write_embedding_gguf
from tests.models.tiny_qwen3 import make_tiny_qwen3

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_embedding_gguf(make_tiny_qwen3(), tmp_path_factory.mktemp("gguf") / "tiny.gguf")


@pytest.fixture
def server(file: Path) -> Iterator[GgufServer]:
    needs_llama()
    server = GgufServer(file, Purpose.EMBEDDING, threads=1, context=200)
    yield server
    server.close()


def _children(process: psutil.Process | None = None) -> list[psutil.Process]:
    found = (process or psutil.Process()).children(recursive=True)
    alive = [child for child in found if child.status() != psutil.STATUS_ZOMBIE]
    return [child for child in alive if "carrel.engines.gguf_child" in child.cmdline()]


def _child() -> psutil.Process:
    [child] = _children()
    return child


def _ended(process: psutil.Process) -> bool:
    """Wait for a process that nobody here is the parent of."""
    for _ in range(300):
        if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.05)
    return False


def _pretending(folder: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Put another xllamacpp in the way of the real one."""
    (folder / "xllamacpp.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]))


def test_nothing_runs_before_it_is_needed(server: GgufServer) -> None:
    assert (server.alive, _children()) == (False, [])
    assert ask(server.ready(), "/embeddings", input="a")[0] == 200
    assert server.alive


def test_several_threads_start_one_process(server: GgufServer) -> None:
    urls: list[str] = []
    threads = [threading.Thread(target=lambda: urls.append(server.ready().url)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(urls), len(set(urls)), len(_children())) == (8, 1, 1)


def test_it_listens_to_this_machine_only_and_keeps_its_key_off_the_command_line(server: GgufServer) -> None:
    key = server.ready().api_key
    child = _child()
    listening = [c.laddr.ip for c in child.net_connections("inet") if c.status == psutil.CONN_LISTEN]
    assert listening == ["127.0.0.1"]
    assert len(key) >= 32
    assert key not in " ".join(child.cmdline()) + str(child.environ())
    assert key not in repr(server.ready())
    assert GgufServer(Path("x"), Purpose.EMBEDDING, 1, 1).api_key != key


def test_it_says_nothing(server: GgufServer, capfd: pytest.CaptureFixture[str]) -> None:
    ask(server.ready(), "/embeddings", input="a " * 1000)
    ask(server.ready(), "/nowhere")
    server.close()
    assert capfd.readouterr() == ("", "")


def test_it_gets_no_settings_of_ours(server: GgufServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARREL_EMBEDDER_API_KEY", "secret")
    server.ready()
    assert not [name for name in _child().environ() if name.startswith("CARREL_")]


def test_after_it_died_it_is_started_again_at_the_same_address(server: GgufServer) -> None:
    before = server.ready()
    child = _child()
    child.kill()
    child.wait()
    assert not server.alive
    assert server.ready() == before
    assert ask(before, "/embeddings", input="a")[0] == 200


def test_where_its_port_was_taken_meanwhile_it_takes_another(server: GgufServer) -> None:
    before = server.ready()
    child = _child()
    child.kill()
    child.wait()
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", int(before.url.split(":")[2].removesuffix("/v1"))))
        taken.listen()
        after = server.ready()
    assert after.url != before.url
    assert ask(after, "/embeddings", input="a")[0] == 200


def test_closing_ends_it_for_good(server: GgufServer) -> None:
    server.ready()
    child = _child()
    server.close()
    server.close()
    assert not child.is_running()
    with pytest.raises(EngineNotStarted, match="closed"):
        server.ready()
    assert _children() == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no kill -9")
@pytest.mark.parametrize("way", [signal.SIGKILL, signal.SIGTERM])
def test_it_ends_with_its_parent_however_that_ends(file: Path, way: signal.Signals) -> None:
    needs_llama()
    code = (
        "import sys, time, pathlib; from carrel.engines.gguf_process import *; "
        "s = GgufServer.start(pathlib.Path(sys.argv[1]), Purpose.EMBEDDING, 1, 100); "
        "print(s.ready().url, flush=True); time.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, str(file)], stdout=subprocess.PIPE, cwd=ROOT)
    assert parent.stdout is not None
    assert parent.stdout.readline().startswith(b"http://127.0.0.1:")
    [child] = _children(psutil.Process(parent.pid))
    parent.send_signal(way)
    parent.wait()
    parent.stdout.close()
    assert _ended(child)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")
def test_it_ends_though_a_forked_process_holds_its_input_open(file: Path) -> None:
    needs_llama()
    code = (
        "import os, sys, time, pathlib; from carrel.engines.gguf_process import *; "
        "s = GgufServer.start(pathlib.Path(sys.argv[1]), Purpose.EMBEDDING, 1, 100)\n"
        "if (pid := os.fork()) == 0: time.sleep(60)\n"
        "print(pid, flush=True); time.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, str(file)], stdout=subprocess.PIPE, cwd=ROOT)
    assert parent.stdout is not None
    forked = int(parent.stdout.readline())
    [child] = _children(psutil.Process(parent.pid))
    parent.kill()
    parent.wait()
    parent.stdout.close()
    try:
        assert _ended(child)
    finally:
        os.kill(forked, signal.SIGKILL)


@pytest.mark.parametrize(
    ("code", "error", "said"),
    [
        ("raise ImportError('no such thing')", EngineNotInstalled, "carrel\\[gguf\\]"),
        ("import os; os.abort()", GgufUnusable, "crashed on it, signal 6"),
        ("import os; os.kill(os.getpid(), 9)", EngineNotStarted, "signal 9"),
        ("import os; os._exit(3)", EngineNotStarted, "exit code 3"),
        ("raise MemoryError", EngineNotStarted, "MemoryError"),
        ("raise RuntimeError('out of luck')", GgufUnusable, "out of luck"),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals")
def test_a_process_that_ends_while_it_starts(
    code: str, error: type[Exception], said: str, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _pretending(tmp_path, monkeypatch, code)
    server = GgufServer(file, Purpose.EMBEDDING, threads=1, context=200)
    with pytest.raises(error, match=said):
        server.ready()
    server.close()
    assert _children() == []


def test_closing_while_it_starts_ends_the_wait(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _pretending(tmp_path, monkeypatch, "import time; time.sleep(600)")
    server = GgufServer(file, Purpose.EMBEDDING, threads=1, context=200)
    failed: list[Exception] = []

    def wait() -> None:
        try:
            server.ready()
        except EngineNotStarted as error:
            failed.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    while not server.alive:
        time.sleep(0.01)
    server.close()
    thread.join(20)
    assert (len(failed), thread.is_alive(), _children()) == (1, False, [])


def test_files_that_cannot_be_run_are_refused_with_a_reason(file: Path, tmp_path: Path) -> None:
    needs_llama()
    whole = file.read_bytes()
    cases = {
        "half": (whole[: len(whole) // 2], "before its last tensor"),
        "nearly": (whole[:-100], "not within the file bounds"),
        "page": (b"<!DOCTYPE html>" * 100, "does not begin"),
        "other": (whole.replace(b"blk.1.attn_q.weight", b"blk.1.attn_x.weight", 1), "attn_q"),
    }
    for name, (content, said) in cases.items():
        path = tmp_path / f"{name}.gguf"
        path.write_bytes(content)
        with pytest.raises(GgufUnusable, match=said):
            GgufServer.start(path, Purpose.EMBEDDING, 1, 100)
    with pytest.raises(GgufUnusable, match="No such file"):
        GgufServer.start(tmp_path / "absent.gguf", Purpose.EMBEDDING, 1, 100)
    with pytest.raises(GgufUnusable, match=r"directory|Permission"):
        GgufServer.start(tmp_path, Purpose.EMBEDDING, 1, 100)
    assert _children() == []
