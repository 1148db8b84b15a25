"""Rows of jobs: looked up, and changed a step at a time if they still stand where they were seen."""

from collections.abc import Sequence

from carrel.core.ids import JobId, KnowledgeBaseId, PaperId
from carrel.core.jobs import UNFINISHED, Job, JobState
from carrel.core.knowledge_base import KnowledgeBase
from carrel.storage import handovers
from carrel.storage.clock import now
from carrel.storage.database import Row, Transaction, Value

# SQLite takes 32,766 parameters a statement at most.
_IDS_A_STATEMENT = 10_000


def get(tx: Transaction, identifier: JobId) -> Job | None:
    """Return the job of that id, if it is there."""
    row = tx.row("SELECT * FROM jobs WHERE id = :id", id=identifier)
    return None if row is None else job_of(row)


def of_paper(
    tx: Transaction, knowledge_base: KnowledgeBase, paper: PaperId, generation: int = 0
) -> Job | None:
    """Return the paper's job in the knowledge base and generation, if there is one."""
    row = tx.row(
        """
        SELECT * FROM jobs
        WHERE knowledge_base_id = :knowledge_base AND paper_id = :paper AND generation = :generation
        """,
        knowledge_base=knowledge_base.id,
        paper=paper,
        generation=generation,
    )
    return None if row is None else job_of(row)


def states(tx: Transaction, ids: Sequence[JobId]) -> dict[JobId, Job]:
    """Return those of the jobs that still have a row."""
    found: dict[JobId, Job] = {}
    for first in range(0, len(ids), _IDS_A_STATEMENT):
        rows = tx.rows("SELECT * FROM jobs WHERE id IN :ids", ids=ids[first : first + _IDS_A_STATEMENT])
        found.update((JobId(row["id"]), job_of(row)) for row in rows)
    return found


def still_wanted(tx: Transaction, job: Job) -> bool:
    """Whether a job stands as it was claimed or handed over: nobody cancelled, removed or took it."""
    row = tx.row(
        "SELECT 1 FROM jobs WHERE id = :id AND state = :state AND worker = :worker AND attempts = :attempts",
        id=job.id,
        state=job.state,
        worker=job.worker,
        attempts=job.attempts,
    )
    return row is not None


def any_unfinished(tx: Transaction) -> bool:
    """Whether some job has not ended."""
    return tx.row("SELECT 1 FROM jobs WHERE state IN :states LIMIT 1", states=UNFINISHED) is not None


def any_of(tx: Transaction, knowledge_base: KnowledgeBase) -> bool:
    """Whether the knowledge base has a job, in whatever state."""
    return (
        tx.row("SELECT 1 FROM jobs WHERE knowledge_base_id = :id LIMIT 1", id=knowledge_base.id) is not None
    )


def waiting(tx: Transaction, knowledge_base_ids: Sequence[KnowledgeBaseId]) -> tuple[Job, ...]:
    """Return the ordinary jobs of these knowledge bases that have not ended, oldest first."""
    return _in_states(tx, knowledge_base_ids, UNFINISHED)


def failures(tx: Transaction, knowledge_base_ids: Sequence[KnowledgeBaseId]) -> tuple[Job, ...]:
    """Return the failed ordinary jobs of these knowledge bases, oldest first."""
    return _in_states(tx, knowledge_base_ids, (JobState.FAILED,))


def _in_states(
    tx: Transaction, knowledge_base_ids: Sequence[KnowledgeBaseId], states: Sequence[JobState]
) -> tuple[Job, ...]:
    rows = tx.rows(
        """
        SELECT * FROM jobs WHERE knowledge_base_id IN :ids AND state IN :states AND generation = 0
        ORDER BY number
        """,
        ids=knowledge_base_ids,
        states=states,
    )
    return tuple(job_of(row) for row in rows)


def step(tx: Transaction, job: Job, state: JobState, **values: Value) -> None:
    """Let a job go a step, if it stands where it was seen, and set columns with it.

    Raises:
        ValueError: there is no such step.
    """
    if not job.state.may_become(state):
        raise ValueError(f"job {job.id} cannot go from {job.state} to {state}")
    change(tx, job, {"state": state, **values})


def change(tx: Transaction, job: Job, values: dict[str, Value]) -> None:
    """Set columns of a job that stands where it was seen: same state, same worker, same try."""
    columns = ", ".join(f"{column} = :{column}" for column in values)
    tx.run(
        f"""
        UPDATE jobs SET {columns}, updated_at = :now
        WHERE id = :id AND state = :seen_state AND worker = :seen_worker AND attempts = :seen_attempts
        """,  # noqa: S608  # what is inserted are names of columns
        id=job.id,
        seen_state=job.state,
        seen_worker=job.worker,
        seen_attempts=job.attempts,
        now=now(),
        **values,
    )


def job_of(row: Row) -> Job:
    """Return the job that a row says."""
    return Job(
        id=JobId(row["id"]),
        knowledge_base_id=KnowledgeBaseId(row["knowledge_base_id"]),
        paper_id=PaperId(row["paper_id"]),
        file_name=row["file_name"],
        state=JobState(row["state"]),
        error_kind=row["error_kind"],
        error_message=row["error_message"],
        generation=row["generation"],
        attempts=row["attempts"],
        not_before=row["not_before"],
        worker=row["worker"],
        stage=row["stage"],
        done=row["done"],
        total=row["total"],
        pages=row["pages"],
        created_by=row["created_by"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def begin_again(tx: Transaction, job: Job) -> None:
    """Return a job in hand to the queue: what it works with has changed, and its worker finds it lost.

    The count of tries stays, so that this try is not taken for the next one. No effect on another job.
    """
    if job.state in (JobState.RUNNING, JobState.HANDED):
        handovers.delete(tx, job.id)
        step(tx, job, JobState.QUEUED, worker="", lease_until="", stage="", done=0, total=0)


def workers(tx: Transaction) -> frozenset[str]:
    """Return the names of those who have jobs in hand."""
    rows = tx.rows("SELECT DISTINCT worker FROM jobs WHERE state = :running", running=JobState.RUNNING)
    return frozenset(row["worker"] for row in rows)
