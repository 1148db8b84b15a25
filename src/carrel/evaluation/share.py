"""Which share of meaning is best, and whether that is more than chance. Pure.

The share that is usual stays unless another one is better by more than two standard errors. Then it is the
rule of one standard error (Breiman, Friedman, Olshen and Stone, "Classification and Regression Trees", 1984),
with what is usual in the place of what is simplest.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

SHARES = (0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0)
"""Shares of meaning that are tried. A cosine moves in a small part of its range: below .3 words decide."""

_LEAVES = 2.0
# Standard errors by which the best share must be better. It is the best of eleven, and sentences speak a
# little more for words than questions do: with one, three draws of four on Cranfield leave for what is
# worse there.

Columns = Mapping[float, Sequence[float]]
"""How good the answers are by the share of meaning: a value a question, in the same order in each."""


@dataclass(frozen=True, slots=True)
class Point:
    """A share: the mean of its values, and its gain over the usual one, with the standard error of that."""

    share: float
    mean: float
    gain: float
    error: float


def chosen(columns: Columns, weights: Sequence[float], usual: float) -> float:
    """Return the share to search with; ``usual`` is one of the columns, ``weights`` are the questions'.

    Of those that are within one standard error of the best, and better than the usual one, the one nearest to
    that.
    """
    points = {point.share: point for point in curve(columns, weights, usual)}
    best = max(points.values(), key=lambda point: (point.mean, -_distance(point.share, usual), point.share))
    if best.gain <= _LEAVES * best.error:
        return usual
    within = []
    for point in points.values():
        behind, error = _difference(columns[best.share], columns[point.share], weights)
        if behind <= error and point.gain > 0:
            within.append(point)
    return min(within, key=lambda point: (_distance(point.share, usual), -point.mean)).share


def curve(columns: Columns, weights: Sequence[float], usual: float) -> tuple[Point, ...]:
    """Return every share with its mean and its gain over the usual one, in their order."""
    points = []
    for share in sorted(columns):
        gain, error = _difference(columns[share], columns[usual], weights)
        points.append(Point(share, _mean(columns[share], weights), gain, error))
    return tuple(points)


def _difference(
    ones: Sequence[float], others: Sequence[float], weights: Sequence[float]
) -> tuple[float, float]:
    """Return the weighted mean of the paired differences, and its standard error.

    Sums are exact, so that the order of the questions is all one.
    """
    differences = [one - other for one, other in zip(ones, others, strict=True)]
    mean = _mean(differences, weights)
    if len(differences) < 2:
        return mean, math.inf
    squares = math.fsum(
        (weight * (each - mean)) ** 2 for each, weight in zip(differences, weights, strict=True)
    )
    spread = squares * len(differences) / (len(differences) - 1)
    return mean, math.sqrt(spread) / math.fsum(weights)


def _mean(values: Sequence[float], weights: Sequence[float]) -> float:
    return math.fsum(w * v for w, v in zip(weights, values, strict=True)) / math.fsum(weights)


def _distance(share: float, usual: float) -> float:
    return round(abs(share - usual), 6)
