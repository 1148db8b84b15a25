"""What a search is about, as far as the catalog knows: what filters and the query's fields say of papers."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from carrel.core.author_names import wanted_names
from carrel.core.identifiers import identifier_of
from carrel.core.ids import KnowledgeBaseId, PaperId
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ports import IndexQuery
from carrel.core.ranking import Filters, Query
from carrel.core.space import Vectors
from carrel.core.understanding import Part, Understood
from carrel.search import understand
from carrel.search.fields import with_authors, with_identifiers, with_titles
from carrel.search.phrases import phrase
from carrel.search.selection import Selected, selected
from carrel.storage.database import Catalog, Transaction
from carrel.storage.field_values import Held, in_years, newest_first


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
    filters, of_index = _shared_out(query.filters, said, understood)
    lists = not understood.text and not query.liked
    ids = [base.id for base in knowledge_bases]
    with catalog.read() as tx:
        met = [*_meeting(tx, ids, understood, of_index), *(_of_index(tx, ids, filters) if lists else ())]
        refused = [*_meeting(tx, ids, understood, frozenset(), excluded=True)]
        if met:
            scope = scope.only(_by_base(ids, set.intersection(*met)))
        only = None if scope.among is None else frozenset().union(*scope.among.values())
        newest = newest_first(tx, ids, only) if lists else ()
    barred = [*_barred(understand.filters_of(understood, excluded=True), knowledge_bases, catalog)]
    barred += [_by_base(ids, found) for found in refused]
    out = {base: frozenset[PaperId]().union(*(each[base] for each in barred)) for base in ids}
    scope = replace(scope, filters=filters, without={base: found for base, found in out.items() if found})
    return replace(scope, listed=_listed(scope, newest)) if lists else scope


def _barred(out: Filters, knowledge_bases: Sequence[KnowledgeBase], catalog: Catalog) -> Iterator[Selected]:
    """Yield the papers that meet what they must not be, of venues, languages and tags."""
    for each in (Filters(venues=out.venues), Filters(languages=out.languages), Filters(tags=out.tags)):
        if (found := selected(each, knowledge_bases, catalog)) is not None:
            yield found


def _shared_out(given: Filters, said: Filters, understood: Understood) -> tuple[Filters, frozenset[Part]]:
    """Return what the index looks at, and which fields of the query that is: it takes each sort once."""
    filters, of_index = given, set[Part]()
    if given.year_from is None and given.year_to is None and len(understood.values(Part.YEAR)) == 1:
        filters = replace(filters, year_from=said.year_from, year_to=said.year_to)
        of_index.add(Part.YEAR)
    if not given.authors and said.authors:
        filters = replace(filters, authors=said.authors)
        of_index.add(Part.AUTHOR)
    return filters, frozenset(of_index)


def _meeting(
    tx: Transaction,
    ids: Sequence[KnowledgeBaseId],
    understood: Understood,
    but: frozenset[Part],
    excluded: bool = False,
) -> Iterator[set[Held]]:
    """Yield the papers that meet the query's years, authors, titles and DOIs; of each any suffices."""
    if Part.YEAR not in but and (years := understand.years_of(understood, excluded)):
        yield in_years(tx, ids, years)
    if Part.AUTHOR not in but and (authors := understood.values(Part.AUTHOR, excluded)):
        yield with_authors(tx, ids, wanted_names(authors))
    if titles := understood.values(Part.TITLE, excluded):
        yield with_titles(tx, ids, tuple(map(phrase, titles)))
    if dois := understood.values(Part.DOI, excluded):
        yield with_identifiers(tx, ids, frozenset(map(identifier_of, dois)))


def _of_index(tx: Transaction, ids: Sequence[KnowledgeBaseId], filters: Filters) -> Iterator[set[Held]]:
    """Yield the papers that meet what an index would look at."""
    if filters.year_from is not None or filters.year_to is not None:
        yield in_years(tx, ids, [(filters.year_from, filters.year_to)])
    if names := wanted_names(filters.authors):
        yield with_authors(tx, ids, names)


def _by_base(ids: Sequence[KnowledgeBaseId], held: Iterable[Held]) -> Selected:
    found: dict[KnowledgeBaseId, set[PaperId]] = {base: set() for base in ids}
    for base, paper in held:
        found[base].add(paper)
    return {base: frozenset(papers) for base, papers in found.items()}


def _listed(scope: Scope, newest: Iterable[Held]) -> tuple[PaperId, ...]:
    return tuple(
        dict.fromkeys(
            paper
            for base, paper in newest
            if (scope.among is None or paper in scope.among[base])
            and paper not in scope.without.get(base, ())
        )
    )
