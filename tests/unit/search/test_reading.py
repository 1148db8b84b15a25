"""Reading for as long as there is time: how many papers, in how many batches, and what is kept."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carrel.core.errors import ServiceError
from carrel.core.ids import PaperId
from carrel.core.ports import Reranked
from carrel.search.reading import Document, Heard, Reading


class Clock:
    """Stands still but for the documents that are read."""

    def __init__(self, *paces: float) -> None:
        """``paces``: seconds a document of each batch, the last one for all that follow."""
        self.now = 100.0
        self.paces = paces
        self.batches: list[list[str]] = []

    def __call__(self) -> float:
        return self.now

    def read(self, texts: list[str]) -> Reranked:
        self.now += self.paces[min(len(self.batches), len(self.paces) - 1)] * len(texts)
        self.batches.append(texts)
        return Reranked(np.zeros(len(texts), np.float32))


def documents(*passages: int) -> list[Document]:
    """Return so many documents of each paper."""
    return [
        Document(PaperId(f"p{paper}"), str(number), f"{paper} {number}")
        for paper, count in enumerate(passages)
        for number in range(count)
    ]


def read(found: list[Document], clock: Clock, seconds: float) -> Heard:
    heard = Heard(found)
    heard.read(Reading(seconds=seconds, clock=clock), clock.read)
    return heard


@pytest.mark.parametrize(
    ("seconds", "paces", "batches"),
    [
        (0, (9.0,), [50]),  # no budget
        (3, (0.001,), [8, 42]),  # fast: everything
        (3, (0.1,), [8, 22]),  # as many as fit
        (3, (0.3,), [8]),  # two would fit: not worth a request
        (3, (1.0,), [8]),  # the time was over before the first were read
        (3, (0.1, 0.05), [8, 22, 17, 3]),  # faster than it looked at first
        (3, (0.1, 0.2), [8, 22]),  # slower
    ],
)
def test_it_reads_as_many_as_fit(seconds: float, paces: tuple[float, ...], batches: list[int]) -> None:
    clock = Clock(*paces)
    read(documents(*[1] * 50), clock, seconds)
    assert [len(batch) for batch in clock.batches] == batches


def failing_after(batches: int, ask: Callable[[list[str]], Reranked]) -> Callable[[list[str]], Reranked]:
    left = iter(range(batches))

    def asked(texts: list[str]) -> Reranked:
        if next(left, None) is None:
            raise ServiceError
        return ask(texts)

    return asked


def test_what_was_read_before_a_failure_is_kept() -> None:
    clock = Clock(0.01)
    heard = Heard(documents(*[1] * 20))
    with pytest.raises(ServiceError):
        heard.read(Reading(seconds=3, clock=clock), failing_after(1, clock.read))
    assert len(heard.scores) == 8


@given(
    passages=st.lists(st.integers(1, 3), max_size=60),
    pace=st.floats(0.0, 2.0),
    seconds=st.floats(0.0, 10.0),
)
def test_whole_papers_the_best_first_and_in_time(passages: list[int], pace: float, seconds: float) -> None:
    clock, found = Clock(pace), documents(*passages)
    heard = read(found, clock, seconds)
    assert [text for batch in clock.batches for text in batch] == [each.text for each in heard.scores]
    assert list(heard.scores) == found[: len(heard.scores)]
    assert {each.paper for each in heard.scores}.isdisjoint(each.paper for each in heard.left)
    if seconds and len(clock.batches) > 1:
        assert clock.now - 100.0 <= seconds + 1e-6
