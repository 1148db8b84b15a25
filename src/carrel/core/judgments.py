"""Judgments: what people say of a paper as an answer to a query, within one knowledge base."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from carrel.core.ids import KnowledgeBaseId, PaperId

NOT_RELEVANT, RELEVANT, THE_PAPER = GRADES = (0, 1, 2)
"""Not relevant; relevant; "this is the paper". As gains of nDCG they are taken as they are."""


@dataclass(frozen=True, slots=True)
class Judgment:
    """What one person last said of a paper as an answer to a query."""

    knowledge_base_id: KnowledgeBaseId
    query: str  # as it was first judged in the knowledge base: case and spaces do not make it another one
    paper_id: PaperId
    grade: int  # one of ``GRADES``
    by: str  # a user's id; "": the command line
    at: str


def agreed(judgments: Iterable[Judgment]) -> Mapping[str, Mapping[PaperId, int]]:
    """Return one grade for each query and paper: the mean of the people's, rounded, halves down.

    Both in the order in which they come first.
    """
    given: dict[str, dict[PaperId, list[int]]] = {}
    for each in judgments:
        given.setdefault(each.query, {}).setdefault(each.paper_id, []).append(each.grade)
    return {
        query: {paper: _rounded_mean(grades) for paper, grades in papers.items()}
        for query, papers in given.items()
    }


def _rounded_mean(grades: list[int]) -> int:
    """Return the integer nearest to the mean; of two equally near, the lower."""
    return -((len(grades) - 2 * sum(grades)) // (2 * len(grades)))
