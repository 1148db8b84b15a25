"""The randomisation test: exact where it can be, near what it estimates, and the same each time."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carrel.evaluation.significance import compared, holm, interval, p_value

differences = st.lists(st.integers(-4, 4).map(lambda n: n / 4), min_size=1, max_size=9)


@given(differences)
def test_few_differences_are_gone_through_in_every_sign(drawn: list[float]) -> None:
    seen = abs(sum(drawn))
    sums = [
        abs(sum(sign * each for sign, each in zip(signs, drawn, strict=True)))
        for signs in product((1, -1), repeat=len(drawn))
    ]
    expected = sum(total >= seen - 1e-9 for total in sums) / len(sums)
    assert p_value(np.array(drawn)) == pytest.approx(expected)


@settings(max_examples=20)
@given(st.lists(st.floats(-1, 1), min_size=15, max_size=40))
def test_many_are_drawn_the_same_each_time_and_either_way_round(drawn: list[float]) -> None:
    found = np.array(drawn)
    assert p_value(found) == p_value(found)
    assert p_value(-found) == pytest.approx(p_value(found), abs=0.02)
    assert 0 < p_value(found) <= 1


def test_drawn_signs_estimate_what_all_of_them_say() -> None:
    found = np.random.default_rng(3).normal(0.2, 0.5, 12)
    assert p_value(found, rounds=4000) == pytest.approx(p_value(found, rounds=2**12), abs=0.03)


def test_a_clear_difference_is_no_accident_and_none_is() -> None:
    better = compared([0.9] * 60, [0.5] * 60)
    assert (better.wins, better.losses, better.ties) == (60, 0, 0)
    assert better.p < 0.001
    assert better.difference == pytest.approx(0.4)
    same = compared([0.1 + 0.2, 1.0], [0.3, 1.0])  # 0.30000000000000004
    assert (same.p, same.ties, same.difference) == (1.0, 2, 0.0)


def test_holm_corrects_step_by_step() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx((0.03, 0.06, 0.06))
    assert holm([0.9, 0.8]) == pytest.approx((1.0, 1.0))
    assert holm([]) == ()


@given(st.lists(st.floats(0, 1), max_size=6))
def test_a_corrected_p_is_never_smaller_and_keeps_the_order(ps: list[float]) -> None:
    corrected = holm(ps)
    assert all(after >= before for before, after in zip(ps, corrected, strict=True))
    by_before = [after for _, after in sorted(zip(ps, corrected, strict=True))]
    assert by_before == sorted(by_before)


def test_an_interval_holds_the_mean_and_narrows_with_more_queries() -> None:
    values = list(np.random.default_rng(1).uniform(0, 1, 400))
    wide, narrow = interval(values[:40]), interval(values)
    assert wide[0] < float(np.mean(values[:40])) < wide[1]
    assert narrow[1] - narrow[0] < wide[1] - wide[0]
    assert interval([0.5]) == (0.5, 0.5)
