"""Uploads that are far too large, and names that would write headers, over real sockets."""

import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx2
import psutil
import pytest

from carrel.ingest.accept import accept
from carrel.library.shelves import Shelves
from carrel.storage.blobs import FolderBlobStore
from carrel.storage.database import open_database
from tests.e2e.command import SECONDS, Carrel
from tests.e2e.rest_server import Server, paper, serving

MB = 2**20
LIMIT_MB = 4
HUGE = 5 * 1024 * MB
READ_FOR_NOTHING = 128 * MB  # so that the sender of what is only a little too large comes to hear of it
ON_THE_WAY = 16 * MB  # in the buffers of sockets
HEAD = b'--b\r\nContent-Disposition: form-data; name="files"; filename="huge.pdf"\r\n\r\n%PDF-1.7\n'
MULTIPART = "multipart/form-data; boundary=b"


@pytest.fixture(scope="module")
def carrel(tmp_path_factory: pytest.TempPathFactory) -> Carrel:
    folder = tmp_path_factory.mktemp("limits")
    settings = {
        "CARREL_EMBEDDER": "words",
        "CARREL_EMBEDDER_URL": "http://127.0.0.1:1/v1",
        "CARREL_UPLOAD_MAX_MB": str(LIMIT_MB),
        "CARREL_UPLOAD_MAX_FILES": "10",
    }
    return Carrel(folder / "home", folder / "cache", settings)


@pytest.fixture(scope="module")
def server(carrel: Carrel) -> Iterator[Server]:
    with serving(carrel, workers=0) as server:
        yield server
        server.stop()


@pytest.fixture(scope="module")
def base(server: Server) -> str:
    return server.make("library")


def nothing_is_left(carrel: Carrel, server: Server) -> None:
    assert list(carrel.home.rglob("*.part")) == []
    assert server.jobs() == []


def test_five_gigabytes_are_refused_by_their_length(carrel: Carrel, server: Server, base: str) -> None:
    url = server.client.base_url
    head = [
        f"POST {url.path}{base[1:]}/papers HTTP/1.1",
        f"Host: {url.host}:{url.port}",
        f"Authorization: {server.client.headers['authorization']}",
        f"Content-Type: {MULTIPART}",
        f"Content-Length: {HUGE}",
        "Expect: 100-continue",
    ]
    with socket.create_connection((url.host, url.port or 0), timeout=SECONDS) as wire:
        wire.sendall("\r\n".join([*head, "", ""]).encode())
        answer = wire.makefile("rb").read()  # to its end, and nobody asks for the body
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"kind":"body-over-limit"' in answer
    nothing_is_left(carrel, server)


def test_five_gigabytes_without_a_length_are_read_to_the_limit(
    carrel: Carrel, server: Server, base: str
) -> None:
    process, sent, most_on_disk = psutil.Process(server.process.pid), 0, 0
    memory = process.memory_info().rss
    most_memory = memory

    def endless() -> Iterator[bytes]:
        nonlocal sent, most_on_disk, most_memory
        yield HEAD
        while sent < HUGE:
            sent += MB
            yield b"x" * MB
            parts = [path.stat().st_size for path in carrel.home.rglob("*.part")]
            most_on_disk = max(most_on_disk, sum(parts))
            most_memory = max(most_memory, process.memory_info().rss)

    answer = server.client.post(f"{base}/papers", content=endless(), headers={"Content-Type": MULTIPART})
    assert (answer.status_code, answer.json()["kind"]) == (413, "upload-over-limit"), answer.text
    assert "huge.pdf" in answer.json()["detail"]
    assert sent <= LIMIT_MB * MB + READ_FOR_NOTHING + ON_THE_WAY
    assert most_on_disk <= LIMIT_MB * MB
    assert most_memory - memory < 32 * MB
    nothing_is_left(carrel, server)


def test_a_stranger_does_not_send_for_ever(server: Server) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while sent < HUGE:
            sent += MB
            yield b" " * MB

    url = server.client.base_url.join("search")
    headers = {"Content-Type": "application/json"}
    answer = httpx2.post(url, content=endless(), headers=headers, timeout=SECONDS, trust_env=False)
    assert (answer.status_code, answer.headers["connection"]) == (401, "close")
    assert sent <= READ_FOR_NOTHING + ON_THE_WAY


def test_an_upload_that_claims_more_than_it_brings_leaves_nothing(
    carrel: Carrel, server: Server, base: str
) -> None:
    url = server.client.base_url
    head = [
        f"POST {url.path}{base[1:]}/papers HTTP/1.1",
        f"Host: {url.host}:{url.port}",
        f"Authorization: {server.client.headers['authorization']}",
        f"Content-Type: {MULTIPART}",
        f"Content-Length: {3 * MB}",
    ]
    with socket.create_connection((url.host, url.port or 0), timeout=SECONDS) as wire:
        wire.sendall("\r\n".join([*head, "", ""]).encode() + HEAD + b"x" * MB)
        server.until(lambda: list(carrel.home.rglob("*.part")) != [])
    server.until(lambda: list(carrel.home.rglob("*.part")) == [])
    nothing_is_left(carrel, server)


@pytest.mark.parametrize(
    "name",
    [
        "a\r\nSet-Cookie: evil=1\r\n\r\n<script>.md",
        'a"; filename=evil.exe; x=".md',
        'a\\";\r\n x.md',
        "论文 “é”\u2028.md",
        "%0d%0aSet-Cookie%3a evil=1.md",
    ],
)
def test_names_of_files_write_no_headers(carrel: Carrel, server: Server, name: str, tmp_path: Path) -> None:
    # Brought by a command, which takes names as the disk has them.
    path = tmp_path / name.replace("/", "_")
    content = paper(name.encode().hex())
    path.write_bytes(content)
    catalog = open_database(carrel.home)
    try:
        shelf = Shelves(catalog).existing_or_new("odd")
        accepted = accept(path, shelf, catalog, FolderBlobStore(carrel.home / "blobs"))
    finally:
        catalog.close()
    answer = server.client.get(f"/knowledge-bases/odd/papers/{accepted.paper_id}/file")
    assert (answer.status_code, answer.content) == (200, content)
    assert "set-cookie" not in answer.headers
    said = answer.headers["content-disposition"]
    assert said.isascii()
    assert said.isprintable()
    plain, _, full = said.partition("; filename*=UTF-8''")
    assert full == quote(path.name, safe="")
    assert plain.startswith('attachment; filename="')
    assert plain.count('"') == 2
    assert "\\" not in plain
