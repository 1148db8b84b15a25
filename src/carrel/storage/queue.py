"""The queue: durable job rows in the catalog, with leases.

A job is claimed by a worker, which says again and again that it is still at it (``renew``); of one that is
not heard of any more, the job goes back (``recover``). Whose turn it is: see ``turns.py``.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace

from carrel.core.errors import CarrelError
from carrel.core.ids import JobId, KnowledgeBaseId, PaperId, new_job_id
from carrel.core.job_errors import EndsItsWorker
from carrel.core.jobs import LEASE_SECONDS, MOST_INTERRUPTIONS, Job, JobState, delay_seconds
from carrel.core.knowledge_base import KnowledgeBase
from carrel.storage import handovers
from carrel.storage.clock import later, now
from carrel.storage.database import Row, Transaction, Value
from carrel.storage.job_rows import (
    any_of,
    any_unfinished,
    change,
    failures,
    get,
    job_of,
    of_paper,
    states,
    step,
    still_wanted,
    waiting,
    workers,
)
from carrel.storage.turns import BUILDING, ORDINARY, next_turn

__all__ = [  # looked up in job_rows.py
    "any_of",
    "any_unfinished",
    "failures",
    "get",
    "of_paper",
    "states",
    "still_wanted",
    "waiting",
    "workers",
]

_LATEST = "9"  # later than every time
_DELAYED_FROM = 3  # interruptions in a row: others go first, in case it is the file's fault
_LOST = "jobs WHERE state = :running AND (lease_until < :now OR worker IN :gone)"
_INTERRUPTED = EndsItsWorker(name="", count=0).kind

_NO_ERROR: dict[str, Value] = {"error_kind": "", "error_message": ""}
_NO_WORKER: dict[str, Value] = {"worker": "", "lease_until": ""}
_NO_PROGRESS: dict[str, Value] = {"stage": "", "done": 0, "total": 0}


@dataclass(frozen=True, slots=True)
class Sign:
    """What a worker says of a job in hand: how far it is."""

    job: Job  # as it was claimed
    stage: str = ""
    done: int = 0
    total: int = 0
    pages: int = 0


def enqueue(
    tx: Transaction,
    knowledge_base: KnowledgeBase,
    paper: PaperId,
    file_name: str,
    generation: int = 0,
    created_by: str = "",
) -> Job:
    """Promise to bring a paper into a knowledge base, and return the job.

    A paper has at most one job in a knowledge base and ``generation`` (0: that which serves): one that has
    not ended is returned as it is, one that ended is queued again under its id, for whoever waits for it.
    """
    known = of_paper(tx, knowledge_base, paper, generation)
    if known is not None and not known.state.final:
        return known
    if known is not None:
        tx.run("DELETE FROM jobs WHERE id = :id", id=known.id)
    at = now()
    job = Job(
        id=new_job_id() if known is None else known.id,
        knowledge_base_id=knowledge_base.id,
        paper_id=paper,
        file_name=file_name,
        state=JobState.QUEUED,
        generation=generation,
        created_by=created_by,
        created_at=at,
        updated_at=at,
    )
    _insert(tx, job)
    return job


def _insert(tx: Transaction, job: Job) -> None:
    """Add a job behind all others; when its turn is, its upload's others say."""
    newest = tx.row("SELECT max(number) AS number FROM jobs")
    tx.run(
        """
        INSERT INTO jobs (id, number, knowledge_base_id, paper_id, file_name, state,
            error_kind, error_message, updated_at, created_at, generation, turn, created_by)
        VALUES (:id, :number, :knowledge_base, :paper, :file_name, :state,
            '', '', :now, :now, :generation, :turn, :created_by)
        """,
        id=job.id,
        number=1 + ((newest and newest["number"]) or 0),
        knowledge_base=job.knowledge_base_id,
        paper=job.paper_id,
        file_name=job.file_name,
        state=job.state,
        now=job.updated_at,
        generation=job.generation,
        turn=next_turn(tx, job),
        created_by=job.created_by,
    )


def claim(
    tx: Transaction,
    worker: str = "",
    held: Collection[KnowledgeBaseId] = (),
    seconds: float = LEASE_SECONDS,
    building_first: bool = False,
    early: bool = False,
) -> Job | None:
    """Take the next job whose time has come (or any, ``early``), for so many seconds; None: there is none.

    Jobs of the knowledge bases in ``held``, and of those that are paused, stay where they are. An error of
    an earlier try stays with the job.
    """
    lanes = (BUILDING, ORDINARY) if building_first else (ORDINARY, BUILDING)
    by = _LATEST if early else now()
    row = _first_claimable(tx, lanes[0], held, by) or _first_claimable(tx, lanes[1], held, by)
    if row is None:
        return None
    job = job_of(row)
    claimed = replace(job, state=JobState.RUNNING, worker=worker, attempts=job.attempts + 1)
    step(tx, job, JobState.RUNNING, worker=worker, lease_until=later(seconds), attempts=claimed.attempts)
    return claimed


