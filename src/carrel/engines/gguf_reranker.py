"""A GGUF file as a ``Reranker``: llama.cpp in a process of its own, asked like any other server."""

import threading
from collections.abc import Callable, Sequence

from carrel.core.ports import Reranked, Reranker
from carrel.engines.address import Endpoint, endpoint_at
from carrel.engines.gguf_process import GgufServer


class GgufReranker:
    """Starts the file's server when the first question comes, and again after it died. Thread-safe."""

    def __init__(self, model: str, server: GgufServer, asking: Callable[[Endpoint, str], Reranker]) -> None:
        """Take the model's name, its server (not started yet), and what makes a client of an address."""
        self._model = model
        self._server = server
        self._asking = asking
        self._lock = threading.Lock()
        self._client: Reranker | None = None
        self._address = ""

    @property
    def model(self) -> str:
        """The model's name, for people."""
        return self._model

    def rerank(self, query: str, documents: Sequence[str], instruction: str = "") -> Reranked:
        """Score documents.

        Raises:
            EngineNotInstalled, GgufUnusable, EngineNotStarted: the file cannot be run.
            ServiceError: it took too long, or died.
        """
        local = self._server.ready()
        with self._lock:
            if self._client is None or local.url != self._address:
                endpoint = endpoint_at(local.url, "CARREL_RERANKER", local.api_key)
                self._client, self._address = self._asking(endpoint, local.model), local.url
            client = self._client
        return client.rerank(query, documents, instruction)

    def close(self) -> None:
        """End the process."""
        self._server.close()
        with self._lock:
            if self._client is not None:
                self._client.close()
