"""Jobs, as far as one caller may see and steer them."""

from collections.abc import Callable, Sequence

from carrel.core.accounts import Caller, Role
from carrel.core.audit import Action
from carrel.core.errors import KnowledgeBaseMissing
from carrel.core.ids import JobId
from carrel.core.job_errors import JobMissing
from carrel.core.jobs import Job, JobState
from carrel.library import access
from carrel.library.auditing import record
from carrel.storage import job_lists, queue
from carrel.storage.database import Catalog, Transaction
from carrel.storage.job_lists import ListedJob


class Waiting:
    """The jobs of the knowledge bases that a caller may see. Each call asks anew which these are."""

    def __init__(self, catalog: Catalog, caller: Caller) -> None:
        self._catalog = catalog
        self._caller = caller

    def page(self, keys: Sequence[str], state: str, before: int | None, limit: int) -> tuple[ListedJob, ...]:
        """Return the newest jobs, of these knowledge bases or all; raises as ``access.require``."""
        with self._catalog.read() as tx:
            if keys:
                bases = access.require_all(tx, self._caller, keys, Role.VIEWER)
            else:
                bases = tuple(base for base, _ in access.visible(tx, self._caller).values())
            return job_lists.listed(tx, [base.id for base in bases], state, before, limit)

    def under_way(self, key: str, limit: int) -> tuple[int, tuple[ListedJob, ...]]:
        """Return how many jobs of a knowledge base go on, and the first; raises as ``access.require``."""
        with self._catalog.read() as tx:
            return job_lists.under_way(tx, access.require(tx, self._caller, key, Role.VIEWER).id, limit)

    def retry_papers(self, key: str, papers: Sequence[str]) -> int:
        """Queue the failed and cancelled jobs of these papers anew; return how many there were.

        Raises:
            RoleTooLow, KnowledgeBaseMissing, KnowledgeBaseAmbiguous: as ``access.require``, for an editor.
        """
        with self._catalog.write() as tx:
            base = access.require(tx, self._caller, key, Role.EDITOR)
            found = job_lists.of_papers(tx, base.id, papers)
            again = [job for job in found if job.state in (JobState.FAILED, JobState.CANCELLED)]
            for job in queue.states(tx, [JobId(job.id) for job in again]).values():
                queue.retry(tx, job)
            return len(again)

    def one(self, identifier: str) -> ListedJob:
        """Return a job. Raises JobMissing where there is none that the caller may see."""
        with self._catalog.read() as tx:
            return self._required(tx, identifier, Role.VIEWER)

    def of_paper(self, key: str, paper: str) -> ListedJob | None:
        """Return the job that brings a paper in, if there is one. Raises as ``access.require``."""
        with self._catalog.read() as tx:
            base = access.require(tx, self._caller, key, Role.VIEWER)
            return job_lists.of_paper(tx, base.id, paper)

    def cancel(self, identifier: str) -> ListedJob:
        """Give a job up, as an editor; no effect on one that has ended. Raises JobMissing, RoleTooLow."""
        return self._steer(identifier, queue.cancel, Action.JOB_CANCEL)

    def retry(self, identifier: str) -> ListedJob:
        """Queue a failed or cancelled job anew; no effect on another one. Raises as ``cancel``."""
        return self._steer(identifier, queue.retry, Action.JOB_RETRY)

    def _steer(
        self, identifier: str, step: Callable[[Transaction, Job], object], action: Action
    ) -> ListedJob:
        with self._catalog.write() as tx:
            before = self._required(tx, identifier, Role.EDITOR)
            step(tx, queue.states(tx, [JobId(identifier)])[JobId(identifier)])
            after = self._required(tx, identifier, Role.EDITOR)
            if after.state != before.state:
                detail = {"file": after.file_name, "knowledge_base": after.knowledge_base_id}
                record(tx, self._caller, action, identifier, detail)
            return after

    def _required(self, tx: Transaction, identifier: str, role: Role) -> ListedJob:
        found = job_lists.one(tx, identifier)
        if found is None:
            raise JobMissing(id=identifier)
        try:
            access.require(tx, self._caller, found.knowledge_base_id, role)
        except KnowledgeBaseMissing as error:
            raise JobMissing(id=identifier) from error
        return found
