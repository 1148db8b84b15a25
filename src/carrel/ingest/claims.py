"""Which job a worker takes next, and which knowledge bases' jobs it leaves alone for a while."""

import logging
import time
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from carrel.core.errors import CarrelError, StorageFull
from carrel.core.ids import KnowledgeBaseId
from carrel.core.jobs import Job, delay_seconds
from carrel.ingest.leases import Leases
from carrel.ingest.workshop import Workshop
from carrel.storage import queue
from carrel.storage.files import check_room

_log = logging.getLogger(__name__)

_FULL_SECONDS = 3.0  # until one that found the disk full looks again
_OTHER_LANE_EVERY = 4  # claims: then a job for a generation that is being built goes first


@dataclass(slots=True)
class _Hold:
    """Why none of a knowledge base's jobs is claimed, until when, and how often it was tried in vain."""

    error: CarrelError
    until: float
    tries: int = 1


class Claims:
    """Claims jobs for one worker. For one thread."""

    def __init__(self, workshop: Workshop, leases: Leases) -> None:
        self._workshop = workshop
        self._leases = leases
        self._holds: dict[KnowledgeBaseId, _Hold] = {}
        self._claimed = 0
        self._full_until = 0.0

    def held(self) -> AbstractSet[KnowledgeBaseId]:
        """Return the knowledge bases whose jobs stay where they are for now."""
        now = time.monotonic()
        return {identifier for identifier, hold in self._holds.items() if now < hold.until}

    def hold(self, job: Job, error: CarrelError) -> CarrelError:
        """Claim no job of this one's knowledge base, because of this error; return the first such reason.

        Where the work is lasting, for a while, which is longer each time; otherwise never again.
        """
        base = job.knowledge_base_id
        before = self._holds.get(base)
        if before is None or time.monotonic() >= before.until:
            tries = 1 + (before.tries if before else 0)
            seconds = delay_seconds(job.id, tries) if self._workshop.lasting else float("inf")
            self._holds[base] = _Hold(error, time.monotonic() + seconds, tries)
        return self._holds[base].error

    def all_is_well(self, job: Job) -> None:
        """Note that the job's knowledge base can be worked for."""
        self._holds.pop(job.knowledge_base_id, None)

    def next_job(self, also_held: AbstractSet[KnowledgeBaseId]) -> Job | None:
        """Claim a job, if there is one for this worker.

        Raises:
            StorageFull: there is, but no room on the disk. Where the work is lasting, None says it.
        """
        held = self.held() | also_held
        catalog = self._workshop.tools.catalog
        if self._workshop.lasting:
            if time.monotonic() < self._full_until:
                return None
            with catalog.read() as tx:  # not to ask for the one right to write three times a second
                if not queue.any_claimable(tx, held):
                    return None
        if not self._has_room(held):
            return None
        with catalog.write() as tx:
            job = queue.claim(
                tx,
                self._leases.worker,
                held,
                self._leases.seconds,
                building_first=self._claimed % _OTHER_LANE_EVERY == _OTHER_LANE_EVERY - 1,
                early=not self._workshop.lasting,
            )
        if job is not None:
            self._claimed += 1
            self._leases.take(job)
        return job

    def _has_room(self, held: AbstractSet[KnowledgeBaseId]) -> bool:
        workshop = self._workshop
        try:
            check_room(workshop.home, workshop.keep_free_mb)
        except StorageFull as error:
            if workshop.lasting:
                self._full_until = time.monotonic() + _FULL_SECONDS
                self._say(error, held)
                return False
            with workshop.tools.catalog.read() as tx:
                if queue.any_unfinished(tx):
                    raise
            return False
        return True

    def _say(self, error: StorageFull, held: AbstractSet[KnowledgeBaseId]) -> None:
        """Note with the job whose turn it is why it waits, for those who look; once, and in the log."""
        try:
            with self._workshop.tools.catalog.write() as tx:
                news = queue.say(tx, error, held)
        except StorageFull:  # not even for that
            news = True
        if news:
            _log.warning("%s", error)
