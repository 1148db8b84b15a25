"""A reranker that a server runs, as a ``Reranker``: packed, cut to what the server reads, in time.

A question must not wait: one deadline holds over everything that a call does, whatever the server does.
"""

import re
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np

from carrel.core.engine_errors import EndpointUnavailable
from carrel.core.exchange import Exchange
from carrel.core.language import tr
from carrel.core.ports import Reranked
from carrel.core.tasks import instruction_for
from carrel.engines import rerank_prompts
from carrel.engines.deadline import DeadlinePassed, in_time
from carrel.engines.embedding_server import Busy, TextsAtFault
from carrel.engines.packing import Pending
from carrel.engines.rerank_prompts import PLAIN, PROMPTED, PromptWay
from carrel.engines.rerank_server import RerankReply, RerankServer
from carrel.engines.rerank_shapes import Scores
from carrel.engines.token_estimate import EstimatedTokens, estimated_tokens

_REQUESTS = 4  # at once: one that is large enough keeps a server busy
_BATCH_TOKENS = 16384
_BATCH_TEXTS = 32  # what text-embeddings-inference takes
_FEWEST_TOKENS = 64  # of query and document; a server that reads less is none
_SPARE_TOKENS = 8  # for what the tokenizer adds and the estimate misses
_WAIT = 0.2  # seconds, doubled each time, where a busy server does not say how long
_COUNT_AT_FAULT = ("batch", "too many")
_TOKENS_AT_FAULT = ("token", "context", "length", "too long")
_NUMBER_OF_TOKENS = re.compile(  # "512 tokens", "context length is 600", "batch size (currently: 512)"
    r"(?<![\w.])(?P<before>\d{2,6})[\s-]{0,2}tokens?\b"
    r"|(?:tokens?|context|length|size|limit|_len|ctx)\W{1,3}"
    r"(?:(?:is|of|to|was|only|limit|max|maximum|than|at most|currently|exceeded)\W{1,3}){0,4}"
    r"(?P<behind>\d{2,6})(?![\w]|\.\d)"
)

T = TypeVar("T")


@dataclass
class _Limits:
    """What the server was seen to take; both only fall."""

    tokens: int  # of query and document
    texts: int = _BATCH_TEXTS


