"""Jobs as they are listed: the newest first, a page at a time, with all that is known of each."""

from collections.abc import Sequence
from dataclasses import dataclass

from carrel.core.ids import KnowledgeBaseId
from carrel.storage.database import Row, Transaction, Value


@dataclass(frozen=True, slots=True)
class ListedJob:
    """A job: which file, where it stands, how far it is. Times are in UTC, ISO 8601."""

    id: str
    number: int  # order of arrival
    knowledge_base_id: KnowledgeBaseId
    paper_id: str
    file_name: str
    state: str
    generation: int  # 0: the one that serves
    error_kind: str
    error_kept: str  # as core/kept_errors.py reads it
    attempts: int
    not_before: str
    stage: str
    done: int  # passages embedded
    total: int  # passages
    pages: int
    created_by: str
    created_at: str
    updated_at: str


def listed(
    tx: Transaction,
    knowledge_base_ids: Sequence[KnowledgeBaseId],
    state: str = "",
    before: int | None = None,
    limit: int = 100,
) -> tuple[ListedJob, ...]:
    """Return the newest jobs of these knowledge bases: of a state, and with a number below ``before``."""
    if not knowledge_base_ids:
        return ()
    conditions, values = "", dict[str, Value]()
    if state:
        conditions += " AND state = :state"
        values["state"] = state
    if before is not None:
        conditions += " AND number < :before"
        values["before"] = before
    rows = tx.rows(
        f"""
        SELECT * FROM jobs WHERE knowledge_base_id IN :ids{conditions}
        ORDER BY number DESC LIMIT :limit
        """,  # noqa: S608  # what is inserted are constants
        ids=list(knowledge_base_ids),
        limit=limit,
        **values,
    )
    return tuple(_listed(row) for row in rows)


def under_way(
    tx: Transaction, knowledge_base_id: KnowledgeBaseId, limit: int
) -> tuple[int, tuple[ListedJob, ...]]:
    """Return how many jobs of a knowledge base have not ended, and the first of them: those in hand first."""
    where = """
        FROM jobs WHERE knowledge_base_id = :base AND generation = 0
            AND state NOT IN ('done', 'failed', 'cancelled')
    """
    count = tx.row(f"SELECT count(*) AS jobs {where}", base=knowledge_base_id)
    rows = tx.rows(
        f"""
        SELECT * {where}
        ORDER BY CASE state WHEN 'running' THEN 0 WHEN 'handed' THEN 1 ELSE 2 END, number LIMIT :limit
        """,
        base=knowledge_base_id,
        limit=limit,
    )
    return (0 if count is None else int(count["jobs"])), tuple(_listed(row) for row in rows)


def of_papers(
    tx: Transaction, knowledge_base_id: KnowledgeBaseId, papers: Sequence[str]
) -> tuple[ListedJob, ...]:
    """Return the jobs that bring these papers into a knowledge base."""
    if not papers:
        return ()
    rows = tx.rows(
        "SELECT * FROM jobs WHERE knowledge_base_id = :base AND generation = 0 AND paper_id IN :papers",
        base=knowledge_base_id,
        papers=list(papers),
    )
    return tuple(_listed(row) for row in rows)


def one(tx: Transaction, identifier: str) -> ListedJob | None:
    """Return the job of this id."""
    row = tx.row("SELECT * FROM jobs WHERE id = :id", id=identifier)
    return None if row is None else _listed(row)


def of_paper(tx: Transaction, knowledge_base_id: KnowledgeBaseId, paper: str) -> ListedJob | None:
    """Return the newest job that brings a paper into the generation that serves."""
    row = tx.row(
        """
        SELECT * FROM jobs WHERE knowledge_base_id = :base AND paper_id = :paper AND generation = 0
        ORDER BY number DESC LIMIT 1
        """,
        base=knowledge_base_id,
        paper=paper,
    )
    return None if row is None else _listed(row)


def changed_since(tx: Transaction, time: str, limit: int) -> tuple[ListedJob, ...]:
    """Return the jobs that changed at this time or later, oldest change first."""
    rows = tx.rows(
        "SELECT * FROM jobs WHERE updated_at >= :time ORDER BY updated_at, id LIMIT :limit",
        time=time,
        limit=limit,
    )
    return tuple(_listed(row) for row in rows)


def counts(tx: Transaction) -> dict[str, int]:
    """Return how many jobs are in each state."""
    rows = tx.rows("SELECT state, count(*) AS jobs FROM jobs GROUP BY state")
    return {row["state"]: row["jobs"] for row in rows}


def oldest_waiting(tx: Transaction) -> str:
    """Return when the oldest job came that still waits; "" where none does."""
    row = tx.row("SELECT min(created_at) AS oldest FROM jobs WHERE state = 'queued'")
    return "" if row is None or row["oldest"] is None else str(row["oldest"])


def _listed(row: Row) -> ListedJob:
    return ListedJob(
        id=row["id"],
        number=row["number"],
        knowledge_base_id=KnowledgeBaseId(row["knowledge_base_id"]),
        paper_id=row["paper_id"],
        file_name=row["file_name"],
        state=row["state"],
        generation=row["generation"],
        error_kind=row["error_kind"],
        error_kept=row["error_message"],
        attempts=row["attempts"],
        not_before=row["not_before"],
        stage=row["stage"],
        done=row["done"],
        total=row["total"],
        pages=row["pages"],
        created_by=row["created_by"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
