"""Errors as pages: what happened, to what, and what to do next; in parts of pages as a note."""

from starlette.requests import Request
from starlette.responses import Response

from carrel.api.rest.problems import problem_document
from carrel.core.errors import CarrelError
from carrel.core.language import tr
from carrel.core.rest_errors import NothingThere
from carrel.web.rendering import rendered

_GONE = (404, 410)


def error_page(request: Request, error: CarrelError) -> Response:
    """Return the page, or for a part of a page the note, that says what went wrong and what to do."""
    document = problem_document(error)
    of_programs = isinstance(error, NothingThere)  # its hint names their description
    hint = "" if of_programs else document.hint
    return _answer(request, document.status, document.detail, hint, document.kind)


def fault_page(request: Request) -> Response:
    """Return the page for a fault of ours."""
    text = tr("A fault in Carrel kept it from answering; its log says more.")
    return _answer(request, 500, text, "", "internal-error")


def _answer(request: Request, status: int, detail: str, hint: str, kind: str) -> Response:
    part = "hx-request" in request.headers
    title = tr("Nothing here") if status in _GONE else tr("That did not work")
    return rendered(
        request,
        "part_error.html" if part else "error.html",
        status=status,
        title=title,
        detail=detail,
        hint=hint,
        kind=kind,
    )
