"""Preferring some papers to others for what they are, on request: the newer ones. Pure.

A share of the best score, at most a tenth, which halves with every five years that a paper is older than the
newest one there: as much as often lies between the first paper and the tenth. The present year does not
count, so that the same search gives the same list next year.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from carrel.core.ids import PaperId
from carrel.core.ranking import Favour, FusedPaper, Preference

HALF_LIFE = 5.0  # years
_SHARE = 0.1  # of the best score


def favouring_recent(papers: Sequence[FusedPaper], years: Mapping[PaperId, int]) -> tuple[FusedPaper, ...]:
    """Return the papers with what is newer further up; one whose year is not known gains nothing.

    Scores grow, and no paper falls behind one with a lower score that is older or of the same year.
    """
    newest = max(years.values(), default=0)
    best = max((paper.score for paper in papers), default=0.0)
    found = []
    for paper in papers:
        year = years.get(paper.paper_id)
        share = 0.0 if year is None else best * _SHARE * 0.5 ** ((newest - year) / HALF_LIFE)
        favour = Favour(Preference.RECENT, year, share)
        found.append(replace(paper, score=paper.score + share, favours=(*paper.favours, favour)))
    return tuple(sorted(found, key=lambda paper: -paper.score))  # stable: equals keep their order
