"""``carrel models`` with GGUF files: fetched from a hub that breaks off, listed, found."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.command import Carrel
from tests.unit.engines.small_model import FakeHub, running_hub

NAME = "Some/Tiny-GGUF"
CONTENT = hashlib.shake_256(b"gguf").digest(3_000_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    with running_hub() as server:
        file = {"rfilename": "tiny-Q8_0.gguf", "lfs": {"sha256": SHA256, "size": len(CONTENT)}}
        listing = json.dumps({"sha": "abc", "siblings": [file]}).encode()
        server.documents[f"/api/models/{NAME}/revision/main"] = listing
        server.content["tiny-Q8_0.gguf"] = CONTENT
        yield server


@pytest.fixture
def connected(hub: FakeHub, tmp_path: Path) -> Carrel:
    settings = {"HF_ENDPOINT": hub.address, "CARREL_OFFLINE": "0", "no_proxy": "127.0.0.1"}
    return Carrel(tmp_path / "home", tmp_path / "cache", settings)


def test_fetched_listed_and_found(connected: Carrel, hub: FakeHub) -> None:
    hub.breaks = 2
    pulled = connected.run("models", "pull", NAME, "--json")
    assert pulled.code == 0, pulled
    path = Path(pulled.document["path"])
    assert path.read_bytes() == CONTENT
    lines = pulled.err.splitlines()
    assert lines[0] == f"Downloading {NAME}/tiny-Q8_0.gguf (3 MB) from {hub.address}."
    assert lines[-1] == "3.0 of 3.0 MB"

    offline = connected.with_settings(CARREL_OFFLINE="1")
    again = offline.run("models", "pull", f"{NAME}:Q8_0")
    assert (again.code, again.err) == (0, "")
    _, listed = offline.json("models", "list")["models"]
    assert (listed["name"], listed["bytes"], listed["sha256"], listed["present"]) == (
        f"{NAME}/tiny-Q8_0.gguf",
        len(CONTENT),
        SHA256,
        True,
    )
    assert str(path) in offline.run("models", "list").out
    assert offline.run("models", "path", NAME).out == f"{path}\n"


def test_what_cannot_be_fetched_says_why(connected: Carrel, hub: FakeHub) -> None:
    connected.run("models", "pull", "Some/Other-GGUF").failed_with(2, "Some/Other-GGUF", "401")
    connected.run("models", "path", NAME).failed_with(2, f"carrel models pull {NAME}")
    connected.run("models", "pull", NAME, "--from", ".").failed_with(2, "--from", "path")
    offline = connected.with_settings(CARREL_OFFLINE="1")
    offline.run("models", "pull", NAME).failed_with(3, "CARREL_OFFLINE", "HF_ENDPOINT")
    hub.content["tiny-Q8_0.gguf"] = bytes(len(CONTENT))
    wrong = connected.run("models", "pull", NAME)
    assert (wrong.code, "SHA-256" in wrong.err) == (3, True)
    assert connected.json("models", "list")["models"][1:] == []
