"""Notes of what is still to be deleted: files, parses, points, indexes, cached vectors, and many rows.

A note is written in the transaction that makes the thing unreferenced (or, for a file about to be
stored, just before it is stored), and crossed out once the thing is gone (or referenced). Whoever
owns the index works the notes off; a crash at any moment leaves a note, never an orphan. Rows that many
others wait for the deletion of are noted, too, and deleted in batches (``storage/leftovers.py``).
"""

from dataclasses import dataclass
from enum import StrEnum

from carrel.core.ids import PaperId
from carrel.core.knowledge_base import KnowledgeBase
from carrel.storage.clock import now
from carrel.storage.database import Transaction


class What(StrEnum):
    """The kinds of things that are removed."""

    FILE = "file"  # key: the SHA-256 of the bytes; the stored parse of the paper named for it goes, too
    PARSE = "parse"  # key: the id of a paper that is not named for its stored bytes
    POINTS = "points"  # key: knowledge base id / generation / paper id
    INDEX = "index"  # key: knowledge base id / generation, and / since when where queries may still ask it
    VECTORS = "vectors"  # key: the text's in the vector cache; see storage/vector_keys.py
    ROWS = "rows"  # key: knowledge base id / generation; its passages in the catalog
    PAPER = "paper"  # key: the id of a paper that may have become unreferenced


_IN_BATCHES = (What.VECTORS, What.ROWS, What.PAPER)


@dataclass(frozen=True, slots=True)
class Removal:
    """One note."""

    what: What
    key: str


def note_file(tx: Transaction, sha256: str) -> None:
    """Note that the file is unreferenced."""
    _note(tx, What.FILE, sha256)


def note_parse(tx: Transaction, paper: PaperId) -> None:
    """Note that a paper is gone, and what was read from it must go."""
    _note(tx, What.PARSE, paper)


def note_points(tx: Transaction, knowledge_base: KnowledgeBase, paper: PaperId) -> None:
    """Note that a paper's points must leave the knowledge base's indexes, of whatever generation."""
    for generation in _generations(tx, knowledge_base):
        _note(tx, What.POINTS, f"{knowledge_base.id}/{generation}/{paper}")


def note_indexes(tx: Transaction, knowledge_base: KnowledgeBase) -> None:
    """Note that the indexes of all its generations must go; notes about their points become moot.

    The notes say when: a query that began before may still ask an index.
    """
    prefix = f"{knowledge_base.id}/"
    tx.run(
        "DELETE FROM removals WHERE what = :what AND substr(key, 1, :length) = :prefix",
        what=What.POINTS,
        length=len(prefix),
        prefix=prefix,
    )
    for generation in _generations(tx, knowledge_base):
        _note(tx, What.INDEX, f"{knowledge_base.id}/{generation}/{now()}")


def note_generation(tx: Transaction, knowledge_base: KnowledgeBase) -> None:
    """Note that the index of this generation must go; notes about points in another one stay."""
    _note(tx, What.INDEX, f"{knowledge_base.id}/{knowledge_base.generation}")


def note_rows(tx: Transaction, knowledge_base: KnowledgeBase) -> None:
    """Note that the passages of this generation must leave the catalog; nobody asks for them any more."""
    _note(tx, What.ROWS, f"{knowledge_base.id}/{knowledge_base.generation}")


def note_all_rows(tx: Transaction, knowledge_base: KnowledgeBase) -> None:
    """Note that the passages of all its generations must go, and its papers where nobody else has them."""
    for generation in _generations(tx, knowledge_base):
        _note(tx, What.ROWS, f"{knowledge_base.id}/{generation}")
    tx.run(
        """
        INSERT INTO removals
        SELECT CAST(:what AS VARCHAR(12)), paper_id FROM (
            SELECT paper_id FROM holdings WHERE knowledge_base_id = :id
            UNION SELECT paper_id FROM jobs WHERE knowledge_base_id = :id
            UNION SELECT paper_id FROM built WHERE knowledge_base_id = :id
        ) AS its WHERE true
        ON CONFLICT DO NOTHING
        """,
        what=What.PAPER,
        id=knowledge_base.id,
    )


def cross_out(tx: Transaction, removal: Removal) -> None:
    """Delete a note."""
    tx.run("DELETE FROM removals WHERE what = :what AND key = :key", what=removal.what, key=removal.key)


def cross_out_points(tx: Transaction, knowledge_base: KnowledgeBase, paper: PaperId) -> None:
    """Delete the note about a paper's points: the paper is in the index again."""
    key = f"{knowledge_base.id}/{knowledge_base.generation}/{paper}"
    cross_out(tx, Removal(What.POINTS, key))


def file_noted(tx: Transaction, sha256: str) -> bool:
    """Whether there is a note about the file."""
    row = tx.row("SELECT 1 FROM removals WHERE what = :what AND key = :key", what=What.FILE, key=sha256)
    return row is not None


def pending(tx: Transaction) -> tuple[Removal, ...]:
    """Return every note but those of vectors and of rows, which are worked off in batches."""
    rows = tx.rows(
        "SELECT what, key FROM removals WHERE what NOT IN :what ORDER BY what, key", what=_IN_BATCHES
    )
    return tuple(Removal(What(row["what"]), row["key"]) for row in rows)


def _generations(tx: Transaction, knowledge_base: KnowledgeBase) -> list[int]:
    """Return the generation that serves and those that are kept or being built."""
    rows = tx.rows("SELECT generation FROM generations WHERE knowledge_base_id = :id", id=knowledge_base.id)
    return sorted({knowledge_base.generation, *(row["generation"] for row in rows)})


def _note(tx: Transaction, what: What, key: str) -> None:
    tx.run("INSERT INTO removals VALUES (:what, :key) ON CONFLICT DO NOTHING", what=what, key=key)
