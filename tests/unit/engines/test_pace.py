"""The pace against a server that is simulated: no clock but the simulation's."""

import heapq
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carrel.engines.pace import Pace
from carrel.engines.packing import Pending


def simulate(slots: int, rate: float, seconds: float, most: int = 64) -> tuple[Pace, float]:
    """Keep as many requests in flight as the pace allows; return it, and the share of the rate it got."""
    now = 0.0
    pace = Pace(most, 16384, clock=lambda: now)
    free_at = [0.0] * slots
    flying: list[tuple[float, int, int, float]] = []
    numbers = itertools.count()
    answered = 0
    pace._waiting = 1  # there is always more to do
    while now < seconds:
        while len(flying) < pace.limit:
            tokens = pace.budget
            done = max(now, heapq.heappop(free_at)) + tokens * slots / rate
            heapq.heappush(free_at, done)
            heapq.heappush(flying, (done, next(numbers), tokens, now))
        pace._flying = len(flying) - 1
        now, _, tokens, sent = heapq.heappop(flying)
        pace.answered(tokens, now - sent)
        answered += tokens
    return pace, answered / (now * rate)


@pytest.mark.parametrize("slots", [1, 4, 16, 64])
@pytest.mark.parametrize("rate", [2_000.0, 50_000.0, 1_000_000.0])
def test_a_server_is_kept_busy_whatever_its_slots(slots: int, rate: float) -> None:
    pace, share = simulate(slots, rate, seconds=1000 if rate < 100_000 else 120)
    assert share > 0.9
    assert pace.limit >= min(slots, 8)


def test_a_slow_server_is_given_little_at_once() -> None:
    pace, _ = simulate(1, 30, seconds=4000)
    assert pace.budget < 500  # some fifteen seconds' work


def test_no_more_than_allowed_are_in_flight() -> None:
    pace, _ = simulate(64, 1e6, seconds=30, most=3)
    assert pace.limit <= 3


def test_ending_lets_nobody_wait() -> None:
    pace = Pace(1, 100)
    with pace.slot():
        pace.end()
        with pace.slot():
            assert pace.limit == 1


@given(
    tokens=st.lists(st.integers(1, 5000), max_size=200),
    budget=st.integers(1, 20000),
    most=st.integers(1, 64),
    sharers=st.integers(1, 64),
)
def test_every_text_is_packed_once_and_requests_keep_their_limits(
    tokens: list[int], budget: int, most: int, sharers: int
) -> None:
    pending = Pending(tokens, most)
    requests = list(iter(lambda: pending.take(budget, sharers), []))
    assert sorted(row for rows in requests for row in rows) == list(range(len(tokens)))
    for rows in requests:
        assert len(rows) <= most
        assert len(rows) == 1 or sum(tokens[row] for row in rows) <= budget
