"""Members of knowledge bases in the catalog: who has which role."""

from collections.abc import Mapping

from carrel.core.accounts import Role
from carrel.core.ids import KnowledgeBaseId
from carrel.storage.database import Transaction


def roles(tx: Transaction, user_id: str) -> dict[KnowledgeBaseId, Role]:
    """Return the knowledge bases that the user is a member of, and as what."""
    rows = tx.rows("SELECT knowledge_base_id, role FROM members WHERE user_id = :user", user=user_id)
    return {KnowledgeBaseId(row["knowledge_base_id"]): Role(row["role"]) for row in rows}


def of(tx: Transaction, knowledge_base_id: str) -> Mapping[str, Role]:
    """Return the members of a knowledge base by user id."""
    rows = tx.rows(
        "SELECT user_id, role FROM members WHERE knowledge_base_id = :id ORDER BY user_id",
        id=knowledge_base_id,
    )
    return {row["user_id"]: Role(row["role"]) for row in rows}


def set_role(tx: Transaction, knowledge_base_id: str, user_id: str, role: Role) -> None:
    """Make the user a member, or change what they may do."""
    tx.run(
        """
        INSERT INTO members (knowledge_base_id, user_id, role) VALUES (:knowledge_base, :user, :role)
        ON CONFLICT (knowledge_base_id, user_id) DO UPDATE SET role = excluded.role
        """,
        knowledge_base=knowledge_base_id,
        user=user_id,
        role=role,
    )


def remove(tx: Transaction, knowledge_base_id: str, user_id: str) -> bool:
    """End a membership; whether there was one."""
    count = tx.run(
        "DELETE FROM members WHERE knowledge_base_id = :knowledge_base AND user_id = :user",
        knowledge_base=knowledge_base_id,
        user=user_id,
    )
    return count > 0


def remove_all(tx: Transaction, knowledge_base_id: str) -> None:
    """End every membership of a knowledge base."""
    tx.run("DELETE FROM members WHERE knowledge_base_id = :id", id=knowledge_base_id)
