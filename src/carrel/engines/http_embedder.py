"""A model that a server runs, as an ``Embedder``: templates, limits, and the server's answers checked."""

import threading
import time
import unicodedata
from collections.abc import Iterator, Sequence

import numpy as np

from carrel.core.engine_errors import EndpointUnavailable, TextsRefused
from carrel.core.ports import EmbeddedQuery, TokenCounter
from carrel.core.probe import PROBE_TEXT
from carrel.core.space import Encoder, Vectors
from carrel.core.tasks import instruction_for
from carrel.engines.cached_embedder import DriftGuard
from carrel.engines.embedding_reply import unit
from carrel.engines.embedding_server import Busy, EmbeddingReply, EmbeddingServer, TextsAtFault
from carrel.engines.embedding_stream import EmbeddingStream, Limits, Part, Patience
from carrel.engines.profiles import ModelProfile
from carrel.engines.token_estimate import EstimatedTokens, estimated_tokens

_SPARE_TOKENS = 8  # for what the tokenizer adds and the estimate misses
_QUERY_SECONDS = 30.0
_QUERY_TRIES = 3
_QUERY_WAIT = 0.3  # seconds, doubled each time
_PAPERS_A_REQUEST = 4  # so many calls for a place in flight: a paper is a few requests


class HttpEmbedder:
    """Embeds with one server. Safe to use from several threads.

    A text longer than ``max_tokens`` is sent up to there; the rest does not count. A question does not wait
    behind documents: it is sent beside them.
    """

    def __init__(
        self,
        server: EmbeddingServer,
        profile: ModelProfile,
        limits: Limits,
        *,
        revision: str = "",
        guard: DriftGuard | None = None,
        max_tokens: int = 0,
        patience: Patience | None = None,
    ) -> None:
        """Take the server and how the model wants to be used.

        Args:
            server: asked for vectors.
            profile: of the model.
            limits: of requests.
            revision: what else distinguishes the model's vectors, such as the weights' hash.
            guard: compares what the server gives with what it gave before.
            max_tokens: what the server reads, if less than the profile says.
            patience: with a server that refuses everything.
        """
        self._server = server
        self._stream = EmbeddingStream(server, self._as_sent, limits, patience or Patience())
        self._profile = profile
        self._revision = revision
        self._readable = min(max_tokens or profile.max_tokens, profile.max_tokens) - _SPARE_TOKENS
        self._max_tokens = max(16, self._readable - estimated_tokens(profile.document_text("")))
        self._requests = limits.requests
        self._guard = guard
        self._proving = threading.Lock()
        self._proven = False
        self._stopping = threading.Event()

    @property
    def encoder(self) -> Encoder:
        """Identity of the vectors; a model of unknown width is asked for a vector first.

        Raises:
            ServiceError: the server must be asked and cannot be reached.
        """
        if not self._server.width:
            self._prove()
        return self._encoder()

    def _encoder(self) -> Encoder:
        return Encoder(
            model=self._server.model,
            revision=self._revision,
            document_template=self._profile.document,
            pooling=self._profile.pooling,
            width=self._server.width,
        )

    @property
    def profile(self) -> ModelProfile:
        """How the model wants to be used."""
        return self._profile

    @property
    def max_tokens(self) -> int:
        """How many tokens of a text are sent, by the estimate."""
        return self._max_tokens

    @property
    def languages(self) -> frozenset[str]:
        """What its profile says."""
        return self._profile.languages

    @property
    def tokens(self) -> TokenCounter:
        """Estimates: the server keeps its tokenizer to itself."""
        return EstimatedTokens()

    @property
    def parallel_calls(self) -> int:
        """So many that the requests that may be in flight are."""
        return max(1, self._requests // _PAPERS_A_REQUEST)

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Return [len(texts), width], rows of length 1.

        Raises:
            TextsRefused: the server refuses some of them.
            EndpointUnavailable, EndpointRefuses, EndpointNonsense: it cannot be used.
        """
        vectors = np.empty((len(texts), self.encoder.width), np.float32)
        for rows, part in self.embed_in_parts(texts):
            vectors[rows] = part
        return vectors

    def embed_in_parts(self, texts: Sequence[str]) -> Iterator[Part]:
        """Yield the rows of documents and their vectors as the server answers. Raises likewise."""
        self._prove()
        yield from self._stream.embed(texts)

    def embed_query(self, text: str, instruction: str = "") -> EmbeddedQuery:
        """Embed a question, with the instruction before it where the model reads one. Raises likewise."""
        asked = instruction_for(instruction)
        room = self._readable - estimated_tokens(self._profile.query_text("", asked))
        sent = self._profile.query_text(self._cut(_composed(text), max(16, room)), asked)
        if self._proven or (
            self._guard is None and self._server.width
        ):  # nothing to compare, nothing to learn
            reply = self._ask_patiently([sent])
        else:  # both in one request: the first question waits for one answer, too
            reply = self._ask_patiently([sent, self._profile.document_text(PROBE_TEXT)])
            self._note_probe(reply.vectors[1:])
        return EmbeddedQuery(unit(reply.vectors[:1])[0], (reply.exchange(),))

    def close(self) -> None:
        """End waits and connections; calls in other threads fail."""
        self._stopping.set()
        self._stream.close()
        self._server.wire.close()

    def _prove(self) -> None:
        """At first, see that the server still gives what it gave, and how wide its vectors are."""
        with self._proving:
            if self._proven:
                return
            try:
                reply = self._ask_patiently([self._profile.document_text(PROBE_TEXT)])
                self._note_probe(reply.vectors)
                self._stream.pace.begin(reply.answer.milliseconds / 1000)
            except TextsRefused as error:  # there is nothing wrong with the text
                raise self._server.wire.refuses(error.parameters["detail"]) from error

    def _note_probe(self, vectors: Vectors) -> None:
        self._server.width = vectors.shape[1]
        if self._guard is not None:
            self._guard.check_encoder(self._encoder(), unit(vectors)[0], self._server.wire.endpoint.url)
        self._proven = True

    def _as_sent(self, text: str) -> str:
        return (
            self._profile.document_text(self._cut(_composed(text), self._max_tokens)) or " "
        )  # some servers refuse ""

    def _cut(self, text: str, limit: int) -> str:
        if len(text) <= limit:  # no token is shorter than a character
            return text
        ends = self.tokens.token_ends(text)
        return text if len(ends) <= limit else text[: int(ends[limit - 1])]

    def _ask_patiently(self, texts: Sequence[str]) -> EmbeddingReply:
        """Ask a few times: a question is not worth a minute's wait, and a server may be busy for a moment."""
        wait, end = _QUERY_WAIT, time.monotonic() + _QUERY_SECONDS
        for left in reversed(range(_QUERY_TRIES)):
            try:
                return self._server.ask(texts, seconds=_QUERY_SECONDS)
            except TextsAtFault as error:
                url = self._server.wire.endpoint.url
                raise TextsRefused({0: str(error)}, endpoint=url, count=1, detail=error) from error
            except (Busy, EndpointUnavailable) as error:
                asked = min(error.seconds, 2.0) if isinstance(error, Busy) else 0.0
                if not left or time.monotonic() > end or self._stopping.wait(max(wait, asked)):
                    if isinstance(error, EndpointUnavailable):
                        raise
                    raise self._server.wire.unavailable(str(error)) from error
                wait *= 2
        raise AssertionError("the last try returns or raises")


def _composed(text: str) -> str:
    """Return the text in NFC: tokenizers compose letters and accents by themselves, llama.cpp does not."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)
