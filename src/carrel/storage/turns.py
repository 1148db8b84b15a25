"""Order of work: start-time fair queueing (Goyal, Vin, Cheng, "Start-time fair queuing", 1996).

A job's turn is one more than that of the last job that was claimed, or of the last one that its user put
into its knowledge base before it, whichever is later. So the files of a small upload take turns with those
of a large one, instead of waiting behind them.

Jobs of a generation that is being built are a lane of their own, with turns below zero: ordinary jobs go
first, but each worker begins with the other lane now and then (``building_first`` of ``queue.claim``).
"""

from carrel.core.jobs import Job, JobState
from carrel.storage.database import Transaction, Value

ORDINARY = "turn >= 0"
BUILDING = "turn < 0"
_CLAIMED = (JobState.RUNNING, JobState.HANDED, JobState.DONE, JobState.FAILED)
_LANE = 1 << 40  # turns of jobs for a generation that is being built begin so far below zero


def next_turn(tx: Transaction, job: Job) -> int:
    """Return one more than the later of two turns: the last one claimed, and the flow's last one."""
    lane, start = (BUILDING, -_LANE) if job.generation else (ORDINARY, 0)
    # A look at the end of the index for each state; one query over all of them would read every row.
    claimed = [_turn(tx, lane, state) for state in _CLAIMED]
    flow = _turn(
        tx,
        f"{lane} AND knowledge_base_id = :knowledge_base AND created_by = :user AND generation = :generation",
        JobState.QUEUED,
        knowledge_base=job.knowledge_base_id,
        user=job.created_by,
        generation=job.generation,
    )
    # Rows go with their papers: then the first that waits says where the work is.
    first = _turn(tx, lane, JobState.QUEUED, order="turn")
    waits = None if first is None else first - 1
    return 1 + max([start, *(turn for turn in (*claimed, flow, waits) if turn is not None)])


def _turn(
    tx: Transaction, condition: str, state: JobState, order: str = "turn DESC", **parameters: Value
) -> int | None:
    row = tx.row(
        f"SELECT turn FROM jobs WHERE state = :state AND {condition} ORDER BY {order} LIMIT 1",  # noqa: S608
        state=state,
        **parameters,
    )
    return None if row is None else int(row["turn"])
