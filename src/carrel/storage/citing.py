"""Which papers cite which: what each paper's references are to, as numbers, and how often a paper is cited.

A row a paper, written when it is read (``core/cited_keys.py``). What cites a paper is found out when it is
asked, in one look-up over the rows of what may be read: about a kilobyte a paper.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from carrel.core.ids import KnowledgeBaseId, PaperId
from carrel.core.knowledge_base import KnowledgeBase
from carrel.storage.database import Transaction


def record(tx: Transaction, paper: PaperId, keys: bytes) -> None:
    """Record what a paper cites. Twice is once."""
    forget(tx, paper)
    tx.run("INSERT INTO cited_works VALUES (:paper, :keys)", paper=paper, keys=keys)


def forget(tx: Transaction, paper: str) -> None:
    """Forget what a paper cites. No effect where nothing is known of it."""
    tx.run("DELETE FROM cited_works WHERE paper_id = :paper", paper=paper)


def unknown(tx: Transaction, knowledge_base: KnowledgeBase) -> tuple[PaperId, ...]:
    """Return the papers of a generation that is built that were read before what they cite was recorded."""
    rows = tx.rows(
        """
        SELECT paper_id FROM built
        WHERE knowledge_base_id = :knowledge_base AND generation = :generation
            AND NOT EXISTS (SELECT 1 FROM cited_works WHERE cited_works.paper_id = built.paper_id)
        ORDER BY paper_id
        """,
        knowledge_base=knowledge_base.id,
        generation=knowledge_base.generation,
    )
    return tuple(PaperId(row["paper_id"]) for row in rows)


def counts(
    tx: Transaction,
    knowledge_base_ids: Sequence[KnowledgeBaseId],
    works: Mapping[PaperId, frozenset[int]],
) -> dict[PaperId, int]:
    """Return how many searchable papers of these knowledge bases cite each work, by its numbers.

    No paper cites itself.
    """
    owners: dict[int, list[PaperId]] = {}
    for paper, keys in works.items():
        for key in keys:
            owners.setdefault(key, []).append(paper)
    found: dict[PaperId, int] = dict.fromkeys(works, 0)
    if not owners:
        return found
    wanted = np.array(sorted(owners), "<i8")
    rows = tx.rows(
        """
        SELECT paper_id, keys FROM cited_works WHERE EXISTS (
            SELECT 1 FROM holdings
            WHERE holdings.paper_id = cited_works.paper_id AND knowledge_base_id IN :knowledge_bases
        )
        """,
        knowledge_bases=knowledge_base_ids,
    )
    said = np.frombuffer(b"".join(row["keys"] for row in rows), "<i8")
    citing = np.repeat(np.arange(len(rows)), [len(row["keys"]) // 8 for row in rows])
    places = np.minimum(np.searchsorted(wanted, said), len(wanted) - 1)
    hits = np.flatnonzero(wanted[places] == said)
    pairs = {
        (paper, rows[number]["paper_id"])
        for key, number in zip(said[hits].tolist(), citing[hits].tolist(), strict=True)
        for paper in owners[key]
    }
    for paper, by in pairs:
        found[paper] += paper != by
    return found
