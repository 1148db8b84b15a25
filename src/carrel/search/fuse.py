"""Fusing ranked lists into one list of papers. Pure: no clock, no state, no input or output.

Scores of each signal are brought to [0, 1] and mixed by a convex combination, which holds up better
across collections than ranks alone (Bruch, Gai and Ingber, "An Analysis of Fusion Functions for
Hybrid Retrieval", TOIS 2023). A paper is as good as its best passage and as what it is about as a
whole (Lin, "Is searching full text more effective than searching abstracts?", 2009).
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from carrel.core.ids import PaperId
from carrel.core.ranking import Candidate, Contribution, FusedPaper, Signal

Lists = Mapping[Signal, Sequence[Candidate]]


@dataclass(frozen=True, slots=True)
class Weights:
    """Shares in [0, 1]: of meaning against words, and of the whole paper against its best passage."""

    dense: float = 0.8
    paper: float = 0.7


DEFAULT_WEIGHTS = Weights()


@dataclass(frozen=True, slots=True)
class _Scaled:
    """One signal's candidates with scores times the signal's share, and what an absent one counts."""

    signal: Signal
    candidates: Sequence[Candidate]
    scores: dict[str, float]  # by point id
    ranks: dict[str, int]  # by point id, from 1
    floor: float
    share: float  # the most that a candidate can have

    def of(self, point: str) -> float:
        return self.scores.get(point, self.floor)

    def contribution(self, point: str, share: float) -> Contribution:
        rank = self.ranks.get(point)
        score = None if rank is None else self.candidates[rank - 1].score
        return Contribution(self.signal, rank, score, share)


def on_one_scale(lists: Iterable[Sequence[Candidate]]) -> list[Candidate]:
    """Return one signal's candidates of several spaces with scores that can be compared.

    The best of each space counts as much as the best of all: what a model calls near says nothing of what
    another one does. A single space's scores stay as they are.
    """
    filled = [found for found in lists if found]
    tops = [max(candidate.score for candidate in found) for found in filled]
    best = max(tops, default=0.0)
    return [
        candidate if top <= 0 else replace(candidate, score=candidate.score * best / top)
        for found, top in zip(filled, tops, strict=True)
        for candidate in found
    ]


def fuse(
    lists: Lists, weights: Weights = DEFAULT_WEIGHTS, unread: Container[PaperId] = frozenset()
) -> tuple[FusedPaper, ...]:
    """Fuse the signals' candidates into papers, best first, ties by id.

    A candidate that a signal did not return counts there as the lowest score that it did return. A
    signal without candidates takes no part, and the others share its weight. Of ``unread`` papers, which
    the model does not read, words stand in for meaning. Scores lie in [0, 1].
    """
    signals = _scaled(lists, weights)
    of_passages = [scaled for scaled in signals if scaled.signal.of_passages]
    of_papers = [scaled for scaled in signals if not scaled.signal.of_passages]
    passages: dict[PaperId, dict[str, float]] = {c.paper_id: {} for s in signals for c in s.candidates}
    for scaled in of_passages:
        for candidate in scaled.candidates:
            point, read = candidate.point_id, candidate.paper_id not in unread
            passages[candidate.paper_id][point] = sum(_shares(of_passages, point, read))

    fused = []
    for paper, scores in passages.items():
        best_first = tuple(sorted(scores.items(), key=lambda item: (-item[1], item[0])))
        # Without a passage among the candidates, each signal counts what an absent one counts.
        passage, read = best_first[0][0] if best_first else "", paper not in unread
        why = tuple(
            scaled.contribution(point, share)
            for group, point in ((of_passages, passage), (of_papers, paper))
            for scaled, share in zip(group, _shares(group, point, read), strict=True)
        )
        fused.append(FusedPaper(paper, sum(part.share for part in why), best_first, why))
    return tuple(sorted(fused, key=lambda item: (-item.score, item.paper_id)))


def _shares(signals: Sequence[_Scaled], point: str, read: bool) -> list[float]:
    """Return what each signal of one kind gives a point.

    Where the model does not read it, its cosine is noise: what it would have comes from its words, between
    what an absent one counts and the most that there is.
    """
    of_words = [scaled for scaled in signals if not scaled.signal.dense]
    if read or not of_words:
        return [scaled.of(point) for scaled in signals]
    words = sum(scaled.of(point) for scaled in of_words) / (sum(scaled.share for scaled in of_words) or 1.0)
    return [
        scaled.floor + (scaled.share - scaled.floor) * words if scaled.signal.dense else scaled.of(point)
        for scaled in signals
    ]


def _scaled(lists: Lists, weights: Weights) -> list[_Scaled]:
    shares = {
        signal: (weights.dense if signal.dense else 1 - weights.dense)
        * (1 - weights.paper if signal.of_passages else weights.paper)
        for signal, candidates in lists.items()
        if candidates
    }
    whole = sum(shares.values())
    scaled = []
    for signal, share in shares.items():
        # The theoretical minimum: -1 for a cosine, 0 for BM25. Unlike the lowest score that happens to
        # be in the list, it does not move with the list's length.
        lowest = -1.0 if signal.dense else 0.0
        reach = max(candidate.score for candidate in lists[signal]) - lowest
        part = share / whole if whole else 1 / len(shares)
        scores = {
            candidate.point_id: part * ((candidate.score - lowest) / reach if reach > 0 else 1.0)
            for candidate in lists[signal]
        }
        # BM25 is zero for a text without the words; of an absent cosine only the upper bound is known.
        floor = min(scores.values()) if signal.dense else 0.0
        ranks = {candidate.point_id: rank for rank, candidate in enumerate(lists[signal], start=1)}
        scaled.append(_Scaled(signal, lists[signal], scores, ranks, floor, part))
    return scaled
