"""Passages in the catalog: what is shown, and where it stands on its pages."""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from carrel.core.handover_format import ReadyPassage
from carrel.core.ids import PaperId, PassageId
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.paper import Box, Passage
from carrel.storage.database import Row, Transaction, Value

_IDS_A_STATEMENT = 10_000
UP_TO = """
    generation = :generation AND paper_id <= :paper AND (paper_id < :paper OR ordinal <= :ordinal)
"""
"""The passages of a generation up to one of them, in the order of papers and of reading."""


def insert(
    tx: Transaction, knowledge_base: KnowledgeBase, found: Sequence[Passage], text_keys: Sequence[str] = ()
) -> None:
    """Add the passages of one paper to the knowledge base's current generation.

    ``text_keys``, one a passage, are those of the vector cache; empty ones are found nowhere.
    """
    tx.run_many(
        """
        INSERT INTO passages VALUES (
            :knowledge_base_id, :generation, :id, :paper_id, :ordinal,
            :first, :past, :section, :pages, :boxes, :text, :paragraph, :text_key
        )
        """,
        (
            _values(knowledge_base, passage) | {"text_key": key}
            for passage, key in zip(found, text_keys or [""] * len(found), strict=True)
        ),
    )


def insert_ready(
    tx: Transaction, knowledge_base: KnowledgeBase, paper: PaperId, rows: Sequence[ReadyPassage]
) -> None:
    """Add passages that a worker has made ready, as ``insert`` does."""
    tx.run_many(
        """
        INSERT INTO passages VALUES (
            :knowledge_base_id, :generation, :id, :paper_id, :ordinal,
            :first, :past, :section, :pages, :boxes, :text, :paragraph, :text_key
        )
        """,
        [
            {
                "knowledge_base_id": knowledge_base.id,
                "generation": knowledge_base.generation,
                "id": row.id,
                "paper_id": paper,
                "ordinal": row.ordinal,
                "first": row.start,
                "past": row.end,
                "section": row.section,
                "pages": row.pages,
                "boxes": row.boxes,
                "text": row.text,
                "paragraph": row.paragraph,
                "text_key": row.text_key,
            }
            for row in rows
        ],
    )


def ready(passage: Passage, key: str) -> ReadyPassage:
    """Return a passage as the catalog's row will have it; ``key`` is that of the vector cache."""
    return ReadyPassage(
        id=passage.id,
        ordinal=passage.ordinal,
        start=passage.start,
        end=passage.end,
        section=passage.section,
        pages=json.dumps(passage.pages),
        boxes=_boxes(passage),
        text=passage.text,
        paragraph=passage.paragraph,
        text_key=key,
    )


def delete(tx: Transaction, knowledge_base: KnowledgeBase, paper: PaperId) -> None:
    """Delete a paper's passages in the knowledge base's current generation."""
    tx.run(
        """
        DELETE FROM passages
        WHERE knowledge_base_id = :knowledge_base AND generation = :generation AND paper_id = :paper
        """,
        knowledge_base=knowledge_base.id,
        generation=knowledge_base.generation,
        paper=paper,
    )


def delete_everywhere(tx: Transaction, knowledge_base: KnowledgeBase, paper: PaperId) -> None:
    """Delete a paper's passages, of every generation."""
    tx.run(
        "DELETE FROM passages WHERE knowledge_base_id = :knowledge_base AND paper_id = :paper",
        knowledge_base=knowledge_base.id,
        paper=paper,
    )


def delete_up_to(
    tx: Transaction, knowledge_base_id: str, generation: int, paper: PaperId, ordinal: int
) -> None:
    """Delete the passages of a generation up to this one, in the order of papers and of reading."""
    tx.run(
        f"DELETE FROM passages WHERE knowledge_base_id = :id AND {UP_TO}",  # noqa: S608
        id=knowledge_base_id,
        generation=generation,
        paper=paper,
        ordinal=ordinal,
    )


def of_paper(tx: Transaction, knowledge_base: KnowledgeBase, paper: PaperId) -> tuple[Passage, ...]:
    """Return a paper's passages in reading order."""
    rows = tx.rows(
        """
        SELECT * FROM passages
        WHERE knowledge_base_id = :knowledge_base AND generation = :generation AND paper_id = :paper
        ORDER BY ordinal
        """,
        knowledge_base=knowledge_base.id,
        generation=knowledge_base.generation,
        paper=paper,
    )
    return tuple(_passage(row) for row in rows)


def by_id(
    tx: Transaction, knowledge_bases: Iterable[KnowledgeBase], ids: Sequence[str]
) -> dict[PassageId, Passage]:
    """Return those of the passages that the knowledge bases' current generations hold."""
    found: dict[PassageId, Passage] = {}
    for knowledge_base in knowledge_bases:
        for first in range(0, len(ids), _IDS_A_STATEMENT):
            rows = tx.rows(
                """
                SELECT * FROM passages
                WHERE knowledge_base_id = :knowledge_base AND generation = :generation AND id IN :ids
                """,
                knowledge_base=knowledge_base.id,
                generation=knowledge_base.generation,
                ids=ids[first : first + _IDS_A_STATEMENT],
            )
            found.update((PassageId(row["id"]), _passage(row)) for row in rows)
    return found


