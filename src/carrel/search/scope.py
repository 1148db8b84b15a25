"""What a search is about, as far as the catalog knows: what filters and the query's fields say of papers."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from carrel.core.author_names import searchable_words, wanted_names
from carrel.core.identifiers import identifier_of, identifiers_of
from carrel.core.ids import KnowledgeBaseId, PaperId
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ports import IndexQuery
from carrel.core.ranking import Filters, Query
from carrel.core.space import Vectors
from carrel.core.understanding import Part, Understood
from carrel.search import understand
from carrel.search.phrases import phrase
from carrel.search.selection import Selected, selected
from carrel.storage.database import Catalog
from carrel.storage.descriptions import Description, descriptions

_Meets = Callable[[Description], bool]


@dataclass(frozen=True, slots=True)
class Scope:
    """What an index is to look at: filters of its own, the papers that may be found, those that may not.

    ``among`` None is all of them. ``listed`` are the papers to list, in order, where nothing but conditions
    was asked.
    """

    filters: Filters
    among: Selected | None = None
    without: Selected = field(default_factory=dict)
    listed: tuple[PaperId, ...] | None = None

    @property
    def narrow(self) -> bool:
        """Whether there are papers that may not be found."""
        return self.filters != Filters() or self.among is not None or bool(self.without)

    def only(self, among: Selected) -> "Scope":
        """Return the same of these papers alone."""
        if self.among is not None:
            among = {base: found & self.among.get(base, frozenset()) for base, found in among.items()}
        return replace(self, among=among)

    def barring(self, papers: Iterable[PaperId], knowledge_bases: Sequence[KnowledgeBase]) -> "Scope":
        """Return the same without these papers, wherever they are."""
        barred, before = frozenset(papers), self.without
        if not barred:
            return self
        without = {base.id: before.get(base.id, frozenset()) | barred for base in knowledge_bases}
        return replace(self, without=without)

    def asked(
        self,
        knowledge_base: KnowledgeBase,
        vector: Vectors | None,
        text: str | None,
        limit: int,
        also: tuple[tuple[str, float], ...] = (),
    ) -> IndexQuery:
        """Return what to ask the index of a knowledge base."""
        return IndexQuery(
            vector,
            text,
            self.filters,
            limit,
            None if self.among is None else self.among[knowledge_base.id],
            self.without.get(knowledge_base.id, frozenset()),
            also if text else (),
        )

    def may_hold(self, knowledge_base: KnowledgeBase) -> bool:
        """Whether anything in a knowledge base may be found."""
        return self.among is None or bool(self.among[knowledge_base.id])


def scope_of(
    query: Query, understood: Understood, knowledge_bases: Sequence[KnowledgeBase], catalog: Catalog
) -> Scope:
    """Return what a search is about. What the filters say and what the query's fields say must both be met.

    A query of nothing but fields lists what meets them: newest first, then those that came last.
    """
    scope = Scope(query.filters, selected(query.filters, knowledge_bases, catalog))
    if not understood.conditions:
        return scope
    said = understand.filters_of(understood)
    if (also := selected(said, knowledge_bases, catalog)) is not None:
        scope = scope.only(also)
    filters, conditions = _shared_out(query.filters, said, understood)
    lists = not understood.text and not query.liked
    conditions += _of_index(filters) if lists else []
    refused = list(_conditions(understood, excluded=True))
    cards: tuple[Description, ...] = ()
    ids = [base.id for base in knowledge_bases]
    if conditions or refused or lists:
        with catalog.read() as tx:
            cards = descriptions(tx, ids)
    if conditions:
        scope = scope.only(_by_base(ids, (c for c in cards if all(meets(c) for meets in conditions))))
    barred = [*_barred(understand.filters_of(understood, excluded=True), knowledge_bases, catalog)]
    barred.append(_by_base(ids, (c for c in cards if any(meets(c) for meets in refused))))
    out = {base: frozenset[PaperId]().union(*(each[base] for each in barred)) for base in ids}
    scope = replace(scope, filters=filters, without={base: found for base, found in out.items() if found})
    return replace(scope, listed=_listed(scope, cards)) if lists else scope


def _barred(out: Filters, knowledge_bases: Sequence[KnowledgeBase], catalog: Catalog) -> Iterator[Selected]:
    """Yield the papers that meet what they must not be, of venues, languages and tags."""
    for each in (Filters(venues=out.venues), Filters(languages=out.languages), Filters(tags=out.tags)):
        if (found := selected(each, knowledge_bases, catalog)) is not None:
            yield found


def _shared_out(given: Filters, said: Filters, understood: Understood) -> tuple[Filters, list[_Meets]]:
    """Return what the index looks at, and conditions on cards that it cannot: it takes each sort once."""
    conditions = list(_conditions(understood, excluded=False))
    filters = given
    if given.year_from is None and given.year_to is None and len(understood.values(Part.YEAR)) == 1:
        filters = replace(filters, year_from=said.year_from, year_to=said.year_to)
        conditions = [each for each in conditions if not isinstance(each, _InYears)]
    if not given.authors and said.authors:
        filters = replace(filters, authors=said.authors)
        conditions = [each for each in conditions if not isinstance(each, _ByAuthors)]
    return filters, conditions


@dataclass(frozen=True, slots=True)
class _InYears:
    ranges: tuple[tuple[int | None, int | None], ...]

    def __call__(self, card: Description) -> bool:
        return card.year is not None and any(
            (first is None or first <= card.year) and (last is None or card.year <= last)
            for first, last in self.ranges
        )


@dataclass(frozen=True, slots=True)
class _ByAuthors:
    names: tuple[tuple[str, ...], ...]

    def __call__(self, card: Description) -> bool:
        there = [set(searchable_words(name)) for name in card.authors]
        return any(words and author.issuperset(words) for words in self.names for author in there)


def _conditions(understood: Understood, excluded: bool) -> Iterator[_Meets]:
    """Yield what cards tell of a query's fields: years, authors, titles and DOIs; of each any suffices."""
    if years := understand.years_of(understood, excluded):
        yield _InYears(years)
    if authors := understood.values(Part.AUTHOR, excluded):
        yield _ByAuthors(wanted_names(authors))
    if titles := tuple(map(phrase, understood.values(Part.TITLE, excluded))):
        yield lambda card: any(each.within(card.title) for each in titles)
    if dois := frozenset(map(identifier_of, understood.values(Part.DOI, excluded))):
        yield lambda card: bool(dois & identifiers_of(card.doi, card.arxiv_id))


def _of_index(filters: Filters) -> list[_Meets]:
    """Return as conditions on cards what an index would look at."""
    conditions: list[_Meets] = []
    if filters.year_from is not None or filters.year_to is not None:
        conditions.append(_InYears(((filters.year_from, filters.year_to),)))
    if names := wanted_names(filters.authors):
        conditions.append(_ByAuthors(names))
    return conditions


def _by_base(ids: Sequence[KnowledgeBaseId], cards: Iterable[Description]) -> Selected:
    found: dict[KnowledgeBaseId, set[PaperId]] = {base: set() for base in ids}
    for card in cards:
        found[card.knowledge_base].add(card.paper)
    return {base: frozenset(papers) for base, papers in found.items()}


def _listed(scope: Scope, cards: Iterable[Description]) -> tuple[PaperId, ...]:
    there = [
        card
        for card in cards
        if (scope.among is None or card.paper in scope.among[card.knowledge_base])
        and card.paper not in scope.without.get(card.knowledge_base, ())
    ]
    there.sort(key=lambda card: (card.year or 0, card.added_at, card.paper), reverse=True)
    return tuple(dict.fromkeys(card.paper for card in there))
