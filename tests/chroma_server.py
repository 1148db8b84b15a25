"""A Chroma server from its PyPI package, on a free port of this machine."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

_READY_SECONDS = 60


@pytest.fixture(scope="session")
def chroma_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run `chroma run` while tests need it; return its address."""
    pytest.importorskip("chromadb", reason="needs the extra carrel[chroma]")
    folder = tmp_path_factory.mktemp("chroma-server")
    process, url = started(folder)
    yield url
    process.terminate()
    process.wait(10)


def started(folder: Path, port: int = 0) -> tuple[subprocess.Popen[bytes], str]:
    """Start a server that keeps its data in ``folder``, on a free port by default; wait until it answers."""
    if not port:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
    log = (folder / "log").open("wb")
    process = subprocess.Popen(
        [str(Path(sys.executable).with_name("chroma")), "run", "--path", str(folder), "--port", str(port)],
        stdout=log,
        stderr=log,
        cwd=folder,
    )
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx2.get(f"{url}/api/v2/heartbeat", trust_env=False).status_code == 200:
                return process, url
        except httpx2.TransportError:
            pass
        time.sleep(0.05)
    process.kill()
    raise RuntimeError((folder / "log").read_text(errors="replace")[-2000:])
