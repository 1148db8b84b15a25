"""``POST /api/v1/knowledge-bases/{id}/papers``: files in, a job for each."""

from contextlib import aclosing

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from carrel.api.rest.access import Access, Writing
from carrel.api.rest.context import UPLOADS
from carrel.api.rest.knowledge_bases import PREFIX, Key
from carrel.api.rest.multipart import UploadedFile, UploadLimits, uploaded_files
from carrel.api.rest.problems import FieldProblem, problem, problem_document, problem_responses
from carrel.api.rest.route import RestRoute
from carrel.core.accounts import Role
from carrel.core.errors import EmptyFile, PaperError
from carrel.core.jobs import JobState
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.rest_errors import UploadHasNoFiles, UploadOverLimit
from carrel.ingest.accept import Bringer, accept_stream
from carrel.library.access import require
from carrel.storage.files import check_room

router = APIRouter(prefix=PREFIX, route_class=RestRoute, tags=["papers"])


class Taken(BaseModel):
    """A file that was taken in; its job makes it a searchable paper."""

    id: str | None = Field(description="Of the job; null where the paper is searchable already.")
    file_name: str
    paper_id: str
    state: JobState
    duplicate: bool = Field(description="Whether the knowledge base had the same file, or a job for it.")


class Refused(BaseModel):
    """A file that cannot become a paper. The others go on."""

    file_name: str
    kind: str
    message: str
    hint: str


class Uploaded(BaseModel):
    """What became of the files of an upload, in their order."""

    jobs: list[Taken]
    failed: list[Refused]


_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["files"],
                    "properties": {
                        "files": {
                            "type": "array",
                            "minItems": 1,
                            "items": {"type": "string", "contentMediaType": "application/octet-stream"},
                        }
                    },
                },
            }
        },
    }
}
_ALL_THERE: dict[int | str, dict[str, object]] = {
    200: {"model": Uploaded, "description": "Every file was there already"}
}


@router.post(
    "/knowledge-bases/{knowledge_base}/papers",
    status_code=202,
    operation_id="addPapers",
    summary="Add papers",
    response_model=Uploaded,
    responses=_ALL_THERE | problem_responses(408, 409, 413, 415, 507),
    openapi_extra=_BODY,
)
async def add(access: Writing, request: Request, knowledge_base: Key) -> Response:
    """Upload PDFs, Word, HTML, Markdown or text files, each in a part of its own, as the field `files`.

    A file that was taken in survives whatever happens to the server. The same file twice is one paper.
    Files that cannot be read fail alone; where all do, the answer is a problem. What was taken before an
    upload breaks off stays taken.
    """
    base = await run_in_threadpool(access.shelves.require, knowledge_base, Role.EDITOR)
    taken, failed = await received(access, request, base)
    if not taken:
        return _all_failed(failed)
    document = Uploaded(jobs=taken, failed=[_refused(name, error) for name, error in failed])
    waits = any(not each.state.final for each in taken)
    return Response(document.model_dump_json(), 202 if waits else 200, media_type="application/json")


async def received(
    access: Access, request: Request, base: KnowledgeBase
) -> tuple[list[Taken], list[tuple[str, PaperError]]]:
    """Take in the files of an upload; return those that are in, and why the others cannot be papers.

    Raises:
        UploadHasNoFiles: there is none.
        RestError, StorageFull, ClientDisconnect: as ``uploaded_files``; what was taken before stays.
        KnowledgeBaseMissing, RoleTooLow: as ``_take``.
    """
    settings = access.services.settings
    limits = UploadLimits(settings.upload_max_mb * 2**20, settings.upload_max_files)
    length = request.headers.get("content-length", "")
    announced = int(length) if length.isdecimal() else 0
    limits.check(announced)
    check_room(settings.home, settings.keep_free_mb, announced)
    taken: list[Taken] = []
    failed: list[tuple[str, PaperError]] = []
    async with aclosing(uploaded_files(request, settings.home / UPLOADS, limits)) as files:
        async for file in files:
            try:
                taken.append(await run_in_threadpool(_take, access, base, file, limits))
            except PaperError as error:
                failed.append((file.name, error))
    if not taken and not failed:
        raise UploadHasNoFiles
    return taken, failed


def _take(access: Access, base: KnowledgeBase, file: UploadedFile, limits: UploadLimits) -> Taken:
    """Store a file and queue its job.

    Raises:
        PaperError: it cannot become a paper; nothing of it was stored.
        KnowledgeBaseMissing, RoleTooLow: it was deleted, or the caller's role has ended; likewise.
        StorageFull: nor is there room for others.
    """
    if file.over_limit:
        raise UploadOverLimit(name=file.name, limit=limits.file_mb)
    if not file.size:
        raise EmptyFile(name=file.name)
    services = access.services
    check_room(services.settings.home, services.settings.keep_free_mb)
    bringer = Bringer(access.caller.user_id, lambda tx: require(tx, access.caller, base.id, Role.EDITOR))
    accepted = accept_stream(file.stream, file.name, base, services.catalog, services.blobs, bringer)
    job = accepted.job
    return Taken(
        id=job.id if job else None,
        file_name=file.name,
        paper_id=accepted.paper_id,
        state=job.state if job else JobState.DONE,
        duplicate=accepted.duplicate,
    )


def _refused(name: str, error: PaperError) -> Refused:
    document = problem_document(error)
    return Refused(file_name=name, kind=error.kind, message=document.detail, hint=document.hint)


def _all_failed(failed: list[tuple[str, PaperError]]) -> Response:
    """Return the first file's problem, and each file's among its errors."""
    return problem(
        failed[0][1],
        [FieldProblem(field=name, message=str(error), code=error.kind) for name, error in failed],
    )
