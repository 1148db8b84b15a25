"""Knowledge bases in the catalog."""

from collections.abc import Sequence

from carrel.core.calibration import Calibration
from carrel.core.domains import Domain
from carrel.core.errors import KnowledgeBaseExists, KnowledgeBaseMissing
from carrel.core.ids import KnowledgeBaseId
from carrel.core.knowledge_base import ChunkSettings, KnowledgeBase
from carrel.storage import members, removals, vector_keys
from carrel.storage.clock import now
from carrel.storage.database import Row, Transaction

_SELECT = """
    SELECT knowledge_bases.*,
           (SELECT count(*) FROM holdings WHERE knowledge_base_id = knowledge_bases.id) AS papers,
           (SELECT sum(passages) FROM holdings WHERE knowledge_base_id = knowledge_bases.id) AS passages,
           share, usual_share, sentences, judged, of_papers, of_queries, calibrated_at
    FROM knowledge_bases LEFT JOIN calibrations
        ON calibrations.knowledge_base_id = knowledge_bases.id
            AND calibrations.generation = knowledge_bases.generation
"""

_OF_ONE = (  # tables whose rows go with it at once
    "holdings",
    "jobs",
    "built",
    "generations",
    "corrections",
    "paper_tags",
    "judgments",
    "calibrations",
)


def create(tx: Transaction, knowledge_base: KnowledgeBase) -> None:
    """Add a knowledge base.

    Raises:
        KnowledgeBaseExists: its maker has one of that name.
    """
    if _find(tx, knowledge_base.name, knowledge_base.created_by) is not None:
        raise KnowledgeBaseExists(name=knowledge_base.name)
    tx.run(
        """
        INSERT INTO knowledge_bases VALUES (
            :id, :name, :description, :domain, :embedder, :chunk_size, :chunk_overlap, :generation, :now,
            :chunk_references, :parser, :dimensions, :created_by, :paused
        )
        """,
        id=knowledge_base.id,
        name=knowledge_base.name,
        description=knowledge_base.description,
        domain=knowledge_base.domain,
        embedder=knowledge_base.embedder,
        chunk_size=knowledge_base.chunking.size,
        chunk_overlap=knowledge_base.chunking.overlap,
        generation=knowledge_base.generation,
        now=now(),
        chunk_references=int(knowledge_base.chunking.references),
        parser=knowledge_base.parser,
        dimensions=knowledge_base.dimensions,
        created_by=knowledge_base.created_by,
        paused=int(knowledge_base.paused),
    )


def by_id(tx: Transaction, identifier: str) -> KnowledgeBase:
    """Return the knowledge base of that id. Raises KnowledgeBaseMissing."""
    row = tx.row(f"{_SELECT} WHERE id = :id", id=identifier)
    if row is None:
        raise KnowledgeBaseMissing(name=identifier)
    return _knowledge_base(row)


def all_of_them(tx: Transaction) -> tuple[KnowledgeBase, ...]:
    """Return every knowledge base by name."""
    return tuple(_knowledge_base(row) for row in tx.rows(f"{_SELECT} ORDER BY name, id"))


def with_ids(tx: Transaction, ids: Sequence[str]) -> tuple[KnowledgeBase, ...]:
    """Return those of the knowledge bases that are there, by name."""
    rows = tx.rows(f"{_SELECT} WHERE id IN :ids ORDER BY name, id", ids=ids)
    return tuple(_knowledge_base(row) for row in rows)


def configure(
    tx: Transaction,
    knowledge_base: KnowledgeBase,
    new_name: str,
    description: str,
) -> None:
    """Change a knowledge base's name and description.

    Raises:
        KnowledgeBaseExists: its maker has one of the new name.
    """
    if new_name != knowledge_base.name and _find(tx, new_name, knowledge_base.created_by) is not None:
        raise KnowledgeBaseExists(name=new_name)
    tx.run(
        "UPDATE knowledge_bases SET name = :name, description = :description WHERE id = :id",
        id=knowledge_base.id,
        name=new_name,
        description=description,
    )


def set_paused(tx: Transaction, knowledge_base: KnowledgeBase, paused: bool) -> None:
    """Let the knowledge base's jobs wait, or go on."""
    tx.run(
        "UPDATE knowledge_bases SET paused = :paused WHERE id = :id",
        id=knowledge_base.id,
        paused=int(paused),
    )


def delete(tx: Transaction, knowledge_base: KnowledgeBase) -> None:
    """Delete a knowledge base: from now on it is gone for everybody.

    What it had by the thousand, its passages and the papers that nobody else has, is noted and follows
    (``leftovers``), and so do its indexes and vectors.
    """
    removals.note_indexes(tx, knowledge_base)
    removals.note_all_rows(tx, knowledge_base)
    vector_keys.note_base(tx, knowledge_base.id)
    tx.run(
        "DELETE FROM handovers WHERE job_id IN (SELECT id FROM jobs WHERE knowledge_base_id = :id)",
        id=knowledge_base.id,
    )
    for table in _OF_ONE:
        tx.run(f"DELETE FROM {table} WHERE knowledge_base_id = :id", id=knowledge_base.id)  # noqa: S608
    members.remove_all(tx, knowledge_base.id)
    tx.run("DELETE FROM knowledge_bases WHERE id = :id", id=knowledge_base.id)


def _find(tx: Transaction, name: str, created_by: str) -> KnowledgeBase | None:
    row = tx.row(
        f"{_SELECT} WHERE name = :name AND created_by = :created_by", name=name, created_by=created_by
    )
    return None if row is None else _knowledge_base(row)


def _knowledge_base(row: Row) -> KnowledgeBase:
    return KnowledgeBase(
        id=KnowledgeBaseId(row["id"]),
        name=row["name"],
        description=row["description"],
        domain=Domain.of(row["domain"]),
        embedder=row["embedder"],
        chunking=ChunkSettings(
            row["chunk_size"], row["chunk_overlap"], references=bool(row["chunk_references"])
        ),
        generation=row["generation"],
        parser=row["parser"],
        papers=row["papers"],
        passages=row["passages"] or 0,
        dimensions=row["dimensions"],
        created_by=row["created_by"],
        paused=bool(row["paused"]),
        created_at=row["created_at"],
        calibration=_calibration(row),
    )


def _calibration(row: Row) -> Calibration | None:
    if row["share"] is None:
        return None
    return Calibration(
        share=row["share"],
        usual=row["usual_share"],
        sentences=row["sentences"],
        judged=row["judged"],
        papers=row["of_papers"],
        queries=row["of_queries"],
        at=row["calibrated_at"],
    )
