"""Many texts to one server: packed by tokens, several requests at once, each retried; vectors as they come.

A request that the server is too busy for waits and is sent again; one whose texts it refuses is halved
until one text is refused alone; whatever else goes wrong ends the call. Vectors that have been answered
have been handed over by then.
"""

import queue
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field

from carrel.core.engine_errors import EndpointUnavailable, TextsRefused
from carrel.core.errors import CarrelError
from carrel.core.language import tr
from carrel.core.space import Vectors
from carrel.engines.embedding_reply import unit
from carrel.engines.embedding_server import Busy, EmbeddingReply, EmbeddingServer, TextsAtFault
from carrel.engines.pace import Pace
from carrel.engines.packing import Pending
from carrel.engines.token_estimate import weight

Part = tuple[list[int], Vectors]
"""Rows of a call, and their vectors: [rows, width], each of length 1."""

_Outcome = Busy | EndpointUnavailable | TextsAtFault | None
"""What stands in the way of an answer: not now, not there, not these texts; None: it is answered."""

_FIRST_WAIT = 0.05  # seconds before a request is sent again; doubled each time
_SHORT_WAIT = 0.25  # the longest while others are answered
_LONGEST_WAIT = 5.0  # and while nobody is
_HARMLESS = "Carrel"


@dataclass(frozen=True, slots=True)
class Limits:
    """The most requests in flight, and the most tokens (about) and texts of one request."""

    requests: int = 64
    batch_tokens: int = 16384
    batch_texts: int = 32


@dataclass(frozen=True, slots=True)
class Patience:
    """For how long a server may refuse everything before a call ends: at first, and once it has answered."""

    at_first: float = 5.0
    later: float = 10.0


@dataclass
class _Call:
    """One call: its texts, what waits, what has come back."""

    texts: Sequence[str]
    tokens: Sequence[int]
    pending: Pending
    parts: "queue.SimpleQueue[Part | None]" = field(default_factory=queue.SimpleQueue)
    refused: dict[int, str] = field(default_factory=dict)
    failure: CarrelError | None = None
    stopped: threading.Event = field(default_factory=threading.Event)


