"""Gateways that run: the real app in uvicorn on a free port of this machine, in a thread."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import httpx2
import uvicorn

from carrel.api.admission import Admission
from carrel.api.app import create_app
from carrel.api.listening import address_of, listen
from carrel.bootstrap import GatewayModels
from carrel.core.ports import EmbeddedQuery, Embedder, Reranker
from carrel.core.space import Vectors
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.reranker import FakeReranker

MODEL = "fake-bag-of-words"
PATIENCE = 20.0  # seconds after which a test has failed


def models(embedder: Embedder | None = None, reranker: Reranker | None = None) -> GatewayModels:
    return GatewayModels(embedder or FakeEmbedder(), MODEL, reranker, 32)


@contextmanager
def serving(
    served: GatewayModels | None = None, key: str = "", admission: Admission | None = None
) -> Iterator[httpx2.Client]:
    """Serve while the block runs; yield a client of it."""
    app = create_app(served or models(reranker=FakeReranker()), key, admission)
    listening = listen("127.0.0.1", 0)
    url = address_of(listening)
    config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=5)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: server.run(sockets=[listening]))
    thread.start()
    try:
        with httpx2.Client(base_url=url, timeout=PATIENCE, trust_env=False) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join()


def embed(client: httpx2.Client, **fields: object) -> httpx2.Response:
    return client.post("/v1/embeddings", json={"model": MODEL, "input": "a text", **fields})


def until(condition: Callable[[], bool]) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it never came to be so"
        time.sleep(0.005)


class GatedEmbedder(FakeEmbedder):
    """Embeds a call only when it is let: each ``let(n)`` lets n calls through."""

    def __init__(self) -> None:
        super().__init__()
        self._gate = threading.Semaphore(0)
        self.begun: list[tuple[str, ...]] = []

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        self.begun.append(tuple(texts))
        assert self._gate.acquire(timeout=PATIENCE)
        return super().embed_documents(texts)

    def let(self, calls: int) -> None:
        self._gate.release(calls)


class BrokenEmbedder(FakeEmbedder):
    """Raises what it is given."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error: Exception | None = error

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        if self.error is not None:
            raise self.error
        return super().embed_documents(texts)


class InstructedEmbedder(FakeEmbedder):
    """Reads an instruction before a question."""

    def embed_query(self, text: str, instruction: str = "") -> EmbeddedQuery:
        return EmbeddedQuery(self.embed_documents([f"Instruct: {instruction}\nQuery:{text}"])[0])
