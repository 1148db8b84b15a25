"""``/api/v1/jobs``: what waits, runs, has failed; given up and asked for again."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from carrel.api.rest.access import Access, Reading, Writing
from carrel.api.rest.knowledge_bases import PREFIX
from carrel.api.rest.paging import DEFAULT, After, Limit, Page, cursor, page, position
from carrel.api.rest.problems import problem_responses
from carrel.api.rest.route import RestRoute
from carrel.api.rest.wording import WhyNot
from carrel.core.accounts import Caller
from carrel.core.jobs import JobState
from carrel.library.waiting import Waiting
from carrel.storage.job_lists import ListedJob

router = APIRouter(prefix=PREFIX, route_class=RestRoute, tags=["jobs"])

JobKey = Annotated[str, Path(description="The id of a job.", max_length=100)]
_ORDER = "jobs"


class JobProgress(BaseModel):
    """How far a job is."""

    stage: str = Field(description="parse, chunk, embed or index; empty before it has begun.")
    passages_done: int
    passages: int
    pages: int


class JobDocument(BaseModel):
    """A file on its way into a knowledge base."""

    id: str
    knowledge_base: str = Field(description="The id of the knowledge base.")
    paper_id: str
    file_name: str
    state: JobState
    generation: int = Field(description="0, or that of the index which is being built.")
    progress: JobProgress
    attempts: int
    not_before: str | None = Field(description="When it is tried again.")
    error: WhyNot | None
    created_at: str
    updated_at: str

    @classmethod
    def of(cls, job: ListedJob, caller: Caller) -> "JobDocument":
        """Return a job as a document for a caller."""
        return cls(
            id=job.id,
            knowledge_base=job.knowledge_base_id,
            paper_id=job.paper_id,
            file_name=job.file_name,
            state=JobState(job.state),
            generation=job.generation,
            progress=JobProgress(
                stage=job.stage, passages_done=job.done, passages=job.total, pages=job.pages
            ),
            attempts=job.attempts,
            not_before=job.not_before or None,
            error=WhyNot.of(job.error_kind, job.error_kept, caller.administrator),
            created_at=job.created_at,
            updated_at=job.updated_at,
        )


@router.get("/jobs", operation_id="listJobs", summary="List jobs", responses=problem_responses(409))
def listed(
    access: Reading,
    request: Request,
    response: Response,
    knowledge_base: Annotated[
        str | None, Query(max_length=200, description="The id of one, or its name.")
    ] = None,
    state: JobState | None = None,
    limit: Limit = DEFAULT,
    after: After = None,
) -> Page[JobDocument]:
    """List the jobs of the knowledge bases that the caller may see, the newest first."""
    start = position(after, _ORDER, int)
    before = int(start[0]) if start else None
    keys = [knowledge_base] if knowledge_base is not None else []
    found = _waiting(access).page(keys, state or "", before, limit + 1)
    following = cursor(_ORDER, found[limit - 1].number) if len(found) > limit else None
    return page(request, response, [JobDocument.of(job, access.caller) for job in found[:limit]], following)


@router.get("/jobs/{job}", operation_id="getJob", summary="One job", responses=problem_responses())
def one(access: Reading, job: JobKey) -> JobDocument:
    """Return where a job stands."""
    return JobDocument.of(_waiting(access).one(job), access.caller)


@router.post(
    "/jobs/{job}/cancel", operation_id="cancelJob", summary="Give a job up", responses=problem_responses()
)
def cancel(access: Writing, job: JobKey) -> JobDocument:
    """Give a job up, for editors. One that has ended stays as it is."""
    return JobDocument.of(_waiting(access).cancel(job), access.caller)


@router.post(
    "/jobs/{job}/retry", operation_id="retryJob", summary="Try a job again", responses=problem_responses()
)
def retry(access: Writing, job: JobKey) -> JobDocument:
    """Queue a job anew that failed or was cancelled, for editors. Another one stays as it is."""
    return JobDocument.of(_waiting(access).retry(job), access.caller)


def _waiting(access: Access) -> Waiting:
    return Waiting(access.services.catalog, access.caller)
