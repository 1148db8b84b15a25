"""What a card of the catalogue says of many papers at once, without what a whole record costs."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from carrel.core.corrections import Correction, corrected
from carrel.core.ids import KnowledgeBaseId, PaperId
from carrel.core.metadata import Metadata
from carrel.storage import corrections
from carrel.storage.database import Transaction

_COLUMNS = """
    papers.id, papers.year, papers.authors, papers.venue, papers.language, papers.title, papers.doi,
    papers.arxiv_id, holdings.added_at
"""


@dataclass(frozen=True, slots=True)
class Description:
    """Of a paper in one knowledge base; empty or None where it could not be read."""

    paper: PaperId
    knowledge_base: KnowledgeBaseId
    year: int | None
    authors: tuple[str, ...]
    venue: str
    language: str
    title: str = ""
    doi: str = ""
    arxiv_id: str = ""
    added_at: str = ""


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
    found = [
        Description(
            PaperId(row["id"]),
            KnowledgeBaseId(row["knowledge_base_id"]),
            row["year"],
            tuple(json.loads(row["authors"])),
            row["venue"],
            row["language"],
            row["title"],
            row["doi"],
            row["arxiv_id"],
            row["added_at"],
        )
        for row in rows
    ]
    made = corrections.of_papers(tx, knowledge_base_ids, only)
    return tuple(_corrected(each, made.get((each.knowledge_base, each.paper), ())) for each in found)


def _corrected(found: Description, made: Sequence[Correction]) -> Description:
    if not made:
        return found
    metadata = Metadata(
        title=found.title,
        authors=found.authors,
        year=found.year,
        venue=found.venue,
        doi=found.doi,
        language=found.language,
    )
    right = corrected(metadata, made)
    return replace(
        found,
        title=right.title,
        authors=right.authors,
        year=right.year,
        venue=right.venue,
        doi=right.doi,
        language=right.language,
    )
