"""What a parser makes of a paper as a whole, in the paper's row: shown wherever the paper is held."""

import json
from dataclasses import dataclass

from carrel.core.ids import PaperId
from carrel.core.metadata import Metadata
from carrel.core.metadata_format import evidence_fields, quality_fields
from carrel.core.quality import ParseQuality
from carrel.storage.database import Transaction, Value


@dataclass(frozen=True, slots=True)
class Reading:
    """What a parser makes of a paper as a whole."""

    pages: int
    metadata: Metadata
    quality: ParseQuality


def note(tx: Transaction, paper: PaperId, reading: Reading) -> None:
    """Note what a parser makes of a paper as a whole: it is shown wherever the paper is held."""
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
