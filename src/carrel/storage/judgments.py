"""Judgments in the catalog: one row a knowledge base, query, paper and person."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from carrel.core.accounts import Role
from carrel.core.ids import KnowledgeBaseId, PaperId
from carrel.core.judgments import Judgment, JudgmentKey, query_key, query_text
from carrel.storage.database import Row, Transaction, Value

_IN_ORDER = "ORDER BY query_key, paper_id, user_id"
_ONE = """
    WHERE knowledge_base_id = :base AND query_key = :key AND paper_id = :paper AND user_id = :user
"""
# Those of who may change the knowledge base: its owners and editors, administrators, the command line.
_BY_KEEPERS = """
    (user_id = '' OR EXISTS (
        SELECT 1 FROM users LEFT JOIN members
            ON members.user_id = users.id AND members.knowledge_base_id = judgments.knowledge_base_id
        WHERE users.id = judgments.user_id AND users.disabled = 0
            AND (users.administrator = 1 OR members.role IN :keepers)))
"""
_KEEPERS = [role.value for role in Role if role.includes(Role.EDITOR)]


@dataclass(frozen=True, slots=True)
class Judged:
    """How much was judged in a knowledge base."""

    queries: int
    judgments: int
    people: int


def put(tx: Transaction, made: Iterable[Judgment]) -> None:
    """Note judgments: each takes the place of what its person said before of the query and the paper."""
    for each in made:
        key = query_key(each.query)
        known = tx.row(
            "SELECT query FROM judgments WHERE knowledge_base_id = :base AND query_key = :key LIMIT 1",
            base=each.knowledge_base_id,
            key=key,
        )
        tx.run(
            """
            INSERT INTO judgments (knowledge_base_id, query_key, paper_id, user_id, query, grade, judged_at)
            VALUES (:base, :key, :paper, :user, :query, :grade, :at)
            ON CONFLICT (knowledge_base_id, query_key, paper_id, user_id)
            DO UPDATE SET grade = excluded.grade, judged_at = excluded.judged_at
            """,
            base=each.knowledge_base_id,
            key=key,
            paper=each.paper_id,
            user=each.by,
            query=query_text(each.query) if known is None else known["query"],
            grade=each.grade,
            at=each.at,
        )


def take_back(tx: Transaction, knowledge_base_id: KnowledgeBaseId, key: JudgmentKey) -> Judgment | None:
    """Delete a judgment and return it; None where there is none."""
    values: dict[str, Value] = {
        "base": knowledge_base_id,
        "key": key.query_key,
        "paper": key.paper_id,
        "user": key.user_id,
    }
    row = tx.row(f"SELECT * FROM judgments {_ONE}", **values)  # noqa: S608  # a constant
    tx.run(f"DELETE FROM judgments {_ONE}", **values)  # noqa: S608
    return None if row is None else _judgment(row)


def of(tx: Transaction, knowledge_base_id: KnowledgeBaseId) -> tuple[Judgment, ...]:
    """Return everybody's judgments, those of a query together."""
    rows = tx.rows(
        f"SELECT * FROM judgments WHERE knowledge_base_id = :base {_IN_ORDER}",  # noqa: S608  # a constant
        base=knowledge_base_id,
    )
    return tuple(map(_judgment, rows))


def by_keepers(tx: Transaction, knowledge_base_id: KnowledgeBaseId) -> tuple[Judgment, ...]:
    """Return the judgments of those who may change the knowledge base, those of a query together."""
    rows = tx.rows(
        f"SELECT * FROM judgments WHERE knowledge_base_id = :base AND {_BY_KEEPERS} {_IN_ORDER}",  # noqa: S608
        base=knowledge_base_id,
        keepers=_KEEPERS,
    )
    return tuple(map(_judgment, rows))


def queries_by_keepers(tx: Transaction) -> dict[KnowledgeBaseId, int]:
    """Return in how many queries those have judged who may change a knowledge base, where there are any."""
    rows = tx.rows(
        f"""
        SELECT knowledge_base_id AS id, count(DISTINCT query_key) AS queries
        FROM judgments WHERE {_BY_KEEPERS} GROUP BY knowledge_base_id
        """,  # noqa: S608
        keepers=_KEEPERS,
    )
    return {KnowledgeBaseId(row["id"]): int(row["queries"]) for row in rows}


def page(
    tx: Transaction,
    knowledge_base_id: KnowledgeBaseId,
    limit: int,
    after: JudgmentKey | None = None,
    by: str | None = None,
) -> tuple[Judgment, ...]:
    """Return at most so many judgments that follow another, those of a query together; of one person."""
    conditions, values = ["knowledge_base_id = :base"], dict[str, Value]()
    if after is not None:
        conditions.append("(query_key, paper_id, user_id) > (:after_query, :after_paper, :after_user)")
        values |= {"after_query": after.query_key, "after_paper": after.paper_id}
        values["after_user"] = after.user_id
    if by is not None:
        conditions.append("user_id = :user")
        values["user"] = by
    rows = tx.rows(
        f"SELECT * FROM judgments WHERE {' AND '.join(conditions)} {_IN_ORDER} LIMIT :limit",  # noqa: S608
        base=knowledge_base_id,
        limit=limit,
        **values,
    )
    return tuple(map(_judgment, rows))


def of_query(
    tx: Transaction, knowledge_bases: Sequence[str], query: str, by: str
) -> Mapping[tuple[str, str], int]:
    """Return the grades that somebody gave to answers to a query, by (knowledge base id, paper id)."""
    rows = tx.rows(
        """
        SELECT knowledge_base_id, paper_id, grade FROM judgments
        WHERE knowledge_base_id IN :bases AND query_key = :key AND user_id = :user
        """,
        bases=list(knowledge_bases),
        key=query_key(query),
        user=by,
    )
    return {(row["knowledge_base_id"], row["paper_id"]): int(row["grade"]) for row in rows}


def counts(tx: Transaction, knowledge_base_id: KnowledgeBaseId, by: str | None = None) -> Judged:
    """Return how much was judged in a knowledge base, by everybody or by one person."""
    chosen = "" if by is None else "AND user_id = :user"
    wanted: dict[str, Value] = {} if by is None else {"user": by}
    row = tx.row(
        f"""
        SELECT count(DISTINCT query_key) AS queries, count(*) AS judgments, count(DISTINCT user_id) AS people
        FROM judgments WHERE knowledge_base_id = :base {chosen}
        """,  # noqa: S608  # what is inserted is a constant
        base=knowledge_base_id,
        **wanted,
    )
    assert row is not None
    return Judged(int(row["queries"]), int(row["judgments"]), int(row["people"]))


def forget(tx: Transaction, paper: PaperId, knowledge_base: str | None = None) -> None:
    """Delete what was said of a paper in one knowledge base, or wherever it was."""
    chosen = "" if knowledge_base is None else "AND knowledge_base_id = :knowledge_base"
    wanted: dict[str, Value] = {} if knowledge_base is None else {"knowledge_base": knowledge_base}
    tx.run(f"DELETE FROM judgments WHERE paper_id = :paper {chosen}", paper=paper, **wanted)  # noqa: S608


def _judgment(row: Row) -> Judgment:
    return Judgment(
        KnowledgeBaseId(row["knowledge_base_id"]),
        row["query"],
        PaperId(row["paper_id"]),
        int(row["grade"]),
        row["user_id"],
        row["judged_at"],
    )