class HttpReranker:
    """Reranks with one server. Safe to use from several threads.

    A document longer than the server reads is cut there by us: its beginning says best what it is about.
    """

    def __init__(
        self, server: RerankServer, *, seconds: float, template: str = "auto", max_tokens: int = 0
    ) -> None:
        """Take the server and how it is to be asked.

        Args:
            server: asked for scores.
            seconds: that a whole call may take.
            template: who writes Qwen3-Reranker's prompt: ``carrel``, ``server``, or ``auto`` to find out at
                first use. Other models need none and ``auto`` asks nothing.
            max_tokens: of query and document that the server reads, where it is known better than by the
                model's name.
        """
        self._server = server
        self._seconds = seconds
        self._limits = _Limits(max_tokens or rerank_prompts.readable_tokens(server.model))
        self._stopping = threading.Event()
        self._finding = threading.Lock()
        self._way: PromptWay | None = {"carrel": PROMPTED, "server": PLAIN}.get(template)
        if self._way is None and not rerank_prompts.needs_prompt(server.model):
            self._way = PLAIN

    @property
    def model(self) -> str:
        """The model's name, as the server knows it."""
        return self._server.model

    def rerank(self, query: str, documents: Sequence[str], instruction: str = "") -> Reranked:
        """Score documents, [documents], within the time that it was made with.

        Raises:
            EndpointUnavailable, EndpointRefuses, EndpointNonsense: the server cannot be used, or not in time.
        """
        if not documents:
            return Reranked(np.zeros(0, np.float32))
        end = time.monotonic() + self._seconds
        way, probes = self._way_in_use(end)
        call = _Call(self._server, self._limits, self._stopping, end)
        asked = call.cut(query, call.query_room(way))
        sent = way.query(asked, instruction_for(instruction))
        scores = np.empty(len(documents), np.float32)

        def work() -> list[Exchange]:
            exchanges: list[Exchange] = []
            while rows := sorted(pending.take(_BATCH_TOKENS)):
                part, seen = call.scores(sent, [documents[row] for row in rows], way)
                scores[rows] = part
                exchanges += seen
            return exchanges

        costs = [call.cost(sent, document) for document in documents]
        pending = Pending(costs, self._limits.texts)
        requests = max(-(-sum(costs) // _BATCH_TOKENS), -(-len(documents) // self._limits.texts))
        found = self._in_time([work] * min(_REQUESTS, requests), end)
        return Reranked(scores, (*probes, *(exchange for each in found for exchange in each)))

    def close(self) -> None:
        """End waits and connections; calls in other threads fail."""
        self._stopping.set()
        self._server.wire.close()

    def _way_in_use(self, end: float) -> tuple[PromptWay, tuple[Exchange, ...]]:
        """Return who writes the prompt; found out once, with both ways asked about a pair that is plain.

        A way that the server cannot be asked in for a moment is no answer: the error is raised, and the next
        call tries again.
        """
        if not self._finding.acquire(timeout=max(0.0, end - time.monotonic())):
            raise self._late()
        try:
            if self._way is not None:
                return self._way, ()
            call = _Call(self._server, self._limits, self._stopping, end)
            # One after the other: the first also finds out the server's shape.
            plain, seen = self._in_time([partial(_probe, call, PLAIN)], end)[0]
            prompted, more = self._in_time([partial(_probe, call, PROMPTED)], end)[0]
            self._way = PROMPTED if prompted > plain else PLAIN
            return self._way, (*seen, *more)
        finally:
            self._finding.release()

    def _in_time(self, tasks: Sequence[Callable[[], T]], end: float) -> list[T]:
        try:
            return in_time(tasks, end)
        except DeadlinePassed as error:
            raise self._late() from error

    def _late(self) -> EndpointUnavailable:
        detail = tr("not finished within {seconds} seconds").format(seconds=f"{self._seconds:g}")
        return self._server.wire.unavailable(detail)


@dataclass(frozen=True, slots=True)
class _Call:
    """One call's requests: each as often as the time and the server's refusals allow."""

    server: RerankServer
    limits: _Limits
    stopping: threading.Event
    end: float  # by the monotonic clock

    def scores(self, query: str, documents: Sequence[str], way: PromptWay) -> tuple[Scores, list[Exchange]]:
        """Return [documents] scores; a request that is too large for the server is halved.

        Raises like ``HttpReranker.rerank``.
        """
        if len(documents) > self.limits.texts:
            return self._halved(query, documents, way)
        room = self.limits.tokens
        sent = [way.document(self.cut(text, self._document_room(query, way))) or " " for text in documents]
        try:
            reply = self._patiently(query, sent)
        except TextsAtFault as error:
            said = str(error).lower()
            long = any(sign in said for sign in _TOKENS_AT_FAULT)
            if not long and len(documents) > 1:
                if any(sign in said for sign in _COUNT_AT_FAULT):
                    self.limits.texts = max(1, min(self.limits.texts, len(documents) // 2))
                return self._halved(query, documents, way)
            if not long or room // 2 < _FEWEST_TOKENS:
                raise self.server.wire.refuses(str(error)) from error
            # Other threads may have met the same limit at the same time: it falls once.
            self.limits.tokens = min(self.limits.tokens, _named_limit(said, room))
            return self.scores(query, documents, way)
        return reply.scores, [reply.exchange()]

    def query_room(self, way: PromptWay) -> int:
        """Return how many tokens a query may have: half of what is read, so that documents have the rest."""
        return max(16, self.limits.tokens // 2 - estimated_tokens(way.query("", "")))

    def cost(self, query: str, document: str) -> int:
        """Return about how many tokens the server reads for a document."""
        return min(self.limits.tokens, estimated_tokens(query) + estimated_tokens(document))

    @staticmethod
    def cut(text: str, tokens: int) -> str:
        """Return the beginning of a text that has at most so many tokens, by the estimate."""
        if len(text) <= tokens:  # no token is shorter than a character
            return text
        ends = EstimatedTokens().token_ends(text)
        return text if len(ends) <= tokens else text[: int(ends[tokens - 1])]

    def _document_room(self, query: str, way: PromptWay) -> int:
        around = estimated_tokens(query) + estimated_tokens(way.document("")) + _SPARE_TOKENS
        return max(16, self.limits.tokens - around)

    def _halved(self, query: str, documents: Sequence[str], way: PromptWay) -> tuple[Scores, list[Exchange]]:
        half = len(documents) // 2
        (first, seen), (second, more) = (
            self.scores(query, part, way) for part in (documents[:half], documents[half:])
        )
        return np.concatenate([first, second]), [*seen, *more]

    def _patiently(self, query: str, documents: Sequence[str]) -> RerankReply:
        """Ask again as long as the server is busy and there is time."""
        pause = _WAIT
        while True:
            left = self.end - time.monotonic()
            if left <= 0:
                raise self.server.wire.unavailable(tr("no time is left"))
            try:
                return self.server.ask(query, documents, left)
            except Busy as error:
                pause = max(pause, error.seconds)
                if pause >= self.end - time.monotonic() or self.stopping.wait(pause):
                    raise self.server.wire.unavailable(str(error)) from error
                pause *= 2


def _probe(call: _Call, way: PromptWay) -> tuple[float, list[Exchange]]:
    """Return how far apart the scores of a right and a wrong answer are, asked in one way."""
    query = way.query(rerank_prompts.PROBE_QUERY, rerank_prompts.PROBE_INSTRUCTION)
    pair = [rerank_prompts.PROBE_RIGHT, rerank_prompts.PROBE_WRONG]
    scores, exchanges = call.scores(query, pair, way)
    return float(scores[0] - scores[1]), exchanges


def _named_limit(said: str, room: int) -> int:
    """Return the tokens that a server says it takes, where it does; otherwise half of ``room``.

    Servers name the limit and what they were given, in either order; their other numbers, such as a
    request's, are of no interest.
    """
    found = _NUMBER_OF_TOKENS.finditer(said.partition(": ")[2])
    numbers = [int(match["before"] or match["behind"]) for match in found]
    return min((number for number in numbers if _FEWEST_TOKENS <= number < room), default=room // 2)
