"""What is in generations that do not serve: papers built, those that lack, and copies of rows.

``target`` is always the knowledge base with the settings and the number of the generation meant.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from carrel.core.ids import PaperId
from carrel.core.jobs import JobState
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.rebuild import Progress
from carrel.storage import passages, rebuild_jobs, removals
from carrel.storage.database import Row, Transaction, Value


@dataclass(frozen=True, slots=True)
class Held:
    """A paper in a knowledge base; equal as long as it is neither removed nor made searchable anew."""

    file_name: str
    passages: int
    published_at: str


@dataclass(frozen=True, slots=True)
class PassageRow:
    """What an index needs of a passage; ``text_key`` is empty in rows of before vectors were cached."""

    id: str
    section: str
    text: str
    text_key: str
    paper: PaperId


@dataclass(frozen=True, slots=True)
class Size:
    """How much the generation that serves holds; ``text_bytes``: of texts and boxes, about."""

    papers: int
    passages: int
    text_bytes: int


@dataclass(frozen=True, slots=True)
class PaperRows:
    """What an index needs of a paper beside its metadata; ``about_key`` may be empty likewise."""

    about_key: str
    passages: tuple[PassageRow, ...]  # in reading order

    @property
    def keys(self) -> tuple[str, ...]:
        """The key of every vector of the paper: its passages', then its own."""
        return (*(passage.text_key for passage in self.passages), self.about_key)


def missing(tx: Transaction, target: KnowledgeBase, limit: int) -> dict[PaperId, Held]:
    """Return papers that the knowledge base holds, this generation lacks and no job is to bring."""
    rows = tx.rows(
        """
        SELECT paper_id, file_name, passages, published_at FROM holdings
        WHERE knowledge_base_id = :id
            AND NOT EXISTS (
                SELECT 1 FROM built WHERE built.knowledge_base_id = holdings.knowledge_base_id
                    AND built.generation = :generation AND built.paper_id = holdings.paper_id
            )
            AND NOT EXISTS (
                SELECT 1 FROM jobs WHERE jobs.knowledge_base_id = holdings.knowledge_base_id
                    AND jobs.generation = :generation AND jobs.paper_id = holdings.paper_id
            )
        ORDER BY added_at, paper_id LIMIT :limit
        """,
        id=target.id,
        generation=target.generation,
        limit=limit,
    )
    return {
        PaperId(row["paper_id"]): Held(row["file_name"], row["passages"], row["published_at"]) for row in rows
    }


def held(tx: Transaction, target: KnowledgeBase, found: Sequence[PaperId]) -> dict[PaperId, Held]:
    """Return those of the papers that the knowledge base holds."""
    rows = tx.rows(
        """
        SELECT paper_id, file_name, passages, published_at FROM holdings
        WHERE knowledge_base_id = :id AND paper_id IN :papers
        """,
        id=target.id,
        papers=found,
    )
    return {
        PaperId(row["paper_id"]): Held(row["file_name"], row["passages"], row["published_at"]) for row in rows
    }


def contents(tx: Transaction, serving: KnowledgeBase, found: Sequence[PaperId]) -> dict[PaperId, PaperRows]:
    """Return what the serving generation holds of those of the papers that are in it."""
    names = tx.rows(
        "SELECT paper_id, about_key FROM holdings WHERE knowledge_base_id = :id AND paper_id IN :papers",
        id=serving.id,
        papers=found,
    )
    rows = tx.rows(
        """
        SELECT paper_id, id, section, text, text_key FROM passages
        WHERE knowledge_base_id = :id AND generation = :generation AND paper_id IN :papers
        ORDER BY paper_id, ordinal
        """,
        id=serving.id,
        generation=serving.generation,
        papers=found,
    )
    grouped: dict[str, list[PassageRow]] = {}
    for row in rows:
        grouped.setdefault(row["paper_id"], []).append(_passage(row))
    return {
        PaperId(row["paper_id"]): PaperRows(row["about_key"], tuple(grouped.get(row["paper_id"], ())))
        for row in names
    }


def copy(tx: Transaction, serving: KnowledgeBase, target: KnowledgeBase, found: Sequence[PaperId]) -> None:
    """Make papers part of the generation with the passages that they have in the one that serves."""
    parameters: dict[str, Value | Sequence[Value]] = {
        "id": target.id,
        "before": serving.generation,
        "after": target.generation,
        "papers": list(found),
    }
    tx.run(
        """
        INSERT INTO passages (knowledge_base_id, generation, id, paper_id, ordinal, first, past, section,
            pages, boxes, text, paragraph, text_key)
        SELECT knowledge_base_id, CAST(:after AS INTEGER), id, paper_id, ordinal, first, past, section, pages,
            boxes, text, paragraph, text_key
        FROM passages WHERE knowledge_base_id = :id AND generation = :before AND paper_id IN :papers
        """,
        **parameters,
    )
    tx.run(
        """
        INSERT INTO built (knowledge_base_id, generation, paper_id, passages, about_key)
        SELECT knowledge_base_id, CAST(:after AS INTEGER), paper_id, passages, about_key
        FROM holdings WHERE knowledge_base_id = :id AND paper_id IN :papers
        """,
        id=target.id,
        after=target.generation,
        papers=list(found),
    )
    for paper in found:
        removals.cross_out_points(tx, target, paper)


