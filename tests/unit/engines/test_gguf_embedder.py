"""The embedder of a GGUF file: what its vectors are known by, and its client after a restart."""

import json
from pathlib import Path

import pytest

from carrel.engines.gguf_check import Purpose
from carrel.engines.gguf_embedder import GgufEmbedder
from carrel.engines.gguf_names import record_of
from carrel.engines.gguf_process import GgufServer, LocalServer
from carrel.engines.profiles import profile_of
from tests.models.tiny_gguf import write_embedding_gguf
from tests.models.tiny_qwen3 import make_tiny_qwen3


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = write_embedding_gguf(make_tiny_qwen3(), tmp_path / "Qwen3-Embedding-tiny.gguf")
    with path.open("r+b") as stream:
        stream.truncate(16 << 20)  # so that it has a middle
    return path


def made(path: Path) -> GgufEmbedder:
    server = GgufServer(path, Purpose.EMBEDDING, 1, 512)
    return GgufEmbedder(path, server, profile_of("Qwen/Qwen3-Embedding-0.6B"), 512)


def test_a_file_that_differs_in_its_middle_is_another_one(path: Path) -> None:
    before = made(path).encoder.revision
    assert made(path).encoder.revision == before
    with path.open("r+b") as stream:
        stream.seek(7 << 20)
        stream.write(b"tuned" * 100_000)
    assert made(path).encoder.revision != before


def test_a_fetched_file_is_known_by_what_it_was_verified_by(path: Path) -> None:
    sampled = made(path).encoder.revision
    record_of(path).write_text(json.dumps({"sha256": "ab" * 32}), encoding="utf-8")
    assert made(path).encoder.revision == f"gguf {'ab' * 16}"
    for damaged in ("[]", "{", json.dumps({"sha256": None}), json.dumps({"sha256": "x"})):
        record_of(path).write_text(damaged, encoding="utf-8")
        assert made(path).encoder.revision == sampled


def test_after_a_restart_the_client_of_the_old_address_is_closed(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedder = made(path)
    running = [LocalServer(f"http://127.0.0.1:{port}/v1", "key", "x", 8, 100, "") for port in (9001, 9002)]
    monkeypatch.setattr(embedder._server, "ready", lambda: running[0])
    old, closed = embedder._running(), []
    monkeypatch.setattr(old, "close", lambda: closed.append(True))
    assert embedder._running() is old
    monkeypatch.setattr(embedder._server, "ready", lambda: running[1])
    assert embedder._running() is not old
    assert closed == [True]
    embedder.close()
