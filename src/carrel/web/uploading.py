"""Files sent by a form, for browsers without scripts; with scripts they go to the REST API one by one."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from carrel.api.rest.problems import problem_document
from carrel.api.rest.uploads import received
from carrel.core.account_errors import PasswordMustChange
from carrel.core.accounts import Role, Scope
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
    if not reader.access.may(Scope.WRITE):
        raise PasswordMustChange
    request.state.reader = reader
    shelf = await run_in_threadpool(reader.access.shelves.require, base, Role.EDITOR)
    check_form_token(reader, shelf.id, token)
    taken, failed = await received(reader.access, request, shelf)
    if not failed:
        return RedirectResponse(f"/shelves/{shelf.id}", 303)
    refused = [(name, problem_document(error)) for name, error in failed]
    status = 200 if taken else 422
    return rendered(request, "upload_refused.html", status, shelf=shelf, taken=taken, refused=refused)
