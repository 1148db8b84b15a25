"""Papers unlike one another, on request: next comes what answers well and is least like those before. Pure.

Maximal marginal relevance (Carbonell and Goldstein, "The use of MMR, diversity-based reranking for reordering
documents and producing summaries", SIGIR 1998), by the vectors of whole papers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from carrel.core.ids import PaperId
from carrel.core.ranking import FusedPaper
from carrel.core.space import Vectors

# How much answering counts against being unlike: scores are shares of the best one, which differ by a tenth
# between the first and the tenth, and vectors by their cosines. MiniLM's vectors, nDCG@10 and how many of ten
# papers are others: SciFact .649 without, .645, 1.5 at .9, .634, 2.4 at .85, .624, 3.3 at .8; Cranfield .382,
# .356, 1.3 and .337, 2.0 and .311, 2.9. What is asked for must show.
_ANSWERING = 0.85


def diversified(
    papers: Sequence[FusedPaper], spaces: Sequence[Mapping[PaperId, Vectors]], ahead: int = 0
) -> tuple[FusedPaper, ...]:
    """Return the papers in an order in which neighbours are less alike; the first stays first.

    Papers trade places, and the places keep their scores, as after a reranker. ``spaces`` are the papers'
    vectors, [width] and of length 1, in each space that has them; only within one are they compared. Of a
    paper in none it is taken that it is as like the others as they are like one another. ``ahead`` is how
    many papers stand before them.
    """
    order = _order(_relevance(papers), _likeness(papers, spaces)) if len(papers) > 2 else range(len(papers))
    return tuple(
        replace(papers[place], score=papers[new].score, place_before=ahead + place + 1)
        for new, place in enumerate(order)
    )


def _relevance(papers: Sequence[FusedPaper]) -> NDArray[np.float32]:
    """Return the scores, [papers], as shares of the best."""
    scores = np.array([paper.score for paper in papers], np.float32)
    return scores / scores[0] if scores[0] > 0 else np.ones_like(scores)


def _likeness(
    papers: Sequence[FusedPaper], spaces: Sequence[Mapping[PaperId, Vectors]]
) -> NDArray[np.float32]:
    """Return how like each other two papers are, [papers, papers], from 0 to 1, at most where they differ."""
    found = np.full((len(papers), len(papers)), np.nan, np.float32)
    for vectors in spaces:
        there = [place for place, paper in enumerate(papers) if paper.paper_id in vectors]
        if there:
            rows = np.stack([vectors[papers[place].paper_id] for place in there])
            found[np.ix_(there, there)] = np.fmax(found[np.ix_(there, there)], np.clip(rows @ rows.T, 0, 1))
    pairs = found[~np.isnan(found) & ~np.eye(len(papers), dtype=bool)]
    return np.where(np.isnan(found), pairs.mean() if len(pairs) else np.float32(0), found)


def _order(relevance: NDArray[np.float32], likeness: NDArray[np.float32]) -> list[int]:
    order = [0]
    nearest = likeness[0].copy()  # to any that has been taken
    left = np.ones(len(relevance), bool)
    left[0] = False
    while left.any():
        worth = _ANSWERING * relevance - (1 - _ANSWERING) * nearest
        taken = int(np.argmax(np.where(left, worth, -np.inf)))  # of equals the first
        order.append(taken)
        left[taken] = False
        nearest = np.maximum(nearest, likeness[taken])
    return order
