"""The jobs that build a generation: one a paper, with the generation's number. What failed, and what then."""

from collections.abc import Mapping

from carrel.core.ids import PaperId
from carrel.core.job_errors import EndsItsWorker
from carrel.core.jobs import UNFINISHED, JobState
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.rebuild import PaperFailure
from carrel.storage import queue
from carrel.storage.clock import now
from carrel.storage.database import Transaction


def enqueue(tx: Transaction, target: KnowledgeBase, file_names: Mapping[PaperId, str]) -> None:
    """Queue jobs that bring these papers into the generation."""
    for paper, file_name in file_names.items():
        queue.enqueue(tx, target, paper, file_name, target.generation)


def failures(
    tx: Transaction, target: KnowledgeBase, state: JobState = JobState.FAILED
) -> tuple[PaperFailure, ...]:
    """Return the papers that could not be brought in; with ``CANCELLED``, those that are given up."""
    rows = tx.rows(
        """
        SELECT paper_id, file_name, error_kind, error_message FROM jobs
        WHERE knowledge_base_id = :id AND generation = :generation AND state = :state AND error_kind <> ''
        ORDER BY number
        """,
        id=target.id,
        generation=target.generation,
        state=state,
    )
    return tuple(
        PaperFailure(row["paper_id"], row["file_name"], row["error_kind"], row["error_message"])
        for row in rows
    )


def held_up(tx: Transaction, target: KnowledgeBase) -> tuple[str, str]:
    """Return kind and message, as kept, of what the jobs that build the generation wait for; "": nothing."""
    row = tx.row(
        """
        SELECT error_kind, error_message FROM jobs
        WHERE knowledge_base_id = :id AND generation = :generation AND state IN :states
            AND error_kind NOT IN :no_matter
        ORDER BY updated_at DESC LIMIT 1
        """,
        id=target.id,
        generation=target.generation,
        states=UNFINISHED,
        no_matter=["", EndsItsWorker(name="", count=0).kind],  # a worker that was stopped: another goes on
    )
    return ("", "") if row is None else (row["error_kind"], row["error_message"])


def retry_failed(tx: Transaction, target: KnowledgeBase) -> int:
    """Queue anew the jobs that failed; return how many."""
    return tx.run(
        """
        UPDATE jobs SET state = :queued, error_kind = '', error_message = '', attempts = 0, not_before = '',
            updated_at = :now
        WHERE knowledge_base_id = :id AND generation = :generation AND state = :failed
        """,
        id=target.id,
        generation=target.generation,
        queued=JobState.QUEUED,
        failed=JobState.FAILED,
        now=now(),
    )


def give_up_failed(tx: Transaction, target: KnowledgeBase) -> int:
    """Let the papers go that failed: the generation is whole without them. Returns how many."""
    return tx.run(
        """
        UPDATE jobs SET state = :cancelled, updated_at = :now
        WHERE knowledge_base_id = :id AND generation = :generation AND state = :failed
        """,
        id=target.id,
        generation=target.generation,
        cancelled=JobState.CANCELLED,
        failed=JobState.FAILED,
        now=now(),
    )


def forget_ended_jobs(tx: Transaction, target: KnowledgeBase) -> None:
    """Delete jobs that ended: what they did not bring is missing, and is queued again.

    Only what was given up with a reason stays: somebody's cancelling one job loses no paper.
    """
    tx.run(
        """
        DELETE FROM jobs WHERE knowledge_base_id = :id AND generation = :generation
            AND (state = :done OR (state = :cancelled AND error_kind = ''))
        """,
        id=target.id,
        generation=target.generation,
        done=JobState.DONE,
        cancelled=JobState.CANCELLED,
    )
