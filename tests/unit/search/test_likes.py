"""The vector that liked and disliked papers make of a question."""

import numpy as np
import pytest

from carrel.core.errors import EmptyQuery
from carrel.core.space import Vectors
from carrel.search.likes import rocchio


def axis(place: int) -> Vectors:
    row = np.zeros(4, np.float32)
    row[place] = 1
    return row


def test_a_question_is_drawn_to_what_is_liked_and_away_from_what_is_not() -> None:
    wanted = rocchio(axis(0), [axis(1)], [axis(2)])
    assert np.linalg.norm(wanted) == pytest.approx(1)
    assert wanted.dtype == np.float32
    assert wanted[0] > wanted[1] > 0 > wanted[2]


def test_several_papers_count_as_one() -> None:
    assert rocchio(axis(0), [axis(1)] * 3, []) == pytest.approx(rocchio(axis(0), [axis(1)], []))


def test_without_a_question_it_is_the_liked_papers_that_count() -> None:
    assert rocchio(None, [axis(1)], []) == pytest.approx(axis(1))


@pytest.mark.parametrize(("liked", "disliked"), [([], []), ([], [axis(1)])])
def test_without_anything_that_is_wanted_there_is_nothing_to_ask(
    liked: list[Vectors], disliked: list[Vectors]
) -> None:
    with pytest.raises(EmptyQuery):
        rocchio(None, liked, disliked)
