"""Which papers of some knowledge bases meet conditions that no index knows of: venue and language."""

from collections.abc import Sequence

from carrel.core.ids import KnowledgeBaseId, PaperId
from carrel.storage.database import Transaction


def venues(tx: Transaction, knowledge_base_ids: Sequence[KnowledgeBaseId]) -> tuple[str, ...]:
    """Return every venue of the searchable papers of these knowledge bases, each once, as written."""
    rows = tx.rows(
        """
        SELECT DISTINCT papers.venue FROM holdings JOIN papers ON papers.id = holdings.paper_id
        WHERE holdings.knowledge_base_id IN :knowledge_bases AND papers.venue <> ''
        ORDER BY papers.venue
        """,
        knowledge_bases=knowledge_base_ids,
    )
    return tuple(row["venue"] for row in rows)


def meeting(
    tx: Transaction,
    knowledge_base_ids: Sequence[KnowledgeBaseId],
    venues: Sequence[str] | None,
    languages: Sequence[str] | None,
) -> dict[KnowledgeBaseId, frozenset[PaperId]]:
    """Return the searchable papers with one of these venues and one of these languages; None is any.

    Every knowledge base is a key, be it with no paper.
    """
    conditions = ["holdings.knowledge_base_id IN :knowledge_bases"]
    values: dict[str, Sequence[str]] = {"knowledge_bases": knowledge_base_ids}
    if venues is not None:
        conditions.append("papers.venue IN :venues")
        values["venues"] = venues
    if languages is not None:
        conditions.append("papers.language IN :languages")
        values["languages"] = languages
    rows = tx.rows(
        f"""
        SELECT holdings.knowledge_base_id, holdings.paper_id
        FROM holdings JOIN papers ON papers.id = holdings.paper_id WHERE {" AND ".join(conditions)}
        """,  # noqa: S608  # what is inserted are constants
        **values,
    )
    found: dict[KnowledgeBaseId, set[PaperId]] = {base: set() for base in knowledge_base_ids}
    for row in rows:
        found[row["knowledge_base_id"]].add(PaperId(row["paper_id"]))
    return {base: frozenset(papers) for base, papers in found.items()}
