"""Whether a difference between two runs could be chance: the paired randomisation test. Pure.

Of the tests in use it asks least of the data, and is the one to trust where they disagree (Smucker, Allan and
Carterette, "A Comparison of Statistical Significance Tests for Information Retrieval Evaluation", CIKM 2007).
Several comparisons with one baseline are corrected by Holm's procedure ("A Simple Sequentially Rejective
Multiple Test Procedure", 1979).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ROUNDS = 10_000
_SEED = 20070
_AS_LARGE = 1e-12  # sums of the same numbers in another order are the same
_ROUNDS_A_PIECE = 1000
_DRAWS_A_PIECE = 250


@dataclass(frozen=True, slots=True)
class Compared:
    """A run against the baseline, over the same queries."""

    difference: float  # of the means
    p: float  # two-sided
    wins: int
    losses: int
    ties: int


def compared(values: Sequence[float], baseline: Sequence[float]) -> Compared:
    """Return how a run's values, one a query, differ from the baseline's."""
    differences = np.asarray(values, np.float64) - np.asarray(baseline, np.float64)
    differences[np.abs(differences) < _AS_LARGE] = 0.0
    wins, losses = int(np.sum(differences > 0)), int(np.sum(differences < 0))
    mean = float(differences.mean()) if len(differences) else 0.0
    return Compared(mean, p_value(differences), wins, losses, len(differences) - wins - losses)


def p_value(differences: NDArray[np.float64], rounds: int = ROUNDS, seed: int = _SEED) -> float:
    """Return the two-sided p of paired differences: how often signs drawn at random make as large a mean.

    Up to 13 differences that are not 0, all signs are gone through and p is exact; beyond that so many are
    drawn, and what was seen counts as one of them, so that p is never 0.
    """
    differing = differences[differences != 0]
    if not len(differing):
        return 1.0
    seen = abs(float(differing.sum())) - _AS_LARGE
    if 2 ** len(differing) <= rounds:
        signs = 1 - 2 * (np.arange(2 ** len(differing))[:, None] >> np.arange(len(differing)) & 1)
        return float(np.mean(np.abs(signs @ differing) >= seen))
    random = np.random.default_rng(seed)
    larger = 0
    for first in range(0, rounds, _ROUNDS_A_PIECE):
        size = (min(_ROUNDS_A_PIECE, rounds - first), len(differing))
        larger += int(np.sum(np.abs(random.choice((-1.0, 1.0), size) @ differing) >= seen))
    return (larger + 1) / (rounds + 1)


def holm(ps: Sequence[float]) -> tuple[float, ...]:
    """Return p-values corrected for there being several, in the same order."""
    order = sorted(range(len(ps)), key=lambda place: ps[place])
    corrected = [1.0] * len(ps)
    largest = 0.0
    for place, number in enumerate(order):
        largest = max(largest, min(1.0, (len(ps) - place) * ps[number]))
        corrected[number] = largest
    return tuple(corrected)


def interval(values: Sequence[float], rounds: int = 2000, seed: int = _SEED) -> tuple[float, float]:
    """Return the mean's confidence interval of 95 %, by drawing queries with replacement (the bootstrap)."""
    found = np.asarray(values, np.float64)
    if len(found) < 2:
        mean = float(found.mean()) if len(found) else 0.0
        return mean, mean
    random = np.random.default_rng(seed)
    means: list[float] = []
    for first in range(0, rounds, _DRAWS_A_PIECE):
        drawn = random.integers(0, len(found), (min(_DRAWS_A_PIECE, rounds - first), len(found)))
        means += found[drawn].mean(axis=1).tolist()
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)
