"""Deleting cached vectors of texts that nothing in the catalog has any more.

Asked of the catalog at the moment of deletion, under its write lock, and only while no paper is on its way:
one that is being embedded counts on vectors that no row names yet. So there is no age to guess at.
"""

from collections.abc import Iterator, Sequence

from carrel.core.ports import VectorCache
from carrel.core.probe import PROBE_KEY
from carrel.library.turns import in_turns
from carrel.storage import vector_keys
from carrel.storage.database import Catalog, Transaction

_KEYS_A_PAGE = 1000


def work_off_vectors(catalog: Catalog, vectors: VectorCache) -> bool:
    """Delete for about a second what is noted and not in use, as far as no paper is on its way.

    Then what came into the cache since the last look is looked at: a paper that is removed or given up while
    it is embedded has no row that could have noted it, and its worker goes on for a while, or is killed.
    A page is one transaction: an interruption leaves the rest as it was, and doing it again does no harm.
    Returns whether there is more that can go now.
    """
    with catalog.read() as tx:  # asked every second: where nothing is to do, nobody is to wait for it
        if vector_keys.on_their_way(tx):
            return False
        noted = bool(vector_keys.noted(tx, 1))
        tellable = not vector_keys.any_without(tx)

    def delete_a_page(tx: Transaction) -> bool:
        keys = () if vector_keys.on_their_way(tx) else vector_keys.noted(tx, _KEYS_A_PAGE)
        if not keys or not vectors.delete(_gone(tx, keys)):
            return False
        vector_keys.cross_out(tx, keys)
        return True

    def look_at_a_page(tx: Transaction) -> bool:
        page = [] if vector_keys.on_their_way(tx) else vectors.unexamined(_KEYS_A_PAGE)
        return bool(page) and vectors.mark_examined(page[-1][0], _gone(tx, [key for _, key in page]))

    if noted and in_turns(catalog, delete_a_page):
        return True
    return tellable and bool(vectors.unexamined(1)) and in_turns(catalog, look_at_a_page)


def unreferenced(catalog: Catalog, vectors: VectorCache) -> Iterator[tuple[str, ...]]:
    """Yield, in pages, the keys in the cache that nothing in the catalog has: of papers that failed, say."""
    after = ("", "")
    while page := vectors.names(after, _KEYS_A_PAGE):
        after = page[-1]
        with catalog.read() as tx:
            gone = _gone(tx, [key for _, key in page])
        if gone:
            yield tuple(gone)


def delete_unreferenced(catalog: Catalog, vectors: VectorCache, keys: tuple[str, ...]) -> int | None:
    """Delete those of a page of keys that are still not in use; None where that cannot be said now."""
    with catalog.write() as tx:
        if vector_keys.on_their_way(tx):
            return None
        gone = _gone(tx, keys)
        return len(gone) if vectors.delete(gone) else None


def _gone(tx: Transaction, keys: Sequence[str]) -> list[str]:
    """Return those of the keys that nothing has, each once."""
    wanted = sorted(set(keys) - {PROBE_KEY})
    return sorted(set(wanted) - vector_keys.referenced(tx, wanted)) if wanted else []
