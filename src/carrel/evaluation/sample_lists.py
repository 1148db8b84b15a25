"""The ranked lists of a sample of what a knowledge base holds, by meaning and by words, without any index.

The same numbers as the index has: cosines, and BM25 with the inverse document frequencies of the sample.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from carrel.core.ids import PaperId
from carrel.core.ranking import Candidate, Signal
from carrel.core.space import Vectors
from carrel.search.retrieve import CANDIDATES


class Terms(Protocol):
    """Terms of a text by their ids, and their weights, in step."""

    @property
    def ids(self) -> Sequence[int]:
        """Each once."""
        ...

    @property
    def weights(self) -> Sequence[float]:
        """One a term."""
        ...


@dataclass(frozen=True, slots=True)
class Analysis:
    """How texts become terms: those of whole papers, of passages, and of questions."""

    paper: Callable[[str], Terms]
    passage: Callable[[str], Terms]
    question: Callable[[str], Terms]


@dataclass(frozen=True, slots=True, eq=False)
class Instead:
    """A unit without the sentence that is asked: its number, its vector, [dimensions], its terms.

    What else its paper has is not there meanwhile: a passage beside it may have the sentence too.
    """

    unit: int
    vector: Vectors
    terms: Terms


class SampleLists:
    """A sample, ready to be asked."""

    def __init__(
        self, points: Sequence[tuple[str, PaperId]], vectors: Vectors, terms: Sequence[Terms], passages: bool
    ) -> None:
        """Take what is ranked: ids of points and of their papers, vectors, [points, dimensions], and terms.

        ``passages``: the points are passages, and not whole papers.
        """
        self._points = points
        self._vectors = vectors
        self._of_passages = passages
        self._of_paper: dict[PaperId, list[int]] = {}
        for number, (_, paper) in enumerate(points):
            self._of_paper.setdefault(paper, []).append(number)
        counts = np.array([len(each.ids) for each in terms], np.int64)
        ids = np.fromiter((i for each in terms for i in each.ids), np.int64, int(counts.sum()))
        weights = np.fromiter((w for each in terms for w in each.weights), np.float64, len(ids))
        order = np.argsort(ids, kind="stable")
        self._weights = weights[order]
        self._rows = np.repeat(np.arange(len(points)), counts)[order]
        found, starts = np.unique(ids[order], return_index=True)
        ends = [*starts[1:].tolist(), len(ids)][: len(starts)]
        self._spans = dict(zip(found.tolist(), zip(starts.tolist(), ends, strict=True), strict=True))

    def of(
        self, vector: Vectors, terms: Terms, instead: Instead | None = None
    ) -> Mapping[Signal, tuple[Candidate, ...]]:
        """Return both lists for a question: its vector, [dimensions], of length 1, and its terms."""
        cosines: NDArray[np.float64] = (self._vectors @ vector).astype(np.float64)
        scores = self._scores(terms)
        if instead is not None:
            cosines[instead.unit] = float(instead.vector @ vector)
            scores[instead.unit] = self._score(terms, instead.terms)
            for other in self._of_paper[self._points[instead.unit][1]]:
                if other != instead.unit:
                    cosines[other], scores[other] = -np.inf, 0.0
        dense, lexical = (
            (Signal.DENSE_PASSAGES, Signal.LEXICAL_PASSAGES)
            if self._of_passages
            else (Signal.DENSE_PAPERS, Signal.LEXICAL_PAPERS)
        )
        return {dense: self._best(cosines, -np.inf), lexical: self._best(scores, 0.0)}

    def _scores(self, terms: Terms) -> NDArray[np.float64]:
        scores = np.zeros(len(self._points))
        for term, weight in zip(terms.ids, terms.weights, strict=True):
            if term in self._spans:
                start, end = self._spans[term]
                scores[self._rows[start:end]] += self._weights[start:end] * (weight * self._idf(term))
        return scores

    def _score(self, question: Terms, other: Terms) -> float:
        has = dict(zip(other.ids, other.weights, strict=True))
        return sum(
            weight * has[term] * self._idf(term)
            for term, weight in zip(question.ids, question.weights, strict=True)
            if term in has
        )

    def _idf(self, term: int) -> float:
        start, end = self._spans.get(term, (0, 0))
        holding = end - start
        return float(np.log(1 + (len(self._points) - holding + 0.5) / (holding + 0.5)))

    def _best(self, scores: NDArray[np.float64], above: float) -> tuple[Candidate, ...]:
        deep = min(CANDIDATES, len(scores))
        least = np.partition(scores, -deep)[-deep] if deep else 0.0
        rows = np.flatnonzero((scores >= least) & (scores > above)).tolist()
        found = [Candidate(*self._points[row], float(scores[row])) for row in rows]
        return tuple(sorted(found, key=lambda each: (-each.score, each.point_id))[:CANDIDATES])
