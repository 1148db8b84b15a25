"""Having a reranker read the best papers, a batch after the other, for as long as there is time.

Scores of two batches are compared with each other. They can be, since every reranker that we ask scores a
document by itself, as a pair with the question (``engines/rerank_shapes.py``); none makes the scores of one
request add up to one. One that does would have to be asked without a budget, all documents at once.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from carrel.core.exchange import Exchange
from carrel.core.ids import PaperId
from carrel.core.ports import Reranked, Reranker

_FIRST = 8  # papers that are read before it is known how fast that goes
_FEWEST = 4  # papers that are worth another request


@dataclass(frozen=True, slots=True)
class Reading:
    """Who reads the best papers, how many of them at most, and for how long: 0 is as long as it takes."""

    reranker: Reranker | None = None
    papers: int = 50
    seconds: float = 0.0
    clock: Callable[[], float] = time.monotonic


NO_READING = Reading()


@dataclass(frozen=True, slots=True)
class Document:
    """A text that stands for a paper: one of its passages, or (``passage`` "") its title and abstract."""

    paper: PaperId
    passage: str
    text: str


@dataclass(slots=True)
class Heard:
    """What a reranker has said so far; ``left`` is still to be read, the best paper's documents first."""

    left: Sequence[Document]
    scores: dict[Document, float] = field(default_factory=dict)
    exchanges: list[Exchange] = field(default_factory=list)

    def read(self, reading: Reading, ask: Callable[[list[str]], Reranked]) -> None:
        """Have documents read until the time is over or none is left.

        Raises what ``ask`` raises; what was read before stays.
        """
        began = reading.clock()
        while batch := self._next(reading.seconds, reading.clock() - began):
            said = ask([document.text for document in batch])
            self.scores.update(zip(batch, map(float, said.scores), strict=True))
            self.exchanges += said.exchanges
            self.left = self.left[len(batch) :]

    def _next(self, seconds: float, spent: float) -> Sequence[Document]:
        """Return what to read next: the few best papers, then as many as fit by the pace seen until now."""
        if not seconds:
            return self.left
        if not self.scores:
            return self._of_papers(_FIRST)
        fitting = (seconds - spent) * len(self.scores) / spent if spent > 0 else len(self.left)
        if fitting >= len(self.left):
            return self.left
        # Whole papers: one that is read by half would be judged by less than the others.
        fit = self.left[: int(max(fitting, 0.0)) + 1]
        papers = len({document.paper for document in fit}) - 1
        return self._of_papers(papers) if papers >= _FEWEST else ()

    def _of_papers(self, count: int) -> Sequence[Document]:
        papers = dict.fromkeys(document.paper for document in self.left)
        some = set(list(papers)[:count])
        return [document for document in self.left if document.paper in some]
