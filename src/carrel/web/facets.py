"""Facets beside an answer: what its papers have in common, each a link that narrows the answer down."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from carrel.core.facets import Facet, Facets
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.language import tr
from carrel.web.asking import Asked

_MOST = 8
_YEARS = 10


@dataclass(frozen=True, slots=True)
class Choice:
    """A value of a facet: how many papers it leaves, and the address that takes or leaves it."""

    name: str
    count: int
    address: str
    taken: bool = False


@dataclass(frozen=True, slots=True)
class FacetGroup:
    """The choices of one facet."""

    name: str
    choices: tuple[Choice, ...]


def chosen(asked: Asked, facets: Facets, shelves: Sequence[KnowledgeBase]) -> tuple[FacetGroup, ...]:
    """Return the facets that tell papers apart, with their links."""
    groups = [
        FacetGroup(tr("Years"), tuple(_choices(asked, "year", facets.years[:_YEARS]))),
        FacetGroup(tr("Authors"), tuple(_choices(asked, "author", facets.authors[:_MOST]))),
        FacetGroup(tr("Venues"), tuple(_choices(asked, "venue", facets.venues[:_MOST]))),
        FacetGroup(tr("Tags"), tuple(_choices(asked, "tag", facets.tags[:_MOST]))),
        FacetGroup(tr("Languages"), tuple(_choices(asked, "language", facets.languages[:_MOST]))),
    ]
    if len(shelves) > 1:
        groups.insert(0, FacetGroup(tr("Knowledge bases"), tuple(_bases(asked, facets.knowledge_bases))))
    return tuple(group for group in groups if _tells_apart(group))


def _tells_apart(group: FacetGroup) -> bool:
    """Whether a choice of the group could change the answer."""
    taken = any(choice.taken for choice in group.choices)
    return taken or len(group.choices) > 1 or (group.name == tr("Tags") and bool(group.choices))


def _bases(asked: Asked, found: Iterable[Facet]) -> Iterable[Choice]:
    for facet in found:
        taken = facet.value in asked.kb
        address = asked.without("kb", facet.value) if taken else asked.address(kb=(*asked.kb, facet.value))
        yield Choice(facet.name, facet.count, address, taken)


def _choices(asked: Asked, field: str, found: Iterable[Facet]) -> Iterable[Choice]:
    present = getattr(asked, field)
    for facet in found:
        taken = facet.value.casefold() == present.casefold()
        address = asked.without(field) if taken else asked.address(**{field: facet.value})
        yield Choice(
            language_name(facet.name) if field == "language" else facet.name, facet.count, address, taken
        )


def language_name(code: str) -> str:
    """Return what a language is called, in the reader's."""
    return {
        "en": tr("English"),
        "zh": tr("Chinese"),
        "de": tr("German"),
        "fr": tr("French"),
        "es": tr("Spanish"),
        "ja": tr("Japanese"),
    }.get(code, code)
