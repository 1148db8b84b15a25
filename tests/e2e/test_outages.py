"""A running server whose disk fills up, whose folder turns read-only, whose database goes away, and after."""

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx2
import pytest

from tests.disks import read_only, small_disk
from tests.e2e.command import SECONDS, Carrel, Document
from tests.e2e.rest_server import Server, paper, serving
from tests.fakes.embedding_server import Asked, EmbeddingServerFake, Reply
from tests.fakes.embedding_server import serving as serving_model
from tests.postgres import PostgresServer, empty_database, own_server

MEGABYTE = 1_000_000
SEARCHERS = 8


class Model(EmbeddingServerFake):
    """A model that answers unless it is told to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.free = threading.Event()
        self.free.set()
        self.answer = self._answer

    @property
    def settings(self) -> dict[str, str]:
        return {"CARREL_EMBEDDER": self.model, "CARREL_EMBEDDER_URL": self.url}

    def _answer(self, asked: Asked) -> Reply:
        self.free.wait(SECONDS)
        return self.embeddings(asked)


@pytest.fixture
def model() -> Iterator[Model]:
    fake = Model()
    with serving_model(fake):
        yield fake
        fake.free.set()


def refused(answer: httpx2.Response, status: int, kind: str) -> Document:
    """Check that an answer is a problem document of this kind; return it."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    document = answer.json()
    assert document["kind"] == kind, document
    assert document["hint"], document
    return document


def finds(server: Server, *words: str) -> None:
    """Check that searching goes on, for several at once."""
    with ThreadPoolExecutor(SEARCHERS) as pool:
        for word, answer in zip(words * SEARCHERS, pool.map(server.search, words * SEARCHERS), strict=True):
            assert answer.status_code == 200, answer.text
            assert answer.json()["results"][0]["paper"]["file"] == f"{word}.md"


def fill(disk: Path, leave: int = 0) -> Path:
    """Leave so many bytes of room on a disk; return the file that takes the rest."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as stream, suppress(OSError):
        while stream.write(b"x" * 2**16):
            pass
    os.truncate(filler, max(filler.stat().st_size - leave, 0))
    return filler


def streamed(server: Server, base: str, name: str, content: bytes) -> httpx2.Response:
    """Upload a file without saying how long it is."""
    head = f'--b\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'

    def pieces() -> Iterator[bytes]:
        yield head.encode()
        for first in range(0, len(content), 2**16):
            yield content[first : first + 2**16]
        yield b"\r\n--b--\r\n"

    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    return server.client.post(f"{base}/papers", content=pieces(), headers=kind)


def test_a_full_disk_and_a_read_only_folder_are_said_and_cost_nothing(tmp_path: Path, model: Model) -> None:
    with small_disk(tmp_path / "disk", megabytes=80) as disk:
        carrel = Carrel(disk / "home", tmp_path / "cache", {**model.settings, "CARREL_KEEP_FREE_MB": "3"})
        with serving(carrel, log=tmp_path / "log") as server:
            base = server.make("library")
            assert server.upload(base, {"glaciers.md": paper("glaciers")}).status_code == 202
            server.until_done()
            assert server.client.patch(base, json={"paused": True}).status_code == 200
            assert server.upload(base, {"violins.md": paper("violins")}).status_code == 202
            jobs_wait_for_room(server, base, disk)
            uploads_need_room(server, base, disk)
            writes_need_a_folder(server, base, carrel.home)
            assert server.upload(base, {"comets.md": paper("comets")}).status_code == 202
            server.until_done()
            finds(server, "glaciers", "violins", "comets")
            assert list(carrel.home.rglob("*.part")) == []
            server.stop()


def jobs_wait_for_room(server: Server, base: str, disk: Path) -> None:
    """A job that was accepted says why it waits, and is done when there is room."""
    filler = fill(disk, leave=2 * MEGABYTE)
    assert server.client.patch(base, json={"paused": False}).status_code == 200
    server.until(lambda: server.jobs("queued")[0]["error"] is not None)
    assert server.jobs("queued")[0]["error"]["kind"] == "storage-full"
    finds(server, "glaciers")
    filler.unlink()
    server.until_done()
    finds(server, "glaciers", "violins")


def uploads_need_room(server: Server, base: str, disk: Path) -> None:
    """Uploads are refused before they are read, or when the disk is full; nothing is left of them."""
    large = paper("corals", "x " * (5 * MEGABYTE))
    filler = fill(disk, leave=6 * MEGABYTE)
    for send in (server.upload(base, {"corals.md": large}), streamed(server, base, "corals.md", large)):
        document = refused(send, 507, "storage-full")
        assert str(disk) not in document["detail"]
        assert document["retryable"]
        assert int(send.headers["retry-after"]) > 0
    os.truncate(filler, filler.stat().st_size + 6 * MEGABYTE)  # a hole: nothing is taken by it
    fill(disk)
    refused(server.upload(base, {"corals.md": paper("corals")}), 507, "storage-full")
    refused(server.client.post("/knowledge-bases", json={"name": "more"}), 507, "storage-full")
    finds(server, "glaciers", "violins")
    filler.unlink()


def writes_need_a_folder(server: Server, base: str, home: Path) -> None:
    """In a folder that turned read-only one can search, and is told what is wrong with uploads."""
    with read_only(home):
        answer = server.upload(base, {"comets.md": paper("comets")})
        document = refused(answer, 503, "data-folder-not-writable")
        assert str(home) not in document["detail"]
        finds(server, "glaciers", "violins")


@contextmanager
def away(postgres: PostgresServer) -> Iterator[None]:
    postgres.stop()
    try:
        yield
    finally:
        postgres.start()


def test_a_database_that_goes_away_comes_back_under_a_running_server(tmp_path: Path, model: Model) -> None:
    with own_server() as postgres, empty_database(postgres) as database:
        settings = {**model.settings, "CARREL_CATALOG_URL": database}
        with serving(Carrel(tmp_path / "home", tmp_path / "cache", settings)) as server:
            root = str(server.client.base_url).removesuffix("/api/v1/")
            base = server.make("library")
            assert server.upload(base, {"glaciers.md": paper("glaciers")}).status_code == 202
            server.until_done()
            finds(server, "glaciers")
            many = {f"comets {number}.md": paper(f"comets {number}") for number in range(12)}
            model.free.clear()
            assert server.upload(base, many).status_code == 202
            server.until(lambda: server.jobs("running") != [])
            with away(postgres):  # with some in hand
                for answer in (
                    server.search("glaciers"),
                    server.upload(base, {"violins.md": paper("violins")}),
                    server.client.get("/knowledge-bases"),
                    server.client.get("/jobs"),
                    server.client.get(
                        "/knowledge-bases", headers={"Authorization": "Bearer carrel_somebody"}
                    ),
                ):
                    document = refused(answer, 503, "catalog-unreachable")
                    assert document["retryable"]
                    assert int(answer.headers["retry-after"]) > 0
                assert server.client.get(f"{root}/metrics").status_code == 200
                assert httpx2.get(f"{root}/healthz", trust_env=False).status_code == 200
                ready = httpx2.get(f"{root}/readyz", trust_env=False)
                assert (ready.status_code, ready.json()["catalog"]) == (503, "unavailable")
            model.free.set()
            finds(server, "glaciers")
            assert server.upload(base, {"violins.md": paper("violins")}).status_code == 202
            server.until_done()
            assert len(server.jobs()) == 1 + len(many) + 1
            finds(server, "glaciers", "violins")
            assert httpx2.get(f"{root}/readyz", trust_env=False).status_code == 200
            server.stop()
