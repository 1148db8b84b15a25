"""Errors → answers: problem documents (RFC 9457) in the reader's language."""

import logging
import traceback
from collections.abc import Mapping, Sequence
from http import HTTPStatus

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from carrel.api.failures import RETRY_AFTER_SECONDS, json_bytes
from carrel.api.rest.statuses import status_of
from carrel.core.errors import CarrelError, KnowledgeBaseMissing, PaperMissing, StorageFull
from carrel.core.language import tr

PROBLEM = "application/problem+json"
# What tells of this machine is for its log, not for everybody who may ask.
_PRIVATE = frozenset({"folder", "path", "url", "endpoint", "holder", "key", "ways"})
_OURS = frozenset({"NothingThere", "MethodNotTaken"})  # their path is the client's own

_log = logging.getLogger(__name__)


class FieldProblem(BaseModel):
    """What is wrong with one field."""

    field: str = Field(description="Where it stands, such as body.name or query.limit.")
    message: str
    code: str = Field(description="Stable, for programs.")


class Problem(BaseModel):
    """A problem document (RFC 9457): what happened, and what to do."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "/problems/knowledge-base-missing",
                "title": "Knowledge base missing",
                "status": 404,
                "detail": "There is no knowledge base named 'thesis'.",
                "kind": "knowledge-base-missing",
                "hint": "See those there are with: GET /api/v1/knowledge-bases.",
                "retryable": False,
            }
        }
    )

    type: str = Field(description="Tells problems apart: /problems/KIND.")
    title: str
    status: int
    detail: str = Field(description="What happened, in the language of Accept-Language (English, Chinese).")
    kind: str = Field(description="The last part of type; stable, for programs.")
    hint: str = Field(description="What to do next.")
    retryable: bool = Field(description="Whether the same request may work later.")
    errors: list[FieldProblem] | None = None


def problem(error: CarrelError, errors: Sequence[FieldProblem] = ()) -> Response:
    """Return the answer that says what went wrong and what to do next."""
    status = status_of(error)
    if status >= 500:
        _log.warning("%s: %s", error.kind, error)
    headers = {}
    if error.retryable:
        headers["Retry-After"] = error.parameters.get("seconds", str(RETRY_AFTER_SECONDS))
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return problem_response(problem_document(error, errors), headers)


def problem_document(error: CarrelError, errors: Sequence[FieldProblem] = ()) -> Problem:
    """Return an error as a document, without what is nobody's business but this machine's."""
    shown = {
        name: "…" if name in _PRIVATE and type(error).__name__ not in _OURS else value
        for name, value in error.parameters.items()
    }
    return Problem(
        type=f"/problems/{error.kind}",
        title=_title(error.kind),
        status=status_of(error),
        detail=tr(error.template).format(**shown),
        kind=error.kind,
        hint=_hint(error, shown),
        retryable=error.retryable,
        errors=list(errors) or None,
    )


def fault(error: Exception) -> Response:
    """Return the answer to a fault of ours. Where it happened goes to the log, and to nobody else.

    Its words are not logged: they may quote a text that was sent.
    """
    where = "".join(traceback.format_tb(error.__traceback__))
    _log.error("%s, at:\n%s", type(error).__name__, where)
    return problem_response(
        Problem(
            type="/problems/internal-error",
            title=_title("internal-error"),
            status=500,
            detail=tr("A fault in Carrel kept it from answering; its log says more."),
            kind="internal-error",
            hint="",
            retryable=False,
        )
    )


def problem_response(document: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """Return a problem document as an answer."""
    content = json_bytes(document.model_dump(exclude_none=True))
    return Response(content, document.status, headers, PROBLEM)


def problem_responses(*statuses: int) -> dict[int | str, dict[str, object]]:
    """Return, for OpenAPI, that a route may answer with problems of these statuses, as all may."""
    everywhere = (400, 401, 403, 404, 422, 429, 500, 503)
    return {
        status: {
            "model": Problem,
            "description": HTTPStatus(status).phrase,
            "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in sorted({*everywhere, *statuses})
    }


def _hint(error: CarrelError, shown: Mapping[str, str]) -> str:
    # The tree's hints name commands; who asks over HTTP has none.
    if isinstance(error, KnowledgeBaseMissing):
        return tr("See those there are with: GET /api/v1/knowledge-bases.")
    if isinstance(error, PaperMissing):
        return tr("See those there are with: GET /api/v1/knowledge-bases/ID/papers.")
    if isinstance(error, StorageFull):
        return tr("Make room on the server and send it again; what was accepted is kept.")
    return tr(error.hint_template).format(**shown)


def _title(kind: str) -> str:
    return kind.replace("-", " ").capitalize()
