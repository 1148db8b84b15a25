"""A job: the durable promise to bring one file into one knowledge base.

queued ──► running ──► handed ──► done
 ▲ │ ▲       │ │         │ │
 │ │ └───────┘ └► failed ◄─┘ │     back into the queue: its worker was stopped or is gone, a server was
 │ │ └───────────────────────┘     away, the knowledge base has changed; the work is done again
 │ ├──► paused ──► queued
 │ └──► cancelled ◄── running, handed, paused
 └── failed, cancelled             the user asks for it again

A command that is worker and owner of the index in one goes from running to done at once.
"""

import zlib
from dataclasses import dataclass
from enum import StrEnum

from carrel.core.ids import JobId, KnowledgeBaseId, PaperId

LEASE_SECONDS = 30.0
"""A worker that is not heard of for so long has lost its jobs."""

MOST_INTERRUPTIONS = 10
"""In a row; then the file is taken to be what ends its workers. A power cut hits innocent files, too."""

_FIRST_DELAY = 2.0
_LONGEST_DELAY = 300.0


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"  # a worker has it, as long as its lease lasts
    HANDED = "handed"  # embedded; waits for the owner of the index
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    PAUSED = "paused"  # until somebody lets it go on

    @property
    def final(self) -> bool:
        """Whether no worker will touch the job again by itself, nor anybody but who asks for it anew."""
        return self in (JobState.DONE, JobState.FAILED, JobState.CANCELLED)

    def may_become(self, other: "JobState") -> bool:
        """Whether the step to ``other`` is legal."""
        return other in _STEPS[self]


_STEPS: dict[JobState, frozenset[JobState]] = {
    JobState.QUEUED: frozenset({JobState.RUNNING, JobState.CANCELLED, JobState.PAUSED}),
    JobState.RUNNING: frozenset(
        {JobState.HANDED, JobState.DONE, JobState.FAILED, JobState.QUEUED, JobState.CANCELLED}
    ),
    JobState.HANDED: frozenset({JobState.DONE, JobState.FAILED, JobState.QUEUED, JobState.CANCELLED}),
    JobState.DONE: frozenset(),
    JobState.FAILED: frozenset({JobState.QUEUED}),
    JobState.CANCELLED: frozenset({JobState.QUEUED}),
    JobState.PAUSED: frozenset({JobState.QUEUED, JobState.CANCELLED}),
}
UNFINISHED = tuple(state for state in JobState if not state.final)


class Stage(StrEnum):
    """The stages of the PDF's journey, in order."""

    PARSE = "parse"
    CHUNK = "chunk"
    EMBED = "embed"
    INDEX = "index"


@dataclass(frozen=True, slots=True)
class Job:
    """One file on its way into one knowledge base.

    An error beside a state that is not final is why it was tried in vain the last time; ``attempts`` counts
    the tries in a row that ended in that way, the present one included. ``done`` of ``total`` passages are
    embedded. Times are in UTC, ISO 8601.
    """

    id: JobId
    knowledge_base_id: KnowledgeBaseId
    paper_id: PaperId
    file_name: str
    state: JobState
    error_kind: str = ""
    error_message: str = ""
    generation: int = 0  # 0: that which serves; otherwise one that is being built
    attempts: int = 0
    not_before: str = ""  # it is tried again then; "": at once
    worker: str = ""
    stage: str = ""
    done: int = 0
    total: int = 0
    pages: int = 0
    created_by: str = ""  # the user's id; "": the command line
    created_at: str = ""
    updated_at: str = ""


def delay_seconds(job: JobId, attempts: int) -> float:
    """Return how long to wait after so many tries: twice as long each time, with a bound.

    Up to a quarter more or less, by the job's id: those that failed together need not come back together.
    """
    delay = min(_FIRST_DELAY * 2.0 ** (min(attempts, 30) - 1), _LONGEST_DELAY) if attempts > 0 else 0.0
    return delay * (0.75 + 0.5 * (zlib.crc32(job.encode()) % 1000) / 999)
