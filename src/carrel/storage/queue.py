"""The queue: durable job rows in the catalog.

Whoever owns the index works the queue; ownership is the lease, so a job that is still ``running``
when a new owner begins was interrupted, and goes back to the queue.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

from carrel.core.errors import CarrelError
from carrel.core.ids import JobId, KnowledgeBaseId, PaperId, new_job_id
from carrel.core.jobs import Job, JobState
from carrel.core.knowledge_base import KnowledgeBase
from carrel.storage.clock import now
from carrel.storage.database import Row, Transaction

# SQLite takes 32,766 parameters a statement at most.
_IDS_A_STATEMENT = 10_000


def enqueue(
    tx: Transaction, knowledge_base: KnowledgeBase, paper: PaperId, file_name: str, created_by: str = ""
) -> Job:
    """Promise to bring a paper into a knowledge base, and return the job.

    A paper has at most one job in a knowledge base: one that waits or runs is returned as it is,
    one that ended is queued again under its id, for whoever waits for it.
    """
    known = of_paper(tx, knowledge_base, paper)
    if known is not None and not known.state.final:
        return known
    if known is not None:
        tx.run("DELETE FROM jobs WHERE id = :id", id=known.id)
    identifier = new_job_id() if known is None else known.id
    job = Job(identifier, knowledge_base.id, paper, file_name, JobState.QUEUED)
    tx.run(
        """
        INSERT INTO jobs (id, number, knowledge_base_id, paper_id, file_name, state,
            error_kind, error_message, updated_at, created_at, created_by)
        SELECT :id, coalesce(max(number), 0) + 1, :knowledge_base, :paper, :file_name, :state,
            '', '', :now, :now, :created_by
        FROM jobs
        """,
        id=job.id,
        knowledge_base=job.knowledge_base_id,
        paper=job.paper_id,
        file_name=job.file_name,
        state=job.state,
        now=now(),
        created_by=created_by,
    )
    return job


def claim(tx: Transaction, held: Collection[KnowledgeBaseId] = ()) -> Job | None:
    """Take the oldest waiting job and mark it running; None where nothing waits.

    Jobs of the knowledge bases in ``held`` stay where they are.
    """
    row = tx.row(
        """
        SELECT * FROM jobs WHERE state = :state AND knowledge_base_id NOT IN :held
        ORDER BY number LIMIT 1
        """,
        state=JobState.QUEUED,
        held=sorted(held),
    )
    if row is None:
        return None
    job = _job(row)
    _step(tx, job, JobState.RUNNING)
    return replace(job, state=JobState.RUNNING)


def finish(tx: Transaction, job: Job) -> None:
    """Mark a running job done."""
    _step(tx, job, JobState.DONE)


def fail(tx: Transaction, job: Job, error: CarrelError) -> None:
    """Mark a running job failed, with the reason a person understands."""
    _step(tx, job, JobState.FAILED, error)


def put_back(tx: Transaction, job: Job) -> None:
    """Return a running job to the queue."""
    _step(tx, job, JobState.QUEUED)


def put_back_interrupted(tx: Transaction) -> int:
    """Return every running job to the queue: interrupted, not at fault. Returns how many.

    Only for the owner of the index, who alone has jobs running.
    """
    return tx.run(
        "UPDATE jobs SET state = :queued, updated_at = :now WHERE state = :running",
        queued=JobState.QUEUED,
        running=JobState.RUNNING,
        now=now(),
    )


def cancel(tx: Transaction, job: Job) -> Job:
    """Give a job up; no effect on one that has ended."""
    if job.state.final:
        return job
    _step(tx, job, JobState.CANCELLED)
    return replace(job, state=JobState.CANCELLED)


def retry(tx: Transaction, job: Job) -> Job:
    """Queue a failed or cancelled job anew; no effect on another one."""
    if not job.state.final or not job.state.may_become(JobState.QUEUED):
        return job
    _step(tx, job, JobState.QUEUED)
    return replace(job, state=JobState.QUEUED, error_kind="", error_message="")


def still_wanted(tx: Transaction, job: Job) -> bool:
    """Whether a running job's row is still there: removing the paper meanwhile deletes it."""
    row = tx.row("SELECT 1 FROM jobs WHERE id = :id AND state = :state", id=job.id, state=JobState.RUNNING)
    return row is not None


def of_paper(tx: Transaction, knowledge_base: KnowledgeBase, paper: PaperId) -> Job | None:
    """Return the paper's job in the knowledge base, if there is one."""
    row = tx.row(
        "SELECT * FROM jobs WHERE knowledge_base_id = :knowledge_base AND paper_id = :paper",
        knowledge_base=knowledge_base.id,
        paper=paper,
    )
    return None if row is None else _job(row)


def states(tx: Transaction, ids: Sequence[JobId]) -> dict[JobId, Job]:
    """Return those of the jobs that still have a row."""
    found: dict[JobId, Job] = {}
    for first in range(0, len(ids), _IDS_A_STATEMENT):
        rows = tx.rows("SELECT * FROM jobs WHERE id IN :ids", ids=ids[first : first + _IDS_A_STATEMENT])
        found.update((JobId(row["id"]), _job(row)) for row in rows)
    return found


def any_unfinished(tx: Transaction) -> bool:
    """Whether some job waits or runs."""
    active = (JobState.QUEUED, JobState.RUNNING)
    return tx.row("SELECT 1 FROM jobs WHERE state IN :active LIMIT 1", active=active) is not None


def any_of(tx: Transaction, knowledge_base: KnowledgeBase) -> bool:
    """Whether the knowledge base has a job, in whatever state."""
    return (
        tx.row("SELECT 1 FROM jobs WHERE knowledge_base_id = :id LIMIT 1", id=knowledge_base.id) is not None
    )


def waiting(tx: Transaction, knowledge_base_ids: Sequence[KnowledgeBaseId]) -> tuple[Job, ...]:
    """Return the jobs of these knowledge bases that wait or run, oldest first."""
    return _in_states(tx, knowledge_base_ids, (JobState.QUEUED, JobState.RUNNING))


def failures(tx: Transaction, knowledge_base_ids: Sequence[KnowledgeBaseId]) -> tuple[Job, ...]:
    """Return the failed jobs of these knowledge bases, oldest first."""
    return _in_states(tx, knowledge_base_ids, (JobState.FAILED,))


def _in_states(
    tx: Transaction, knowledge_base_ids: Sequence[KnowledgeBaseId], states: Sequence[JobState]
) -> tuple[Job, ...]:
    rows = tx.rows(
        "SELECT * FROM jobs WHERE knowledge_base_id IN :ids AND state IN :states ORDER BY number",
        ids=knowledge_base_ids,
        states=states,
    )
    return tuple(_job(row) for row in rows)


def _step(tx: Transaction, job: Job, state: JobState, error: CarrelError | None = None) -> None:
    if not job.state.may_become(state):
        raise ValueError(f"job {job.id} cannot go from {job.state} to {state}")
    tx.run(
        """
        UPDATE jobs SET state = :state, error_kind = :kind, error_message = :message, updated_at = :now
        WHERE id = :id AND state = :before
        """,
        id=job.id,
        before=job.state,
        state=state,
        kind=error.kind if error else "",
        message=str(error) if error else "",
        now=now(),
    )


def _job(row: Row) -> Job:
    return Job(
        JobId(row["id"]),
        KnowledgeBaseId(row["knowledge_base_id"]),
        PaperId(row["paper_id"]),
        row["file_name"],
        JobState(row["state"]),
        row["error_kind"],
        row["error_message"],
    )