def any_claimable(tx: Transaction, held: Collection[KnowledgeBaseId] = ()) -> bool:
    """Whether ``claim`` would find a job."""
    return any(_first_claimable(tx, lane, held, now()) is not None for lane in (ORDINARY, BUILDING))


def say(tx: Transaction, error: CarrelError, held: Collection[KnowledgeBaseId] = ()) -> bool:
    """Note an error with the job that ``claim`` would take; it keeps its place. Returns whether it is new."""
    row = _first_claimable(tx, ORDINARY, held, now()) or _first_claimable(tx, BUILDING, held, now())
    if row is None or row["error_kind"] == error.kind:
        return False
    change(tx, job_of(row), _said(error))
    return True


def renew(
    tx: Transaction, worker: str, signs: Collection[Sign], seconds: float = LEASE_SECONDS
) -> set[JobId]:
    """Prolong the leases of the jobs in hand and note how far each is.

    Returns those that are no longer the worker's: cancelled, removed, or taken over by another one.
    """
    until, at = later(seconds), now()
    lost: set[JobId] = set()
    for sign in signs:
        renewed = tx.run(
            """
            UPDATE jobs SET lease_until = :until, stage = :stage, done = :done, total = :total,
                pages = :pages, updated_at = :now
            WHERE id = :id AND state = :running AND worker = :worker AND attempts = :attempts
            """,
            until=until,
            stage=sign.stage,
            done=sign.done,
            total=sign.total,
            pages=sign.pages,
            now=at,
            id=sign.job.id,
            running=JobState.RUNNING,
            worker=worker,
            attempts=sign.job.attempts,
        )
        if not renewed:
            lost.add(sign.job.id)
    return lost


def hand_over(tx: Transaction, job: Job, done: int, pages: int) -> None:
    """Mark a running job embedded: so many passages, from so many pages, wait for the owner of the index."""
    step(tx, job, JobState.HANDED, lease_until="", stage="index", done=done, total=done, pages=pages)


def next_handed(tx: Transaction) -> Job | None:
    """Return the job that the owner of the index takes next, if its time has come."""
    row = tx.row(
        "SELECT * FROM jobs WHERE state = :handed AND not_before <= :now ORDER BY turn, number LIMIT 1",
        handed=JobState.HANDED,
        now=now(),
    )
    return None if row is None else job_of(row)


def finish(tx: Transaction, job: Job, passages: int | None = None, pages: int | None = None) -> None:
    """Mark a running or handed job done; what was handed over goes. Counts that are None stay as they are."""
    handovers.delete(tx, job.id)
    counts: dict[str, Value] = {} if passages is None else {"done": passages, "total": passages}
    counts |= {} if pages is None else {"pages": pages}
    done: dict[str, Value] = {"stage": "", "not_before": "", "attempts": 0}
    step(tx, job, JobState.DONE, **_NO_ERROR, **_NO_WORKER, **done, **counts)


def fail(tx: Transaction, job: Job, error: CarrelError) -> None:
    """Mark a running or handed job failed, with the reason a person understands."""
    handovers.give_up(tx, job)
    step(tx, job, JobState.FAILED, **_said(error), **_NO_WORKER)


def put_back(tx: Transaction, job: Job) -> None:
    """Return a running or handed job to the queue, where it keeps its place: nothing was wrong with it."""
    handovers.delete(tx, job.id)
    attempts = max(job.attempts - 1, 0)
    step(tx, job, JobState.QUEUED, **_NO_WORKER, **_NO_PROGRESS, attempts=attempts)


def put_back_all_of(tx: Transaction, worker: str) -> int:
    """Return whatever a worker that ends has in hand to the queue; return how many jobs there were."""
    sql = "SELECT * FROM jobs WHERE state = :running AND worker = :worker"
    rows = tx.rows(sql, running=JobState.RUNNING, worker=worker)
    for row in rows:
        put_back(tx, job_of(row))
    return len(rows)


