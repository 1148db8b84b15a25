"""What a worker needs, and what it tells."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from carrel.core.errors import CarrelError
from carrel.core.jobs import Job
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ports import Embedder, Index
from carrel.core.quality import Verdict
from carrel.ingest.pauses import Clock, Paused
from carrel.ingest.pipeline import Progress, Tools


@dataclass(frozen=True, slots=True)
class Finished:
    """A job that ended here, as ``job.state`` says; pages, passages and how it was read if all went well."""

    job: Job
    pages: int = 0
    passages: int = 0
    verdict: Verdict = Verdict.GOOD


@dataclass(frozen=True, slots=True)
class Postponed:
    """A job that waits on in the queue: its base's parser or embedder cannot be used, for this reason."""

    job: Job
    error: CarrelError


@dataclass(frozen=True, slots=True)
class Workshop:
    """What a worker needs besides the journey's tools."""

    tools: Tools
    embedder_of: Callable[[KnowledgeBase], Embedder]
    index_of: Callable[[KnowledgeBase], Index] | None  # None: another process owns the indexes
    home: Path
    keep_free_mb: int
    parsers: int
    patience_seconds: float = 0.0  # for an embedder's server that goes away in the middle
    clock: Clock = field(default_factory=Clock)

    @property
    def lasting(self) -> bool:
        """Whether papers are handed over to another owner of the index, and the work goes on for ever."""
        return self.index_of is None


Event = Progress | Finished | Postponed | Paused
