"""Filters that no index knows of, resolved to papers: venue, language, tags, as the catalog has them."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from carrel.core.ids import KnowledgeBaseId, PaperId
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ranking import Filters
from carrel.storage import selection
from carrel.storage.database import Catalog

_MARKS = re.compile("[\u0300-\u036f]+")
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_\u3040-\u30ff\u3400-\u9fff]+")

Selected = Mapping[KnowledgeBaseId, frozenset[PaperId]]


def selected(filters: Filters, knowledge_bases: Sequence[KnowledgeBase], catalog: Catalog) -> Selected | None:
    """Return the papers of each knowledge base that meet what only the catalog knows; None where all may."""
    if not filters.venues and not filters.languages and not filters.tags:
        return None
    ids = [knowledge_base.id for knowledge_base in knowledge_bases]
    with catalog.read() as tx:
        venues = venues_meant(filters.venues, selection.venues(tx, ids)) if filters.venues else None
        return selection.meeting(tx, ids, venues, filters.languages or None, filters.tags or None)


def venues_meant(wanted: Iterable[str], there: Sequence[str]) -> tuple[str, ...]:
    """Return which of the venues these names mean, in their order. Case and diacritics do not count.

    The whole name of a venue means that venue, so that a choice from a list is just that; any other means
    those that have all its words, of Chinese and Japanese all its characters: ``nips`` those with NIPS in
    their name.
    """
    chosen: set[str] = set()
    for name in wanted:
        folded = _folded(name)
        whole = {venue for venue in there if _folded(venue) == folded}
        words = _words(name)
        chosen |= whole or {venue for venue in there if words and words <= _words(venue)}
    return tuple(venue for venue in there if venue in chosen)


def _folded(name: str) -> str:
    plain = _MARKS.sub("", unicodedata.normalize("NFKD", name).casefold())
    return " ".join(unicodedata.normalize("NFKC", plain).split())


def _words(name: str) -> frozenset[str]:
    return frozenset(_WORD.findall(_folded(name)))
