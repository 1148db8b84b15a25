"""Rows of the catalog that refer to what is not there: finding them, and deleting them in one transaction.

The database keeps most of this from happening; a damaged disk, a file copied half, or a fault of ours does
not ask it. What is deleted is looked for under the write lock: nothing on its way is taken for lost.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from carrel.core.ids import PaperId
from carrel.core.knowledge_base import KnowledgeBase
from carrel.storage import knowledge_bases, papers, queue
from carrel.storage.clock import now
from carrel.storage.database import Transaction


@dataclass(frozen=True, slots=True)
class Orphans:
    """Rows of a table that a condition picks, and the column that names them to people."""

    kind: str
    table: str
    named_by: str
    condition: str


def _without(table: str, key: str = "id", **others: str) -> str:
    """Return the condition that a column refers to nothing in the other table, for any of the columns."""
    return " OR ".join(
        f"NOT EXISTS (SELECT 1 FROM {other} WHERE {other}.{key} = {table}.{column})"  # noqa: S608
        for column, other in others.items()
    )


def _of_nothing(kind: str, table: str, **others: str) -> Orphans:
    return Orphans(f"{kind}-of-nothing", table, next(iter(others)), _without(table, **others))


_UNFINISHED = "state NOT IN ('done', 'failed', 'cancelled')"

# In this order: what goes may leave behind what a later one finds.
ORPHANS = (
    _of_nothing("holding", "holdings", paper_id="papers", knowledge_base_id="knowledge_bases"),
    _of_nothing("generation", "generations", knowledge_base_id="knowledge_bases"),
    _of_nothing("calibration", "calibrations", knowledge_base_id="knowledge_bases"),
    _of_nothing("built", "built", paper_id="papers", knowledge_base_id="knowledge_bases"),
    _of_nothing("job", "jobs", paper_id="papers", knowledge_base_id="knowledge_bases"),
    Orphans(
        "handover-of-nothing",
        "handovers",
        "job_id",
        f"NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.id = handovers.job_id AND {_UNFINISHED})",  # noqa: S608
    ),
    Orphans(
        "passages-of-nothing",
        "passages",
        "paper_id",
        """
        NOT EXISTS (
            SELECT 1 FROM holdings JOIN knowledge_bases ON knowledge_bases.id = knowledge_base_id
            WHERE knowledge_bases.id = passages.knowledge_base_id
                AND knowledge_bases.generation = passages.generation
                AND holdings.paper_id = passages.paper_id
        ) AND NOT EXISTS (
            SELECT 1 FROM generations JOIN knowledge_bases ON knowledge_bases.id = knowledge_base_id
            WHERE knowledge_bases.id = passages.knowledge_base_id
                AND generations.generation = passages.generation
                AND knowledge_bases.generation <> passages.generation
        ) AND NOT EXISTS (
            SELECT 1 FROM removals WHERE what = 'rows'
                AND key = passages.knowledge_base_id || '/' || CAST(passages.generation AS VARCHAR(20))
        )
        """,
    ),
    _of_nothing("citations", "cited_works", paper_id="papers"),
    _of_nothing("likeness", "likenesses", paper_id="papers"),
    Orphans(
        "likeness-of-nothing",
        "likeness_keys",
        "number",
        _without("likeness_keys", "number", number="likenesses"),
    ),
    _of_nothing("link", "version_links", paper_id="papers", other_id="papers"),
    _of_nothing("member", "members", user_id="users", knowledge_base_id="knowledge_bases"),
    _of_nothing("session", "sessions", user_id="users"),
    _of_nothing("key", "api_keys", user_id="users"),
    Orphans(
        "judgment-of-nothing",
        "judgments",
        "paper_id",
        f"""
        (user_id <> '' AND ({_without("judgments", user_id="users")}))
        OR {_without("judgments", paper_id="papers", knowledge_base_id="knowledge_bases")}
        """,
    ),
)


def subjects(tx: Transaction, orphans: Orphans) -> tuple[str, ...]:
    """Return what the rows are about, each once."""
    rows = tx.rows(
        f"SELECT DISTINCT {orphans.named_by} AS subject FROM {orphans.table} WHERE {orphans.condition}"  # noqa: S608
    )
    return tuple(sorted(str(row["subject"]) for row in rows))


def delete(tx: Transaction, orphans: Orphans) -> None:
    """Delete the rows."""
    if orphans.table == "jobs":
        tx.run(
            f"DELETE FROM handovers WHERE job_id IN (SELECT id FROM jobs WHERE {orphans.condition})"  # noqa: S608
        )
    tx.run(f"DELETE FROM {orphans.table} WHERE {orphans.condition}")  # noqa: S608


def unwanted_papers(tx: Transaction) -> tuple[str, ...]:
    """Return the papers that nobody holds, awaits or builds, but for those that are on their way out."""
    rows = tx.rows(
        f"""
        SELECT id FROM papers WHERE {_without("papers", "paper_id", id="holdings")}
            AND {_without("papers", "paper_id", id="jobs")} AND {_without("papers", "paper_id", id="built")}
            AND NOT EXISTS (SELECT 1 FROM removals WHERE what = 'paper' AND key = papers.id)
        """  # noqa: S608
    )
    return tuple(row["id"] for row in rows)


def forget_papers(tx: Transaction, unwanted: tuple[str, ...]) -> None:
    """Delete papers that nobody wants, and note their files and parses for removal."""
    papers.forget_unreferenced(tx, unwanted)


def miscounted(tx: Transaction) -> Iterator[tuple[KnowledgeBase, PaperId, str]]:
    """Yield the papers that have other passages than they should by number, with the name of the file.

    Those with a job that is not done yet are left out: they are on their way already.
    """
    rows = tx.rows(
        f"""
        SELECT holdings.knowledge_base_id, holdings.paper_id, holdings.file_name FROM holdings
        JOIN knowledge_bases ON knowledge_bases.id = holdings.knowledge_base_id
        WHERE passages <> (
            SELECT count(*) FROM passages WHERE passages.knowledge_base_id = holdings.knowledge_base_id
                AND passages.paper_id = holdings.paper_id AND passages.generation = knowledge_bases.generation
        ) AND NOT EXISTS (
            SELECT 1 FROM jobs WHERE jobs.knowledge_base_id = holdings.knowledge_base_id
                AND jobs.paper_id = holdings.paper_id AND {_UNFINISHED}
        )
        """  # noqa: S608
    )
    for row in rows:
        knowledge_base = knowledge_bases.by_id(tx, row["knowledge_base_id"])
        yield knowledge_base, PaperId(row["paper_id"]), row["file_name"]


def awaited(tx: Transaction, knowledge_base: KnowledgeBase) -> frozenset[str]:
    """Return the papers of a knowledge base that have a job which is not done yet."""
    rows = tx.rows(
        f"SELECT paper_id FROM jobs WHERE knowledge_base_id = :id AND {_UNFINISHED}",  # noqa: S608
        id=knowledge_base.id,
    )
    return frozenset(row["paper_id"] for row in rows)


def read_again(tx: Transaction, knowledge_base: KnowledgeBase, paper: PaperId, file_name: str) -> None:
    """Queue a paper for its journey, which writes its rows anew."""
    queue.enqueue(tx, knowledge_base, paper, file_name)


def abandoned_jobs(tx: Transaction) -> tuple[str, ...]:
    """Return the files whose jobs run, as the catalog says, and have nobody who is heard of."""
    rows = tx.rows(
        "SELECT file_name FROM jobs WHERE state = 'running' AND lease_until < :now ORDER BY number", now=now()
    )
    return tuple(row["file_name"] for row in rows)


def put_back_abandoned(tx: Transaction) -> None:
    """Return such jobs to the queue; only for the owner of the index."""
    parameters = {"now": now()}
    tx.run(
        """
        DELETE FROM handovers
        WHERE job_id IN (SELECT id FROM jobs WHERE state = 'running' AND lease_until < :now)
        """,
        **parameters,
    )
    tx.run(
        """
        UPDATE jobs SET state = 'queued', worker = '', lease_until = '', stage = ''
        WHERE state = 'running' AND lease_until < :now
        """,
        **parameters,
    )
