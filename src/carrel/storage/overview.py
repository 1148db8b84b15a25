"""Sums over knowledge bases: how much they hold, how they grew, and what failed. One statement each."""

from collections.abc import Sequence
from dataclasses import dataclass

from carrel.core.ids import KnowledgeBaseId
from carrel.storage.database import Transaction


@dataclass(frozen=True, slots=True)
class Overview:
    """Sums over knowledge bases. A paper that two of them hold counts once in all but the growth."""

    papers: int
    pages: int
    bytes: int
    months: tuple[tuple[str, int], ...]  # 2026-11, papers added; in order, those without any left out
    failures: tuple[tuple[str, int], ...]  # the kind of an error, how many files; most first


def overview(tx: Transaction, knowledge_base_ids: Sequence[KnowledgeBaseId]) -> Overview:
    """Return the sums over these knowledge bases."""
    ids = list(knowledge_base_ids)
    sums = tx.row(
        """
        SELECT count(*) AS papers, coalesce(sum(pages), 0) AS pages, coalesce(sum(bytes), 0) AS bytes
        FROM papers WHERE id IN (SELECT paper_id FROM holdings WHERE knowledge_base_id IN :ids)
        """,
        ids=ids,
    )
    months = tx.rows(
        """
        SELECT substr(added_at, 1, 7) AS month, count(*) AS papers FROM holdings
        WHERE knowledge_base_id IN :ids GROUP BY substr(added_at, 1, 7) ORDER BY 1
        """,
        ids=ids,
    )
    failures = tx.rows(
        """
        SELECT error_kind, count(*) AS files FROM jobs
        WHERE knowledge_base_id IN :ids AND generation = 0 AND state = 'failed'
        GROUP BY error_kind ORDER BY count(*) DESC, error_kind
        """,
        ids=ids,
    )
    return Overview(
        papers=int(sums["papers"]) if sums else 0,
        pages=int(sums["pages"]) if sums else 0,
        bytes=int(sums["bytes"]) if sums else 0,
        months=tuple((row["month"], row["papers"]) for row in months),
        failures=tuple((row["error_kind"], row["files"]) for row in failures),
    )
