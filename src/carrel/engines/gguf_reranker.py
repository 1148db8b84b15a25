"""A GGUF file as a ``Reranker``: llama.cpp in a process of its own, asked like any other server."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from functools import partial

from carrel.core.engine_errors import RerankerStarting
from carrel.core.ports import Reranked, Reranker
from carrel.engines.address import Endpoint, endpoint_at
from carrel.engines.deadline import DeadlinePassed, in_time
from carrel.engines.gguf_process import GgufServer, LocalServer

_FAILED_SECONDS = 60.0  # so long a start that failed is not tried again


class GgufReranker:
    """Starts the file's server when the first question comes, and again after it died. Thread-safe.

    The start goes on in the background: a question waits for it no longer than for scores.
    """

    def __init__(
        self, model: str, server: GgufServer, asking: Callable[[Endpoint, str], Reranker], seconds: float
    ) -> None:
        """Take note of what is wanted; nothing is started yet.

        Args:
            model: the model's name.
            server: the file's.
            asking: makes a client of an address and the name of the model there.
            seconds: that a question may take, a start included.
        """
        self._model = model
        self._server = server
        self._asking = asking
        self._seconds = seconds
        self._lock = threading.Lock()
        self._start: _Start | None = None
        self._client: Reranker | None = None
        self._address = ""

    @property
    def model(self) -> str:
        """The model's name, for people."""
        return self._model

    def rerank(self, query: str, documents: Sequence[str], instruction: str = "") -> Reranked:
        """Score documents.

        Raises:
            EngineNotInstalled, GgufUnusable, EngineNotStarted: the file cannot be run, or could not just now.
            RerankerStarting: its process is still starting, or had no time left when it had started.
            ServiceError: it took too long, or died.
        """
        end = time.monotonic() + self._seconds
        start = self._current_start()
        waited = not start.ended
        try:
            client = self._client_of(start.server(max(0.0, end - time.monotonic())))
            if not waited:
                return client.rerank(query, documents, instruction)
            # The client has a time limit of its own, which does not know how long the start took.
            return in_time([partial(client.rerank, query, documents, instruction)], end)[0]
        except (NotYet, DeadlinePassed) as error:
            raise RerankerStarting(model=self._model) from error

    def close(self) -> None:
        """End the process."""
        self._server.close()
        with self._lock:
            if self._client is not None:
                self._client.close()

    def _current_start(self) -> "_Start":
        """Return the start under way, the one that the process comes from, or a new one."""
        with self._lock:
            if self._start is None or self._start.is_over(self._server.alive):
                self._start = _Start(self._server)
            return self._start

    def _client_of(self, local: LocalServer) -> Reranker:
        with self._lock:
            if self._client is None or local.url != self._address:
                if self._client is not None:
                    self._client.close()
                endpoint = endpoint_at(local.url, "CARREL_RERANKER", local.api_key)
                self._client, self._address = self._asking(endpoint, local.model), local.url
            return self._client


class _Start:
    """One start of the server, in a thread of its own."""

    def __init__(self, server: GgufServer) -> None:
        self._server = server
        self._found: Future[LocalServer] = Future()
        self._failed_at = 0.0
        threading.Thread(target=self._run, daemon=True, name="reranker-start").start()

    @property
    def ended(self) -> bool:
        """Whether it has ended, well or not."""
        return self._found.done()

    def is_over(self, alive: bool) -> bool:
        """Say whether another one is due: the process has died since, or this failed some time ago."""
        if not self.ended:
            return False
        if self._found.exception() is None:
            return not alive
        return time.monotonic() - self._failed_at >= _FAILED_SECONDS

    def server(self, seconds: float) -> LocalServer:
        """Return the server that runs. Raises NotYet after so many seconds, and what the start raised."""
        error = self._found.exception(seconds)
        if error is not None:
            raise error.with_traceback(None)  # raised at every question: its traceback must not grow
        return self._found.result()

    def _run(self) -> None:
        try:
            self._found.set_result(self._server.ready())
        except BaseException as error:  # handed on to whoever waits
            self._failed_at = time.monotonic()
            self._found.set_exception(error)
