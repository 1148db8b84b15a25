"""Counting facets: of the papers that a search considered, or of all where there is no question."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from carrel.core.facets import Facet, Facets
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ranking import SearchResult
from carrel.storage import tags
from carrel.storage.database import Catalog
from carrel.storage.descriptions import Description, descriptions

MOST_NAMES = 12  # authors, venues, and tags


def facets_of(
    result: SearchResult | None, knowledge_bases: Sequence[KnowledgeBase], catalog: Catalog
) -> Facets:
    """Count what a search's candidates have in common, in one read; all papers where there was no search.

    The candidates are those of every signal, not only the papers that are shown.
    """
    ids = [each.id for each in knowledge_bases]
    only = None
    if result is not None:
        considered = {found.paper_id for _, candidates in result.candidates for found in candidates}
        only = sorted(considered.union(result.listed))
    with catalog.read() as tx:
        found = descriptions(tx, ids, only)
        labels = tags.counted(tx, ids, only)
    borne = _ordered(Facet(tag.label, tag.papers, tag.label) for tag in labels)[:MOST_NAMES]
    return replace(counted(found, {each.id: each.name for each in knowledge_bases}), tags=borne)


def counted(found: Iterable[Description], names: Mapping[str, str]) -> Facets:
    """Count facets; ``names`` are those of the knowledge bases by id. Pure.

    Names of authors and venues are the same where only case and white space differ; the spelling that most
    papers have is shown.
    """
    shelves: Counter[str] = Counter()
    papers: dict[str, Description] = {}
    for each in found:
        shelves[each.knowledge_base] += 1
        papers[each.paper] = each
    once = papers.values()
    years = Counter(each.year for each in once if each.year is not None)
    languages = Counter(each.language for each in once if each.language)
    return Facets(
        papers=len(papers),
        knowledge_bases=_ordered(Facet(key, count, names[key]) for key, count in shelves.items()),
        years=tuple(Facet(str(year), years[year], str(year)) for year in sorted(years, reverse=True)),
        authors=_named(each.authors for each in once)[:MOST_NAMES],
        venues=_named((each.venue,) for each in once)[:MOST_NAMES],
        languages=_ordered(Facet(code, count, code) for code, count in languages.items()),
    )


def _named(names_of_papers: Iterable[Sequence[str]]) -> tuple[Facet, ...]:
    """Count papers by the names that each has."""
    spellings: dict[str, Counter[str]] = {}
    for names in names_of_papers:
        for key, name in {_key(name): name for name in reversed(names)}.items():  # each once a paper
            if key:
                spellings.setdefault(key, Counter())[name] += 1
    return _ordered(
        Facet(name := min(counts, key=lambda each: (-counts[each], each)), counts.total(), name)
        for counts in spellings.values()
    )


def _ordered(facets: Iterable[Facet]) -> tuple[Facet, ...]:
    return tuple(sorted(facets, key=lambda facet: (-facet.count, facet.name, facet.value)))


def _key(name: str) -> str:
    return " ".join(name.casefold().split())
