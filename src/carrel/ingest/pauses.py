"""Waiting for a model's server that went away in the middle: when it is tried again, and for how long."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from carrel.core.engine_errors import EndpointLost, EndpointUnavailable
from carrel.core.ports import Embedder

_FIRST_SECONDS = 1.0
_LONGEST_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Clock:
    """The time, and waiting; tests bring their own. Waiting must end when the user presses Ctrl-C."""

    now: Callable[[], float] = time.monotonic  # seconds
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True)
class Paused:
    """A server went away in the middle of the work: it is tried again in ``seconds``.

    ``waited`` is how long it has been away, 0 the first time that this is said of it.
    """

    error: EndpointUnavailable
    seconds: float
    waited: float = 0.0


@dataclass(slots=True)
class _Pause:
    began: float
    delay: float
    due: float
    trying: bool = False  # one paper has been sent to see whether it is back


class Pauses:
    """Which embedders are away. One paper at a time is sent to one that is, ever more rarely."""

    def __init__(self, patience_seconds: float, clock: Clock) -> None:
        """Take how long a server may be away before that is an error."""
        self._patience = patience_seconds
        self._clock = clock
        self._answered: set[int] = set()  # identities of embedders: the worker keeps these alive
        self._pauses: dict[int, _Pause] = {}

    def answered(self, embedder: Embedder) -> None:
        """Note that the embedder has answered: it is there, or there again."""
        self._answered.add(id(embedder))
        self.tried(embedder)

    def tried(self, embedder: Embedder) -> None:
        """Note that a paper sent to the embedder ended otherwise than by finding nobody.

        That ends the wait, well or not: whatever is wrong now is not that it is away.
        """
        pause = self._pauses.get(id(embedder))
        if pause is not None and pause.trying:  # otherwise that paper is older than the pause
            del self._pauses[id(embedder)]

    def lost(self, embedder: Embedder, error: EndpointUnavailable) -> Paused | None:
        """Note that the embedder did not answer; return what to say, None where that has been said.

        Raises:
            EndpointUnavailable: it never answered in this run, or has been away for too long.
        """
        now, pause = self._clock.now(), self._pauses.get(id(embedder))
        if pause is None:
            # What has answered a part of a paper has not answered the whole of one: the error tells.
            if id(embedder) not in self._answered and not isinstance(error, EndpointLost):
                raise error
            if self._patience <= 0:
                raise error
            delay = min(_FIRST_SECONDS, self._patience)
            self._pauses[id(embedder)] = _Pause(now, delay, now + delay)
            return Paused(error, delay)
        if not pause.trying:
            return None  # sent before it went away
        if now - pause.began >= self._patience:
            raise error
        left = self._patience - (now - pause.began)
        pause.delay = min(2 * pause.delay, _LONGEST_SECONDS)
        pause.due = now + min(pause.delay, left)
        pause.trying = False
        return Paused(error, pause.due - now, now - pause.began)

    def away(self, embedder: Embedder) -> bool:
        """Whether the embedder went away and has not answered since."""
        return id(embedder) in self._pauses

    def may_send(self, embedder: Embedder) -> bool:
        """Whether a paper may be sent to the embedder now."""
        pause = self._pauses.get(id(embedder))
        return pause is None or (not pause.trying and self._clock.now() >= pause.due)

    def sent(self, embedder: Embedder) -> None:
        """Note that a paper was sent."""
        if (pause := self._pauses.get(id(embedder))) is not None:
            pause.trying = True

    def seconds_to_next(self, wanted: Iterable[Embedder]) -> float | None:
        """Return the time until one of the wanted embedders is to be tried again; None where none is away."""
        pauses = [self._pauses.get(id(embedder)) for embedder in wanted]
        due = [pause.due for pause in pauses if pause is not None and not pause.trying]
        return max(0.0, min(due) - self._clock.now()) if due else None
