"""A GGUF file as an ``Embedder``: llama.cpp in a process of its own, asked like any other server."""

import hashlib
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np

from carrel.core.engine_errors import EndpointUnavailable
from carrel.core.ports import EmbeddedQuery, TokenCounter
from carrel.core.space import Encoder, Vectors
from carrel.engines.address import endpoint_at
from carrel.engines.embedding_server import EmbeddingServer
from carrel.engines.embedding_stream import Limits, Part
from carrel.engines.gguf_names import recorded_sha256
from carrel.engines.gguf_process import GgufServer, LocalServer
from carrel.engines.http_embedder import HttpEmbedder
from carrel.engines.profiles import ModelProfile
from carrel.engines.token_estimate import EstimatedTokens
from carrel.engines.wire import Wire

_END_BYTES = 1 << 20  # of the file's beginning and end
_SAMPLES, _SAMPLE_BYTES = 64, 1 << 16  # evenly spaced: a file tuned further may differ in its middle only
_SECONDS = 600.0  # of one request: on a processor a long text takes minutes
_LIMITS = Limits(requests=2, batch_tokens=4096, batch_texts=8)  # one is read while the next one arrives


class GgufEmbedder:
    """Starts the file's server when the first text comes, and again after it died. Thread-safe."""

    def __init__(self, path: Path, server: GgufServer, profile: ModelProfile, max_tokens: int) -> None:
        """Take the file, its server (not started yet), how its model wants texts, and how much it reads."""
        self._path = path
        self._server = server
        self._profile = profile
        self._max_tokens = max_tokens
        self._lock = threading.Lock()
        self._asked: HttpEmbedder | None = None
        self._address = ""

    @property
    def encoder(self) -> Encoder:
        """Identity of the vectors, by the file's content; nothing is started for it. Raises GgufUnusable."""
        return Encoder(
            model=self._profile.name,
            revision=f"gguf {self._fingerprint}",
            document_template=self._profile.document,
            pooling="last",
            width=self._server.header().embedding_length,
        )

    @property
    def max_tokens(self) -> int:
        """How many tokens of a text are read, by the estimate."""
        return self._max_tokens

    @property
    def languages(self) -> frozenset[str]:
        """What its profile says."""
        return self._profile.languages

    @property
    def tokens(self) -> TokenCounter:
        """Estimates."""
        return EstimatedTokens()

    @property
    def parallel_calls(self) -> int:
        """1: the processor is busy with one."""
        return 1

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Return [len(texts), width], rows of length 1.

        Raises:
            EngineNotInstalled, GgufUnusable, EngineNotStarted: the file cannot be run.
            TextsRefused, EndpointUnavailable: as its server says.
        """
        vectors = np.empty((len(texts), self.encoder.width), np.float32)
        for rows, part in self.embed_in_parts(texts):
            vectors[rows] = part
        return vectors

    def embed_in_parts(self, texts: Sequence[str]) -> Iterator[Part]:
        """Yield the rows of documents and their vectors as they are ready. Raises likewise."""
        left = list(range(len(texts)))
        try:
            for rows, vectors in self._running().embed_in_parts(texts):
                left = [row for row in left if row not in set(rows)]
                yield rows, vectors
        except EndpointUnavailable:
            if self._server.alive:
                raise
            # It died, perhaps for want of memory: once more, with what is left.
            for rows, vectors in self._running().embed_in_parts([texts[row] for row in left]):
                yield [left[row] for row in rows], vectors

    def embed_query(self, text: str, instruction: str = "") -> EmbeddedQuery:
        """Embed a question. Raises likewise."""
        try:
            return self._running().embed_query(text, instruction)
        except EndpointUnavailable:
            if self._server.alive:
                raise
            return self._running().embed_query(text, instruction)

    def close(self) -> None:
        """End the process."""
        self._server.close()
        with self._lock:
            if self._asked is not None:
                self._asked.close()

    def _running(self) -> HttpEmbedder:
        """Return the client of the running server."""
        local = self._server.ready()
        with self._lock:
            if self._asked is None or local.url != self._address:
                if self._asked is not None:
                    self._asked.close()
                self._asked, self._address = self._client(local), local.url
            return self._asked

    def _client(self, local: LocalServer) -> HttpEmbedder:
        endpoint = endpoint_at(local.url, "CARREL_EMBEDDER", local.api_key)
        ended = replace(
            self._profile,
            width=local.width,
            query=self._profile.query + local.end_token,
            document=self._profile.document + local.end_token,
        )
        server = EmbeddingServer(Wire(endpoint, _SECONDS), local.model, local.width)
        return HttpEmbedder(server, ended, _LIMITS, max_tokens=self._max_tokens)

    @cached_property
    def _fingerprint(self) -> str:
        """32 hexadecimal digits of the content: of what a fetched file was verified by, or of samples.

        Reading gigabytes would take too long.
        """
        if known := recorded_sha256(self._path):
            return known[:32]
        digest = hashlib.sha256()
        with self._path.open("rb") as stream:
            size = stream.seek(0, 2)
            digest.update(str(size).encode())
            between = [(size * step // _SAMPLES, _SAMPLE_BYTES) for step in range(_SAMPLES)]
            for place, length in ((0, _END_BYTES), *between, (max(0, size - _END_BYTES), _END_BYTES)):
                stream.seek(place)
                digest.update(stream.read(length))
        return digest.hexdigest()[:32]
