"""Preferring some papers to others for what they are, on request: newer ones, those that are cited. Pure.

Each preference adds a share of the best score, at most a tenth: as much as often lies between the first paper
and the tenth. The present year does not count, so that the same search gives the same list next year.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from carrel.core.ids import PaperId
from carrel.core.ranking import Favour, FusedPaper, Preference

HALF_LIFE = 5.0  # years
_SHARE = 0.1  # of the best score


def favouring(
    papers: Sequence[FusedPaper], preference: Preference, values: Mapping[PaperId, int]
) -> tuple[FusedPaper, ...]:
    """Return the papers with what is preferred further up; one of which nothing is known gains nothing.

    ``values`` are years, or how often papers are cited. Of years the newest gives the whole share, and every
    five years halve it; of citations the most give it, and their logarithms count.
    """
    best = max((paper.score for paper in papers), default=0.0)
    most = max(values.values(), default=0)
    found = []
    for paper in papers:
        value = values.get(paper.paper_id)
        share = 0.0 if value is None else best * _SHARE * _part(preference, value, most)
        favour = Favour(preference, value, share)
        found.append(replace(paper, score=paper.score + share, favours=(*paper.favours, favour)))
    return tuple(sorted(found, key=lambda paper: -paper.score))  # stable: equals keep their order


def _part(preference: Preference, value: int, most: int) -> float:
    """Return how much of the share a value gives, in [0, 1], of which ``most`` is the greatest."""
    if preference is Preference.RECENT:
        return float(0.5 ** ((most - value) / HALF_LIFE))
    return math.log1p(value) / math.log1p(most) if most else 0.0
