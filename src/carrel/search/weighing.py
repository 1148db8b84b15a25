"""How much meaning counts against words, by what is searched."""

from collections.abc import Sequence

from carrel.core.domains import Domain
from carrel.core.knowledge_base import KnowledgeBase
from carrel.search.fuse import DEFAULT_WEIGHTS, Weights

# A program shares few words with what people ask of it, and the same few with many programs: on CoSQA words
# alone come to .41 nDCG@10, meaning alone to .60, and a mix with a tenth of words to no less (ADR 0031).
_OF_CODE = Weights(dense=0.95, paper=DEFAULT_WEIGHTS.paper)


def weights_of(knowledge_bases: Sequence[KnowledgeBase]) -> Weights:
    """Return the weights for a search over knowledge bases: those of code only where all are of code."""
    domains = {knowledge_base.domain for knowledge_base in knowledge_bases}
    return _OF_CODE if domains == {Domain.CODE} else DEFAULT_WEIGHTS
