"""How many requests to keep in flight, and how large: found out from the server's answers.

The number climbs while more requests at once bring more tokens a second, and stays at one that brings about
the most: more would only wait in the server's queue. A refusal alone says little: a server that refuses at
random is asked as before, one that is overloaded answers no more tokens for being asked more. The size of a
request is halved where one takes too long, so that a slow server is not given more at once than it can
answer in time; while the number is being found, requests are small, so that it is found soon.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Condition

_FIRST_REQUESTS = 8
_FIRST_TOKENS = 1024
_SLOW_SECONDS = 0.5  # for one short text
_FIRST_TOKENS_SLOW = 256
_HARMLESS_SECONDS = 1.0  # a request may wait so long in a queue
_SHORT_SECONDS = 8.0  # a request that takes less may be larger
_LONG_SECONDS = 15.0  # one that takes more is to be smaller
_CLIMB = 4.0  # overshooting costs nothing but a queue at the server
_STEP = 1.5
_GAIN = 1.1  # so much more a second is more; less is chance
_LOSS = 0.97
_LEAST_EPOCH_SECONDS = 0.1
_FIRST_HOLD_SECONDS = 5.0  # before it is tried again whether more, or fewer, would do
_LONGEST_HOLD_SECONDS = 60.0


@dataclass
class _Epoch:
    """A stretch of time in which as many requests as allowed were under way."""

    began: float
    skip: int  # answers to requests from before
    answered: int = 0
    tokens: int = 0


class Pace:
    """The number and the size of requests to one server, shared by all calls. Thread-safe."""

    def __init__(
        self, most_requests: int, most_tokens: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Take the most that may be in flight, and the most tokens of one request."""
        self._most = most_requests
        self._most_tokens = most_tokens
        self._clock = clock
        self._changed = Condition()
        self._flying = 0
        self._waiting = 0
        self._ended = False
        self._limit = min(_FIRST_REQUESTS, most_requests)
        self._base = self._limit  # the number that has proved itself, and the tokens a second that it brought
        self._best = 0.0
        self._climbing = True
        self._seconds = 0.0  # that the latest request took
        self._hold_seconds = _FIRST_HOLD_SECONDS
        self._held_until = 0.0
        self._fewer_next = False
        self._budget = min(_FIRST_TOKENS, most_tokens)
        self._epoch = _Epoch(clock(), 0)

    @property
    def limit(self) -> int:
        """Requests that may be in flight now."""
        return self._limit

    @property
    def budget(self) -> int:
        """Tokens that a request should have now."""
        return self._budget

    def begin(self, seconds: float) -> None:
        """Begin with one small request at a time where a first short text took long."""
        with self._changed:
            if seconds > _SLOW_SECONDS and self._best == 0.0:
                self._limit = self._base = 1
                self._budget = min(_FIRST_TOKENS_SLOW, self._budget)

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Wait until one more request may be sent, and count it as in flight in the block."""
        with self._changed:
            self._waiting += 1
            self._changed.wait_for(lambda: self._flying < self._limit or self._ended)
            self._waiting -= 1
            self._flying += 1
        try:
            yield
        finally:
            with self._changed:
                self._flying -= 1
                self._changed.notify()

    def end(self) -> None:
        """Let nobody wait any more."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def disturbed(self) -> None:
        """Take note that the server was away: what was counted meanwhile says nothing of its speed."""
        with self._changed:
            self._epoch = _Epoch(self._clock(), self._flying)

    def answered(self, tokens: int, seconds: float) -> None:
        """Take note of an answer: how many tokens it took, and for how long it was waited for."""
        with self._changed:
            self._resize(tokens, seconds)
            epoch = self._epoch
            if epoch.skip > 0:
                epoch.skip -= 1
                epoch.began = self._clock()
                return
            epoch.answered += 1
            epoch.tokens += tokens
            elapsed = self._clock() - epoch.began
            if epoch.answered < self._limit or elapsed < _LEAST_EPOCH_SECONDS:
                return
            before = self._limit
            if self._waiting:
                self._judge(epoch.tokens / elapsed)
            elif self._climbing:  # nobody waits for more: requests need not be small to learn how many
                self._base = self._limit
                self._settle()
            self._epoch = _Epoch(self._clock(), self._flying if self._limit != before else 0)
            self._changed.notify_all()

    def _resize(self, tokens: int, seconds: float) -> None:
        """Halve what takes too long, double what does not: a request costs something whatever its size."""
        self._seconds = seconds
        if seconds > _LONG_SECONDS:
            self._budget = max(1, min(self._budget, tokens // 2))
        elif seconds < _SHORT_SECONDS and not self._climbing and 2 * tokens > self._budget:
            self._budget = min(2 * self._budget, self._most_tokens)

    def _judge(self, rate: float) -> None:
        """Decide the next number of requests from the tokens a second of this epoch."""
        if self._climbing or self._limit > self._base:
            if self._climbing and rate <= self._best * _GAIN and self._seconds < _HARMLESS_SECONDS:
                # With small requests, what sends them may be the slower side: fewer are tried later.
                self._base, self._fewer_next = self._limit, True
            elif rate > self._best * _GAIN:
                self._best, self._base = rate, self._limit
                self._hold_seconds = _FIRST_HOLD_SECONDS
                self._limit = self._more(_CLIMB if self._climbing else _STEP)
                if self._limit > self._base:
                    return
            self._settle()
        elif self._limit < self._base:
            if rate >= self._best * _LOSS:
                self._base = self._limit
            self._settle()
        else:
            self._best += 0.3 * (rate - self._best)  # servers and texts change
            if self._clock() >= self._held_until:
                self._limit = self._fewer() if self._fewer_next else self._more(_STEP)
                self._fewer_next = not self._fewer_next

    def _settle(self) -> None:
        self._limit, self._climbing = self._base, False
        self._held_until = self._clock() + self._hold_seconds
        self._hold_seconds = min(2 * self._hold_seconds, _LONGEST_HOLD_SECONDS)

    def _more(self, factor: float) -> int:
        return min(self._most, max(self._base + 1, int(self._base * factor)))

    def _fewer(self) -> int:
        return max(1, self._base * 3 // 4)