def forget_built(tx: Transaction, target: KnowledgeBase, paper: PaperId) -> None:
    """Take a paper out of a generation that does not serve; it is brought in anew where it is held."""
    passages.delete(tx, target, paper)
    tx.run(
        "DELETE FROM built WHERE knowledge_base_id = :id AND generation = :generation AND paper_id = :paper",
        id=target.id,
        generation=target.generation,
        paper=paper,
    )


def built(tx: Transaction, target: KnowledgeBase) -> dict[PaperId, int]:
    """Return the papers of a generation that does not serve, with their numbers of passages."""
    rows = tx.rows(
        "SELECT paper_id, passages FROM built WHERE knowledge_base_id = :id AND generation = :generation",
        id=target.id,
        generation=target.generation,
    )
    return {PaperId(row["paper_id"]): row["passages"] for row in rows}


def passages_in(tx: Transaction, target: KnowledgeBase) -> int:
    """Return how many passages the catalog has of a generation."""
    row = tx.row(
        "SELECT count(*) AS found FROM passages WHERE knowledge_base_id = :id AND generation = :generation",
        id=target.id,
        generation=target.generation,
    )
    return 0 if row is None else int(row["found"])


def sample(tx: Transaction, target: KnowledgeBase, count: int) -> tuple[PassageRow, ...]:
    """Return some passages of a generation, from anywhere: their ids are hashes."""
    rows = tx.rows(
        """
        SELECT paper_id, id, section, text, text_key FROM passages
        WHERE knowledge_base_id = :id AND generation = :generation ORDER BY id LIMIT :count
        """,
        id=target.id,
        generation=target.generation,
        count=count,
    )
    return tuple(_passage(row) for row in rows)


def size_of(tx: Transaction, serving: KnowledgeBase) -> Size:
    """Return how much the generation that serves holds; a large one's texts are not all measured."""
    row = tx.row(
        """
        SELECT count(*) AS measured, sum(length(text) + length(boxes)) AS length FROM (
            SELECT text, boxes FROM passages WHERE knowledge_base_id = :id AND generation = :generation
            ORDER BY id LIMIT 1000
        ) AS a_part
        """,
        id=serving.id,
        generation=serving.generation,
    )
    rows, length = (0, 0) if row is None else (int(row["measured"]), int(row["length"] or 0))
    return Size(serving.papers, serving.passages, round(length / rows * serving.passages) if rows else 0)


def some_keys(tx: Transaction, serving: KnowledgeBase, count: int) -> list[str]:
    """Return some keys of vectors of the generation that serves, of papers as of passages."""
    rows = tx.rows(
        """
        SELECT text_key AS key FROM passages WHERE knowledge_base_id = :id AND generation = :generation
        ORDER BY id LIMIT :count
        """,
        id=serving.id,
        generation=serving.generation,
        count=count,
    )
    papers = tx.rows(
        "SELECT about_key AS key FROM holdings WHERE knowledge_base_id = :id ORDER BY paper_id LIMIT :count",
        id=serving.id,
        count=count,
    )
    return [row["key"] for row in (*rows, *papers)]


def progress(tx: Transaction, target: KnowledgeBase) -> Progress:
    """Return how far a generation is."""
    row = tx.row(
        """
        SELECT count(*) AS total, count(built.paper_id) AS done, sum(built.passages) AS passages
        FROM holdings LEFT JOIN built ON built.knowledge_base_id = holdings.knowledge_base_id
            AND built.generation = :generation AND built.paper_id = holdings.paper_id
        WHERE holdings.knowledge_base_id = :id
        """,
        id=target.id,
        generation=target.generation,
    )
    found = rebuild_jobs.failures(tx, target)
    if row is None:
        return Progress(failures=found)
    return Progress(int(row["done"]), int(row["total"]), int(row["passages"] or 0), found)


def is_whole(tx: Transaction, target: KnowledgeBase) -> bool:
    """Whether the generation has every paper that the knowledge base holds, but those given up."""
    row = tx.row(
        """
        SELECT 1 FROM holdings WHERE knowledge_base_id = :id
            AND NOT EXISTS (
                SELECT 1 FROM built WHERE built.knowledge_base_id = holdings.knowledge_base_id
                    AND built.generation = :generation AND built.paper_id = holdings.paper_id
            )
            AND NOT EXISTS (
                SELECT 1 FROM jobs WHERE jobs.knowledge_base_id = holdings.knowledge_base_id
                    AND jobs.generation = :generation AND jobs.paper_id = holdings.paper_id
                    AND jobs.state = :cancelled AND jobs.error_kind <> ''
            )
        LIMIT 1
        """,
        id=target.id,
        generation=target.generation,
        cancelled=JobState.CANCELLED,
    )
    return row is None


def _passage(row: Row) -> PassageRow:
    return PassageRow(row["id"], row["section"], row["text"], row["text_key"], PaperId(row["paper_id"]))
