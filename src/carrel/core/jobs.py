"""A job: the durable promise to bring one file into one knowledge base.

queued ──► running ──► done
  ▲  │        │ └────► failed ──► queued   (the user adds the file again)
  │  └──► cancelled ◄──┘
  └───────────┘  the process died or was stopped: nothing is lost, the work is done again
"""

from dataclasses import dataclass
from enum import StrEnum

from carrel.core.ids import JobId, KnowledgeBaseId, PaperId


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """Whether no worker will touch the job again by itself."""
        return self in (JobState.DONE, JobState.FAILED, JobState.CANCELLED)

    def may_become(self, other: "JobState") -> bool:
        """Whether the step to ``other`` is legal."""
        return other in _STEPS[self]


_STEPS: dict[JobState, frozenset[JobState]] = {
    JobState.QUEUED: frozenset({JobState.RUNNING, JobState.CANCELLED}),
    JobState.RUNNING: frozenset({JobState.DONE, JobState.FAILED, JobState.QUEUED, JobState.CANCELLED}),
    JobState.DONE: frozenset(),
    JobState.FAILED: frozenset({JobState.QUEUED}),
    JobState.CANCELLED: frozenset({JobState.QUEUED}),
}


class Stage(StrEnum):
    """The stages of the PDF's journey, in order."""

    PARSE = "parse"
    CHUNK = "chunk"
    EMBED = "embed"
    INDEX = "index"


@dataclass(frozen=True, slots=True)
class Job:
    """One file on its way into one knowledge base."""

    id: JobId
    knowledge_base_id: KnowledgeBaseId
    paper_id: PaperId
    file_name: str
    state: JobState
    error_kind: str = ""
    error_message: str = ""
    generation: int = 0  # 0: that which serves; otherwise one that is being built
