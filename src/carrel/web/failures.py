"""Errors as pages: what happened, to what, and what to do next; in parts of pages as a note."""

from starlette.requests import Request
from starlette.responses import Response

from carrel.api.rest.problems import problem_document
from carrel.core.engine_errors import EndpointNonsense, EndpointNotSet, EndpointRefuses, EndpointUnavailable
from carrel.core.errors import CarrelError, KnowledgeBaseMissing, SpaceMismatch
from carrel.core.language import tr
from carrel.web.rendering import rendered

_GONE = (404, 410)
_OF_PROGRAMS = "/api/"  # hints that name a route
_OF_A_SERVER = (EndpointUnavailable, EndpointRefuses, EndpointNonsense, EndpointNotSet)


def error_page(request: Request, error: CarrelError) -> Response:
    """Return the page, or for a part of a page the note, that says what went wrong and what to do."""
    document = problem_document(error)
    detail, hint = worded(error)
    onward = "/shelves" if isinstance(error, KnowledgeBaseMissing) else "/"
    return _answer(request, document.status, detail, hint, document.kind, onward)


def worded(error: CarrelError) -> tuple[str, str]:
    """Return what went wrong and what to do on a page: not what programs would do."""
    document = problem_document(error)
    if isinstance(error, KnowledgeBaseMissing):
        return (
            tr("There is no such knowledge base, or it is not shared with you."),
            tr("Ask one of its owners to share it with you, or choose one of yours."),
        )
    if isinstance(error, _OF_A_SERVER):
        return document.detail, tr("An administrator can see to the model's server: Settings, Models.")
    if isinstance(error, SpaceMismatch):
        return document.detail, tr("Its owners can have it built anew, under Vectorization.")
    return document.detail, "" if _OF_PROGRAMS in document.hint else document.hint


def fault_page(request: Request) -> Response:
    """Return the page for a fault of ours."""
    text = tr("A fault in Carrel kept it from answering; its log says more.")
    return _answer(request, 500, text, "", "internal-error")


def _answer(request: Request, status: int, detail: str, hint: str, kind: str, onward: str = "/") -> Response:
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
        onward=onward,
    )
