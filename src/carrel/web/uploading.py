"""Files sent by a form, for browsers without scripts; with scripts they go to the REST API one by one."""

from contextlib import aclosing
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from carrel.api.rest.context import UPLOADS
from carrel.api.rest.multipart import UploadLimits, uploaded_files
from carrel.api.rest.problems import problem_document
from carrel.api.rest.uploads import Taken, take
from carrel.core.accounts import Role
from carrel.core.errors import PaperError
from carrel.core.rest_errors import UploadHasNoFiles
from carrel.web.form_tokens import check_form_token
from carrel.web.reader import signed_in
from carrel.web.rendering import rendered
from carrel.web.route import SIGN_IN, PageRoute

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.post("/shelves/{base}/papers")
async def upload(request: Request, base: str, token: Annotated[str, Query(max_length=100)] = "") -> Response:
    """Take the files in and show the knowledge base; files that cannot become papers are named, with why."""
    # The body is a stream of files: the token is in the address, and is looked at before a byte is read.
    reader = await signed_in(request)
    if reader is None:
        return RedirectResponse(f"{SIGN_IN}?next=/shelves/{base}", 303)
    request.state.reader = reader
    shelf = await run_in_threadpool(reader.access.shelves.require, base, Role.EDITOR)
    check_form_token(reader, shelf.id, token)
    settings = reader.access.services.settings
    limits = UploadLimits(settings.upload_max_mb * 2**20, settings.upload_max_files)
    taken: list[Taken] = []
    failed: list[tuple[str, str, str]] = []
    async with aclosing(uploaded_files(request, settings.home / UPLOADS, limits)) as files:
        async for file in files:
            try:
                taken.append(await run_in_threadpool(take, reader.access, shelf, file, limits))
            except PaperError as error:
                said = problem_document(error)
                failed.append((file.name, said.detail, said.hint))
    if not taken and not failed:
        raise UploadHasNoFiles
    if not failed:
        return RedirectResponse(f"/shelves/{shelf.id}", 303)
    return rendered(
        request, "upload_refused.html", 422 if not taken else 200, shelf=shelf, taken=taken, failed=failed
    )
