"""What a parser makes of a paper as a whole, in the paper's row: shown wherever the paper is held."""

import json
from dataclasses import dataclass

from carrel.core.domains import Domain
from carrel.core.ids import PaperId
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.metadata import Metadata
from carrel.core.metadata_format import evidence_fields, evidence_of, quality_fields
from carrel.core.quality import ParseQuality
from carrel.storage.database import Row, Transaction, Value


@dataclass(frozen=True, slots=True)
class Reading:
    """What a parser makes of a paper as a whole."""

    pages: int
    metadata: Metadata
    quality: ParseQuality


def is_settled(tx: Transaction, knowledge_base: KnowledgeBase, paper: PaperId) -> bool:
    """Whether a reading of this knowledge base changes nothing of what is kept of a paper.

    Another one holds the paper that reads its files otherwise, as another domain: what was read first stands
    for both, or anybody's domain could change what others see of their papers.
    """
    rows = tx.rows(
        """
        SELECT DISTINCT domain FROM holdings JOIN knowledge_bases ON id = knowledge_base_id
        WHERE paper_id = :paper AND knowledge_base_id <> :knowledge_base
        """,
        paper=paper,
        knowledge_base=knowledge_base.id,
    )
    return not all(Domain.of(row["domain"]).reads_as(knowledge_base.domain) for row in rows)


def standing(tx: Transaction, knowledge_base: KnowledgeBase, paper: PaperId, found: Metadata) -> Metadata:
    """Return the metadata that stand once a knowledge base has read a paper so: these, or the settled ones.

    What an index filters by is what the catalog shows, where this is what both are given.
    """
    if not is_settled(tx, knowledge_base, paper):
        return found
    row = tx.row("SELECT * FROM papers WHERE id = :id", id=paper)
    return found if row is None else metadata_of(row)


def note(tx: Transaction, knowledge_base: KnowledgeBase, paper: PaperId, reading: Reading) -> bool:
    """Note how a knowledge base reads a paper as a whole, for all that hold it, unless that is settled.

    Returns whether it was noted.
    """
    if is_settled(tx, knowledge_base, paper):
        return False
    tx.run(
        """
        UPDATE papers SET pages = :pages, title = :title, authors = :authors, abstract = :abstract,
            year = :year, venue = :venue, doi = :doi, arxiv_id = :arxiv_id, language = :language,
            keywords = :keywords, evidence = :evidence, quality = :quality
        WHERE id = :id
        """,
        id=paper,
        pages=reading.pages,
        quality=json.dumps(quality_fields(reading.quality)),
        **metadata_values(reading.metadata),
    )
    return True


def metadata_values(metadata: Metadata) -> dict[str, Value]:
    """Return metadata as columns of the paper's row."""
    return {
        "title": metadata.title,
        "authors": json.dumps(metadata.authors, ensure_ascii=False),
        "abstract": metadata.abstract,
        "year": metadata.year,
        "venue": metadata.venue,
        "doi": metadata.doi,
        "arxiv_id": metadata.arxiv_id,
        "language": metadata.language,
        "keywords": json.dumps(metadata.keywords, ensure_ascii=False),
        "evidence": json.dumps(evidence_fields(metadata.evidence)),
    }


def metadata_of(row: Row) -> Metadata:
    """Return the metadata that a paper's row holds."""
    return Metadata(
        title=row["title"],
        authors=tuple(json.loads(row["authors"])),
        abstract=row["abstract"],
        year=row["year"],
        venue=row["venue"],
        doi=row["doi"],
        arxiv_id=row["arxiv_id"],
        language=row["language"],
        keywords=tuple(json.loads(row["keywords"])),
        evidence=evidence_of(json.loads(row["evidence"])),
    )
