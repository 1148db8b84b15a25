"""Jobs that another process works on, told as if they were worked on here: by their rows in the catalog."""

from collections.abc import Iterable, Iterator

from carrel.core.ids import JobId
from carrel.core.jobs import Job, JobState, Stage
from carrel.ingest.pipeline import Progress
from carrel.ingest.worker import Finished


class Watched:
    """What was told already, so that each thing is told once."""

    def __init__(self) -> None:
        self._last: dict[JobId, Job] = {}
        self._reasons: set[str] = set()

    def news(self, jobs: Iterable[Job]) -> Iterator[Progress | Finished | str]:
        """Yield what is new about jobs that had not ended when they were last looked at.

        A text is why a job that waits was tried in vain; the same reason is said once.
        """
        for job in jobs:
            before = self._last.get(job.id)
            self._last[job.id] = job
            if job.state.final:
                yield Finished(job, job.pages, job.total)
                continue
            if job.error_message not in {"", *self._reasons}:
                self._reasons.add(job.error_message)
                yield job.error_message
            if before != job and job.state in (JobState.RUNNING, JobState.HANDED) and job.stage:
                yield Progress(job, Stage(job.stage), job.done, job.total, job.pages)
