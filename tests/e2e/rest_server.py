"""``carrel serve`` as a process, asked over REST with its own token; its model is a server of the tests."""

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from carrel.cli.server_file import FILE_NAME
from tests.e2e.command import SECONDS, Carrel, Document, calm


@dataclass(frozen=True)
class Server:
    """A running server and a client of its API, who may do all that the command line may."""

    process: "subprocess.Popen[bytes]"
    client: httpx2.Client
    log: Path

    def make(self, name: str, **fields: object) -> str:
        """Make a knowledge base; return its address."""
        made = self.client.post("/knowledge-bases", json={"name": name, **fields})
        assert made.status_code == 201, made.text
        return f"/knowledge-bases/{made.json()['id']}"

    def upload(self, base: str, files: Mapping[str, bytes]) -> httpx2.Response:
        """Upload files to a knowledge base, at its address."""
        parts = [("files", (name, content)) for name, content in files.items()]
        return self.client.post(f"{base}/papers", files=parts)

    def search(self, query: str, mode: str = "hybrid", **fields: object) -> httpx2.Response:
        """Ask a question."""
        return self.client.post("/search", json={"query": query, "mode": mode, **fields})

    def jobs(self, state: str = "") -> list[Document]:
        """Return every job, in the order in which they came."""
        return list(reversed(list(self._pages("/jobs", {"state": state} if state else {}))))

    def until(self, wanted: Callable[[], bool], seconds: float = 60.0) -> None:
        """Wait until something is so."""
        deadline = time.monotonic() + seconds
        while not wanted():
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)

    def until_done(self, seconds: float = 60.0) -> None:
        """Wait until every job is done."""
        self.until(lambda: {job["state"] for job in self.jobs()} == {"done"}, seconds)

    def kill(self) -> None:
        """End it without warning."""
        self.process.kill()
        self.process.wait(SECONDS)

    def stop(self) -> None:
        """End it as a person does; nothing in its log may look like a crash."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(SECONDS) == 0
        calm(self.log.read_text())

    def _pages(self, path: str, params: dict[str, str]) -> Iterable[Document]:
        following: str | None = ""
        while following is not None:
            more = {"cursor": following} if following else {}
            answer = self.client.get(path, params={"limit": "200", **params, **more})
            assert answer.status_code == 200, answer.text
            yield from answer.json()["items"]
            following = answer.json()["next"]


@contextmanager
def serving(carrel: Carrel, workers: int = 1, log: Path | None = None) -> Iterator[Server]:
    """Start the server on a data folder and yield it; it is killed at the end if it still runs.

    What it says on standard error goes to ``log``, beside the data folder by default.
    """
    log = log or carrel.home.with_name("server.log")
    with log.open("ab") as stderr:
        process = carrel.start(
            "serve", "--port", "0", "--workers", str(workers), "--json", stderr=stderr.fileno()
        )
    try:
        assert process.stdout is not None
        said = ""
        while not said.endswith("}\n"):
            line = process.stdout.readline().decode()
            assert line, log.read_text()
            said += line
        token = json.loads((carrel.home / FILE_NAME).read_text())["token"]
        with httpx2.Client(
            base_url=json.loads(said)["url"].removesuffix("/v1") + "/api/v1",
            headers={"Authorization": f"Bearer {token}"},
            timeout=SECONDS,
            trust_env=False,
        ) as client:
            yield Server(process, client, log)
    finally:
        process.kill()
        process.communicate(timeout=SECONDS)


def paper(title: str, text: str = "") -> bytes:
    """Return a paper in Markdown: read in no time."""
    return f"# {title}\n\n## Introduction\n\n{text or f'We study {title} and report what we saw.'}\n".encode()
