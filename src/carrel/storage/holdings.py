"""The rows that make papers searchable in a knowledge base: written, written anew, deleted."""

from collections.abc import Sequence
from dataclasses import dataclass

from carrel.core.ids import KnowledgeBaseId, PaperId
from carrel.core.knowledge_base import KnowledgeBase
from carrel.storage import passages, removals, vector_keys
from carrel.storage.clock import now
from carrel.storage.database import Transaction


@dataclass(frozen=True, slots=True)
class Holding:
    """A paper as a knowledge base is to hold it; ``added_at`` is empty where it comes for the first time."""

    paper: PaperId
    file_name: str
    passages: int
    about_key: str
    added_at: str


def hold(tx: Transaction, knowledge_base: KnowledgeBase, new: Holding) -> None:
    """Let a knowledge base hold a paper: from now on it is searchable there."""
    at = now()
    tx.run(
        """
        INSERT INTO holdings (knowledge_base_id, paper_id, file_name, passages, added_at, about_key,
            published_at)
        VALUES (:knowledge_base, :paper, :file_name, :passages, :added_at, :about_key, :published_at)
        """,
        knowledge_base=knowledge_base.id,
        paper=new.paper,
        file_name=new.file_name,
        passages=new.passages,
        added_at=new.added_at or at,
        about_key=new.about_key,
        published_at=at,
    )
    removals.cross_out_points(tx, knowledge_base, new.paper)


def withdraw_to_renew(tx: Transaction, knowledge_base: KnowledgeBase, paper: PaperId) -> str:
    """Withdraw a paper that is published anew; return when it was added, or nothing where it was not.

    What other generations have of it is forgotten: it may have another title by now. They get it anew.
    """
    held = tx.row(
        "SELECT added_at FROM holdings WHERE knowledge_base_id = :knowledge_base AND paper_id = :paper",
        knowledge_base=knowledge_base.id,
        paper=paper,
    )
    withdraw(tx, knowledge_base, paper)
    if held is None:
        return ""
    passages.delete_everywhere(tx, knowledge_base, paper)
    tx.run(
        "DELETE FROM built WHERE knowledge_base_id = :knowledge_base AND paper_id = :paper",
        knowledge_base=knowledge_base.id,
        paper=paper,
    )
    return str(held["added_at"])


def withdraw(tx: Transaction, knowledge_base: KnowledgeBase, paper: PaperId) -> None:
    """Let a knowledge base hold a paper no longer; its passages of the serving generation go, too."""
    vector_keys.note_paper(tx, knowledge_base.id, paper)
    passages.delete(tx, knowledge_base, paper)
    tx.run(
        "DELETE FROM holdings WHERE knowledge_base_id = :knowledge_base AND paper_id = :paper",
        knowledge_base=knowledge_base.id,
        paper=paper,
    )


def of_file(
    tx: Transaction, knowledge_base_ids: Sequence[KnowledgeBaseId], file_name: str
) -> tuple[PaperId, ...]:
    """Return the searchable papers of these knowledge bases whose file has this name."""
    rows = tx.rows(
        """
        SELECT DISTINCT paper_id FROM holdings
        WHERE knowledge_base_id IN :ids AND file_name = :name LIMIT 100
        """,
        ids=knowledge_base_ids,
        name=file_name,
    )
    return tuple(PaperId(row["paper_id"]) for row in rows)
