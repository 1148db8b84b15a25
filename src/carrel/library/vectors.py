"""Deleting cached vectors of texts that nothing in the catalog has any more.

Asked of the catalog at the moment of deletion, under its write lock, and only while no paper is on its way:
one that is being embedded counts on vectors that no row names yet. So there is no age to guess at.
"""

from collections.abc import Iterator

from carrel.core.ports import VectorCache
from carrel.core.probe import PROBE_KEY
from carrel.library.turns import in_turns
from carrel.storage import vector_keys
from carrel.storage.database import Catalog, Transaction

_KEYS_A_PAGE = 1000


def work_off_vectors(catalog: Catalog, vectors: VectorCache) -> bool:
    """Delete for about a second what is noted and not in use, as far as no paper is on its way.

    A page is one transaction: an interruption leaves the notes of the rest, and doing it again does no harm.
    Returns whether there is more that can go now.
    """
    with catalog.read() as tx:  # asked every second: where nothing is noted, nobody is to wait for it
        if not vector_keys.noted(tx, 1) or vector_keys.on_their_way(tx):
            return False

    def delete_a_page(tx: Transaction) -> bool:
        keys = () if vector_keys.on_their_way(tx) else vector_keys.noted(tx, _KEYS_A_PAGE)
        gone = sorted(set(keys) - vector_keys.referenced(tx, keys)) if keys else []
        if not keys or not vectors.delete(gone):
            return False
        vector_keys.cross_out(tx, keys)
        return True

    return in_turns(catalog, delete_a_page)


def unreferenced(catalog: Catalog, vectors: VectorCache) -> Iterator[tuple[str, ...]]:
    """Yield, in pages, the keys in the cache that nothing in the catalog has: of papers that failed, say."""
    after = ("", "")
    while page := vectors.names(after, _KEYS_A_PAGE):
        after = page[-1]
        keys = sorted({key for _, key in page} - {PROBE_KEY})
        with catalog.read() as tx:
            gone = set(keys) - vector_keys.referenced(tx, keys)
        if gone:
            yield tuple(sorted(gone))


def delete_unreferenced(catalog: Catalog, vectors: VectorCache, keys: tuple[str, ...]) -> int | None:
    """Delete those of a page of keys that are still not in use; None where that cannot be said now."""
    with catalog.write() as tx:
        if vector_keys.on_their_way(tx):
            return None
        gone = sorted(set(keys) - vector_keys.referenced(tx, keys))
        return len(gone) if vectors.delete(gone) else None
