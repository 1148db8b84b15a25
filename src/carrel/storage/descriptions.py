"""What a card of the catalogue says of many papers at once, without what a whole record costs."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from carrel.core.ids import KnowledgeBaseId, PaperId
from carrel.storage.database import Transaction

_COLUMNS = "papers.id, papers.year, papers.authors, papers.venue, papers.language"


@dataclass(frozen=True, slots=True)
class Description:
    """Of a paper in one knowledge base; empty or None where it could not be read."""

    paper: PaperId
    knowledge_base: KnowledgeBaseId
    year: int | None
    authors: tuple[str, ...]
    venue: str
    language: str


def descriptions(
    tx: Transaction, knowledge_base_ids: Sequence[KnowledgeBaseId], only: Sequence[PaperId] | None = None
) -> tuple[Description, ...]:
    """Return the searchable papers of these knowledge bases, in each that holds them; ``only`` these."""
    chosen = "" if only is None else "AND papers.id IN :only"
    rows = tx.rows(
        f"""
        SELECT {_COLUMNS}, holdings.knowledge_base_id
        FROM holdings JOIN papers ON papers.id = holdings.paper_id
        WHERE holdings.knowledge_base_id IN :knowledge_bases {chosen}
        """,  # noqa: S608  # what is inserted are constants
        knowledge_bases=knowledge_base_ids,
        **({} if only is None else {"only": only}),
    )
    return tuple(
        Description(
            PaperId(row["id"]),
            KnowledgeBaseId(row["knowledge_base_id"]),
            row["year"],
            tuple(json.loads(row["authors"])),
            row["venue"],
            row["language"],
        )
        for row in rows
    )