def postpone(tx: Transaction, job: Job, error: CarrelError) -> float:
    """Let a running job be tried again later, and a handed one be taken later; return in how many seconds.

    After the same error again the wait is twice as long, up to five minutes.
    """
    handed = job.state is JobState.HANDED
    before = job.attempts - (0 if handed else 1)
    attempts = 1 + (before if job.error_kind == error.kind else 0)
    seconds = delay_seconds(job.id, attempts)
    values: dict[str, Value] = {**_said(error), "attempts": attempts, "not_before": later(seconds)}
    if handed:
        change(tx, job, values)
    else:
        step(tx, job, JobState.QUEUED, **_NO_WORKER, **values)
    return seconds


def recover(tx: Transaction, gone: Collection[str] = ("",)) -> int:
    """Return the jobs to the queue whose lease has run out, and those of workers that are gone.

    One that was interrupted ten times in a row fails: it seems to end its workers. Returns how many there
    were. The name "" is nobody's.
    """
    rows = tx.rows(f"SELECT * FROM {_LOST}", running=JobState.RUNNING, now=now(), gone=sorted(gone) or [""])  # noqa: S608
    for row in rows:
        job = job_of(row)
        before = job.attempts - 1 if job.error_kind == _INTERRUPTED else 0
        error = EndsItsWorker(name=job.file_name, count=before + 1)
        handovers.delete(tx, job.id)
        if before + 1 >= MOST_INTERRUPTIONS:
            step(tx, job, JobState.FAILED, **_said(error), **_NO_WORKER)
            continue
        delay = delay_seconds(job.id, before + 1) if before + 1 >= _DELAYED_FROM else 0.0
        back: dict[str, Value] = {**_said(error), **_NO_WORKER, **_NO_PROGRESS, "attempts": before + 1}
        step(tx, job, JobState.QUEUED, **back, not_before=later(delay))
    return len(rows)


def any_to_recover(tx: Transaction, gone: Collection[str] = ("",)) -> bool:
    """Whether ``recover`` would find a job."""
    sql = f"SELECT 1 FROM {_LOST} LIMIT 1"  # noqa: S608
    return tx.row(sql, running=JobState.RUNNING, now=now(), gone=sorted(gone) or [""]) is not None


def cancel(tx: Transaction, job: Job) -> Job:
    """Give a job up; its worker notices with its next sign of life. No effect on one that has ended.

    The row stays, so that it can be asked for again, and with it the file.
    """
    present = get(tx, job.id) or job
    if present.state.final:
        return present
    handovers.give_up(tx, present)
    step(tx, present, JobState.CANCELLED, **_NO_ERROR, **_NO_WORKER)
    return replace(present, state=JobState.CANCELLED, error_kind="", error_message="")


def retry(tx: Transaction, job: Job) -> Job:
    """Queue a failed or cancelled job anew, at the end; no effect on another one."""
    present = get(tx, job.id) or job
    if not present.state.may_become(JobState.QUEUED) or not present.state.final:
        return present
    anew: dict[str, Value] = {**_NO_ERROR, **_NO_WORKER, **_NO_PROGRESS, "attempts": 0, "not_before": ""}
    step(tx, present, JobState.QUEUED, turn=next_turn(tx, present), **anew)
    return replace(present, state=JobState.QUEUED, error_kind="", error_message="", attempts=0)


def pause(tx: Transaction, job: Job) -> bool:
    """Let a waiting job wait until ``resume``. Returns whether it was waiting."""
    present = get(tx, job.id)
    if present is None or not present.state.may_become(JobState.PAUSED):
        return False
    step(tx, present, JobState.PAUSED)
    return True


def resume(tx: Transaction, job: Job) -> bool:
    """Let a paused job go on, in its old place. Returns whether it was paused."""
    present = get(tx, job.id)
    if present is None or present.state is not JobState.PAUSED:
        return False
    step(tx, present, JobState.QUEUED)
    return True


def _first_claimable(tx: Transaction, lane: str, held: Collection[KnowledgeBaseId], by: str) -> Row | None:
    return tx.row(
        f"""
        SELECT * FROM jobs WHERE state = :queued AND {lane} AND not_before <= :by
            AND knowledge_base_id NOT IN :held
            AND knowledge_base_id NOT IN (SELECT id FROM knowledge_bases WHERE paused = 1)
        ORDER BY turn, number LIMIT 1
        """,  # noqa: S608  # the inserted part is one of two constants
        queued=JobState.QUEUED,
        by=by,
        held=sorted(held),
    )


def _said(error: CarrelError) -> dict[str, Value]:
    return {"error_kind": error.kind, "error_message": str(error)}
