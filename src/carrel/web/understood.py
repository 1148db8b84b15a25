"""What a query was understood to say, as chips over its answer: each leads to the query without it."""

from collections.abc import Iterator

from carrel.core.ranking import SearchResult
from carrel.core.understanding import with_rest
from carrel.search.in_words import condition_in_words, like, unlike
from carrel.web.asking import Asked

Chip = tuple[str, str]
"""What it says, and the address of the question without it."""


def understood_chips(asked: Asked, result: SearchResult) -> Iterator[Chip]:
    """Yield a chip for each condition in the query's text, and for each paper that is liked or not."""
    if result.understood is not None:
        for condition, rest in with_rest(result.understood):
            yield condition_in_words(condition), asked.address(q=rest)
    for paper in result.liked:
        yield like(paper), asked.without("like", paper.id)
    for paper in result.disliked:
        yield unlike(paper), asked.without("unlike", paper.id)
