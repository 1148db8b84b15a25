"""Which cached vectors the catalog still has a use for, and notes of those that it may have lost it for.

A note is written with the deletion of the passages or the paper that had the key. It is only a question:
the same text may stand in another paper. A vector goes once nothing has its key (``library/vectors.py``).
"""

from collections.abc import Sequence

from carrel.core.ids import KnowledgeBaseId, PaperId
from carrel.core.knowledge_base import KnowledgeBase
from carrel.storage.database import Transaction
from carrel.storage.holds import IMPORTING
from carrel.storage.passages import UP_TO
from carrel.storage.removals import What


def note_paper(tx: Transaction, knowledge_base_id: str, paper: str) -> None:
    """Note the keys of a paper in a knowledge base, in every generation; before its rows are deleted."""
    _note(tx, "passages", "text_key", "AND paper_id = :paper", base=knowledge_base_id, paper=paper)
    _note(tx, "holdings", "about_key", "AND paper_id = :paper", base=knowledge_base_id, paper=paper)
    _note(tx, "built", "about_key", "AND paper_id = :paper", base=knowledge_base_id, paper=paper)


def note_base(tx: Transaction, knowledge_base_id: str) -> None:
    """Note the keys of a knowledge base's papers, before their rows are deleted; its passages follow."""
    _note(tx, "holdings", "about_key", "", base=knowledge_base_id)
    _note(tx, "built", "about_key", "", base=knowledge_base_id)


def note_generation(tx: Transaction, knowledge_base_id: str, generation: int) -> None:
    """Note the keys of the papers of a generation that does not serve, before their rows are deleted."""
    chosen = "AND generation = :generation"
    _note(tx, "built", "about_key", chosen, base=knowledge_base_id, generation=generation)


def note_passages(
    tx: Transaction, knowledge_base_id: str, generation: int, paper: PaperId, ordinal: int
) -> None:
    """Note the keys of the passages that ``passages.delete_up_to`` deletes, before it does."""
    _note(
        tx,
        "passages",
        "text_key",
        f"AND {UP_TO}",
        base=knowledge_base_id,
        generation=generation,
        paper=paper,
        ordinal=ordinal,
    )


def noted(tx: Transaction, limit: int) -> tuple[str, ...]:
    """Return so many of the keys that are noted."""
    rows = tx.rows(
        "SELECT key FROM removals WHERE what = :what ORDER BY key LIMIT :limit",
        what=What.VECTORS,
        limit=limit,
    )
    return tuple(row["key"] for row in rows)


def cross_out(tx: Transaction, keys: Sequence[str]) -> None:
    """Delete the notes of these keys."""
    tx.run("DELETE FROM removals WHERE what = :what AND key IN :keys", what=What.VECTORS, keys=keys)


def referenced(tx: Transaction, keys: Sequence[str]) -> frozenset[str]:
    """Return those of at most some thousand keys that a passage or a paper has, in whatever generation."""
    rows = tx.rows(
        """
        SELECT text_key AS key FROM passages WHERE text_key IN :keys
        UNION SELECT about_key FROM holdings WHERE about_key IN :keys
        UNION SELECT about_key FROM built WHERE about_key IN :keys
        """,
        keys=keys,
    )
    return frozenset(row["key"] for row in rows)


def of_passages(tx: Transaction, knowledge_base_id: str, generation: int, limit: int) -> tuple[str, ...]:
    """Return the keys of some passages of a generation, each once, from anywhere: their ids are hashes."""
    rows = tx.rows(
        """
        SELECT text_key FROM passages
        WHERE knowledge_base_id = :base AND generation = :generation AND text_key <> ''
        ORDER BY id LIMIT :limit
        """,
        base=knowledge_base_id,
        generation=generation,
        limit=limit,
    )
    return tuple(dict.fromkeys(row["text_key"] for row in rows))


def of_points(tx: Transaction, knowledge_base: KnowledgeBase, points: Sequence[str]) -> tuple[str, ...]:
    """Return the keys of a few passages of the generation that serves, and of a few papers, each once."""
    rows = tx.rows(
        """
        SELECT text_key AS key FROM passages
        WHERE knowledge_base_id = :base AND generation = :generation AND id IN :points AND text_key <> ''
        UNION SELECT about_key FROM holdings
        WHERE knowledge_base_id = :base AND paper_id IN :points AND about_key <> ''
        """,
        base=knowledge_base.id,
        generation=knowledge_base.generation,
        points=points,
    )
    return tuple(row["key"] for row in rows)


def of_papers(
    tx: Transaction, knowledge_bases: Sequence[KnowledgeBaseId], papers: Sequence[PaperId]
) -> tuple[tuple[KnowledgeBaseId, PaperId, str], ...]:
    """Return the keys of whole papers, in each of the knowledge bases that holds them and has one."""
    rows = tx.rows(
        """
        SELECT knowledge_base_id, paper_id, about_key FROM holdings
        WHERE knowledge_base_id IN :bases AND paper_id IN :papers AND about_key <> ''
        ORDER BY knowledge_base_id, paper_id
        """,
        bases=knowledge_bases,
        papers=papers,
    )
    return tuple(
        (KnowledgeBaseId(row["knowledge_base_id"]), PaperId(row["paper_id"]), str(row["about_key"]))
        for row in rows
    )


def any_without(tx: Transaction) -> bool:
    """Whether there are passages from before keys were kept: what they have cannot be told by its key."""
    return tx.row("SELECT 1 FROM passages WHERE text_key = '' LIMIT 1") is not None


def on_their_way(tx: Transaction) -> bool:
    """Whether a paper may be between the model and its publication: a job runs, or waits and is not held.

    Or a backup is being added: its vectors come before its jobs.
    """
    row = tx.row(
        """
        SELECT 1 FROM jobs JOIN knowledge_bases ON knowledge_bases.id = jobs.knowledge_base_id
        WHERE state IN ('running', 'handed') OR (state = 'queued' AND paused = 0)
        UNION ALL
        SELECT 1 FROM server_settings AS settings JOIN knowledge_bases AS bases
            ON settings.name = :importing || bases.id
        LIMIT 1
        """,
        importing=IMPORTING,
    )
    return row is not None


def _note(tx: Transaction, table: str, column: str, chosen: str, **parameters: str | int) -> None:
    tx.run(
        f"""
        INSERT INTO removals SELECT DISTINCT 'vectors', {column} FROM {table}
        WHERE knowledge_base_id = :base AND {column} <> '' {chosen}
        ON CONFLICT DO NOTHING
        """,  # noqa: S608  # the inserted parts are constants of this module
        **parameters,
    )
