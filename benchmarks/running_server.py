"""A ``carrel serve`` of its own for a benchmark: a fresh data folder, a free port, and a client for it."""

import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_READY_SECONDS = 60.0


@dataclass
class Client:
    """One connection to the server, kept open; not for several threads."""

    host: str
    port: int
    token: str

    def __post_init__(self) -> None:
        self._connection = http.client.HTTPConnection(self.host, self.port, timeout=120)

    def ask(
        self, method: str, path: str, body: bytes = b"", kind: str = "application/json"
    ) -> tuple[int, bytes]:
        """Return status and body of the answer."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": kind}
        self._connection.request(method, path, body or None, headers)
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def json(self, method: str, path: str, document: object | None = None) -> dict[str, object]:
        """Return the document of an answer. Raises RuntimeError where it is an error."""
        status, body = self.ask(method, path, b"" if document is None else json.dumps(document).encode())
        if status >= 400:
            raise RuntimeError(f"{method} {path}: {status} {body[:500]!r}")
        found: dict[str, object] = json.loads(body or b"{}")
        return found

    def upload(self, base: str, files: Sequence[Path]) -> dict[str, object]:
        """Put files into a knowledge base; they are read later."""
        boundary = uuid.uuid4().hex
        parts = b"".join(
            b'--%s\r\nContent-Disposition: form-data; name="files"; filename="%s"\r\n\r\n%s\r\n'
            % (boundary.encode(), file.name.encode(), file.read_bytes())
            for file in files
        )
        status, body = self.ask(
            "POST",
            f"/api/v1/knowledge-bases/{base}/papers",
            parts + b"--%s--\r\n" % boundary.encode(),
            f"multipart/form-data; boundary={boundary}",
        )
        if status >= 400:
            raise RuntimeError(f"upload: {status} {body[:500]!r}")
        found: dict[str, object] = json.loads(body)
        return found


@dataclass(frozen=True)
class Running:
    """The server: its data folder, process and address."""

    home: Path
    process: "subprocess.Popen[bytes]"
    host: str
    port: int
    token: str

    def client(self) -> Client:
        """Return a connection of one's own."""
        return Client(self.host, self.port, self.token)


@contextmanager
def running(workers: int = 1, changes: Mapping[str, str] | None = None) -> Iterator[Running]:
    """Start the server on a fresh data folder; it and the folder are gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        command = [sys.executable, "-m", "carrel", "serve", "--port", "0", "--workers", str(workers)]
        environment = {**os.environ, "CARREL_HOME": folder, **(changes or {})}
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        try:
            yield _once_ready(home, process)
        finally:
            process.terminate()
            process.wait(timeout=60)


def _once_ready(home: Path, process: "subprocess.Popen[bytes]") -> Running:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            note = json.loads((home / "server.json").read_text(encoding="utf-8"))
            host, _, port = str(note["url"]).removeprefix("http://").partition(":")
            found = Running(home, process, host, int(port.rstrip("/")), str(note["token"]))
            if found.client().ask("GET", "/readyz")[0] == 200:
                return found
        except (OSError, ValueError):
            pass
        time.sleep(0.05)
    raise RuntimeError("carrel serve did not become ready")


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that so large a share of the values is at or below."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
