"""The reranker of a GGUF file: a start in the background, within a question's time."""

import threading
import time
from collections.abc import Callable

import pytest

from carrel.core.engine_errors import EngineNotStarted, RerankerStarting
from carrel.core.ports import Reranker
from carrel.engines import gguf_reranker
from carrel.engines.address import Endpoint
from carrel.engines.gguf_process import LocalServer
from carrel.engines.gguf_reranker import GgufReranker
from tests.fakes.reranker import FakeReranker


class Server:
    """Stands for GgufServer: starts when it is let, at another port each time."""

    def __init__(self) -> None:
        self.let = threading.Event()
        self.starts = 0
        self.alive = False
        self.failing = False

    def ready(self) -> LocalServer:
        self.starts += 1
        assert self.let.wait(10)
        if self.failing:
            raise EngineNotStarted(path="x.gguf", detail="no memory")
        self.alive = True
        return LocalServer(f"http://127.0.0.1:{9000 + self.starts}/v1", "key", "x", 0, 100, "")

    def close(self) -> None:
        self.alive = False


def made(server: Server, seconds: float) -> tuple[GgufReranker, list[FakeReranker]]:
    """Return the reranker and the clients that it makes."""
    clients: list[FakeReranker] = []

    def asking(endpoint: Endpoint, model: str) -> Reranker:
        clients.append(FakeReranker())
        return clients[-1]

    return GgufReranker("x.gguf", server, asking, seconds), clients  # type: ignore[arg-type]


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_question_waits_for_the_start_no_longer_than_its_time() -> None:
    server = Server()
    reranker, _ = made(server, 0.1)
    for _ in range(2):
        began = time.monotonic()
        with pytest.raises(RerankerStarting, match=r"x\.gguf is still starting"):
            reranker.rerank("a", ["a"])
        assert time.monotonic() - began < 5
    server.let.set()
    until(lambda: server.alive)
    until(lambda: reranker._start is not None and reranker._start.ended)
    assert reranker.rerank("a", ["a"]).scores.tolist() == [1.0]
    assert server.starts == 1


def test_a_quick_start_is_waited_for() -> None:
    server = Server()
    server.let.set()
    reranker, _ = made(server, 10)
    assert reranker.rerank("a", ["a"]).scores.tolist() == [1.0]


def test_a_start_that_failed_is_remembered_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server()
    server.let.set()
    server.failing = True
    reranker, _ = made(server, 10)
    for _ in range(3):
        with pytest.raises(EngineNotStarted, match="no memory"):
            reranker.rerank("a", ["a"])
    assert server.starts == 1
    monkeypatch.setattr(gguf_reranker, "_FAILED_SECONDS", 0.0)
    server.failing = False
    assert reranker.rerank("a", ["a"]).scores.tolist() == [1.0]
    assert server.starts == 2


def test_after_a_restart_the_client_of_the_old_address_is_closed() -> None:
    server = Server()
    server.let.set()
    reranker, clients = made(server, 10)
    reranker.rerank("a", ["a"])
    server.alive = False
    reranker.rerank("a", ["a"])
    assert [client.closed for client in clients] == [True, False]
    reranker.close()
    assert clients[-1].closed
