"""When a server that went away is tried again."""

import pytest

from carrel.core.engine_errors import EndpointLost, EndpointUnavailable
from carrel.ingest.pauses import Clock, Paused, Pauses
from tests.fakes.embedder import FakeEmbedder

GONE = EndpointUnavailable(endpoint="http://s", detail="gone", setting="CARREL_EMBEDDER_URL")


class Time:
    """A clock that only moves when someone sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        self.slept.append(seconds)

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.seconds, self.sleep)


def test_a_server_that_never_answered_is_not_waited_for() -> None:
    pauses, embedder = Pauses(3600, Time().clock), FakeEmbedder()
    with pytest.raises(EndpointUnavailable):
        pauses.lost(embedder, GONE)
    assert not pauses.away(embedder)


def test_one_that_answered_a_part_is_waited_for() -> None:
    pauses, embedder = Pauses(3600, Time().clock), FakeEmbedder()
    lost = EndpointLost(**GONE.parameters)
    assert pauses.lost(embedder, lost) == Paused(lost, 1.0)
    assert pauses.away(embedder)


def test_it_is_tried_ever_more_rarely_with_one_paper_until_patience_ends() -> None:
    time, embedder, other = Time(), FakeEmbedder(), FakeEmbedder()
    pauses = Pauses(100, time.clock)
    pauses.answered(embedder)
    said = pauses.lost(embedder, GONE)
    assert said == Paused(GONE, 1.0)
    assert pauses.lost(embedder, GONE) is None  # another one that was under way
    assert (pauses.may_send(embedder), pauses.may_send(other)) == (False, True)
    waits = [1.0]
    while True:
        seconds = pauses.seconds_to_next([embedder, other])
        assert seconds is not None
        time.sleep(seconds)
        assert pauses.may_send(embedder)
        pauses.sent(embedder)
        assert not pauses.may_send(embedder)  # one at a time
        assert pauses.seconds_to_next([embedder, other]) is None
        try:
            said = pauses.lost(embedder, GONE)
        except EndpointUnavailable:
            break
        assert said is not None
        assert said.waited == time.seconds
        waits.append(said.seconds)
    assert waits == [1, 2, 4, 8, 16, 32, 37]
    assert time.seconds == 100


def test_an_answer_ends_the_pause() -> None:
    time, embedder = Time(), FakeEmbedder()
    pauses = Pauses(100, time.clock)
    pauses.answered(embedder)
    pauses.lost(embedder, GONE)
    pauses.answered(embedder)  # what was under way when it went away
    assert pauses.away(embedder)
    time.sleep(1)
    pauses.sent(embedder)
    pauses.answered(embedder)
    assert pauses.may_send(embedder)
    assert pauses.seconds_to_next([embedder]) is None
    again = pauses.lost(embedder, GONE)
    assert again == Paused(GONE, 1.0, 0.0)


def test_a_trial_that_ends_in_any_other_way_ends_the_pause() -> None:
    time, embedder = Time(), FakeEmbedder()
    pauses = Pauses(100, time.clock)
    pauses.answered(embedder)
    pauses.lost(embedder, GONE)
    pauses.tried(embedder)  # a paper that was under way when it went away
    assert pauses.away(embedder)
    time.sleep(1)
    pauses.sent(embedder)
    pauses.tried(embedder)
    assert not pauses.away(embedder)
    assert pauses.may_send(embedder)


def test_an_embedder_that_nobody_waits_for_is_not_slept_for() -> None:
    pauses, embedder = Pauses(100, Time().clock), FakeEmbedder()
    pauses.answered(embedder)
    pauses.lost(embedder, GONE)
    assert pauses.seconds_to_next([]) is None
    assert pauses.seconds_to_next([FakeEmbedder()]) is None
    assert pauses.seconds_to_next([embedder]) == 1.0


def test_without_patience_nothing_is_waited_for() -> None:
    pauses, embedder = Pauses(0, Time().clock), FakeEmbedder()
    pauses.answered(embedder)
    with pytest.raises(EndpointUnavailable):
        pauses.lost(embedder, GONE)
