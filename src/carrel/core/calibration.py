"""How much meaning counts against words in a knowledge base, as it was found out on its own papers."""

from dataclasses import dataclass

FEWEST_PAPERS = 200
"""Papers from which on it is found out without being asked for."""

FEWEST_JUDGED = 30
"""Judged queries that are enough by themselves."""

_GROWTH = 1.5


@dataclass(frozen=True, slots=True)
class Calibration:
    """What was found out of a generation of a knowledge base, and on what.

    Neither sentences nor judged queries: there was too little to measure on, or somebody wants what is usual.
    """

    share: float  # of meaning against words, in (0, 1]
    usual: float  # the share that the domain has where nothing is known
    sentences: int  # of its own papers, that were asked as questions
    judged: int  # queries of its judgments that were asked
    papers: int  # that the knowledge base held
    queries: int  # that had been judged by who may change it, whether they could be asked or not
    at: str

    @property
    def measured(self) -> bool:
        """Whether it comes from a measurement."""
        return bool(self.sentences or self.judged)


def is_due(present: Calibration | None, papers: int, queries: int) -> bool:
    """Whether a knowledge base of so many papers and judged queries is to be calibrated by itself.

    Where it never was; where it has half as many papers again, or half of them; where so many queries have
    been judged that they count, and twice as many as then.
    """
    if papers < FEWEST_PAPERS:
        return False
    if present is None:
        return True
    changed = papers >= present.papers * _GROWTH or _is_half_gone(present, papers)
    return changed or queries >= max(FEWEST_JUDGED, 2 * present.queries)


def is_outlived(present: Calibration | None, papers: int) -> bool:
    """Whether what was found out is to be forgotten: half of its papers are gone, and too few are left."""
    if present is None or not present.measured or papers >= FEWEST_PAPERS:
        return False
    return _is_half_gone(present, papers)


def _is_half_gone(present: Calibration, papers: int) -> bool:
    return papers * 2 <= present.papers
