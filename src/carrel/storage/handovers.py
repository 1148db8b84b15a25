"""What workers have made of papers and the owner of the index has not taken yet: numbered pieces a job."""

from collections.abc import Sequence

from carrel.core.ids import JobId
from carrel.core.jobs import Job, JobState
from carrel.storage import knowledge_bases, removals
from carrel.storage.database import Transaction


def put(tx: Transaction, job: JobId, first: int, payloads: Sequence[bytes]) -> None:
    """Store pieces of a job, numbered from ``first``; an older one of the same number is replaced."""
    numbers = range(first, first + len(payloads))
    tx.run_many(
        "DELETE FROM handovers WHERE job_id = :job AND ordinal = :ordinal",
        [{"job": job, "ordinal": number} for number in numbers],
    )
    tx.run_many(
        "INSERT INTO handovers (job_id, ordinal, payload) VALUES (:job, :ordinal, :payload)",
        [
            {"job": job, "ordinal": number, "payload": payload}
            for number, payload in zip(numbers, payloads, strict=True)
        ],
    )


def get(tx: Transaction, job: JobId, ordinal: int) -> bytes | None:
    """Return a piece of a job; None where there is none of that number."""
    row = tx.row(
        "SELECT payload FROM handovers WHERE job_id = :job AND ordinal = :ordinal", job=job, ordinal=ordinal
    )
    return None if row is None else bytes(row["payload"])


def delete(tx: Transaction, job: JobId) -> None:
    """Delete the pieces of a job, if there are any."""
    tx.run("DELETE FROM handovers WHERE job_id = :job", job=job)


def give_up(tx: Transaction, job: Job) -> None:
    """Delete the pieces of a job that ends without its paper.

    What the owner of the index may have added of a handed one is noted: it goes, unless the paper is held.
    """
    delete(tx, job.id)
    if job.state is JobState.HANDED:
        for knowledge_base in knowledge_bases.with_ids(tx, [job.knowledge_base_id]):
            removals.note_points(tx, knowledge_base, job.paper_id)


def delete_of(tx: Transaction, knowledge_base: str, paper: str | None = None) -> None:
    """Delete the pieces of a knowledge base's jobs, or of those of one of its papers, before these go."""
    chosen = "" if paper is None else "AND paper_id = :paper"
    tx.run(
        f"""
        DELETE FROM handovers WHERE job_id IN (
            SELECT id FROM jobs WHERE knowledge_base_id = :knowledge_base {chosen}
        )
        """,  # noqa: S608  # the inserted part is one of two constants
        knowledge_base=knowledge_base,
        **({} if paper is None else {"paper": paper}),
    )
