"""What the papers that a search considered have in common: counts to narrow it down by."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Facet:
    """One choice: what a filter takes, how many papers it leaves, and what people call it."""

    value: str
    count: int
    name: str


@dataclass(frozen=True, slots=True)
class Facets:
    """Counts of papers. Years newest first, the others with most papers first, ties by name.

    What a paper does not say, such as no venue, counts nowhere. A paper that two knowledge bases hold counts
    in each of them and otherwise once.
    """

    papers: int
    knowledge_bases: tuple[Facet, ...]  # values are ids
    years: tuple[Facet, ...]
    authors: tuple[Facet, ...]
    venues: tuple[Facet, ...]
    languages: tuple[Facet, ...]  # values are codes
    tags: tuple[Facet, ...] = ()
