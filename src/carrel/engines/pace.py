"""How many requests to keep in flight, and how large: found out from the server's answers.

The number climbs while more requests at once bring more tokens a second, and stays at the smallest that
brings about as many: more would only wait in the server's queue. A refusal alone says little: a server that
refuses at random is asked as before, one that is overloaded answers no more tokens for being asked more.
The size of a request follows the speed at which one is answered, so that a slow server is not given
more at once than it can answer in time.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Condition

_FIRST_REQUESTS = 4
_FIRST_TOKENS = 1024
_TARGET_SECONDS = 4.0  # of one request
_GAIN = 1.08  # so much more a second is more; less is chance
_LOSS = 0.97
_LEAST_EPOCH_SECONDS = 0.25
_HELD_EPOCHS = 12  # before it is tried again whether more, or fewer, would do


@dataclass
class _Epoch:
    """A stretch of time in which as many requests as allowed were under way."""

    began: float
    skip: int  # answers to requests from before
    answered: int = 0
    tokens: int = 0
    waited: bool = False  # whether some request had to wait: else nothing is learnt


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
        self._limit = min(_FIRST_REQUESTS, most_requests)
        self._base = self._limit  # the number that has proved itself, and what it brought
        self._best = 0.0
        self._hold = 0
        self._down = False  # whether the next trial is with fewer
        self._budget = min(_FIRST_TOKENS, most_tokens)
        self._ended = False
        self._epoch = _Epoch(clock(), 0)

    @property
    def limit(self) -> int:
        """Requests that may be in flight now."""
        return self._limit

    @property
    def budget(self) -> int:
        """Tokens that a request should have now."""
        return self._budget

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Wait until one more request may be sent, and count it as in flight in the block."""
        with self._changed:
            if self._flying >= self._limit:
                self._epoch.waited = True
                self._changed.wait_for(lambda: self._flying < self._limit or self._ended)
            self._flying += 1
        try:
            yield
        finally:
            with self._changed:
                self._flying -= 1
                self._changed.notify_all()

    def end(self) -> None:
        """Let nobody wait any more."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def answered(self, tokens: int, seconds: float) -> None:
        """Take note of an answer: how many tokens it took, and for how long it was waited for."""
        with self._changed:
            # Never more than twice as many at once: a small request says little of a large one.
            fitting = int(tokens / max(seconds, 1e-3) * _TARGET_SECONDS)
            self._budget = max(1, min(fitting, 2 * max(self._budget, tokens), self._most_tokens))
            epoch = self._epoch
            if epoch.skip > 0:
                epoch.skip -= 1
                epoch.began = self._clock()
                return
            epoch.answered += 1
            epoch.tokens += tokens
            elapsed = self._clock() - epoch.began
            if epoch.answered >= 2 * self._limit and elapsed >= _LEAST_EPOCH_SECONDS:
                if epoch.waited:
                    self._judge(epoch.tokens / elapsed)
                before = self._flying if self._limit != self._base else 0
                self._epoch = _Epoch(self._clock(), before)
                self._changed.notify_all()

    def _judge(self, rate: float) -> None:
        """Decide the next number of requests from the tokens a second of this epoch."""
        if self._limit > self._base or self._best == 0.0:  # the trial of more, or the very first
            self._judge_more(rate)
        elif self._limit < self._base:
            if rate >= self._best * _LOSS:
                self._base = self._limit
            self._settle()
        else:
            self._best += 0.3 * (rate - self._best)  # servers and texts change
            self._hold -= 1
            if self._hold <= 0:
                self._limit = self._fewer() if self._down else self._more(1.5)
                self._down = not self._down

    def _judge_more(self, rate: float) -> None:
        if rate <= self._best * _GAIN:
            self._settle()
            return
        self._best, self._base = rate, self._limit
        self._limit = self._more(2.0)
        if self._limit == self._base:
            self._settle()

    def _settle(self) -> None:
        self._limit, self._hold = self._base, _HELD_EPOCHS

    def _more(self, factor: float) -> int:
        return min(self._most, max(self._base + 1, int(self._base * factor)))

    def _fewer(self) -> int:
        return max(1, self._base * 3 // 4)
