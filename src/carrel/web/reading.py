"""What a paper's page shows is made of: the paper as it was read, kept at hand while somebody reads it."""

from functools import lru_cache

from carrel.api.rest.papers import holdings
from carrel.core.errors import ServiceError, UsageError
from carrel.core.ids import PaperId
from carrel.core.paper import ParsedPaper
from carrel.library.holdings import Found
from carrel.library.page_words import FoldedText, fold
from carrel.storage.parses import ParseStore
from carrel.web.reader import Reader

_NOT_THERE = (UsageError, ServiceError, LookupError)
_AT_HAND = 4  # papers; one of 600 pages takes some 20 MB


def found_paper(reader: Reader, base: str, paper: str) -> Found:
    """Return the paper of this id. Raises as ``Holdings.one``."""
    return holdings(reader.access, base).one(paper)


def parse_at_hand(reader: Reader, found: Found) -> ParsedPaper | None:
    """Return a paper as it was read; None where it has not been, or its parse is gone.

    Every part of a page asks for it, and reading it from the disk takes a quarter of a second for a
    long one. Of a parser that is not installed any more nothing is of use.
    """
    services = reader.access.services
    try:
        fingerprint = services.parser_of(found.knowledge_base).fingerprint
        return _stored(services.parses, found.paper.record.id, fingerprint)
    except _NOT_THERE:
        return None


def folded_at_hand(reader: Reader, found: Found) -> FoldedText | None:
    """Return a paper's text as words are looked for in it; None as ``parse_at_hand``.

    Folding that of a book takes a good part of a second, in which no other thread gets on.
    """
    services = reader.access.services
    try:
        fingerprint = services.parser_of(found.knowledge_base).fingerprint
        return _folded(services.parses, found.paper.record.id, fingerprint)
    except _NOT_THERE:
        return None


@lru_cache(maxsize=_AT_HAND)
def _folded(store: ParseStore, paper: PaperId, fingerprint: str) -> FoldedText:
    """Return the text of the stored parse. Raises LookupError where there is none: that is not kept."""
    return fold(_stored(store, paper, fingerprint).text)


@lru_cache(maxsize=_AT_HAND)
def _stored(store: ParseStore, paper: PaperId, fingerprint: str) -> ParsedPaper:
    """Return the stored parse. Raises LookupError where there is none: that is not kept."""
    parsed = store.get(paper, fingerprint)
    if parsed is None:
        raise LookupError(paper)
    return parsed
