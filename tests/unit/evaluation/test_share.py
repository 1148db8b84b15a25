"""Which share is chosen: what is usual, unless another one is better by more than chance."""

import math
from collections.abc import Mapping, Sequence
from random import Random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from carrel.evaluation.share import SHARES, chosen, curve

USUAL = 0.8


@st.composite
def measured(draw: st.DrawFn) -> tuple[dict[float, list[float]], list[float]]:
    """Return values by share, a question a place, and the questions' weights."""
    count = draw(st.integers(1, 12))
    values = st.lists(st.sampled_from((0.0, 0.3, 0.5, 0.63, 1.0)), min_size=count, max_size=count)
    shares = draw(st.lists(st.sampled_from(SHARES), unique=True))
    weights = draw(st.lists(st.sampled_from((1.0, 5.0)), min_size=count, max_size=count))
    return {share: draw(values) for share in sorted({*shares, USUAL})}, weights


def gain(
    columns: Mapping[float, Sequence[float]], weights: Sequence[float], share: float
) -> tuple[float, float]:
    """Return the weighted mean of the differences from the usual share, and its standard error."""
    w, d = np.array(weights), np.array(columns[share]) - np.array(columns[USUAL])
    mean, n = float(np.average(d, weights=w)), len(d)
    if n == 1:
        return mean, math.inf
    return mean, float(np.sqrt(np.sum((w * (d - mean)) ** 2) * n / (n - 1)) / w.sum())


@given(measured())
def test_what_is_usual_stays_within_two_standard_errors(
    found: tuple[dict[float, list[float]], list[float]],
) -> None:
    columns, weights = found
    share = chosen(columns, weights, USUAL)
    best = max(gain(columns, weights, each)[0] for each in columns)
    if share != USUAL:
        reached = [gain(columns, weights, each) for each in columns]
        assert any(mean > 2 * error - 1e-9 for mean, error in reached if mean > best - 1e-9)
        assert gain(columns, weights, share)[0] > 0
    for point in curve(columns, weights, USUAL):
        mean, error = gain(columns, weights, point.share)
        assert math.isclose(point.gain, mean, abs_tol=1e-12)
        assert math.isclose(point.error, error, abs_tol=1e-12)


@given(measured(), st.randoms(use_true_random=False))
def test_the_order_of_the_questions_is_all_one(
    found: tuple[dict[float, list[float]], list[float]], random: Random
) -> None:
    columns, weights = found
    order = list(range(len(weights)))
    random.shuffle(order)
    other = {share: [values[place] for place in order] for share, values in columns.items()}
    assert chosen(other, [weights[place] for place in order], USUAL) == chosen(columns, weights, USUAL)


def test_of_those_that_are_as_good_as_the_best_the_nearest_is_taken() -> None:
    better = [0.5] * 30
    columns = {0.8: [0.2] * 30, 0.7: [0.49, 0.5, 0.51] * 10, 0.5: better, 0.3: better, 1.0: [0.0] * 30}
    assert chosen(columns, [1.0] * 30, USUAL) == 0.7


def test_few_judged_questions_outweigh_many_sentences() -> None:
    columns = {0.8: [0.5] * 100, 0.5: [0.6] * 70 + [0.1] * 30, 0.95: [0.4] * 70 + [0.9] * 30}
    assert chosen(columns, [1.0] * 100, USUAL) == 0.95
    columns[0.95][70:] = [0.6] * 30
    assert chosen(columns, [1.0] * 100, USUAL) == USUAL
    assert chosen(columns, [1.0] * 70 + [5.0] * 30, USUAL) == 0.95
