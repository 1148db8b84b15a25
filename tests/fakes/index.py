"""An index in memory: brute force over dictionaries, with the analyser of the real ones."""

import math
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from carrel.core.errors import IndexBusy, SpaceMismatch
from carrel.core.ids import PaperId
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ports import IndexedPaper, IndexQuery
from carrel.core.ranking import Candidate, Signal
from carrel.core.space import Space, Vectors
from carrel.indexing.analysis import PAPERS, PASSAGES, Field, TermWeights, document_terms, query_terms
from carrel.indexing.authors import searchable_words, wanted_names


class InMemoryIndex:
    """Index port over a dictionary of papers."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self.papers: dict[PaperId, IndexedPaper] = {}

    def add(self, papers: Sequence[IndexedPaper], staying: Collection[str] = ()) -> None:
        for paper in papers:
            for vector in (paper.vector, *(passage.vector for passage in paper.passages)):
                self._check(vector)
            given = {passage.id for passage in paper.passages}
            before = self.papers[paper.id].passages if paper.id in self.papers else ()
            kept = tuple(p for p in before if p.id in staying and p.id not in given)
            self.papers[paper.id] = replace(paper, passages=(*kept, *paper.passages))

    def remove(self, papers: Sequence[PaperId]) -> None:
        for paper in papers:
            self.papers.pop(paper, None)

    def search(self, query: IndexQuery) -> dict[Signal, tuple[Candidate, ...]]:
        passing = {paper.id for paper in self.papers.values() if _passes(paper, query)}
        found = {}
        for signal in Signal:
            if signal.dense and query.vector is not None:
                self._check(query.vector)
                scores = self._cosines(signal, query.vector)
            elif not signal.dense and query.text is not None:
                scores = self._bm25(signal, query_terms(query.text, query.also))
            else:
                continue
            candidates = [Candidate(*key, score) for key, score in scores.items() if key[1] in passing]
            candidates.sort(key=lambda candidate: (-candidate.score, candidate.point_id))
            found[signal] = tuple(candidates[: max(query.limit, 0)])
        return found

    def paper_ids(self) -> frozenset[PaperId]:
        return frozenset(self.papers)

    def counts(self) -> tuple[int, int]:
        return len(self.papers), sum(len(paper.passages) for paper in self.papers.values())

    def _points(self, signal: Signal) -> list[tuple[tuple[str, PaperId], Vectors, str]]:
        papers = self.papers.values()
        if signal.of_passages:
            return [((p.id, paper.id), p.vector, p.text) for paper in papers for p in paper.passages]
        return [((paper.id, paper.id), paper.vector, paper.text) for paper in papers]

    def _cosines(self, signal: Signal, vector: Vectors) -> dict[tuple[str, PaperId], float]:
        return {key: float(np.dot(row, vector)) for key, row, _ in self._points(signal)}

    def _bm25(self, signal: Signal, query: TermWeights) -> dict[tuple[str, PaperId], float]:
        field: Field = PASSAGES if signal.of_passages else PAPERS
        documents = {key: document_terms(words, field) for key, _, words in self._points(signal)}
        weights = {key: dict(zip(d.ids, d.weights, strict=True)) for key, d in documents.items()}
        frequency = Counter(term for row in weights.values() for term in row)
        total = sum(1 for row in weights.values() if row)
        scores: dict[tuple[str, PaperId], float] = {}
        for term, count in zip(query.ids, query.weights, strict=True):
            n = frequency[term]
            idf = math.log(1 + (total - n + 0.5) / (n + 0.5))
            for key, row in weights.items():
                if term in row:
                    scores[key] = scores.get(key, 0.0) + count * idf * row[term]
        return scores

    def _check(self, vector: Vectors) -> None:
        if vector.shape != (self.space.dimensions,) or not np.isfinite(vector).all():
            raise ValueError(f"not a vector of {self.space.dimensions} dimensions")


class InMemoryDisk:
    """What several InMemoryIndexes share, as processes share a data folder."""

    def __init__(self) -> None:
        self.indexes: dict[tuple[str, int], InMemoryIndex] = {}
        self.owner: InMemoryIndexes | None = None
        self.purpose = ""


class InMemoryIndexes:
    """Indexes port over an InMemoryDisk; each instance stands for a process."""

    def __init__(self, disk: InMemoryDisk | None = None) -> None:
        self.disk = disk or InMemoryDisk()

    def acquire(self, purpose: str, wait_seconds: float) -> None:
        if self.disk.owner not in (None, self):
            raise IndexBusy(folder="memory", holder=self.disk.purpose)
        if self.disk.owner is None:
            self.disk.owner, self.disk.purpose = self, purpose

    def release(self) -> None:
        if self.disk.owner is self:
            self.disk.owner = None

    def open(self, knowledge_base: KnowledgeBase, space: Space) -> InMemoryIndex:
        self._require_ownership()
        name = (knowledge_base.id, knowledge_base.generation)
        index = self.disk.indexes.setdefault(name, InMemoryIndex(space))
        if index.space.id != space.id:
            raise SpaceMismatch(index=knowledge_base.name, expected=space.id, found=index.space.id)
        return index

    def drop(self, knowledge_base_id: str, generation: int) -> None:
        self._require_ownership()
        self.disk.indexes.pop((knowledge_base_id, generation), None)

    def stored(self) -> tuple[tuple[str, int], ...]:
        return tuple(sorted(self.disk.indexes))

    def _require_ownership(self) -> None:
        if self.disk.owner is not self:
            raise RuntimeError("acquire() the indexes before opening or dropping one")


def _passes(paper: IndexedPaper, query: IndexQuery) -> bool:
    filters = query.filters
    if query.among is not None and paper.id not in query.among:
        return False
    if filters.year_from is not None or filters.year_to is not None:
        if paper.year is None:
            return False
        if not (filters.year_from or -math.inf) <= paper.year <= (filters.year_to or math.inf):
            return False
    names = wanted_names(filters.authors)
    there = [set(searchable_words(name)) for name in paper.authors]
    return not names or any(words and author.issuperset(words) for words in names for author in there)
