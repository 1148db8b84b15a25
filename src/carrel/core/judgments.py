"""Judgments: what people say of a paper as an answer to a query, within one knowledge base."""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from carrel.core.ids import KnowledgeBaseId, PaperId, fingerprint

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


@dataclass(frozen=True, slots=True)
class JudgmentKey:
    """Which judgment of a knowledge base; there is one for each. They are listed in the order of these."""

    query_key: str
    paper_id: str
    user_id: str

    @classmethod
    def of(cls, query: str, paper: str, by: str) -> "JudgmentKey":
        """Return the key of what somebody says of a paper as an answer to a query."""
        return cls(query_key(query), paper, by)

    @property
    def id(self) -> str:
        """The key as one text."""
        return f"{self.query_key}-{self.paper_id}-{self.user_id}"

    @classmethod
    def named(cls, identifier: str) -> "JudgmentKey | None":
        """Return the key of this id; None where it is none."""
        parts = identifier.split("-")
        return cls(*parts) if len(parts) == 3 else None


def query_text(query: str) -> str:
    """Return a query as it is kept: one line, without control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in query).split())


def query_key(query: str) -> str:
    """Return the id of a query as it is compared: without case, forms of letters and superfluous spaces."""
    return fingerprint(query_text(unicodedata.normalize("NFKC", query).casefold()))


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
