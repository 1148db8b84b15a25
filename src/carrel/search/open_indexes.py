"""The stage that opens the indexes to search: what cannot be opened is left out, and the answer says so."""

from dataclasses import replace

from carrel.core.errors import CarrelError
from carrel.core.ids import KnowledgeBaseId
from carrel.core.ports import Index
from carrel.core.ranking import LeftOut
from carrel.search.inquiry import Inquiry
from carrel.search.scope import scope_of


def opened(inquiry: Inquiry) -> Inquiry:
    """Return it over the knowledge bases whose indexes can be opened; each is opened once for all stages.

    One cannot be where another version's analyser has built it, or where its model's server is away and has
    never said how wide its vectors are. Nothing in it can be looked up then, not even by words.

    Raises what the first of them raises where none can.
    """
    indexes: dict[KnowledgeBaseId, Index] = {}
    left_out: list[LeftOut] = []
    errors: list[CarrelError] = []
    for base in inquiry.knowledge_bases:
        try:
            indexes[base.id] = inquiry.sources.index_of(base)
        except CarrelError as error:
            errors.append(error)
            left_out.append(LeftOut(base.id, base.name, False, error.message, error.hint, error))
    if errors and not indexes:
        raise errors[0]
    sources = replace(inquiry.sources, index_of=lambda base: indexes[base.id])
    if not left_out:
        return replace(inquiry, sources=sources)
    searched = tuple(base for base in inquiry.knowledge_bases if base.id in indexes)
    scope = inquiry.scope
    if scope.listed is not None:  # without what is in the others alone
        scope = scope_of(inquiry.query, inquiry.understood, searched, sources.catalog)
    return replace(inquiry, sources=sources, knowledge_bases=searched, scope=scope, left_out=tuple(left_out))
