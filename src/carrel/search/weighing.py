"""How much meaning counts against words: by what is searched, and by how long the question is."""

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from carrel.core.domains import Domain
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.terms import FUNCTION_WORDS
from carrel.search.fuse import DEFAULT_WEIGHTS, Weights

# A program shares few words with what people ask of it, and the same few with many programs: on CoSQA words
# alone come to .41 nDCG@10, meaning alone to .60, and a mix with a tenth of words to no less (ADR 0031).
_OF_CODE = 0.95

_OF_FULL_TEXTS = 0.3  # the share of the whole paper where it has any number of passages
_OF_AN_ABSTRACT = 2  # passages

_SHORT, _LONG, _COPIED = 5, 12, 20  # words, function words left out
_CJK = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_WORD = re.compile(f"[{_CJK}]+|[^\\W{_CJK}]+")


def usual_share(domains: Collection[Domain]) -> float:
    """Return the share of meaning where nothing was found out: that of code only where all are of code."""
    return _OF_CODE if set(domains) == {Domain.CODE} else DEFAULT_WEIGHTS.dense


def weights_of(knowledge_bases: Sequence[KnowledgeBase]) -> Weights:
    """Return the weights for a search over knowledge bases: the mean of theirs, by their papers."""
    usual = usual_share([knowledge_base.domain for knowledge_base in knowledge_bases])
    shares = [usual if base.calibration is None else base.calibration.share for base in knowledge_bases]
    if len(set(shares)) <= 1:
        return Weights(shares[0] if shares else usual, _share_of_papers(knowledge_bases))
    papers = [max(base.papers, 1) for base in knowledge_bases]
    mean = sum(share * count for share, count in zip(shares, papers, strict=True)) / sum(papers)
    return Weights(round(mean, 6), _share_of_papers(knowledge_bases))


def _share_of_papers(knowledge_bases: Sequence[KnowledgeBase]) -> float:
    """Return how much the whole paper counts against its best passage: less, the more passages a paper has.

    Where there is no more than an abstract, its one or two passages are the same text, in pieces. Of a full
    text most is in the passages alone: with a share of .6, 5 % fewer passages from deep inside find their
    paper than with .3 (``benchmarks/known_items.py``).
    """
    papers = sum(base.papers for base in knowledge_bases)
    passages = sum(base.passages for base in knowledge_bases)
    few = min(_OF_AN_ABSTRACT * papers / passages, 1.0) if passages else 1.0
    return round(_OF_FULL_TEXTS + (DEFAULT_WEIGHTS.paper - _OF_FULL_TEXTS) * few, 6)


def weighed_for(text: str, weights: Weights, translated: bool = False) -> Weights:
    """Return the weights for a question: from five words to twelve, the share of words falls to its half.

    Of many words a few matter, and a text that has some of the others is found by them; a model reads the
    sentence as one. Measured: the best share of meaning is .80 for questions below the median length and .90
    above it, on SciFact's test and training queries and on Cranfield alike (ADR 0032). What is longer than a
    question was copied: its words are a paper's own. Of a translated question the words count half however
    short it is: a dictionary names several for each, of which one is meant.
    """
    words = _words(text)
    if words > _COPIED:
        return weights
    beyond = 1.0 if translated else min(max((words - _SHORT) / (_LONG - _SHORT), 0.0), 1.0)
    return replace(weights, dense=round(1 - (1 - weights.dense) * (1 - beyond / 2), 6))


def _words(text: str) -> float:
    """Return how many different words a text has, function words left out; two ideographs are one."""
    found = set(_WORD.findall(text.casefold())) - FUNCTION_WORDS
    return sum(1.0 if word < "\u3040" else len(word) / 2 for word in found)