class EmbeddingStream:
    """Embeds any number of texts with one server. Safe to use from several threads, which share its pace."""

    def __init__(
        self,
        server: EmbeddingServer,
        as_sent: Callable[[str], str],
        limits: Limits,
        patience: Patience,
    ) -> None:
        """Take the server and what it may be asked at once.

        ``as_sent`` makes of a text what is sent of it; it is called just before, in several threads.
        """
        self._server = server
        self._as_sent = as_sent
        self._pace = Pace(limits.requests, limits.batch_tokens)
        self._limits = limits
        self._patience = patience
        self._threads = ThreadPoolExecutor(2 * limits.requests, thread_name_prefix="embed")
        self._closed = threading.Event()
        self._answered_at = 0.0  # when anything was last answered; 0: never

    @property
    def pace(self) -> Pace:
        """How fast it goes now."""
        return self._pace

    def embed(self, texts: Sequence[str]) -> Iterator[Part]:
        """Yield the vectors of all texts, part by part, in the order in which they come.

        Raises:
            TextsRefused: some texts were refused alone; all others have been yielded.
            EndpointUnavailable: the server has refused everything for longer than patience lasts.
            EndpointRefuses, EndpointNonsense: asking again would not help.
        """
        tokens = [weight(text) for text in texts]
        call = _Call(texts, tokens, Pending(tokens, self._limits.batch_texts))
        lanes = self._lanes(call)
        try:
            yield from self._parts(call, lanes)
        finally:  # also when nobody wants the rest
            call.stopped.set()
            for lane in lanes:
                lane.cancel()
        for lane in lanes:
            if lane.done() and not lane.cancelled():
                lane.result()  # a fault of ours is not kept quiet
        if call.failure is not None:
            raise call.failure
        if self._closed.is_set():
            raise self._server.wire.unavailable(tr("Carrel is stopping"))
        if call.refused:
            first = next(iter(call.refused.values()))
            url = self._server.wire.endpoint.url
            raise TextsRefused(call.refused, endpoint=url, count=len(call.refused), detail=first)

    def close(self) -> None:
        """End every call; those in other threads fail."""
        self._closed.set()
        self._pace.end()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _lanes(self, call: _Call) -> "list[Future[None]]":
        try:
            count = min(self._limits.requests, len(call.texts))
            lanes = [self._threads.submit(self._lane, call) for _ in range(count)]
        except RuntimeError as error:  # the threads have ended
            call.stopped.set()
            raise self._server.wire.unavailable(tr("Carrel is stopping")) from error
        for lane in lanes:
            lane.add_done_callback(lambda _: call.parts.put(None))
        return lanes

    def _parts(self, call: _Call, lanes: Sequence["Future[None]"]) -> Iterator[Part]:
        left = len(lanes)
        while left and call.failure is None:  # the other lanes may wait for an answer for long
            part = call.parts.get()
            if part is None:
                left -= 1
            else:
                yield part
        while not call.parts.empty():  # answered before or while something failed: it is not asked again
            if (part := call.parts.get()) is not None:
                yield part

    def _lane(self, call: _Call) -> None:
        """Send one request after the other until no text of the call waits."""
        try:
            while not self._ended(call):
                with self._pace.slot():
                    rows = call.pending.take(self._pace.budget, self._pace.limit)
                    outcome = self._once(call, rows) if rows and not self._ended(call) else None
                if not rows:
                    return
                self._follow_up(call, rows, outcome)
        except CarrelError as error:
            call.failure = call.failure or error
            call.stopped.set()

    def _ended(self, call: _Call) -> bool:
        if self._closed.is_set():
            raise self._server.wire.unavailable(tr("Carrel is stopping"))
        return call.stopped.is_set()

    def _once(self, call: _Call, rows: list[int]) -> _Outcome:
        """Send one request; return what stands in the way of an answer, or None. In a slot."""
        tokens = sum(call.tokens[row] for row in rows)
        began = time.monotonic()
        try:
            reply = self._server.ask([self._as_sent(call.texts[row]) for row in rows])
        except EndpointUnavailable as error:
            self._pace.disturbed()
            return error
        except (Busy, TextsAtFault) as error:
            return error
        self._pace.answered(tokens, time.monotonic() - began)
        self._note_answer(call, rows, reply)
        return None

    def _note_answer(self, call: _Call, rows: list[int], reply: EmbeddingReply) -> None:
        self._answered_at = time.monotonic()
        call.parts.put((rows, unit(reply.vectors)))

    def _follow_up(self, call: _Call, rows: list[int], outcome: _Outcome) -> None:
        """Send again what was not answered, halved where its texts are refused. Outside a slot."""
        left = [(rows, outcome)]
        while left and not self._ended(call):
            rows, outcome = left.pop()
            if isinstance(outcome, TextsAtFault) and len(rows) == 1:
                self._make_sure_it_answers_at_all(str(outcome))
                call.refused[rows[0]] = str(outcome)
            elif isinstance(outcome, TextsAtFault):
                for half in (rows[: len(rows) // 2], rows[len(rows) // 2 :]):
                    with self._pace.slot():
                        left.append((half, self._once(call, half)))
            elif outcome is not None:
                left.append((rows, self._again(call, rows, outcome)))

    def _again(self, call: _Call, rows: list[int], why: Busy | EndpointUnavailable) -> _Outcome:
        """Wait and send the request again, longer each time, until it is taken or patience ends."""
        began = tried = time.monotonic()
        wait = _FIRST_WAIT
        outcome: _Outcome = why
        while isinstance(outcome, Busy | EndpointUnavailable):
            asked = outcome.seconds if isinstance(outcome, Busy) else 0.0
            self._lose_patience(outcome, began, asked)
            # At random, lest all that were refused together come back together.
            self._sleep(call, max(wait * random.uniform(0.5, 1.0), asked))  # noqa: S311 - no secret
            if self._ended(call):
                return None
            # While it answers others, its refusal is no reason to stay away for long.
            wait = min(2 * wait, _LONGEST_WAIT if self._answered_at < tried else _SHORT_WAIT)
            tried = time.monotonic()
            with self._pace.slot():
                outcome = self._once(call, rows)
        return outcome

    def _lose_patience(self, why: Busy | EndpointUnavailable, began: float, asked: float) -> None:
        """Raise where nothing has been answered for too long, or would be if we waited as long as asked."""
        since = max(began, self._answered_at)
        limit = self._patience.later if self._answered_at else self._patience.at_first
        if time.monotonic() - since + asked > limit:
            if isinstance(why, EndpointUnavailable):
                raise why
            raise self._server.wire.unavailable(str(why)) from why

    def _make_sure_it_answers_at_all(self, detail: str) -> None:
        """Where nothing was ever answered, find out whether the text is to blame or the server."""
        if self._answered_at:
            return
        with suppress(Busy):
            try:
                self._server.ask([_HARMLESS])
            except TextsAtFault as error:
                raise self._server.wire.refuses(detail) from error
            self._answered_at = time.monotonic()

    def _sleep(self, call: _Call, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not self._closed.is_set():
            if call.stopped.wait(min(left, 0.2)):
                return
