"""Signs of life: while jobs are in hand, a thread prolongs their leases and says how far each is."""

import logging
import threading
import time
from dataclasses import replace

from carrel.core.errors import CarrelError
from carrel.core.ids import JobId
from carrel.core.jobs import LEASE_SECONDS, Job
from carrel.ingest.hands import new_name
from carrel.ingest.pipeline import Progress
from carrel.storage import queue
from carrel.storage.database import Catalog
from carrel.storage.queue import Sign

_log = logging.getLogger(__name__)
_PROGRESS_SECONDS = 1.0  # between two notes of progress, where there is some


class Leases:
    """The jobs that one worker has in hand. Safe to use from several threads. Close it when done."""

    def __init__(self, catalog: Catalog, seconds: float = LEASE_SECONDS, worker: str = "") -> None:
        self.worker = worker or new_name()
        self.seconds = seconds
        self._catalog = catalog
        self._signs: dict[JobId, Sign] = {}
        self._lost: set[JobId] = set()
        self._told = True  # whether the catalog knows how far each job is
        self._renewed = 0.0
        self._guard = threading.Lock()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def take(self, job: Job) -> None:
        """Begin to give signs of life for a job that was just claimed."""
        with self._guard:
            self._signs[job.id] = Sign(job)
            self._lost.discard(job.id)
            if self._thread is None:
                self._renewed = time.monotonic()
                thread = threading.Thread(target=self._run, daemon=True, name="leases")
                thread.start()
                self._thread = thread  # not before: Ctrl-C in its start must leave nothing to be joined

    def note(self, progress: Progress) -> None:
        """Note how far a job is, for the next sign of life."""
        with self._guard:
            if (sign := self._signs.get(progress.job.id)) is not None:
                self._signs[progress.job.id] = replace(
                    sign,
                    stage=progress.stage.value,
                    done=progress.done,
                    total=progress.total,
                    pages=progress.pages,
                )
                self._told = False

    def let_go(self, job: JobId) -> None:
        """Give no further signs for a job: it ended, went back, or was handed over."""
        with self._guard:
            self._signs.pop(job, None)
            self._lost.discard(job)

    def lost(self) -> frozenset[JobId]:
        """Return the jobs in hand that are no longer this worker's."""
        with self._guard:
            return frozenset(self._lost)

    def renew(self) -> None:
        """Give a sign of life for every job in hand, in one transaction."""
        with self._guard:
            signs, self._told = list(self._signs.values()), True
        if not signs:
            return
        with self._catalog.write() as tx:
            lost = queue.renew(tx, self.worker, signs, self.seconds)
        self._renewed = time.monotonic()
        with self._guard:
            self._lost |= lost & self._signs.keys()

    def close(self) -> None:
        """Give no more signs of life."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._closed.wait(min(_PROGRESS_SECONDS, self.seconds / 3)):
            if self._told and time.monotonic() < self._renewed + self.seconds / 3:
                continue
            try:
                self.renew()
            except CarrelError as error:  # tried again in a moment; the lease has some time left
                _log.warning("%s", error)
