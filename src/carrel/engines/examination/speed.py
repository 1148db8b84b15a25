"""How fast the server embeds: over texts a request, then over requests at once; and the best setting."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from statistics import median
from time import monotonic

from carrel.core.engine_errors import EndpointUnavailable
from carrel.engines.embedding_reply import UnusableReply
from carrel.engines.examination.subject import Refused, Subject
from carrel.engines.token_estimate import estimated_tokens

_BATCHES = (1, 2, 4, 8, 16, 32)
_REQUESTS = (2, 4, 8)
_LEVELS = len(_BATCHES) + len(_REQUESTS)
_AS_GOOD = 0.95  # of the best rate: the smaller setting is named
_WORDS: Sequence[str] = (  # noqa: SIM905 - a text and not a list
    "sparse attention reads long documents and the model learns which words of a passage answer a question "
    "while enzymes fold in cold water and a court sets a contract aside because one party was misled about "
    "the price of the goods that were to be delivered before the end of the season in which they were sold"
).split()
_WORDS_A_TEXT = 120


@dataclass(frozen=True, slots=True)
class Speed:
    """One setting's rates. ``batch`` texts a request, ``requests`` at once; latency of a request in ms."""

    batch: int
    requests: int
    texts_per_second: float
    tokens_per_second: float
    p50_ms: float


def measure(subject: Subject, seconds: float) -> list[Speed]:
    """Return the rates of a row of settings, as many as fit into about so many seconds."""
    end = monotonic() + seconds
    share = seconds / _LEVELS
    curve: list[Speed] = []
    for batch in _BATCHES:
        if batch > subject.most_texts or not _fits(curve, batch, end):
            break
        curve += _level(subject, batch, 1, share)
    if not curve:
        return []
    batch = best_of(curve).batch
    for requests in _REQUESTS:
        if not _fits(curve, batch * requests, end):
            break
        curve += _level(subject, batch, requests, share)
    return curve


def best_of(curve: Sequence[Speed]) -> Speed:
    """Return the smallest setting that is as fast as the fastest, within 5 %."""
    fastest = max(speed.texts_per_second for speed in curve)
    good = [speed for speed in curve if speed.texts_per_second >= _AS_GOOD * fastest]
    return min(good, key=lambda speed: (speed.batch * speed.requests, speed.requests))


def _fits(curve: Sequence[Speed], texts: int, end: float) -> bool:
    """Whether so many texts can be embedded before the time is up, at the rates seen so far."""
    left = end - monotonic()
    return left > 0 and (not curve or texts / max(speed.texts_per_second for speed in curve) <= left)


def _level(subject: Subject, batch: int, requests: int, seconds: float) -> list[Speed]:
    """Measure one setting; nothing where the server does not take it."""
    end = monotonic() + seconds
    spent: list[float] = []
    tokens: list[int] = []

    def lane(number: int) -> None:
        turn = 0
        while not turn or monotonic() < end:
            texts = [_text(number, turn, place, batch) for place in range(batch)]
            reading = subject.ask(texts, "base64")
            spent.append(reading.seconds)
            # Some servers count nothing, or always 1.
            told = reading.tokens if reading.tokens > len(texts) else sum(map(estimated_tokens, texts))
            tokens.append(told)
            turn += 1

    began = monotonic()
    if not _all_done(lane, requests):
        return []
    took = monotonic() - began
    rate = len(spent) * batch / took
    return [Speed(batch, requests, rate, sum(tokens) / took, median(spent) * 1000)]


def _all_done(lane: Callable[[int], None], requests: int) -> bool:
    with ThreadPoolExecutor(requests, thread_name_prefix="measure") as threads:
        try:
            for future in [threads.submit(lane, number) for number in range(requests)]:
                future.result()
        except (Refused, UnusableReply, EndpointUnavailable):
            return False
    return True


def _text(lane: int, turn: int, place: int, batch: int) -> str:
    """Return a text like no other from its first word on: a server that remembers prefixes gains nothing."""
    begin = lane * 7919 + turn * 31 + place + batch * 104_729
    words = [_WORDS[(begin + number * (1 + begin % 5)) % len(_WORDS)] for number in range(_WORDS_A_TEXT)]
    return f"{begin} " + " ".join(words)