def texts(tx: Transaction, knowledge_bases: Iterable[KnowledgeBase], ids: Sequence[str]) -> dict[str, str]:
    """Return the texts of those of the passages that the current generations hold, and nothing else."""
    found: dict[str, str] = {}
    for knowledge_base in knowledge_bases:
        rows = tx.rows(
            """
            SELECT id, text FROM passages
            WHERE knowledge_base_id = :knowledge_base AND generation = :generation AND id IN :ids
            """,
            knowledge_base=knowledge_base.id,
            generation=knowledge_base.generation,
            ids=ids,
        )
        found.update((row["id"], row["text"]) for row in rows)
    return found


def texts_of(
    tx: Transaction, knowledge_base: KnowledgeBase, papers: Collection[PaperId]
) -> Iterator[tuple[PaperId, str]]:
    """Yield (paper, text) of every passage of these papers."""
    rows = tx.rows(
        """
        SELECT paper_id, text FROM passages
        WHERE knowledge_base_id = :knowledge_base AND generation = :generation AND paper_id IN :papers
        """,
        knowledge_base=knowledge_base.id,
        generation=knowledge_base.generation,
        papers=list(papers),
    )
    for row in rows:
        yield PaperId(row["paper_id"]), row["text"]


def sections_and_texts(
    tx: Transaction, knowledge_bases: Iterable[KnowledgeBase], ids: Sequence[str]
) -> dict[str, tuple[str, str]]:
    """Return the section and text of those of the passages that the current generations hold."""
    found: dict[str, tuple[str, str]] = {}
    for knowledge_base in knowledge_bases if ids else ():
        rows = tx.rows(
            """
            SELECT id, section, text FROM passages
            WHERE knowledge_base_id = :knowledge_base AND generation = :generation AND id IN :ids
            """,
            knowledge_base=knowledge_base.id,
            generation=knowledge_base.generation,
            ids=ids,
        )
        found.update((row["id"], (row["section"], row["text"])) for row in rows)
    return found


@dataclass(frozen=True, slots=True)
class CachedText:
    """A passage's text with what it is embedded under: ``key`` is that of the vector cache."""

    id: str
    paper_id: PaperId
    section: str
    text: str
    key: str


def cached_texts(
    tx: Transaction, knowledge_base: KnowledgeBase, papers: Sequence[PaperId], limit: int
) -> tuple[CachedText, ...]:
    """Return so many passages of these papers, in the order of papers and of reading."""
    rows = tx.rows(
        """
        SELECT id, paper_id, section, text, text_key FROM passages
        WHERE knowledge_base_id = :knowledge_base AND generation = :generation AND paper_id IN :papers
            AND text_key <> ''
        ORDER BY paper_id, ordinal LIMIT :limit
        """,
        knowledge_base=knowledge_base.id,
        generation=knowledge_base.generation,
        papers=papers,
        limit=limit,
    )
    return tuple(
        CachedText(row["id"], PaperId(row["paper_id"]), row["section"], row["text"], row["text_key"])
        for row in rows
    )


def openings(
    tx: Transaction, knowledge_bases: Iterable[KnowledgeBase], papers: Sequence[PaperId]
) -> dict[PaperId, Passage]:
    """Return the first passage of each of these papers."""
    found: dict[PaperId, Passage] = {}
    for knowledge_base in knowledge_bases if papers else ():
        rows = tx.rows(
            """
            SELECT * FROM passages
            WHERE knowledge_base_id = :knowledge_base AND generation = :generation
                AND paper_id IN :papers AND ordinal = 0
            """,
            knowledge_base=knowledge_base.id,
            generation=knowledge_base.generation,
            papers=papers,
        )
        found.update((PaperId(row["paper_id"]), _passage(row)) for row in rows)
    return found


def _values(knowledge_base: KnowledgeBase, passage: Passage) -> dict[str, Value]:
    return {
        "knowledge_base_id": knowledge_base.id,
        "generation": knowledge_base.generation,
        "id": passage.id,
        "paper_id": passage.paper_id,
        "ordinal": passage.ordinal,
        "first": passage.start,
        "past": passage.end,
        "section": passage.section,
        "pages": json.dumps(passage.pages),
        "boxes": _boxes(passage),
        "text": passage.text,
        "paragraph": passage.paragraph,
    }


def _boxes(passage: Passage) -> str:
    boxes = [[box.page, box.x0, box.y0, box.x1, box.y1] for box in passage.boxes]
    return json.dumps(boxes, separators=(",", ":"))


def _passage(row: Row) -> Passage:
    return Passage(
        id=PassageId(row["id"]),
        paper_id=PaperId(row["paper_id"]),
        ordinal=row["ordinal"],
        start=row["first"],
        end=row["past"],
        text=row["text"],
        section=row["section"],
        pages=tuple(json.loads(row["pages"])),
        boxes=tuple(Box(*corners) for corners in json.loads(row["boxes"])),
        paragraph=row["paragraph"],
    )
