"""How much meaning counts against words: as was found out of what is searched, or as its domain has it."""

from collections.abc import Collection, Sequence

from carrel.core.domains import Domain
from carrel.core.knowledge_base import KnowledgeBase
from carrel.search.fuse import DEFAULT_WEIGHTS, Weights

# A program shares few words with what people ask of it, and the same few with many programs: on CoSQA words
# alone come to .41 nDCG@10, meaning alone to .60, and a mix with a tenth of words to no less (ADR 0031).
_OF_CODE = 0.95


def usual_share(domains: Collection[Domain]) -> float:
    """Return the share of meaning where nothing was found out: that of code only where all are of code."""
    return _OF_CODE if set(domains) == {Domain.CODE} else DEFAULT_WEIGHTS.dense


def weights_of(knowledge_bases: Sequence[KnowledgeBase]) -> Weights:
    """Return the weights for a search over knowledge bases: the mean of theirs, by their papers."""
    usual = usual_share([knowledge_base.domain for knowledge_base in knowledge_bases])
    shares = [usual if base.calibration is None else base.calibration.share for base in knowledge_bases]
    if len(set(shares)) <= 1:
        return Weights(shares[0] if shares else usual, DEFAULT_WEIGHTS.paper)
    papers = [max(base.papers, 1) for base in knowledge_bases]
    mean = sum(share * count for share, count in zip(shares, papers, strict=True)) / sum(papers)
    return Weights(round(mean, 6), DEFAULT_WEIGHTS.paper)
