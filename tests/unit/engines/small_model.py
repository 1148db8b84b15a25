"""A small model for tests of its supply, and a hub that serves it over real HTTP."""

import hashlib
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from carrel.engines.weights import WeightsFile, WeightsSpec

CONTENT = {
    "tokenizer.json": b'{"small": true}' * 100,
    "model.safetensors": hashlib.shake_256(b"weights").digest(3_000_000),
}
SPEC = WeightsSpec(
    model="small",
    hub_repository="someone/small",
    hub_revision="abc",
    distribution="carrel-test-small-model",
    distribution_version="1.0",
    package_folder="carrel_test_small_model/model",
    licence="Apache-2.0",
    files=tuple(
        WeightsFile(name, len(content), hashlib.sha256(content).hexdigest())
        for name, content in CONTENT.items()
    ),
)
FOREVER = 10**9


def write_files(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in CONTENT.items():
        (folder / name).write_bytes(content)
    return folder


def write_wheel(folder: Path) -> Path:
    """Make a wheel that pip accepts and that fails when it is imported."""
    name = "carrel_test_small_model"
    info = f"{name}-1.0.dist-info"
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(f"{name}/__init__.py", "raise RuntimeError('imported')")
        for file, content in CONTENT.items():
            archive.writestr(f"{name}/model/{file}", content)
        archive.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: carrel-test-small-model\nVersion: 1.0\n"
        )
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return wheel


class FakeHub(ThreadingHTTPServer):
    """Serves the small model as the hub does: behind a redirect, and from a given byte on."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.documents: dict[str, bytes] = {}  # what the hub says of a repository, by path
        self.content = dict(CONTENT)
        self.breaks = 0  # how many answers end halfway
        self.deaf = 0  # how many answers begin at the first byte whatever was asked
        self.silent_after = FOREVER  # bytes of all answers together, then nothing more
        self.requests: list[tuple[str, str | None]] = []  # file and range of each answer

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: FakeHub

    def do_GET(self) -> None:
        if self.path.startswith("/api/"):
            self._document(self.server.documents.get(self.path.partition("?")[0]))
            return
        _, place, name = self.path.rsplit("/", 2)
        if place == "abc":
            self.send_response(302)
            self.send_header("Location", f"{self.server.address}/storage/{name}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        asked = self.headers.get("Range")
        self.server.requests.append((name, asked))
        content = self.server.content.get(name)
        if content is None:
            self.send_error(404)
            return
        begin = int(asked.removeprefix("bytes=").rstrip("-")) if asked and not self.server.deaf else 0
        self.send_response(206 if begin else 200)
        self.send_header("Content-Length", str(len(content) - begin))
        self.end_headers()
        self._send(content[begin:])

    def _document(self, document: bytes | None) -> None:
        if document is None:  # as the hub answers for what does not exist
            self.send_error(401)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(document)))
        self.end_headers()
        self.wfile.write(document)

    def _send(self, content: bytes) -> None:
        if self.server.breaks and len(content) > 1:
            self.server.breaks -= 1
            content = content[: len(content) // 2]
        content = content[: self.server.silent_after]
        self.server.silent_after -= len(content)
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the tests' output clean."""


@contextmanager
def running_hub() -> Iterator[FakeHub]:
    hub = FakeHub()
    thread = threading.Thread(target=hub.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield hub
    finally:
        hub.shutdown()
        thread.join()
        hub.server_close()
