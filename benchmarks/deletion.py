"""Deleting a large knowledge base: for how long does it keep everybody else from writing?

A made-up knowledge base beside another one, in a catalog on this machine's disk; no model and no index is
needed. Every transaction that may write is timed. Run: ``python -m benchmarks.deletion`` (``--passages``
500,000 by default, ``--beside`` as many in another knowledge base, ``--postgres URL`` instead of SQLite).
"""

import argparse
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from benchmarks.machine import describe, heading
from carrel.core.ids import PaperId, new_knowledge_base_id, paper_id
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.likeness import Likeness
from carrel.engines.vector_cache import SqliteVectorCache
from carrel.library.cleaning import work_off_leftovers
from carrel.library.shelves import Shelves
from carrel.library.vectors import work_off_vectors
from carrel.storage import knowledge_bases, papers, versions
from carrel.storage.clock import now
from carrel.storage.database import Catalog, Transaction, open_database

_PASSAGES_A_PAPER = 60
_PAPERS_AT_ONCE = 500
_TEXT = "Attention is compared with recurrence on documents of many pages, in each of its sections. " * 10


class Timed(Catalog):
    """A catalog that notes for how long each of its transactions that may write held the lock."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self.seconds: list[float] = []

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """Open a transaction, and note how long it took, its commit included."""
        began = 0.0
        try:
            with self._catalog.write() as tx:
                began = time.perf_counter()
                yield tx
        finally:
            self.seconds.append(time.perf_counter() - began)

    def read(self) -> AbstractContextManager[Transaction]:
        """Open a transaction that only reads."""
        return self._catalog.read()

    def close(self) -> None:
        """Close every connection."""
        self._catalog.close()


def fill(catalog: Catalog, name: str, count: int) -> KnowledgeBase:
    """Make a knowledge base of so many passages, as they are when a model has read them."""
    shelf, chance = KnowledgeBase(new_knowledge_base_id(), name), random.Random(name)
    with catalog.write() as tx:
        knowledge_bases.create(tx, shelf)
    numbers = range(count // _PASSAGES_A_PAPER)
    for first in range(0, len(numbers), _PAPERS_AT_ONCE):
        with catalog.write() as tx:
            for n in numbers[first : first + _PAPERS_AT_ONCE]:
                _hold(tx, shelf, f"{name} {n}", chance)
    return shelf


def _hold(tx: Transaction, shelf: KnowledgeBase, title: str, chance: random.Random) -> None:
    sha256 = chance.randbytes(32).hex()
    paper = paper_id(sha256)
    papers.register(tx, paper, sha256, 1)
    tx.run_many(
        """
        INSERT INTO passages VALUES (:shelf, 1, :id, :paper, :n, 0, 1, 'Method', '[1]', '[]', :text, 1, :key)
        """,
        (
            {
                "shelf": shelf.id,
                "id": chance.randbytes(16).hex(),
                "paper": paper,
                "n": n,
                "text": _TEXT,
                "key": chance.randbytes(16).hex(),
            }
            for n in range(_PASSAGES_A_PAPER)
        ),
    )
    tx.run(
        "INSERT INTO holdings VALUES (:shelf, :paper, 'a.pdf', :count, :now, :key)",
        shelf=shelf.id,
        paper=paper,
        count=_PASSAGES_A_PAPER,
        now=now(),
        key=chance.randbytes(16).hex(),
    )
    versions.record(tx, PaperId(paper), Likeness(chance.randbytes(512), 100, title, ("lee",), ()))


def measure(what: str, catalog: Timed, began: float) -> None:
    """Print a row of the table, and begin the next one."""
    took, longest = time.perf_counter() - began, max(catalog.seconds, default=0.0)
    held = sum(catalog.seconds)
    print(f"| {what} | {took:.1f} s | {len(catalog.seconds):,} | {held:.1f} s | {1000 * longest:.0f} ms |")
    catalog.seconds.clear()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passages", type=int, default=500_000)
    parser.add_argument("--beside", type=int, default=500_000, help="passages of another knowledge base")
    parser.add_argument("--postgres", default="", help="the URL of an empty database")
    arguments = parser.parse_args()
    print(heading(f"Deleting a knowledge base of {arguments.passages:,} passages"))
    print(describe())
    with tempfile.TemporaryDirectory() as folder:
        catalog = Timed(open_database(Path(folder), arguments.postgres))
        vectors = SqliteVectorCache(Path(folder, "vectors.db"))
        shelf = fill(catalog, "doomed", arguments.passages)
        fill(catalog, "beside", arguments.beside)
        catalog.seconds.clear()
        print("\n| what | took | transactions | lock held | longest |\n|---|---|---|---|---|")
        began = time.perf_counter()
        Shelves(catalog).delete(shelf.id)
        measure("gone for everybody", catalog, began)
        began = time.perf_counter()
        while work_off_leftovers(catalog):
            pass
        measure("its passages and papers", catalog, began)
        began = time.perf_counter()
        while work_off_vectors(catalog, vectors):
            pass
        measure("its vectors", catalog, began)
        catalog.close()


if __name__ == "__main__":
    main()
