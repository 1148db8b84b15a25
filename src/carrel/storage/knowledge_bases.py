"""Knowledge bases in the catalog."""

from carrel.core.errors import KnowledgeBaseExists, KnowledgeBaseMissing
from carrel.core.ids import KnowledgeBaseId
from carrel.core.knowledge_base import ChunkSettings, KnowledgeBase
from carrel.storage import removals
from carrel.storage.clock import now
from carrel.storage.database import Row, Transaction

_SELECT = """
    SELECT knowledge_bases.*,
           (SELECT count(*) FROM holdings WHERE knowledge_base_id = knowledge_bases.id) AS papers,
           (SELECT sum(passages) FROM holdings WHERE knowledge_base_id = knowledge_bases.id) AS passages
    FROM knowledge_bases
"""


def create(tx: Transaction, knowledge_base: KnowledgeBase) -> None:
    """Add a knowledge base.

    Raises:
        KnowledgeBaseExists: the name is taken.
    """
    if _find(tx, knowledge_base.name) is not None:
        raise KnowledgeBaseExists(name=knowledge_base.name)
    tx.run(
        """
        INSERT INTO knowledge_bases VALUES (
            :id, :name, :description, :domain, :embedder, :chunk_size, :chunk_overlap, :generation, :now,
            :chunk_references, :parser, :dimensions
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
    )


def by_name(tx: Transaction, name: str) -> KnowledgeBase:
    """Return the knowledge base of that name. Raises KnowledgeBaseMissing."""
    found = _find(tx, name)
    if found is None:
        raise KnowledgeBaseMissing(name=name)
    return found


def by_id(tx: Transaction, identifier: str) -> KnowledgeBase:
    """Return the knowledge base of that id. Raises KnowledgeBaseMissing."""
    row = tx.row(f"{_SELECT} WHERE id = :id", id=identifier)
    if row is None:
        raise KnowledgeBaseMissing(name=identifier)
    return _knowledge_base(row)


def all_of_them(tx: Transaction) -> tuple[KnowledgeBase, ...]:
    """Return every knowledge base by name."""
    return tuple(_knowledge_base(row) for row in tx.rows(f"{_SELECT} ORDER BY name"))


def configure(
    tx: Transaction, name: str, new_name: str, description: str, parser: str, embedder: str
) -> None:
    """Change a knowledge base's name, description, parser and embedder.

    Raises:
        KnowledgeBaseMissing: there is none of that name.
        KnowledgeBaseExists: the new name is taken.
    """
    knowledge_base = by_name(tx, name)
    if new_name != name and _find(tx, new_name) is not None:
        raise KnowledgeBaseExists(name=new_name)
    tx.run(
        """
        UPDATE knowledge_bases SET name = :name, description = :description, parser = :parser,
            embedder = :embedder
        WHERE id = :id
        """,
        id=knowledge_base.id,
        name=new_name,
        description=description,
        parser=parser,
        embedder=embedder,
    )


def delete(tx: Transaction, knowledge_base: KnowledgeBase) -> tuple[str, ...]:
    """Delete a knowledge base with its holdings, passages and jobs; note its index for removal.

    Returns the ids of the papers it held, which may have become unreferenced.
    """
    rows = tx.rows(
        """
        SELECT paper_id FROM holdings WHERE knowledge_base_id = :id
        UNION SELECT paper_id FROM jobs WHERE knowledge_base_id = :id
        """,
        id=knowledge_base.id,
    )
    tx.run("DELETE FROM passages WHERE knowledge_base_id = :id", id=knowledge_base.id)
    tx.run("DELETE FROM holdings WHERE knowledge_base_id = :id", id=knowledge_base.id)
    tx.run("DELETE FROM jobs WHERE knowledge_base_id = :id", id=knowledge_base.id)
    tx.run("DELETE FROM knowledge_bases WHERE id = :id", id=knowledge_base.id)
    removals.note_index(tx, knowledge_base)
    return tuple(row["paper_id"] for row in rows)


def _find(tx: Transaction, name: str) -> KnowledgeBase | None:
    row = tx.row(f"{_SELECT} WHERE name = :name", name=name)
    return None if row is None else _knowledge_base(row)


def _knowledge_base(row: Row) -> KnowledgeBase:
    return KnowledgeBase(
        id=KnowledgeBaseId(row["id"]),
        name=row["name"],
        description=row["description"],
        domain=row["domain"],
        embedder=row["embedder"],
        chunking=ChunkSettings(
            row["chunk_size"], row["chunk_overlap"], references=bool(row["chunk_references"])
        ),
        generation=row["generation"],
        parser=row["parser"],
        papers=row["papers"],
        passages=row["passages"] or 0,
        dimensions=row["dimensions"],
    )
